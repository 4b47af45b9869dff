/**
 * The handshake messages of DTLS 1.2 beside the hellos (RFC 5246, 7.4; RFC 8422, 5.3 to 5.8; RFC 6347, 4.2.1).
 *
 * Decoders throw a `DtlsError` with `decode_error`; the parts they return are views of the body.
 */

import { Reader, Writer } from '../../bytes/index.ts'
import { malformed } from '../error.ts'
import { readNumbers } from '../extension.ts'

/** ECCurveType: the only one left (RFC 8422, 5.4). */
export const NAMED_CURVE = 3
/** ClientCertificateType (RFC 5246, 7.4.4; RFC 8422, 5.5; Ed25519 counts as ecdsa_sign). */
export const CertificateType = { rsaSign: 1, ecdsaSign: 64 } as const

export interface ServerKeyExchange {
  readonly curveType: number
  readonly group: number
  readonly point: Uint8Array
  /** The signed part: from the curve type to the end of the point. */
  readonly parameters: Uint8Array
  readonly scheme: number
  readonly signature: Uint8Array
}

export interface CertificateRequest {
  readonly types: Uint8Array
  readonly schemes: readonly number[]
}

export interface CertificateVerify {
  readonly scheme: number
  readonly signature: Uint8Array
}

/** A chain of one: a certificate that nobody has issued needs no issuer. Of none, when a client has none to show. */
export const encodeCertificate = (der: Uint8Array | undefined): Uint8Array =>
  der === undefined
    ? new Writer(3).u24(0).finish()
    : new Writer(der.length + 6)
        .u24(der.length + 3)
        .vector24(der)
        .finish()

/** The certificates of the chain, the sender's own first. */
export const decodeCertificate = (body: Uint8Array): Uint8Array[] => {
  const reader = new Reader(body)
  const list = new Reader(reader.vector24())
  const chain: Uint8Array[] = []
  while (list.remaining > 0 && !list.failed) chain.push(list.vector24())
  if (reader.failed || reader.remaining > 0 || list.failed) throw malformed('Certificate')
  return chain
}

/** The part of ServerKeyExchange that is signed. */
export const encodeKeyExchangeParameters = (group: number, point: Uint8Array): Uint8Array =>
  new Writer(point.length + 4).u8(NAMED_CURVE).u16(group).vector8(point).finish()

export const encodeServerKeyExchange = (parameters: Uint8Array, scheme: number, signature: Uint8Array): Uint8Array =>
  new Writer(parameters.length + signature.length + 4).bytes(parameters).u16(scheme).vector16(signature).finish()

export const decodeServerKeyExchange = (body: Uint8Array): ServerKeyExchange => {
  const reader = new Reader(body)
  const curveType = reader.u8()
  const group = reader.u16()
  const point = reader.vector8()
  const parameters = body.subarray(0, reader.position)
  const scheme = reader.u16()
  const signature = reader.vector16()
  if (reader.failed || reader.remaining > 0 || point.length === 0) throw malformed('ServerKeyExchange')
  return { curveType, group, point, parameters, scheme, signature }
}

/** Names no authority: any certificate will do that has an announced fingerprint. */
export const encodeCertificateRequest = (types: readonly number[], schemes: readonly number[]): Uint8Array => {
  const writer = new Writer(64).vector8(Uint8Array.from(types)).u16(2 * schemes.length)
  for (const scheme of schemes) writer.u16(scheme)
  return writer.u16(0).finish()
}

export const decodeCertificateRequest = (body: Uint8Array): CertificateRequest => {
  const reader = new Reader(body)
  const types = reader.vector8()
  const schemes = reader.vector16()
  reader.vector16()
  if (reader.failed || reader.remaining > 0 || types.length === 0) throw malformed('CertificateRequest')
  return { types, schemes: readNumbers(schemes, 'CertificateRequest') }
}

export const encodeClientKeyExchange = (point: Uint8Array): Uint8Array =>
  new Writer(point.length + 1).vector8(point).finish()

export const decodeClientKeyExchange = (body: Uint8Array): Uint8Array => {
  const reader = new Reader(body)
  const point = reader.vector8()
  if (reader.failed || reader.remaining > 0 || point.length === 0) throw malformed('ClientKeyExchange')
  return point
}

export const encodeCertificateVerify = (scheme: number, signature: Uint8Array): Uint8Array =>
  new Writer(signature.length + 4).u16(scheme).vector16(signature).finish()

export const decodeCertificateVerify = (body: Uint8Array): CertificateVerify => {
  const reader = new Reader(body)
  const scheme = reader.u16()
  const signature = reader.vector16()
  if (reader.failed || reader.remaining > 0) throw malformed('CertificateVerify')
  return { scheme, signature }
}

/** The version is no choice: it is to be DTLS 1.0 whatever will be agreed on (RFC 6347, 4.2.1). */
export const encodeHelloVerifyRequest = (version: number, cookie: Uint8Array): Uint8Array =>
  new Writer(cookie.length + 3).u16(version).vector8(cookie).finish()

/** The cookie. */
export const decodeHelloVerifyRequest = (body: Uint8Array): Uint8Array => {
  const reader = new Reader(body)
  reader.u16()
  const cookie = reader.vector8()
  if (reader.failed || reader.remaining > 0) throw malformed('HelloVerifyRequest')
  return cookie
}
