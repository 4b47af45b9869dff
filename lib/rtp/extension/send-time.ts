/**
 * When a packet left its sender (webrtc.org, abs-send-time): 24 bits of seconds in units of 2^-18, which begin again every
 * 64 seconds. Only differences say something.
 */

import type { ExtensionWriter } from '../packet-writer.ts'

export const SEND_TIME_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time'

const LENGTH = 3
/** Units in a millisecond. */
const UNITS = 2 ** 18 / 1000
const WRAP = 2 ** 24

/** A time in milliseconds, of any clock that starts below 2^53 / 262, as units modulo 2^24. */
export const sendTimeOf = (milliseconds: number): number => Math.floor(milliseconds * UNITS) % WRAP

/** Milliseconds from one send time to another: from -32,000 to 32,000. */
export const sendTimeDifference = (later: number, earlier: number): number => (((later - earlier) << 8) >> 8) / UNITS

/** Units, 0 to 2^24 - 1; undefined where the length is another. */
export const readSendTime = (bytes: Uint8Array, start: number, end: number): number | undefined =>
  end - start === LENGTH ? (bytes[start]! << 16) | (bytes[start + 1]! << 8) | bytes[start + 2]! : undefined

/** @param units As `sendTimeOf` makes them. */
export const putSendTime = (writer: ExtensionWriter, id: number, units: number): boolean => {
  const at = writer.reserve(id, LENGTH)
  if (at < 0) return false
  writeSendTime(writer.bytes, at, units)
  return true
}

/** Over an element that is there, when a packet leaves later than it was written. */
export const writeSendTime = (bytes: Uint8Array, at: number, units: number): void => {
  bytes[at] = units >> 16
  bytes[at + 1] = units >> 8
  bytes[at + 2] = units
}
