/**
 * MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT (RFC 8489, 14.5 to 14.7), over the bytes as they stand on
 * the wire.
 *
 * Each covers the message up to itself, with a header length that ends just behind itself: an HMAC is therefore not over
 * the header as received when something follows.
 */

import { crc32, equalBytes } from '../bytes/index.ts'
import type { Mac } from '../crypto/index.ts'

/** Bytes of the HMAC-SHA1 in MESSAGE-INTEGRITY. */
export const INTEGRITY_LENGTH = 20
/** Bytes of the HMAC-SHA256 in MESSAGE-INTEGRITY-SHA256, when it is not truncated. */
export const INTEGRITY_SHA256_LENGTH = 32
/** To fewer bytes no STUN usage may truncate it (RFC 8489, 14.6). */
const SHORTEST_SHA256 = 16

/** What the CRC-32 is XORed with, "STUN" in ASCII, so that it differs from a CRC of the application's own. */
const FINGERPRINT_XOR = 0x5354554e

/** A received message as far as these attributes are concerned: its bytes, and where each begins (or -1). */
export interface Sealed {
  readonly bytes: Uint8Array
  readonly integrityAt: number
  readonly integritySha256At: number
  readonly fingerprintAt: number
}

/**
 * The HMAC of `bytes[0, at)` for an attribute of either integrity that begins at `at`.
 * @param length Bytes of the attribute's value, which the header length must count.
 */
export const integrityOf = (bytes: Uint8Array, at: number, mac: Mac, length: number): Uint8Array => {
  const counted = at - 20 + 4 + length
  const head = Uint8Array.of(bytes[0]!, bytes[1]!, counted >>> 8, counted)
  return mac.compute(head, bytes.subarray(4, at))
}

/** The value of a FINGERPRINT attribute that begins at `at`; the header must already count it. */
export const fingerprintOf = (bytes: Uint8Array, at: number): number => (crc32(bytes, 0, at) ^ FINGERPRINT_XOR) >>> 0

const lengthAt = (bytes: Uint8Array, at: number): number => (bytes[at + 2]! << 8) | bytes[at + 3]!

/** Whether the message has a MESSAGE-INTEGRITY and it is right for this key. Compared in constant time. */
export const verifyIntegrity = (message: Sealed, mac: Mac): boolean => {
  const at = message.integrityAt
  if (at < 0) return false
  const { bytes } = message
  if (lengthAt(bytes, at) !== INTEGRITY_LENGTH) return false
  const value = bytes.subarray(at + 4, at + 4 + INTEGRITY_LENGTH)
  return equalBytes(value, integrityOf(bytes, at, mac, INTEGRITY_LENGTH))
}

/**
 * Whether the message has a MESSAGE-INTEGRITY-SHA256 and it is right for this key. Compared in constant time.
 * @param mac HMAC-SHA256.
 * @param shortest Bytes of the value that are asked for, 16 to 32. All 32 by default: a STUN usage must say so when it
 * allows truncation (RFC 8489, 14.6), and neither ICE nor TURN does. A RangeError when it is out of its range.
 */
export const verifyIntegritySha256 = (message: Sealed, mac: Mac, shortest = INTEGRITY_SHA256_LENGTH): boolean => {
  if (!(shortest >= SHORTEST_SHA256 && shortest <= INTEGRITY_SHA256_LENGTH))
    throw new RangeError('MESSAGE-INTEGRITY-SHA256 has 16 to 32 bytes')
  const at = message.integritySha256At
  if (at < 0) return false
  const { bytes } = message
  const length = lengthAt(bytes, at)
  if (length < shortest || length > INTEGRITY_SHA256_LENGTH || length % 4 !== 0) return false
  return equalBytes(bytes.subarray(at + 4, at + 4 + length), integrityOf(bytes, at, mac, length).subarray(0, length))
}

/** Whether the message has a FINGERPRINT and it is right. */
export const verifyFingerprint = (message: Sealed): boolean => {
  const at = message.fingerprintAt
  const { bytes } = message
  if (at < 0 || lengthAt(bytes, at) !== 4) return false
  const value = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0
  return value === fingerprintOf(bytes, at)
}
