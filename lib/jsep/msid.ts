/** Which streams and which track an m-section belongs to (RFC 8830, 2), also as it was said before: by `a=ssrc:... msid:`. */

import { type Attribute, attributes, type MediaDescription, typed } from '../sdp/index.ts'
import { MOST_STREAMS } from './limits.ts'

/** What an m-section says of the track that whoever wrote it sends. */
export interface StatedTrack {
  /** Undefined where nothing is said: it is then in the stream that all such tracks are in (RFC 9429, 5.8.2). */
  readonly streamIds: readonly string[] | undefined
  readonly trackId: string | undefined
}

/** RFC 8830, 2: in no stream. */
const NO_STREAM = '-'

export const readMsid = (media: MediaDescription): StatedTrack => {
  const stated = attributes(media, 'msid')
  const found = stated.length > 0 ? stated : legacy(media)
  if (found.length === 0) return { streamIds: undefined, trackId: undefined }
  const streamIds = [...new Set(found.map(({ id }) => id))].filter(id => id !== NO_STREAM).slice(0, MOST_STREAMS)
  return { streamIds, trackId: found.find(({ appdata }) => appdata !== undefined)?.appdata }
}

/** `a=ssrc:1 msid:stream track`, or `mslabel` and `label` apart. */
const legacy = (media: MediaDescription): { id: string; appdata?: string }[] => {
  const ssrcs = attributes(media, 'ssrc')
  for (const { attribute, value = '' } of ssrcs) {
    const [id = '', appdata] = value.split(' ')
    if (attribute === 'msid' && id !== '') return [appdata === undefined ? { id } : { id, appdata }]
  }
  const id = ssrcs.find(({ attribute }) => attribute === 'mslabel')?.value
  const appdata = ssrcs.find(({ attribute }) => attribute === 'label')?.value
  return id === undefined ? [] : [appdata === undefined ? { id } : { id, appdata }]
}

/** The track's id goes with each stream: browsers take it for the id of the track that they make. */
export const msidAttributes = (streamIds: readonly string[], trackId: string): Attribute[] =>
  (streamIds.length === 0 ? [NO_STREAM] : streamIds).map(id => typed('msid', { id, appdata: trackId }))
