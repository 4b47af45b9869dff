/**
 * How long each step took that a frame has behind it (webrtc.org, video-timing). It is on the last packet of a frame; a
 * forwarder may fill in its own two.
 */

import type { ExtensionWriter } from '../packet-writer.ts'

export const VIDEO_TIMING_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/video-timing'

const LENGTH = 13
/** Without the byte of flags, as it once was. */
const OLD_LENGTH = 12
const Flag = { timer: 1, size: 2 } as const
const LONGEST = 0xffff

/** Milliseconds since the frame was captured, 0 to 65535 each. */
export interface VideoTiming {
  /** Why it is told: in turn, or because the frame is larger than usual; both may be. */
  readonly byTimer: boolean
  readonly bySize: boolean
  readonly encodeStart: number
  readonly encodeFinish: number
  readonly packetizationFinish: number
  readonly pacerExit: number
  /** 0 where nobody on the way has set them. */
  readonly network: number
  readonly secondNetwork: number
}

/** Undefined where the length is another. */
export const readVideoTiming = (bytes: Uint8Array, start: number, end: number): VideoTiming | undefined => {
  const length = end - start
  if (length !== LENGTH && length !== OLD_LENGTH) return undefined
  const flags = length === LENGTH ? bytes[start]! : 0
  const at = end - OLD_LENGTH
  return {
    byTimer: (flags & Flag.timer) !== 0,
    bySize: (flags & Flag.size) !== 0,
    encodeStart: readU16(bytes, at),
    encodeFinish: readU16(bytes, at + 2),
    packetizationFinish: readU16(bytes, at + 4),
    pacerExit: readU16(bytes, at + 6),
    network: readU16(bytes, at + 8),
    secondNetwork: readU16(bytes, at + 10),
  }
}

/** Longer times are cut to 65535. */
export const putVideoTiming = (writer: ExtensionWriter, id: number, timing: VideoTiming): boolean => {
  const at = writer.reserve(id, LENGTH)
  if (at < 0) return false
  const { bytes } = writer
  bytes[at] = (timing.byTimer ? Flag.timer : 0) | (timing.bySize ? Flag.size : 0)
  writeU16(bytes, at + 1, timing.encodeStart)
  writeU16(bytes, at + 3, timing.encodeFinish)
  writeU16(bytes, at + 5, timing.packetizationFinish)
  writeU16(bytes, at + 7, timing.pacerExit)
  writeU16(bytes, at + 9, timing.network)
  writeU16(bytes, at + 11, timing.secondNetwork)
  return true
}

const readU16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

const writeU16 = (bytes: Uint8Array, at: number, value: number): void => {
  const cut = Math.max(0, Math.min(LONGEST, Math.round(value)))
  bytes[at] = cut >> 8
  bytes[at + 1] = cut
}
