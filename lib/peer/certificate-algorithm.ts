/**
 * The argument of `generateCertificate` (webrtc-pc, 4.9.1): an AlgorithmIdentifier of Web Cryptography (section 18.4),
 * normalised against the algorithms that DTLS certificates are made with here: ECDSA and RSASSA-PKCS1-v1_5, and as additions
 * the curve P-384 and Ed25519.
 */

import {
  DOMString,
  dictionary,
  enforcedUnsignedLong,
  enforcedUnsignedLongLong,
  exception,
  interfaceType,
  optional,
  required,
} from '../idl/index.ts'
import { DEFAULT_VALIDITY, type KeySpecification, LONGEST_VALIDITY } from './certificate.ts'

/** What an application passes to `RTCPeerConnection.generateCertificate`. */
export type RTCKeyAlgorithm =
  | string
  | {
      name: string
      namedCurve?: string
      modulusLength?: number
      publicExponent?: Uint8Array
      hash?: string | { name: string }
      /** Milliseconds until the certificate expires: 30 days by default, 365 at most. */
      expires?: number
    }

export interface CertificateRequest {
  readonly key: KeySpecification
  /** Milliseconds. */
  readonly validity: number
}

const context = "Failed to execute 'generateCertificate' on 'RTCPeerConnection'"

const ExpirationDictionary = dictionary('RTCCertificateExpiration', { expires: optional(enforcedUnsignedLongLong) })
const AlgorithmDictionary = dictionary('Algorithm', { name: required(DOMString) })
const EcKeyGenParams = dictionary('EcKeyGenParams', { namedCurve: required(DOMString) })
const RsaHashedKeyGenParams = dictionary('RsaHashedKeyGenParams', {
  hash: required((value: unknown, where: string) =>
    typeof value === 'object' && value !== null ? AlgorithmDictionary(value, where).name : DOMString(value, where),
  ),
  modulusLength: required(enforcedUnsignedLong),
  publicExponent: required(interfaceType('Uint8Array', Uint8Array)),
})

/** Bits: shorter keys are refused by current DTLS peers, longer ones cost seconds. */
const SHORTEST_MODULUS = 2048
const LONGEST_MODULUS = 8192

const CURVES: Readonly<Record<string, KeySpecification>> = {
  'P-256': { type: 'ec-p256' },
  'P-384': { type: 'ec-p384' },
}

const notSupported: (what: string) => never = what => {
  throw exception('NotSupportedError', `${context}: ${what}.`)
}

const isF4 = (exponent: Uint8Array): boolean => exponent.reduce((value, byte) => value * 256 + byte, 0) === 65537

const normalise = (algorithm: object): KeySpecification => {
  const { name } = AlgorithmDictionary(algorithm, context)
  switch (name.toUpperCase()) {
    case 'ECDSA': {
      const { namedCurve } = EcKeyGenParams(algorithm, context)
      return CURVES[namedCurve] ?? notSupported(`the curve '${namedCurve}' is not supported`)
    }
    case 'ED25519':
      return { type: 'ed25519' }
    case 'RSASSA-PKCS1-V1_5': {
      const { hash, modulusLength, publicExponent } = RsaHashedKeyGenParams(algorithm, context)
      if (!isF4(publicExponent)) notSupported('the public exponent must be 65537')
      if (!/^SHA-(256|384|512)$/i.test(hash)) notSupported(`the hash '${hash}' is not supported`)
      if (modulusLength < SHORTEST_MODULUS || modulusLength > LONGEST_MODULUS || modulusLength % 8 !== 0) {
        notSupported(`a modulus of ${modulusLength} bits is not supported`)
      }
      return { type: 'rsa', modulusLength }
    }
    default:
      return notSupported(`the algorithm '${name}' is not supported`)
  }
}

/**
 * Reads a `generateCertificate` argument.
 *
 * Throws `NotSupportedError` for an algorithm, curve, hash, exponent or length that is not made here, a TypeError for an
 * argument of the wrong shape.
 */
export const certificateRequest = (argument: unknown): CertificateRequest => {
  const isObject = (typeof argument === 'object' && argument !== null) || typeof argument === 'function'
  const algorithm = isObject ? argument : { name: DOMString(argument, context) }
  const { expires } = ExpirationDictionary(algorithm, context)
  const key = normalise(algorithm)
  return { key, validity: Math.min(expires ?? DEFAULT_VALIDITY, LONGEST_VALIDITY) }
}
