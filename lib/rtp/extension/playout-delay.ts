/** How long a receiver should hold a frame back (webrtc.org, playout-delay): at least and at most, in units of 10 ms. */

import type { ExtensionWriter } from '../packet-writer.ts'

export const PLAYOUT_DELAY_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay'

const LENGTH = 3
const UNIT = 10
const MOST_UNITS = 0xfff
/** Milliseconds: as much as the field says. */
export const LONGEST_PLAYOUT_DELAY = MOST_UNITS * UNIT

/** Milliseconds, to be filled again. */
export interface PlayoutDelay {
  min: number
  max: number
}

/** Fills `into`; false where the length is another, or the least is above the most. */
export const readPlayoutDelay = (bytes: Uint8Array, start: number, end: number, into: PlayoutDelay): boolean => {
  if (end - start !== LENGTH) return false
  const min = (bytes[start]! << 4) | (bytes[start + 1]! >> 4)
  const max = ((bytes[start + 1]! & 0x0f) << 8) | bytes[start + 2]!
  if (min > max) return false
  into.min = min * UNIT
  into.max = max * UNIT
  return true
}

/** Milliseconds, 0 to 40,950, cut to units; false where the least is above the most, or one does not fit. */
export const putPlayoutDelay = (writer: ExtensionWriter, id: number, min: number, max: number): boolean => {
  if (!(min >= 0 && min <= max && max <= LONGEST_PLAYOUT_DELAY)) return false
  const at = writer.reserve(id, LENGTH)
  if (at < 0) return false
  const least = Math.floor(min / UNIT)
  const most = Math.floor(max / UNIT)
  writer.bytes[at] = least >> 4
  writer.bytes[at + 1] = ((least & 0x0f) << 4) | (most >> 8)
  writer.bytes[at + 2] = most
  return true
}
