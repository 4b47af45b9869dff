/** The SRTP protection profiles that `use_srtp` agrees on (RFC 5764, 4.1.2; RFC 7714, 14.2), and the extension's body. */

import { Reader, Writer } from '../bytes/index.ts'
import { Alert, malformed, violation } from './error.ts'

export type SrtpProfile =
  | 'SRTP_AES128_CM_HMAC_SHA1_80'
  | 'SRTP_AES128_CM_HMAC_SHA1_32'
  | 'SRTP_AEAD_AES_128_GCM'
  | 'SRTP_AEAD_AES_256_GCM'

const PROFILE_IDS: Readonly<Record<SrtpProfile, number>> = {
  SRTP_AES128_CM_HMAC_SHA1_80: 0x0001,
  SRTP_AES128_CM_HMAC_SHA1_32: 0x0002,
  SRTP_AEAD_AES_128_GCM: 0x0007,
  SRTP_AEAD_AES_256_GCM: 0x0008,
}

/** In the order of our preference. */
export const SRTP_PROFILES: readonly SrtpProfile[] = [
  'SRTP_AEAD_AES_128_GCM',
  'SRTP_AEAD_AES_256_GCM',
  'SRTP_AES128_CM_HMAC_SHA1_80',
  'SRTP_AES128_CM_HMAC_SHA1_32',
]

export interface UseSrtp {
  readonly profiles: readonly number[]
  readonly masterKeyIdentifier: Uint8Array
}

/** Without a master key identifier, which WebRTC does not use (RFC 5764, 4.1.3). */
export const encodeUseSrtp = (profiles: readonly SrtpProfile[]): Uint8Array => {
  const writer = new Writer(16)
  writer.u16(2 * profiles.length)
  for (const profile of profiles) writer.u16(PROFILE_IDS[profile])
  return writer.u8(0).finish()
}

/** Throws a `DtlsError` with `decode_error`. */
export const decodeUseSrtp = (data: Uint8Array): UseSrtp => {
  const reader = new Reader(data)
  const list = new Reader(reader.vector16())
  const masterKeyIdentifier = reader.vector8()
  const profiles: number[] = []
  while (list.remaining > 0 && !list.failed) profiles.push(list.u16())
  if (reader.failed || list.failed || reader.remaining > 0 || profiles.length === 0) throw malformed('use_srtp')
  return { profiles, masterKeyIdentifier }
}

/**
 * What a server chooses: the first of its profiles that is in the client's extension, if any is. A master key identifier
 * that the client has one for is left out of the answer, and so not used (RFC 5764, 4.1.3).
 */
export const chooseSrtpProfile = (preferred: readonly SrtpProfile[], data: Uint8Array): SrtpProfile | undefined => {
  const { profiles } = decodeUseSrtp(data)
  return preferred.find(profile => profiles.includes(PROFILE_IDS[profile]))
}

/**
 * What the server's extension has chosen: one of the profiles that were offered, and no master key identifier, since none
 * was (RFC 5764, 4.1.1 and 4.1.3). Throws a `DtlsError` with the alert to send.
 */
export const chosenSrtpProfile = (offered: readonly SrtpProfile[], data: Uint8Array): SrtpProfile => {
  const { profiles, masterKeyIdentifier } = decodeUseSrtp(data)
  const profile = offered.find(each => PROFILE_IDS[each] === profiles[0])
  if (profiles.length !== 1 || profile === undefined || masterKeyIdentifier.length > 0) {
    throw violation(Alert.illegalParameter, 'the server chose an SRTP profile or key identifier that was not offered')
  }
  return profile
}
