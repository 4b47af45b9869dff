/**
 * A peer of DTLS 1.2 that a spec plays message by message, in either role: an old one, or one that does what ours would
 * not. Its datagrams hold their messages whole, and nothing is lost.
 */

import { concatBytes } from '../../lib/bytes/index.ts'
import type { Certificate } from '../../lib/crypto/index.ts'
import { CBC_SUITES, CIPHER_SUITES, type CipherSuite } from '../../lib/dtls/cipher-suite.ts'
import type { Extensions } from '../../lib/dtls/extension.ts'
import { HandshakeType } from '../../lib/dtls/handshake-message.ts'
import {
  type ClientHello,
  decodeClientHello,
  decodeServerHello,
  encodeClientHello,
  encodeServerHello,
  type ServerHello,
} from '../../lib/dtls/hello.ts'
import { KeySchedule } from '../../lib/dtls/v12/key-schedule.ts'
import {
  decodeClientKeyExchange,
  decodeServerKeyExchange,
  encodeCertificate,
  encodeCertificateRequest,
  encodeCertificateVerify,
  encodeClientKeyExchange,
  encodeKeyExchangeParameters,
  encodeServerKeyExchange,
} from '../../lib/dtls/v12/messages.ts'
import { createOpener, createSealer } from '../../lib/dtls/v12/record-protection.ts'
import { nodeCrypto } from '../providers.ts'
import type { End } from './pair.ts'
import { buildMessage, parseRecords, plainRecord } from './wire.ts'
import { sealBy } from './wire-13.ts'

export interface PuppetTerms {
  readonly certificate: Certificate
  /** Of the suite that it offers or chooses. */
  readonly suite: string
  /** Of its hello. */
  readonly extensions: Extensions
  readonly extendedMasterSecret?: boolean
  readonly encryptThenMac?: boolean
  /** Server: what its CertificateRequest takes; none is sent when it takes nothing. */
  readonly requested?: { readonly types: readonly number[]; readonly schemes: readonly number[] }
}

const X25519 = 29
const ECDSA_SHA256 = 0x0403
const HANDSHAKE = 22
const EMPTY = new Uint8Array(0)

export const suiteOf = (name: string): CipherSuite => {
  const suite = [...CIPHER_SUITES, ...CBC_SUITES].find(each => each.name === name)
  if (suite === undefined) throw new Error(`no suite ${name}`)
  return suite
}

/** What ours said up to its Finished, and what goes on from there. */
export class Puppet12 {
  readonly suite: CipherSuite
  readonly random: Uint8Array = nodeCrypto.random.fill(new Uint8Array(32))
  readonly #transcript: Uint8Array[] = []
  readonly #heard = new Map<number, Uint8Array>()
  #sealer: ReturnType<typeof createSealer> | undefined
  #opener: ReturnType<typeof createOpener> | undefined
  #keys: KeySchedule | undefined
  #sequence = 0
  #record = 0
  #read = 0

  constructor(
    readonly role: 'client' | 'server',
    readonly end: End,
    readonly terms: PuppetTerms,
  ) {
    this.suite = suiteOf(terms.suite)
  }

