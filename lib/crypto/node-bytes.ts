/** What `node:crypto` calls things, and its `Buffer`s as plain bytes. */

import { Buffer } from 'node:buffer'

export const NODE_HASH = {
  md5: 'md5',
  'sha-1': 'sha1',
  'sha-256': 'sha256',
  'sha-384': 'sha384',
  'sha-512': 'sha512',
} as const

/** The same bytes without `Buffer`'s own methods, whose `slice` and `toString` differ from those of `Uint8Array`. */
export const plain = (buffer: Uint8Array): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)

/** JSON Web Keys (RFC 7518, 6; RFC 8037, 2) go in and out of OpenSSL 3 in half the time of DER, and less. */
export const base64url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
