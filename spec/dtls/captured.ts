/** Sessions of DTLS 1.3 that were captured between other implementations, taken apart with their key logs. */

import { concatBytes, fromHex } from '../../lib/bytes/index.ts'
import type { CryptoProvider } from '../../lib/crypto/index.ts'
import { HandshakeType } from '../../lib/dtls/handshake-message.ts'
import { decodeServerHello } from '../../lib/dtls/hello.ts'
import type { DtlsRole } from '../../lib/dtls/index.ts'
import { ContentType, RECORD_HEADER } from '../../lib/dtls/record.ts'
import { CIPHER_SUITES_13, type CipherSuite13 } from '../../lib/dtls/v13/cipher-suite.ts'
import { trafficKeys } from '../../lib/dtls/v13/key-schedule.ts'
import { Opener13 } from '../../lib/dtls/v13/record-protection.ts'
import { isUnified, unifiedRecordEnd } from '../../lib/dtls/v13/unified-header.ts'
import { fixtureBytes, fixtureText } from '../fixture.ts'
import { udpPayloads } from './wire.ts'

export interface CapturedRecord {
  readonly from: DtlsRole
  readonly epoch: number
  readonly sequence: number
  readonly type: number
  readonly content: Uint8Array
}

export interface CapturedMessage {
  readonly from: DtlsRole
  readonly epoch: number
  readonly type: number
  readonly sequence: number
  readonly raw: Uint8Array
  readonly body: Uint8Array
}

/** The secrets of a key log in the format of NSS, by their labels. */
export const keyLogSecrets = (text: string): ReadonlyMap<string, Uint8Array> =>
  new Map(
    text
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
      .map(line => line.split(' '))
      .map(([label, , secret]) => [label!, fromHex(secret!)!]),
  )

export class CapturedSession {
  readonly secrets: ReadonlyMap<string, Uint8Array>
  readonly suite: CipherSuite13
  readonly records: CapturedRecord[] = []
  /** Put together from their fragments, in the order in which they were completed. */
  readonly messages: CapturedMessage[] = []
  /** Protected records that did not open. */
  forged = 0
  /** The datagrams of SRTP and SRTCP. */
  readonly media: { readonly from: DtlsRole; readonly bytes: Uint8Array }[] = []
  readonly #openers: Readonly<Record<DtlsRole, readonly Opener13[]>>
  readonly #partial = new Map<string, { readonly raw: Uint8Array; missing: number }>()

  constructor(name: string, crypto: CryptoProvider) {
    const payloads = udpPayloads(fixtureBytes(`captures/${name}.pcap`))
    this.secrets = keyLogSecrets(fixtureText(`captures/${name}.keys`))
    const clientPort = payloads.find(({ payload }) => payload[0] === ContentType.handshake)?.source
    const roleOf = (source: number): DtlsRole => (source === clientPort ? 'client' : 'server')
    const hello = payloads.find(
      ({ payload }) => payload[0] === ContentType.handshake && payload[RECORD_HEADER] === HandshakeType.serverHello,
    )!.payload
    const { cipherSuite } = decodeServerHello(
      hello.subarray(RECORD_HEADER + 12, RECORD_HEADER + 12 + bodyLength(hello)),
    )
    this.suite = CIPHER_SUITES_13.find(({ id }) => id === cipherSuite)!
    const opener = (label: string, epoch: number) =>
      new Opener13(crypto, this.suite, trafficKeys(crypto, this.suite, this.secrets.get(label)!), epoch)
    this.#openers = {
      client: [opener('CLIENT_HANDSHAKE_TRAFFIC_SECRET', 2), opener('CLIENT_TRAFFIC_SECRET_0', 3)],
      server: [opener('SERVER_HANDSHAKE_TRAFFIC_SECRET', 2), opener('SERVER_TRAFFIC_SECRET_0', 3)],
    }
    for (const { source, payload } of payloads) {
      const first = payload[0] ?? 0
      if (first >= 128 && first < 192) this.media.push({ from: roleOf(source), bytes: payload })
      else if (first >= 20 && first < 64) this.#take(roleOf(source), payload.slice())
    }
  }

  #take(from: DtlsRole, datagram: Uint8Array): void {
    let at = 0
    while (at < datagram.length) {
      const first = datagram[at]!
      if (!isUnified(first)) {
        const end = at + RECORD_HEADER + ((datagram[at + 11]! << 8) | datagram[at + 12]!)
        const sequence = (datagram[at + 9]! << 8) | datagram[at + 10]!
        this.#keep({ from, epoch: 0, sequence, type: first, content: datagram.slice(at + RECORD_HEADER, end) })
        at = end
        continue
      }
      const end = unifiedRecordEnd(datagram, at)
      if (end < 0) throw new Error('not a datagram of records')
      const opener = this.#openers[from].find(({ epoch }) => (epoch & 3) === (first & 3))
      const contentEnd = opener?.open(datagram, at, end) ?? -1
      if (opener === undefined || contentEnd < 0) this.forged++
      else {
        const { epoch, sequence, type, start } = opener
        this.#keep({ from, epoch, sequence, type, content: datagram.slice(start, contentEnd) })
      }
      at = end
    }
  }

  #keep(record: CapturedRecord): void {
    this.records.push(record)
    if (record.type !== ContentType.handshake) return
    const { from, epoch, content } = record
    const view = new DataView(content.buffer, content.byteOffset)
    for (let at = 0; at < content.length; ) {
      const type = content[at]!
      const length = view.getUint32(at) & 0xff_ffff
      const sequence = view.getUint16(at + 4)
      const offset = view.getUint32(at + 5) & 0xff_ffff
      const part = content.subarray(at + 12, at + 12 + (view.getUint32(at + 8) & 0xff_ffff))
      const key = `${from} ${sequence}`
      const header = concatBytes(content.subarray(at, at + 6), Uint8Array.of(0, 0, 0), content.subarray(at + 1, at + 4))
      const partial = this.#partial.get(key) ?? {
        raw: concatBytes(header, new Uint8Array(length)),
        missing: length,
      }
      this.#partial.set(key, partial)
      partial.raw.set(part, 12 + offset)
      partial.missing -= part.length
      if (partial.missing === 0) {
        const { raw } = partial
        this.messages.push({ from, epoch, type, sequence, raw, body: raw.subarray(12) })
      }
      at += 12 + part.length
    }
  }
}

/** Of the first message in a datagram whose first record is not protected. */
const bodyLength = (datagram: Uint8Array): number => (datagram[RECORD_HEADER + 2]! << 8) | datagram[RECORD_HEADER + 3]!
