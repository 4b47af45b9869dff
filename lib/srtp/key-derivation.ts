/**
 * Session keys from a master key (RFC 3711, 4.3; RFC 6188, 3; RFC 7714, 11): AES in counter mode over the salt mixed with a
 * label. The key derivation rate is zero, as everywhere in WebRTC.
 */

import type { CryptoProvider } from '../crypto/index.ts'
import type { ProfileParameters, SrtpKeys } from './profile.ts'

/** RFC 3711, 4.3.2; RFC 6904, 4.1 for header extensions. */
export const Label = {
  rtpEncryption: 0,
  rtpAuthentication: 1,
  rtpSalt: 2,
  rtcpEncryption: 3,
  rtcpAuthentication: 4,
  rtcpSalt: 5,
  headerEncryption: 6,
  headerSalt: 7,
} as const

const BLOCK = 16
/** Bytes of the counter's mixed part (RFC 3711, 4.3.3): a salt that is shorter ends in zeros (RFC 7714, 11). */
const SALT = 14

export interface SessionKeys {
  readonly encryption: Uint8Array
  readonly authentication: Uint8Array
  readonly salt: Uint8Array
}

export const deriveKey = (crypto: CryptoProvider, keys: SrtpKeys, label: number, length: number): Uint8Array => {
  const blocks = Math.ceil(length / BLOCK)
  const input = new Uint8Array(blocks * BLOCK)
  for (let block = 0; block < blocks; block++) {
    const at = block * BLOCK
    input.set(keys.masterSalt.subarray(0, SALT), at)
    // The label stands in front of the index of 48 bits, which is zero (4.3.1).
    input[at + SALT - 7]! ^= label
    input[at + 14] = block >> 8
    input[at + 15] = block
  }
  // A copy: what the cipher returns may be a view of a platform's own, whose `slice` is none.
  return new Uint8Array(crypto.createBlockCipher(keys.masterKey).encrypt(input).subarray(0, length))
}

export const deriveRtpKeys = (crypto: CryptoProvider, keys: SrtpKeys, profile: ProfileParameters): SessionKeys => ({
  encryption: deriveKey(crypto, keys, Label.rtpEncryption, profile.keyLength),
  authentication: deriveKey(crypto, keys, Label.rtpAuthentication, profile.authenticationKeyLength),
  salt: deriveKey(crypto, keys, Label.rtpSalt, profile.saltLength),
})

export const deriveRtcpKeys = (crypto: CryptoProvider, keys: SrtpKeys, profile: ProfileParameters): SessionKeys => ({
  encryption: deriveKey(crypto, keys, Label.rtcpEncryption, profile.keyLength),
  authentication: deriveKey(crypto, keys, Label.rtcpAuthentication, profile.authenticationKeyLength),
  salt: deriveKey(crypto, keys, Label.rtcpSalt, profile.saltLength),
})
