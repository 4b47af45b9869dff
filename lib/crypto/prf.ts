/** The pseudorandom function of TLS 1.2 (RFC 5246, 5): P_hash over HMAC. */

import { concatBytes, utf8 } from '../bytes/index.ts'
import type { CryptoProvider } from './provider.ts'

/**
 * `length` bytes of PRF(secret, label, seed).
 * @param hash SHA-256, or SHA-384 where the cipher suite says so (RFC 5289, 3).
 * @param label ASCII, as `key expansion`.
 */
export const tlsPrf = (
  crypto: CryptoProvider,
  hash: 'sha-256' | 'sha-384',
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
): Uint8Array => {
  const mac = crypto.createMac(hash, secret)
  const labelled = concatBytes(utf8(label), seed)
  const output = new Uint8Array(length)
  let a: Uint8Array = labelled
  for (let at = 0; at < length; at += mac.length) {
    a = mac.compute(a)
    const block = mac.compute(a, labelled)
    output.set(block.subarray(0, Math.min(block.length, length - at)), at)
  }
  return output
}
