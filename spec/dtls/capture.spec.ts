/** A session between OpenSSL and OpenSSL, with its key log: its records open, its Finished and its exporter are right. */

import t from 'tap'
import { concatBytes, fromHex, hex, Reader } from '../../lib/bytes/index.ts'
import { CIPHER_SUITES } from '../../lib/dtls/cipher-suite.ts'
import type { HandshakeMessage } from '../../lib/dtls/handshake-message.ts'
import { decodeClientHello, decodeServerHello } from '../../lib/dtls/hello.ts'
import { Reassembly } from '../../lib/dtls/reassembly.ts'
import { decodeUseSrtp } from '../../lib/dtls/srtp-profile.ts'
import { KeySchedule } from '../../lib/dtls/v12/key-schedule.ts'
import { decodeCertificate, decodeCertificateVerify, decodeServerKeyExchange } from '../../lib/dtls/v12/messages.ts'
import { AeadOpener } from '../../lib/dtls/v12/record-protection.ts'
import { fixtureBytes, fixtureText } from '../fixture.ts'
import { providers } from '../providers.ts'
import { parseRecords, udpPayloads } from './wire.ts'

const packets = udpPayloads(fixtureBytes('captures/openssl-dtls12.pcap'))
const clientPort = packets[0]!.source
const [, , masterSecret] = fixtureText('captures/openssl-dtls12.keys').trim().split('\n').at(-1)!.split(' ')
const EXPORTED = /Keying material: ([0-9A-F]+)/.exec(fixtureText('captures/openssl-dtls12.client.txt'))![1]!

type Role = 'client' | 'server'
const roleOf = (source: number): Role => (source === clientPort ? 'client' : 'server')

/** Puts the messages of both sides together. */
class Conversation {
  readonly #reassemblies = { client: new Reassembly(), server: new Reassembly() }

  /** The messages that a record of `role` with this content completes. */
  take(role: Role, epoch: number, content: Uint8Array): HandshakeMessage[] {
    const reader = new Reader(content)
    while (reader.remaining > 0) {
      const [type, length, sequence, offset] = [reader.u8(), reader.u24(), reader.u16(), reader.u24()]
      const part = reader.vector24()
      this.#reassemblies[role].put(epoch, type, length, sequence, offset, part, 0, part.length, true)
    }
    const whole: HandshakeMessage[] = []
    const next = () => this.#reassemblies[role].next()
    for (let message = next(); message !== undefined; message = next()) whole.push(message)
    return whole
  }
}

for (const { name, crypto } of providers) {
  t.test(`records, Finished and exporter of a captured session, on ${name}`, t => {
    const conversation = new Conversation()
    const messages = packets.flatMap(({ source, payload }) =>
      parseRecords(payload)
        .filter(({ type, epoch }) => type === 22 && epoch === 0)
        .flatMap(({ fragment }) => conversation.take(roleOf(source), 0, fragment)),
    )
    const hellos = messages.filter(message => message.type === 1).map(message => decodeClientHello(message.body))
    const clientHello = hellos.at(-1)!
    const serverHello = decodeServerHello(messages.find(message => message.type === 2)!.body)
    const suite = CIPHER_SUITES.find(({ id }) => id === serverHello.cipherSuite)!
    t.equal(suite.name, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384')
    t.same(decodeUseSrtp(serverHello.extensions.get(14)!)?.profiles, [1])
    t.equal(decodeCertificate(messages.find(({ type }) => type === 11)!.body).length, 1)
    t.equal(decodeServerKeyExchange(messages.find(({ type }) => type === 12)!.body).scheme, 0x0403)
    const verify = messages.find(({ type }) => type === 15)
    if (verify !== undefined) t.ok(decodeCertificateVerify(verify.body).signature.length > 60)

    const keys = new KeySchedule(crypto, suite, fromHex(masterSecret!)!, clientHello.random, serverHello.random)
    t.equal(hex(keys.export('EXTRACTOR-dtls_srtp', 60, undefined)).toUpperCase(), EXPORTED)

    // The hello before the cookie, and its answer, are no part of the transcript.
    const counted = messages.slice(messages.findLastIndex(message => message.type === 1))
    const transcript = counted.filter(({ type }) => type !== 4).map(({ raw }) => raw)
    const ticket = counted.filter(({ type }) => type === 4).map(({ raw }) => raw)
    const traffic = keys.trafficKeys()
    const openers = {
      client: new AeadOpener(crypto, suite, traffic.client, 1),
      server: new AeadOpener(crypto, suite, traffic.server, 1),
    }
    const opened = new Set<string>()
    for (const { source, payload } of packets) {
      const role = roleOf(source)
      const opener = openers[role]
      let at = 0
      for (const record of parseRecords(payload)) {
        const end = at + 13 + record.fragment.length
        if (record.epoch === 1) {
          const bytes = payload.slice()
          const contentEnd = opener.open(bytes, at, end)
          t.ok(contentEnd > 0, `a ${role} record of type ${record.type} opens`)
          t.equal(opener.open(payload.slice(), at, end), -2, 'once')
          const content = bytes.slice(opener.start, contentEnd)
          opened.add(`${role} ${record.type}`)
          // OpenSSL may well split a Finished of 24 bytes in two to fill a datagram.
          for (const { raw, body } of record.type === 22 ? conversation.take(role, 1, content) : []) {
            opened.add(`${role} Finished`)
            t.equal(hex(body), hex(keys.verifyData(role, concatBytes(...transcript))))
            transcript.push(raw, ...(role === 'client' ? ticket : []))
          }
        }
        at = end
      }
    }
    for (const each of ['client Finished', 'server Finished', 'client 23']) t.ok(opened.has(each), each)
    t.end()
  })
}
