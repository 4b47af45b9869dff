/**
 * When the first frame of a packet was captured (webrtc.org, abs-capture-time), by the clock that captured it, and how far
 * that clock is from the sender's. The two differ where a mixer or a forwarder is between them.
 */

import type { NtpTime } from '../ntp.ts'
import type { ExtensionWriter } from '../packet-writer.ts'

export const CAPTURE_TIME_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time'

const SHORT = 8
const LONG = 16
const FRACTION = 2 ** 32

export interface CaptureTime {
  readonly time: NtpTime
  /**
   * Milliseconds from the sender's clock to the capturing one: what it shows is what the sender's shows, plus this.
   * Undefined where it was not told.
   */
  readonly clockOffset?: number
}

/** Undefined where the length is another. Senders tell it about once a second: it is an object. */
export const readCaptureTime = (bytes: Uint8Array, start: number, end: number): CaptureTime | undefined => {
  const length = end - start
  if (length !== SHORT && length !== LONG) return undefined
  const time = { seconds: readU32(bytes, start), fraction: readU32(bytes, start + 4) }
  if (length === SHORT) return { time }
  const clockOffset = ((readU32(bytes, start + 8) | 0) + readU32(bytes, start + 12) / FRACTION) * 1000
  return { time, clockOffset }
}

/** The long form where an offset is given: any from -2^31 to 2^31 - 1 seconds; false for others. */
export const putCaptureTime = (
  writer: ExtensionWriter,
  id: number,
  { seconds, fraction }: NtpTime,
  clockOffset?: number,
): boolean => {
  const whole = clockOffset === undefined ? 0 : Math.floor(clockOffset / 1000)
  if (!(whole >= -(2 ** 31) && whole < 2 ** 31)) return false
  const at = writer.reserve(id, clockOffset === undefined ? SHORT : LONG)
  if (at < 0) return false
  const { bytes } = writer
  writeU32(bytes, at, seconds)
  writeU32(bytes, at + 4, fraction)
  if (clockOffset === undefined) return true
  writeU32(bytes, at + 8, whole)
  writeU32(bytes, at + 12, Math.min(FRACTION - 1, Math.round((clockOffset / 1000 - whole) * FRACTION)))
  return true
}

const readU32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0

const writeU32 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
