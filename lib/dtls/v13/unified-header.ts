/**
 * The header of a protected record in DTLS 1.3 (RFC 9147, 4), and the record number that it carries a part of.
 *
 *   0 0 1 C S L E E   connection id (C)   sequence number (S: 2 bytes, else 1)   length (L: 2)
 *
 * C says that a connection id follows: none is ever negotiated here, so that its length is not known. Without a length
 * the record takes all the rest of the datagram. E are the low bits of the epoch.
 */

const FIXED_BITS = 0x20
const CONNECTION_ID = 0x10
const LONG_SEQUENCE = 0x08
const LENGTH = 0x04

/** Bytes of the header that is written here: a sequence number of two bytes, and a length. */
export const UNIFIED_HEADER = 5

/** Whether a record that begins with this byte is a protected one of DTLS 1.3 (RFC 9147, 4.1). */
export const isUnified = (first: number): boolean => (first & 0xe0) === FIXED_BITS

/** The low bits of the epoch, which tell the keys apart. */
export const epochBits = (first: number): number => first & 0x03

export const hasLongSequence = (first: number): boolean => (first & LONG_SEQUENCE) !== 0

/** Bytes of a header without connection id that begins with this byte. */
export const unifiedHeaderLength = (first: number): number =>
  2 + (hasLongSequence(first) ? 1 : 0) + ((first & LENGTH) !== 0 ? 2 : 0)

/**
 * Where the record at `at` ends.
 * @returns -1 when it has a connection id or reaches past the datagram: then nothing behind it can be found either.
 */
export const unifiedRecordEnd = (bytes: Uint8Array, at: number): number => {
  const first = bytes[at]!
  const fragment = at + unifiedHeaderLength(first)
  if ((first & CONNECTION_ID) !== 0 || fragment > bytes.length) return -1
  if ((first & LENGTH) === 0) return bytes.length
  const end = fragment + ((bytes[fragment - 2]! << 8) | bytes[fragment - 1]!)
  return end > bytes.length ? -1 : end
}

/** Writes a header at `at`, its record number in the clear still. */
export const writeUnifiedHeader = (
  bytes: Uint8Array,
  at: number,
  epoch: number,
  sequence: number,
  length: number,
): void => {
  bytes[at] = FIXED_BITS | LONG_SEQUENCE | LENGTH | (epoch & 0x03)
  bytes[at + 1] = sequence >>> 8
  bytes[at + 2] = sequence
  bytes[at + 3] = length >>> 8
  bytes[at + 4] = length
}

/**
 * The sequence number nearest to `expected` whose low bits, as many as `mask` has, are `low` (RFC 9147, 4.2.2).
 * @param mask 0xff or 0xffff.
 */
export const reconstructSequence = (low: number, mask: number, expected: number): number => {
  // Bitwise operators take numbers beyond 32 bits modulo 2^32, which leaves their low bits right.
  const ahead = (low - expected) & mask
  const sequence = expected + ahead
  return ahead > mask >>> 1 && sequence > mask ? sequence - mask - 1 : sequence
}
