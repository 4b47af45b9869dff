/** Sources and packets for the specs of media. */

import { createTrack, type MediaStreamTrack, TrackSource, type TrackSourceOptions } from '../../lib/media/index.ts'
import type { EncodedFrame } from '../../lib/rtp/index.ts'

/** A track of a source that the spec feeds. */
export const trackWith = (
  options: Partial<TrackSourceOptions> = {},
): { source: TrackSource; track: MediaStreamTrack } => {
  const source = new TrackSource({ kind: 'video', form: 'packets', ...options })
  return { source, track: createTrack(source) }
}

/** A frame whose bytes all are `fill`. */
export const frameOf = (members: Partial<EncodedFrame> & { fill?: number; size?: number } = {}): EncodedFrame => {
  const { fill = 1, size = 4, ...others } = members
  return {
    kind: 'video',
    data: new Uint8Array(size).fill(fill),
    mimeType: 'video/VP8',
    payloadType: 96,
    timestamp: 0,
    keyFrame: true,
    ssrc: 7,
    csrcs: [],
    ...others,
  }
}

/** A whole RTP packet, with one-byte header extensions where there are any. */
export const rtpBytes = (members: {
  payloadType?: number
  sequenceNumber?: number
  timestamp?: number
  ssrc?: number
  marker?: boolean
  payload?: readonly number[]
  extensions?: readonly { id: number; bytes: readonly number[] }[]
}): Uint8Array => {
  const { payloadType = 96, sequenceNumber = 1, timestamp = 0, ssrc = 7, marker = false, payload = [1, 2, 3] } = members
  const elements = (members.extensions ?? []).flatMap(({ id, bytes }) => [(id << 4) | (bytes.length - 1), ...bytes])
  while (elements.length % 4 !== 0) elements.push(0)
  const extension = elements.length > 0 ? [0xbe, 0xde, 0, elements.length / 4, ...elements] : []
  const head = new Uint8Array(12)
  const view = new DataView(head.buffer)
  head[0] = elements.length > 0 ? 0x90 : 0x80
  head[1] = payloadType | (marker ? 0x80 : 0)
  view.setUint16(2, sequenceNumber)
  view.setUint32(4, timestamp)
  view.setUint32(8, ssrc)
  return Uint8Array.from([...head, ...extension, ...payload])
}

/** The types of the events that are fired from now on. */
export const eventsOf = (target: EventTarget, types: readonly string[]): string[] => {
  const fired: string[] = []
  for (const type of types) target.addEventListener(type, () => fired.push(type))
  return fired
}

/** What runs soon has run. */
export const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await undefined
}
