/** What every cipher here has in common: sizes (RFC 5116, 5.1 and 5.2; RFC 8439, 2.8), and the checks of what a caller gives. */

import type { AeadName } from './provider.ts'

const KEY_LENGTH: Readonly<Record<AeadName, number>> = { 'aes-128-gcm': 16, 'aes-256-gcm': 32, 'chacha20-poly1305': 32 }
const NONCE_LENGTH = 12
const TAG_LENGTH = 16

/** A copy of the key, which must have the AEAD's length. */
export const aeadKey = (name: AeadName, key: Uint8Array): Uint8Array => {
  if (key.length === KEY_LENGTH[name]) return key.slice()
  throw new RangeError(`${name} takes a key of ${KEY_LENGTH[name]} bytes, not ${key.length}`)
}

/** Where the tag behind `buffer[start, end)` ends; a RangeError when it does not fit or the nonce has a wrong length. */
export const sealedEnd = (nonce: Uint8Array, buffer: Uint8Array, start: number, end: number): number => {
  if (nonce.length !== NONCE_LENGTH) throw new RangeError('an AEAD nonce is 12 bytes')
  const tagEnd = end + TAG_LENGTH
  if (start < 0 || end < start || tagEnd > buffer.length) throw new RangeError('no room behind the range for its tag')
  return tagEnd
}

/** Where the text of the sealed `buffer[start, end)` ends, before `start` when it is too short. A RangeError for a range or nonce that cannot be. */
export const openedEnd = (nonce: Uint8Array, buffer: Uint8Array, start: number, end: number): number => {
  if (nonce.length !== NONCE_LENGTH) throw new RangeError('an AEAD nonce is 12 bytes')
  if (start < 0 || end > buffer.length) throw new RangeError('the range is not within the buffer')
  return end - TAG_LENGTH
}

export const BLOCK_LENGTH = 16

/** A copy of the key of AES without a mode of authentication. */
export const blockKey = (key: Uint8Array): Uint8Array => {
  if (key.length === 16 || key.length === 32) return key.slice()
  throw new RangeError(`AES takes a key of 16 or 32 bytes here, not ${key.length}`)
}

/** A RangeError when `buffer[start, end)` is not whole blocks within the buffer, or the initialization vector none. */
export const checkBlocks = (iv: Uint8Array, buffer: Uint8Array, start: number, end: number): void => {
  if (iv.length !== BLOCK_LENGTH) throw new RangeError('an initialization vector of AES-CBC is 16 bytes')
  const isWithin = start >= 0 && end >= start && end <= buffer.length
  if (!isWithin || (end - start) % BLOCK_LENGTH !== 0) throw new RangeError('AES-CBC takes whole blocks of 16 bytes')
}
