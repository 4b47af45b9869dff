/**
 * The handshake messages of DTLS 1.3 beside the hellos (RFC 8446, 4.3 to 4.6).
 *
 * Decoders throw a `DtlsError` with the alert to send; the parts they return are views of the body. Which extensions
 * may be where is `extension-legality.ts`' business.
 */

import { Reader, utf8, Writer } from '../../bytes/index.ts'
import { Alert, malformed, violation } from '../error.ts'
import {
  decodeNumbers,
  type Extensions,
  ExtensionType,
  encodeExtensionBlock,
  encodeNumbers,
  readExtensionBlock,
} from '../extension.ts'
import type { DtlsRole } from '../options.ts'

// The same bytes in both versions; what is signed differs.
export { type CertificateVerify, decodeCertificateVerify, encodeCertificateVerify } from '../v12/messages.ts'

export const encodeEncryptedExtensions = (extensions: Extensions): Uint8Array => {
  const writer = new Writer(64)
  encodeExtensionBlock(writer, extensions)
  return writer.finish()
}

export const decodeEncryptedExtensions = (body: Uint8Array): Extensions => {
  const reader = new Reader(body)
  const extensions = readExtensionBlock(reader)
  if (reader.remaining > 0) throw malformed('EncryptedExtensions')
  return extensions
}

export interface CertificateRequest13 {
  /** Empty but in post-handshake authentication (RFC 8446, 4.3.2). */
  readonly context: Uint8Array
  /** Of signature_algorithms: what CertificateVerify may be signed by. */
  readonly schemes: readonly number[]
  readonly extensions: Extensions
}

/** Names no authority: any certificate will do that has an announced fingerprint. */
export const encodeCertificateRequest13 = (schemes: readonly number[]): Uint8Array => {
  const writer = new Writer(64).u8(0)
  encodeExtensionBlock(writer, new Map([[ExtensionType.signatureAlgorithms, encodeNumbers(schemes)]]))
  return writer.finish()
}

export const decodeCertificateRequest13 = (body: Uint8Array): CertificateRequest13 => {
  const reader = new Reader(body)
  const context = reader.vector8()
  const extensions = readExtensionBlock(reader)
  if (reader.remaining > 0) throw malformed('CertificateRequest')
  const schemes = extensions.get(ExtensionType.signatureAlgorithms)
  if (schemes === undefined) throw violation(Alert.missingExtension, 'CertificateRequest has no signature_algorithms')
  return { context, schemes: decodeNumbers(schemes, 'signature_algorithms'), extensions }
}

export interface CertificateEntry13 {
  /** DER. */
  readonly data: Uint8Array
  readonly extensions: Extensions
}

export interface Certificate13 {
  /** That of the CertificateRequest which it answers, or empty. */
  readonly context: Uint8Array
  /** The sender's own first. */
  readonly entries: readonly CertificateEntry13[]
}

/** A chain of one; of none, when a client has no certificate to show. */
export const encodeCertificate13 = (context: Uint8Array, der: Uint8Array | undefined): Uint8Array => {
  const entry = new Writer((der?.length ?? 0) + 5)
  if (der !== undefined) encodeExtensionBlock(entry.vector24(der), new Map())
  return new Writer(entry.length + context.length + 4).vector8(context).vector24(entry.finish()).finish()
}

export const decodeCertificate13 = (body: Uint8Array): Certificate13 => {
  const reader = new Reader(body)
  const context = reader.vector8()
  const list = new Reader(reader.vector24())
  if (reader.failed || reader.remaining > 0) throw malformed('Certificate')
  const entries: CertificateEntry13[] = []
  while (list.remaining > 0) {
    const data = list.vector24()
    if (list.failed || data.length === 0) throw malformed('Certificate')
    entries.push({ data, extensions: readExtensionBlock(list) })
  }
  return { context, entries }
}

const SIGNED_PADDING = 64

/** What CertificateVerify is a signature of (RFC 8446, 4.4.3). `transcriptHash`: up to the signer's Certificate. */
export const signedContent = (signer: DtlsRole, transcriptHash: Uint8Array): Uint8Array => {
  const context = utf8(`TLS 1.3, ${signer} CertificateVerify`)
  const writer = new Writer(SIGNED_PADDING + context.length + 1 + transcriptHash.length)
  for (let i = 0; i < SIGNED_PADDING; i++) writer.u8(0x20)
  return writer.bytes(context).u8(0).bytes(transcriptHash).finish()
}

/** The verify_data of a Finished, as long as the hash. */
export const decodeFinished13 = (body: Uint8Array, hashLength: number): Uint8Array => {
  if (body.length !== hashLength) throw malformed('Finished')
  return body
}

/** @param requestPeer Whether the peer is to replace its key too. */
export const encodeKeyUpdate = (requestPeer: boolean): Uint8Array => Uint8Array.of(requestPeer ? 1 : 0)

/** Whether we are to replace our key too. */
export const decodeKeyUpdate = (body: Uint8Array): boolean => {
  if (body.length !== 1) throw malformed('KeyUpdate')
  if (body[0]! > 1) throw violation(Alert.illegalParameter, `KeyUpdate asks for ${body[0]}`)
  return body[0] === 1
}

export interface NewSessionTicket13 {
  /** Seconds. */
  readonly lifetime: number
  readonly ageAdd: number
  readonly nonce: Uint8Array
  readonly ticket: Uint8Array
  readonly extensions: Extensions
}

/** Tickets are read and not used: there is no resumption here. */
export const decodeNewSessionTicket = (body: Uint8Array): NewSessionTicket13 => {
  const reader = new Reader(body)
  const lifetime = reader.u32()
  const ageAdd = reader.u32()
  const nonce = reader.vector8()
  const ticket = reader.vector16()
  if (reader.failed || ticket.length === 0) throw malformed('NewSessionTicket')
  const extensions = readExtensionBlock(reader)
  if (reader.remaining > 0) throw malformed('NewSessionTicket')
  return { lifetime, ageAdd, nonce, ticket, extensions }
}
