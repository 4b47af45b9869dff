/** What a picture shows (webrtc.org, video-content-type): a camera's view, or a screen. On the last packet of key frames. */

import type { ExtensionWriter } from '../packet-writer.ts'

export const VIDEO_CONTENT_TYPE_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/video-content-type'

export type VideoContentType = 'unspecified' | 'screenshare'

const SCREENSHARE = 1

/** Undefined where the length is another. Bits beyond the first told of experiments once: they are passed over. */
export const readVideoContentType = (bytes: Uint8Array, start: number, end: number): VideoContentType | undefined => {
  if (end - start !== 1) return undefined
  return (bytes[start]! & SCREENSHARE) !== 0 ? 'screenshare' : 'unspecified'
}

export const putVideoContentType = (writer: ExtensionWriter, id: number, type: VideoContentType): boolean => {
  const at = writer.reserve(id, 1)
  if (at < 0) return false
  writer.bytes[at] = type === 'screenshare' ? SCREENSHARE : 0
  return true
}
