/** DTLS on the wire, for specs: taking datagrams apart, building records by hand, and tampering with messages. */

import { concatBytes, fromHex, Reader, Writer } from '../../lib/bytes/index.ts'
import { CIPHER_SUITES } from '../../lib/dtls/cipher-suite.ts'
import type { DtlsRole } from '../../lib/dtls/index.ts'
import { KeySchedule } from '../../lib/dtls/v12/key-schedule.ts'
import { AeadSealer } from '../../lib/dtls/v12/record-protection.ts'
import { nodeCrypto } from '../providers.ts'
import { clear, type Pair, type Path } from './pair.ts'

export interface WireRecord {
  readonly type: number
  readonly version: number
  readonly epoch: number
  readonly sequence: number
  readonly fragment: Uint8Array
}

export const parseRecords = (datagram: Uint8Array): WireRecord[] => {
  const reader = new Reader(datagram)
  const records: WireRecord[] = []
  while (reader.remaining > 0 && !reader.failed) {
    const type = reader.u8()
    const version = reader.u16()
    const epoch = reader.u16()
    const sequence = reader.u48()
    records.push({ type, version, epoch, sequence, fragment: reader.vector16() })
  }
  if (reader.failed) throw new Error('not a datagram of records')
  return records
}

export const buildRecord = ({ type, version, epoch, sequence, fragment }: WireRecord): Uint8Array =>
  new Writer().u8(type).u16(version).u16(epoch).u48(sequence).vector16(fragment).finish()

/** A record in epoch 0. */
export const plainRecord = (type: number, fragment: Uint8Array, sequence = 0): Uint8Array =>
  buildRecord({ type, version: 0xfefd, epoch: 0, sequence, fragment })

/** A handshake message in one fragment, or a part of it. */
export const buildMessage = (
  type: number,
  sequence: number,
  body: Uint8Array,
  from = 0,
  to = body.length,
): Uint8Array =>
  new Writer()
    .u8(type)
    .u24(body.length)
    .u16(sequence)
    .u24(from)
    .u24(to - from)
    .bytes(body.subarray(from, to))
    .finish()

/** Changes the body of each whole plaintext handshake message of that type on its way. */
export const tamper =
  (role: DtlsRole, type: number, change: (body: Uint8Array) => Uint8Array): Path =>
  (datagram, from, index) => {
    if (from !== role) return clear(datagram, from, index)
    const records = parseRecords(datagram).map(record => {
      if (record.epoch !== 0 || record.type !== 22 || record.fragment[0] !== type) return buildRecord(record)
      const sequence = (record.fragment[4]! << 8) | record.fragment[5]!
      const body = change(record.fragment.slice(12))
      return buildRecord({ ...record, fragment: buildMessage(type, sequence, body) })
    })
    return clear(concatBytes(...records), from, index)
  }

/** A datagram with its last bytes changed: the same record, forged. */
export const forged = (datagram: Uint8Array): Uint8Array => {
  const copy = datagram.slice()
  copy[copy.length - 1]! ^= 1
  return copy
}

/** The UDP payloads of a capture in pcap format with Ethernet and IPv4, in order. */
export const udpPayloads = (pcap: Uint8Array): { readonly source: number; readonly payload: Uint8Array }[] => {
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.byteLength)
  const payloads: { source: number; payload: Uint8Array }[] = []
  for (let at = 24; at + 16 <= pcap.length; ) {
    const length = view.getUint32(at + 8, true)
    const frame = pcap.subarray(at + 16, at + 16 + length)
    at += 16 + length
    const ip = frame.subarray(14)
    if (frame[12] !== 8 || frame[13] !== 0 || ip[9] !== 17) continue
    const udp = ip.subarray(4 * (ip[0]! & 15))
    const size = (udp[4]! << 8) | udp[5]!
    payloads.push({ source: (udp[0]! << 8) | udp[1]!, payload: udp.subarray(8, size) })
  }
  return payloads
}

/** A record that the end of that role could have sent: sealed by its keys, far ahead in sequence. */
export const sealAs = (role: DtlsRole, pair: Pair, keyLog: string, type: number, content: Uint8Array): Uint8Array => {
  const [, clientRandom, master] = keyLog.split(' ').map(digits => fromHex(digits) ?? new Uint8Array(0))
  const hello = parseRecords(pair.server.sent[0]!)[0]!.fragment.subarray(12)
  const suite = CIPHER_SUITES.find(({ id }) => id === pair.server.dtls.cipherSuite?.id)!
  const keys = new KeySchedule(nodeCrypto, suite, master!, clientRandom!, hello.subarray(2, 34))
  const sealer = new AeadSealer(nodeCrypto, suite, keys.trafficKeys()[role], 1)
  const bytes = new Uint8Array(content.length + 64)
  let end = 0
  for (let i = 0; i < 100; i++) {
    bytes.set(content, 21)
    end = sealer.seal(type, bytes, 21, 21 + content.length)
  }
  return bytes.slice(21 - sealer.before, end)
}
