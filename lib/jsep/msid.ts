/** Which streams and which track an m-section belongs to (RFC 8830, 2), also as it was said before: by `a=ssrc:... msid:`. */

import { type Attribute, attributes, type MediaDescription, typed } from '../sdp/index.ts'
import type { RemoteTrack } from './transceiver.ts'

/** RFC 8830, 2: in no stream. */
const NO_STREAM = '-'

export const readMsid = (media: MediaDescription): Omit<RemoteTrack, 'receives'> => {
  const stated = attributes(media, 'msid')
  const found = stated.length > 0 ? stated : legacy(media)
  const streamIds = [...new Set(found.map(({ id }) => id))].filter(id => id !== NO_STREAM)
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
