/** DTLS 1.3 on the wire, for specs: protected records in every form that the protocol allows, made by hand. */

import { fromHex, Writer } from '../../lib/bytes/index.ts'
import type { DtlsRole } from '../../lib/dtls/index.ts'
import type { RecordSealer } from '../../lib/dtls/record.ts'
import { CIPHER_SUITES_13, type CipherSuite13 } from '../../lib/dtls/v13/cipher-suite.ts'
import { type TrafficKeys13, trafficKeys } from '../../lib/dtls/v13/key-schedule.ts'
import { nodeCrypto } from '../providers.ts'
import { connectedPair, type PairOptions } from './pair.ts'

/** Keys that are as good as any, and differ by `seed`. */
export const keysOf = (suite: CipherSuite13, seed = 1): TrafficKeys13 => {
  const fill = (length: number, from: number) =>
    Uint8Array.from({ length }, (_, i) => (seed * 37 + from + 11 * i) & 255)
  return { key: fill(suite.keyLength, 1), iv: fill(12, 101), sn: fill(suite.keyLength, 201) }
}

/** The record that a sealer makes of that content. */
export const sealBy = (sealer: RecordSealer, type: number, content: Uint8Array): Uint8Array => {
  const { before, after } = sealer
  const bytes = new Uint8Array(before + content.length + after)
  bytes.set(content, before)
  return bytes.slice(0, sealer.seal(type, bytes, before, before + content.length))
}

export interface UnifiedRecord {
  readonly suite: CipherSuite13
  readonly keys?: TrafficKeys13
  readonly epoch: number
  readonly sequence: number
  /** Left out: the content has none behind it. */
  readonly type?: number
  readonly content: Uint8Array
  /** Bytes of zeros behind the type. */
  readonly padding?: number
  /** A sequence number of two bytes, as by default. */
  readonly long?: boolean
  /** The length is there, as by default. */
  readonly length?: boolean
}

/** A protected record as RFC 9147, 4 has it, written apart from the code that it is to check. */
export const unifiedRecord = (record: UnifiedRecord): Uint8Array => {
  const {
    suite,
    keys = keysOf(suite),
    epoch,
    sequence,
    type,
    content,
    padding = 0,
    long = true,
    length = true,
  } = record
  const inner = new Writer().bytes(content)
  if (type !== undefined) inner.u8(type)
  const plain = inner.bytes(new Uint8Array(padding)).finish()
  const header = new Writer().u8(0x20 | (long ? 8 : 0) | (length ? 4 : 0) | (epoch & 3))
  if (long) header.u16(sequence & 0xffff)
  else header.u8(sequence & 0xff)
  if (length) header.u16(plain.length + 16)
  const additional = header.finish()
  const nonce = keys.iv.slice()
  let rest = BigInt(sequence)
  for (let i = 11; i >= 4; i--, rest >>= 8n) nonce[i]! ^= Number(rest & 255n)
  const bytes = new Uint8Array(additional.length + plain.length + 16)
  bytes.set(additional)
  bytes.set(plain, additional.length)
  nodeCrypto
    .createAead(suite.aead, keys.key)
    .seal(nonce, additional, bytes, additional.length, additional.length + plain.length)
  const mask = nodeCrypto.createRecordNumberMask(suite.aead, keys.sn).compute(bytes, additional.length)
  bytes[1]! ^= mask[0]!
  if (long) bytes[2]! ^= mask[1]!
  return bytes
}

/** What protects one side's records of an epoch, from the lines of a key log: 2 for the handshake, 3 and on for data. */
export const keysFrom = (
  lines: readonly string[],
  role: DtlsRole,
  epoch: number,
  suite: CipherSuite13,
): TrafficKeys13 => {
  const side = role.toUpperCase()
  const label = epoch === 2 ? `${side}_HANDSHAKE_TRAFFIC_SECRET` : `${side}_TRAFFIC_SECRET_${epoch - 3}`
  const line = lines.find(each => each.startsWith(`${label} `))
  const secret = fromHex(line?.split(' ')[2] ?? '')
  if (secret === undefined || secret.length === 0) throw new Error(`no ${label} in the key log`)
  return trafficKeys(nodeCrypto, suite, secret)
}

/** A connected pair under DTLS 1.3, and what is needed to speak for either of its ends. */
export const spokenFor = async (options: PairOptions) => {
  const lines: string[] = []
  const clientOptions = { ...options.clientOptions, trace: { keyLog: (line: string) => lines.push(line) } }
  const pair = connectedPair({ ...options, version: '1.3', clientOptions })
  const suite = CIPHER_SUITES_13.find(({ id }) => id === pair.client.dtls.cipherSuite?.id)!
  let sequence = 1000
  /** A record that this end could have sent, its number ahead of all real ones. */
  const record = (from: DtlsRole, epoch: number, type: number, content: Uint8Array): Uint8Array =>
    unifiedRecord({ suite, keys: keysFrom(lines, from, epoch, suite), epoch, sequence: sequence++, type, content })
  /** Lets it arrive at the other end. */
  const inject = (from: DtlsRole, epoch: number, type: number, content: Uint8Array): void => {
    pair.inject(record(from, epoch, type, content), from === 'client' ? 'server' : 'client')
    pair.run(() => false, 100)
  }
  return { pair, suite, lines, record, inject }
}
