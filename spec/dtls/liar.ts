/**
 * A peer of DTLS 1.3 that lies, for specs: what a genuine end sends under protection is opened by the secrets of the key
 * log, changed, and sealed again by the same keys.
 */

import { concatBytes, fromHex } from '../../lib/bytes/index.ts'
import { decodeServerHello } from '../../lib/dtls/hello.ts'
import type { DtlsRole } from '../../lib/dtls/index.ts'
import { CIPHER_SUITES_13, type CipherSuite13 } from '../../lib/dtls/v13/cipher-suite.ts'
import { type TrafficKeys13, trafficKeys } from '../../lib/dtls/v13/key-schedule.ts'
import { Opener13, Sealer13 } from '../../lib/dtls/v13/record-protection.ts'
import { nodeCrypto } from '../providers.ts'
import { clear, Pair, type PairOptions, type Path } from './pair.ts'
import { buildMessage, parseRecords, plainRecord } from './wire.ts'
import { sealBy, unifiedRecord } from './wire-13.ts'

export interface Told {
  readonly type: number
  readonly body: Uint8Array
  /** Without protection. */
  readonly inClear?: boolean
}

/** What a side says in place of a message of its own; undefined leaves it as it is. */
export type Lie = (message: Told) => Told | undefined

/** A pair whose key log is at hand. Datagrams are large enough for every message to be whole in one record. */
export class OpenPair extends Pair {
  readonly lines: string[]

  constructor(options: PairOptions) {
    const lines: string[] = []
    const more = { trace: { keyLog: (line: string) => void lines.push(line) }, mtu: 8000 }
    super({
      version: '1.3',
      ...options,
      clientOptions: { ...more, ...options.clientOptions },
      serverOptions: { ...more, ...options.serverOptions },
    })
    this.lines = lines
  }

  get suite(): CipherSuite13 {
    const { id } =
      [this.client, this.server].map(({ dtls }) => dtls.cipherSuite).find(suite => suite !== undefined) ?? {}
    const suite = CIPHER_SUITES_13.find(each => each.id === id)
    if (suite === undefined) throw new Error('no suite of DTLS 1.3 was agreed on')
    return suite
  }

  /** The keys of a secret of the log, as `CLIENT_TRAFFIC_SECRET_0`. */
  keys(label: string): TrafficKeys13 {
    const line = this.lines.find(each => each.startsWith(`${label} `))
    const secret = fromHex(line?.split(' ')[2] ?? '')
    if (secret === undefined || secret.length === 0) throw new Error(`no ${label}`)
    return trafficKeys(nodeCrypto, this.suite, secret)
  }

  /** A record that the end of that role could have sent in epoch 3, ahead of what it did send. */
  sealAs(role: DtlsRole, type: number, content: Uint8Array, sequence = 1000): Uint8Array {
    const keys = this.keys(`${role.toUpperCase()}_TRAFFIC_SECRET_0`)
    return unifiedRecord({ suite: this.suite, keys, epoch: 3, sequence, type, content })
  }

  /** From now on `role` lies in what it sends in epoch 2. */
  lieAs(role: DtlsRole, lie: Lie): this {
    let opener: Opener13 | undefined
    let sealer: Sealer13 | undefined
    const forge = (record: Uint8Array): Uint8Array => {
      if (opener === undefined || sealer === undefined) {
        const keys = this.keys(`${role.toUpperCase()}_HANDSHAKE_TRAFFIC_SECRET`)
        opener = new Opener13(nodeCrypto, this.suite, keys, 2)
        sealer = new Sealer13(nodeCrypto, this.suite, keys, 2)
      }
      const end = opener.open(record, 0, record.length)
      if (end < 0) throw new Error('a record of epoch 2 that the key log does not open')
      const content = record.slice(opener.start, end)
      if (opener.type !== 22) return sealBy(sealer, opener.type, content)
      const told = lie({ type: content[0]!, body: content.slice(12) })
      const sequence = (content[4]! << 8) | content[5]!
      if (told?.inClear) return plainRecord(22, buildMessage(told.type, sequence, told.body), 1000 + sequence)
      return sealBy(sealer, 22, told === undefined ? content : buildMessage(told.type, sequence, told.body))
    }
    this.path = (datagram, from, index) => {
      if (from !== role) return clear(datagram, from, index)
      const records = splitRecords(datagram).map(record => ((record[0]! & 0xe3) === 0x22 ? forge(record) : record))
      return clear(concatBytes(...records), from, index)
    }
    return this
  }
}

/** The records of a datagram, of which those that are protected have a length. */
export const splitRecords = (datagram: Uint8Array): Uint8Array[] => {
  const records: Uint8Array[] = []
  for (let at = 0; at < datagram.length; ) {
    const header = (datagram[at]! & 0xe0) === 0x20 ? 5 : 13
    const end = at + header + ((datagram[at + header - 2]! << 8) | datagram[at + header - 1]!)
    records.push(datagram.slice(at, end))
    at = end
  }
  return records
}

/** Changes each hello that `role` sends, whole in one record. */
export const tamperHello = (role: DtlsRole, change: (body: Uint8Array, count: number) => Uint8Array): Path => {
  let count = 0
  return (datagram, from, index) => {
    if (from !== role) return clear(datagram, from, index)
    const records = splitRecords(datagram).map(record => {
      if (record[0] !== 22 || record[13] !== (role === 'client' ? 1 : 2)) return record
      const { fragment, sequence } = parseRecords(record)[0]!
      const body = change(fragment.slice(12), count++)
      return plainRecord(22, buildMessage(fragment[0]!, (fragment[4]! << 8) | fragment[5]!, body), sequence)
    })
    return clear(concatBytes(...records), from, index)
  }
}

/** The ServerHello, or HelloRetryRequest, that begins a datagram of a server's. */
export const helloOf = (datagram: Uint8Array) =>
  decodeServerHello(parseRecords(splitRecords(datagram)[0]!)[0]!.fragment.subarray(12))
