/**
 * MESSAGE-INTEGRITY and FINGERPRINT (RFC 8489, 14.5 and 14.7), over the bytes as they stand on the wire.
 *
 * Both cover the message up to themselves, with a header length that ends just behind themselves: the HMAC is therefore
 * not over the header as received when FINGERPRINT follows.
 */

import { crc32, equalBytes } from '../bytes/index.ts'
import type { Mac } from '../crypto/index.ts'

/** Bytes of the HMAC-SHA1 in MESSAGE-INTEGRITY. */
export const INTEGRITY_LENGTH = 20

/** What the CRC-32 is XORed with, "STUN" in ASCII, so that it differs from a CRC of the application's own. */
const FINGERPRINT_XOR = 0x5354554e

/** A received message as far as these two attributes are concerned: its bytes, and where each begins (or -1). */
export interface Sealed {
  readonly bytes: Uint8Array
  readonly integrityAt: number
  readonly fingerprintAt: number
}

/** The HMAC of `bytes[0, at)` for a MESSAGE-INTEGRITY attribute that begins at `at`. */
export const integrityOf = (bytes: Uint8Array, at: number, mac: Mac): Uint8Array => {
  const length = at - 20 + 4 + INTEGRITY_LENGTH
  const head = Uint8Array.of(bytes[0]!, bytes[1]!, length >>> 8, length)
  return mac.compute(head, bytes.subarray(4, at))
}

/** The value of a FINGERPRINT attribute that begins at `at`; the header must already count it. */
export const fingerprintOf = (bytes: Uint8Array, at: number): number => (crc32(bytes, 0, at) ^ FINGERPRINT_XOR) >>> 0

/** Whether the message has a MESSAGE-INTEGRITY and it is right for this key. Compared in constant time. */
export const verifyIntegrity = (message: Sealed, mac: Mac): boolean => {
  const at = message.integrityAt
  if (at < 0) return false
  const { bytes } = message
  if (((bytes[at + 2]! << 8) | bytes[at + 3]!) !== INTEGRITY_LENGTH) return false
  return equalBytes(bytes.subarray(at + 4, at + 4 + INTEGRITY_LENGTH), integrityOf(bytes, at, mac))
}

/** Whether the message has a FINGERPRINT and it is right. */
export const verifyFingerprint = (message: Sealed): boolean => {
  const at = message.fingerprintAt
  const { bytes } = message
  if (at < 0 || ((bytes[at + 2]! << 8) | bytes[at + 3]!) !== 4) return false
  const value = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0
  return value === fingerprintOf(bytes, at)
}
