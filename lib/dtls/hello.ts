/**
 * ClientHello and ServerHello (RFC 5246, 7.4.1; RFC 6347, 4.2.1 for the cookie): the same bytes in DTLS 1.2 and 1.3. A
 * HelloRetryRequest of 1.3 is a ServerHello with a random of its own.
 */

import { equalBytes, fromHex, Reader, Writer } from '../bytes/index.ts'
import { malformed } from './error.ts'
import { decodeExtensions, type Extensions, encodeExtensions, readNumbers } from './extension.ts'

export const RANDOM_LENGTH = 32

const digits = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0)

/** The random of a ServerHello that is a HelloRetryRequest: the SHA-256 of that name (RFC 8446, 4.1.3). */
export const HELLO_RETRY_REQUEST_RANDOM = digits('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c')
/** What ends the random of a server that speaks DTLS 1.3 and negotiates 1.2 (RFC 8446, 4.1.3; RFC 9147, 5.3). */
export const DOWNGRADE_12 = digits('444f574e47524401')
/** The same for DTLS 1.0. */
export const DOWNGRADE_10 = digits('444f574e47524400')

export interface ClientHello {
  readonly version: number
  readonly random: Uint8Array
  readonly sessionId: Uint8Array
  readonly cookie: Uint8Array
  readonly cipherSuites: readonly number[]
  readonly compressionMethods: Uint8Array
  readonly extensions: Extensions
}

export interface ServerHello {
  readonly version: number
  readonly random: Uint8Array
  readonly sessionId: Uint8Array
  readonly cipherSuite: number
  readonly compressionMethod: number
  readonly extensions: Extensions
}

export const encodeClientHello = (hello: ClientHello): Uint8Array => {
  const writer = new Writer(512)
    .u16(hello.version)
    .bytes(hello.random)
    .vector8(hello.sessionId)
    .vector8(hello.cookie)
    .u16(2 * hello.cipherSuites.length)
  for (const suite of hello.cipherSuites) writer.u16(suite)
  writer.vector8(hello.compressionMethods)
  encodeExtensions(writer, hello.extensions)
  return writer.finish()
}

/** Throws a `DtlsError` with the alert to send. The parts are views of `body`. */
export const decodeClientHello = (body: Uint8Array): ClientHello => {
  const reader = new Reader(body)
  const version = reader.u16()
  const random = reader.view(RANDOM_LENGTH)
  const sessionId = reader.vector8()
  const cookie = reader.vector8()
  const suites = reader.vector16()
  const compressionMethods = reader.vector8()
  if (reader.failed || sessionId.length > 32 || suites.length === 0 || compressionMethods.length === 0) {
    throw malformed('ClientHello')
  }
  const cipherSuites = readNumbers(suites, 'the list of cipher suites')
  const extensions = decodeExtensions(reader)
  return { version, random, sessionId, cookie, cipherSuites, compressionMethods, extensions }
}

export const encodeServerHello = (hello: ServerHello): Uint8Array => {
  const writer = new Writer(128)
    .u16(hello.version)
    .bytes(hello.random)
    .vector8(hello.sessionId)
    .u16(hello.cipherSuite)
    .u8(hello.compressionMethod)
  encodeExtensions(writer, hello.extensions)
  return writer.finish()
}

/** Throws a `DtlsError` with the alert to send. The parts are views of `body`. */
export const decodeServerHello = (body: Uint8Array): ServerHello => {
  const reader = new Reader(body)
  const version = reader.u16()
  const random = reader.view(RANDOM_LENGTH)
  const sessionId = reader.vector8()
  const cipherSuite = reader.u16()
  const compressionMethod = reader.u8()
  if (reader.failed || sessionId.length > 32) throw malformed('ServerHello')
  const extensions = decodeExtensions(reader)
  return { version, random, sessionId, cipherSuite, compressionMethod, extensions }
}

/** To be asked first of any ServerHello where DTLS 1.3 was offered. */
export const isHelloRetryRequest = (hello: ServerHello): boolean => equalBytes(hello.random, HELLO_RETRY_REQUEST_RANDOM)

/** Whether a server's random says that it would have spoken a higher version than it negotiates. */
export const isDowngraded = (random: Uint8Array): boolean => {
  const end = random.subarray(RANDOM_LENGTH - DOWNGRADE_12.length)
  return equalBytes(end, DOWNGRADE_12) || equalBytes(end, DOWNGRADE_10)
}
