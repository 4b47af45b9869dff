/**
 * The index of an SRTP packet (RFC 3711, 3.3.1): its sequence number with the roll-over counter in front, which no packet
 * carries. A receiver guesses it from the highest index that was authenticated.
 */

const CYCLE = 0x1_0000
const HALF = 0x8000
/** RFC 3711, 9.2: a key protects at most 2^48 packets. */
export const LAST_INDEX = 2 ** 48 - 1

/** @param highest The highest index so far; -1 before the first packet, which is taken to be of the first cycle. */
export const guessIndex = (highest: number, sequenceNumber: number): number => {
  if (highest < 0) return sequenceNumber
  const cycle = Math.floor(highest / CYCLE)
  const last = highest % CYCLE
  const ahead = sequenceNumber - last
  if (ahead > HALF && cycle > 0) return (cycle - 1) * CYCLE + sequenceNumber
  if (ahead < -HALF) return (cycle + 1) * CYCLE + sequenceNumber
  return cycle * CYCLE + sequenceNumber
}
