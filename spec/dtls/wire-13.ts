/** DTLS 1.3 on the wire, for specs: protected records in every form that the protocol allows, made by hand. */

import { Writer } from '../../lib/bytes/index.ts'
import type { RecordSealer } from '../../lib/dtls/record.ts'
import type { CipherSuite13 } from '../../lib/dtls/v13/cipher-suite.ts'
import type { TrafficKeys13 } from '../../lib/dtls/v13/key-schedule.ts'
import { nodeCrypto } from '../providers.ts'

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
