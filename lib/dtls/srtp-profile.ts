/** The SRTP protection profiles that `use_srtp` agrees on (RFC 5764, 4.1.2; RFC 7714, 14.2), and the extension's body. */

import { Reader, Writer } from '../bytes/index.ts'

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

export const decodeUseSrtp = (data: Uint8Array): UseSrtp | undefined => {
  const reader = new Reader(data)
  const list = new Reader(reader.vector16())
  const masterKeyIdentifier = reader.vector8()
  const profiles: number[] = []
  while (list.remaining > 0 && !list.failed) profiles.push(list.u16())
  if (reader.failed || list.failed || reader.remaining > 0 || profiles.length === 0) return undefined
  return { profiles, masterKeyIdentifier }
}

/** The first of `preferred` whose number is among `offered`. */
export const chooseSrtpProfile = (
  preferred: readonly SrtpProfile[],
  offered: readonly number[],
): SrtpProfile | undefined => preferred.find(profile => offered.includes(PROFILE_IDS[profile]))