  get transcript(): Uint8Array {
    return concatBytes(...this.#transcript)
  }

  get keys(): KeySchedule {
    if (this.#keys === undefined) throw new Error('no keys yet')
    return this.#keys
  }

  /** A message in the clear. */
  message(type: number, body: Uint8Array): Uint8Array {
    const raw = buildMessage(type, this.#sequence++, body)
    this.#transcript.push(raw)
    return plainRecord(HANDSHAKE, raw, this.#record++)
  }

  /** Hands the records to ours in one datagram. */
  send(...records: Uint8Array[]): void {
    this.end.dtls.receive(concatBytes(...records), 0)
    this.end.drain()
  }

  /** Takes what ours has sent in the clear since the last time. */
  hear(): void {
    for (const datagram of this.end.sent.slice(this.#read)) {
      for (const { type, epoch, fragment } of parseRecords(datagram)) {
        if (type !== HANDSHAKE || epoch !== 0) continue
        this.#transcript.push(fragment)
        this.#heard.set(fragment[0]!, fragment.slice(12))
      }
    }
    this.#read = this.end.sent.length
  }

  /** The body of that message of ours. */
  heard(type: number): Uint8Array {
    const body = this.#heard.get(type)
    if (body === undefined) throw new Error(`message ${type} was not sent: ${this.end.error}`)
    return body
  }

  has(type: number): boolean {
    return this.#heard.has(type)
  }

  makeKeys(premaster: Uint8Array, transcript: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array): void {
    const { suite, terms } = this
    const { extendedMasterSecret = true, encryptThenMac = false } = terms
    this.#keys = extendedMasterSecret
      ? KeySchedule.extended(nodeCrypto, suite, premaster, transcript, clientRandom, serverRandom)
      : KeySchedule.classic(nodeCrypto, suite, premaster, clientRandom, serverRandom)
    const { client, server } = this.#keys.trafficKeys()
    const [own, theirs] = this.role === 'client' ? [client, server] : [server, client]
    this.#sealer = createSealer(nodeCrypto, suite, own, 1, encryptThenMac)
    this.#opener = createOpener(nodeCrypto, suite, theirs, 1, encryptThenMac)
  }

  /** A record under our keys. */
  sealed(type: number, content: Uint8Array): Uint8Array {
    const sealer = this.#sealer
    if (sealer === undefined) throw new Error('no keys yet')
    return sealBy(sealer, type, content)
  }

  finished(): Uint8Array {
    const body = this.keys.verifyData(this.role, this.transcript)
    const raw = buildMessage(HandshakeType.finished, this.#sequence++, body)
    const record = this.sealed(HANDSHAKE, raw)
    this.#transcript.push(raw)
    return record
  }

  /** A message of ours that came under its keys. */
  take(raw: Uint8Array): void {
    this.#transcript.push(raw)
  }

  /** The content of the records that ours has sent under its keys. */
  opened(): Uint8Array[] {
    const contents: Uint8Array[] = []
    for (const datagram of this.end.sent) {
      const bytes = datagram.slice()
      let at = 0
      for (const { epoch, fragment } of parseRecords(datagram)) {
        const end = at + 13 + fragment.length
        const contentEnd = epoch === 1 && this.#opener !== undefined ? this.#opener.open(bytes, at, end) : -1
        if (contentEnd >= 0) contents.push(bytes.slice(this.#opener?.start, contentEnd))
        at = end
      }
    }
    return contents
  }
}

/** Plays the client up to its Finished. Returns what the server answered its hello with. */
export const playClient = (puppet: Puppet12): ServerHello => {
  const { certificate, extensions } = puppet.terms
  const hello = encodeClientHello({
    version: 0xfefd,
    random: puppet.random,
    sessionId: EMPTY,
    cookie: EMPTY,
    cipherSuites: [puppet.suite.id],
    compressionMethods: Uint8Array.of(0),
    extensions,
  })
  puppet.send(puppet.message(HandshakeType.clientHello, hello))
  puppet.hear()
  const answer = decodeServerHello(puppet.heard(HandshakeType.serverHello))
  const agreement = nodeCrypto.createKeyAgreement('x25519')
  const premaster = agreement.agree(decodeServerKeyExchange(puppet.heard(HandshakeType.serverKeyExchange)).point)
  if (premaster === undefined) throw new Error('no point')
  const flight = [
    puppet.message(HandshakeType.certificate, encodeCertificate(certificate.der)),
    puppet.message(HandshakeType.clientKeyExchange, encodeClientKeyExchange(agreement.publicKey)),
  ]
  puppet.makeKeys(premaster, puppet.transcript, puppet.random, answer.random)
  const signature = certificate.privateKey.sign('ecdsa_secp256r1_sha256', puppet.transcript)
  flight.push(puppet.message(HandshakeType.certificateVerify, encodeCertificateVerify(ECDSA_SHA256, signature)))
  puppet.send(...flight, puppet.finished())
  return answer
}

/** Plays the server up to its Finished, for a client that was started. Returns the client's hello. */
export const playServer = (puppet: Puppet12): ClientHello => {
  const { certificate, extensions, requested } = puppet.terms
  puppet.hear()
  const hello = decodeClientHello(puppet.heard(HandshakeType.clientHello))
  const answer = { version: 0xfefd, random: puppet.random, sessionId: EMPTY, compressionMethod: 0, extensions }
  const agreement = nodeCrypto.createKeyAgreement('x25519')
  const parameters = encodeKeyExchangeParameters(X25519, agreement.publicKey)
  const signed = concatBytes(hello.random, puppet.random, parameters)
  const signature = certificate.privateKey.sign('ecdsa_secp256r1_sha256', signed)
  puppet.send(
    puppet.message(HandshakeType.serverHello, encodeServerHello({ ...answer, cipherSuite: puppet.suite.id })),
    puppet.message(HandshakeType.certificate, encodeCertificate(certificate.der)),
    puppet.message(HandshakeType.serverKeyExchange, encodeServerKeyExchange(parameters, ECDSA_SHA256, signature)),
    ...(requested === undefined
      ? []
      : [
          puppet.message(
            HandshakeType.certificateRequest,
            encodeCertificateRequest(requested.types, requested.schemes),
          ),
        ]),
    puppet.message(HandshakeType.serverHelloDone, EMPTY),
  )
  if (puppet.end.error !== undefined) return hello
  const before = puppet.transcript.length
  puppet.hear()
  const premaster = agreement.agree(decodeClientKeyExchange(puppet.heard(HandshakeType.clientKeyExchange)))
  if (premaster === undefined) throw new Error('no point')
  // The keys are made over all up to ClientKeyExchange: CertificateVerify, behind it, is left out.
  const all = puppet.transcript
  const verify = puppet.has(HandshakeType.certificateVerify)
    ? 12 + puppet.heard(HandshakeType.certificateVerify).length
    : 0
  if (all.length <= before) throw new Error('no second flight')
  puppet.makeKeys(premaster, all.slice(0, all.length - verify), hello.random, puppet.random)
  const theirs = puppet.opened()[0]
  if (theirs !== undefined) puppet.take(theirs)
  puppet.send(puppet.finished())
  return hello
}
