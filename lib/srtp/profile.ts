/** The protection profiles of DTLS-SRTP (RFC 5764, 4.1.2; RFC 7714, 14.2), and the keys that a handshake makes for them. */

export type SrtpProfile =
  | 'SRTP_AES128_CM_HMAC_SHA1_80'
  | 'SRTP_AES128_CM_HMAC_SHA1_32'
  | 'SRTP_AEAD_AES_128_GCM'
  | 'SRTP_AEAD_AES_256_GCM'

export interface ProfileParameters {
  readonly aead: boolean
  /** Bytes, all of them. */
  readonly keyLength: number
  readonly saltLength: number
  readonly authenticationKeyLength: number
  readonly rtpTagLength: number
  /** SRTCP is never told by four bytes alone (RFC 5764, 4.1.2). */
  readonly rtcpTagLength: number
}

const COUNTER_MODE = {
  aead: false,
  keyLength: 16,
  saltLength: 14,
  authenticationKeyLength: 20,
  rtcpTagLength: 10,
} as const
const GCM = { aead: true, saltLength: 12, authenticationKeyLength: 0, rtpTagLength: 16, rtcpTagLength: 16 } as const

const PROFILES: Readonly<Record<SrtpProfile, ProfileParameters>> = {
  SRTP_AES128_CM_HMAC_SHA1_80: { ...COUNTER_MODE, rtpTagLength: 10 },
  SRTP_AES128_CM_HMAC_SHA1_32: { ...COUNTER_MODE, rtpTagLength: 4 },
  SRTP_AEAD_AES_128_GCM: { ...GCM, keyLength: 16 },
  SRTP_AEAD_AES_256_GCM: { ...GCM, keyLength: 32 },
}

export const profileParameters = (profile: SrtpProfile): ProfileParameters => PROFILES[profile]

/** The master key and salt of one direction (RFC 3711, 3.2.1). */
export interface SrtpKeys {
  readonly masterKey: Uint8Array
  readonly masterSalt: Uint8Array
}

/** Bytes to export from a handshake under the label `EXTRACTOR-dtls_srtp` (RFC 5764, 4.2). */
export const keyingMaterialLength = (profile: SrtpProfile): number => {
  const { keyLength, saltLength } = PROFILES[profile]
  return 2 * (keyLength + saltLength)
}

/** What was exported, taken apart: the keys under which the client and the server send. A RangeError for another length. */
export const splitKeyingMaterial = (
  profile: SrtpProfile,
  material: Uint8Array,
): { readonly client: SrtpKeys; readonly server: SrtpKeys } => {
  const { keyLength, saltLength } = PROFILES[profile]
  if (material.length !== keyingMaterialLength(profile))
    throw new RangeError('not as much keying material as asked for')
  let at = 0
  const take = (length: number): Uint8Array => {
    at += length
    return material.slice(at - length, at)
  }
  const [clientKey, serverKey] = [take(keyLength), take(keyLength)]
  const [clientSalt, serverSalt] = [take(saltLength), take(saltLength)]
  return {
    client: { masterKey: clientKey, masterSalt: clientSalt },
    server: { masterKey: serverKey, masterSalt: serverSalt },
  }
}
