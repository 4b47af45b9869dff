/** HKDF, the key derivation function of TLS 1.3 (RFC 5869), in its two halves. */

import type { CryptoProvider, HashName } from './provider.ts'

/** A pseudorandom key from input keying material (2.2). An empty salt stands for as many zeros as the hash is long. */
export const hkdfExtract = (crypto: CryptoProvider, hash: HashName, salt: Uint8Array, ikm: Uint8Array): Uint8Array =>
  crypto.createMac(hash, salt).compute(ikm)

/** `length` bytes of keying material (2.3): at most 255 times the hash's length, a RangeError otherwise. */
export const hkdfExpand = (
  crypto: CryptoProvider,
  hash: HashName,
  prk: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array => {
  const mac = crypto.createMac(hash, prk)
  if (length > 255 * mac.length)
    throw new RangeError(`HKDF gives at most ${255 * mac.length} bytes here, not ${length}`)
  const output = new Uint8Array(length)
  let block: Uint8Array = new Uint8Array(0)
  for (let at = 0, count = 1; at < length; at += mac.length, count++) {
    block = mac.compute(block, info, Uint8Array.of(count))
    output.set(block.subarray(0, Math.min(block.length, length - at)), at)
  }
  return output
}
