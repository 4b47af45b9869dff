/** RTP packets with three header extensions, written into a pooled datagram and read in place; RTCP both ways. Beside werift. */

import * as werift from 'werift'
import { PacketPool } from '../../lib/bytes/index.ts'
import {
  appendPayload,
  decodeRtcp,
  ExtensionWriter,
  encodeRtcp,
  putMid,
  putSendTime,
  putTransportSequenceNumber,
  type RtcpPacket,
  RtpPacket,
  readTransportSequenceNumber,
  writeRtpHeader,
} from '../../lib/rtp/index.ts'
import { suite } from './suite.ts'

const payload = new Uint8Array(1100).fill(7)
const pool = new PacketPool(1200)
const extensions = new ExtensionWriter()
const mid = Uint8Array.of(0x30)
const header = { marker: false, payloadType: 96, sequenceNumber: 1, timestamp: 90_000, ssrc: 1 }
const packet = new RtpPacket()

const write = (): number => {
  extensions.reset()
  extensions.put(1, mid)
  putSendTime(extensions, 2, 0x123456)
  putTransportSequenceNumber(extensions, 3, 42)
  const out = pool.take()
  writeRtpHeader(out, header, extensions)
  appendPayload(out, payload, 0, payload.length)
  out.release()
  return out.end
}

const bytes = ((): Uint8Array => {
  extensions.reset()
  putMid(extensions, 1, '0')
  putSendTime(extensions, 2, 0x123456)
  putTransportSequenceNumber(extensions, 3, 42)
  const out = pool.take()
  writeRtpHeader(out, header, extensions)
  appendPayload(out, payload, 0, payload.length)
  return out.view().slice()
})()

const read = (): number | undefined => {
  if (!packet.parse(bytes) || !packet.findExtension(3)) return undefined
  return readTransportSequenceNumber(packet.bytes, packet.extensionStart, packet.extensionEnd)
}

const buffer = Buffer.from(bytes)
const body = Buffer.from(payload)
const elements = [
  { id: 1, payload: Buffer.from(mid) },
  { id: 2, payload: Buffer.of(0x12, 0x34, 0x56) },
  { id: 3, payload: Buffer.of(0, 42) },
]

suite('an RTP packet with three header extensions and 1100 bytes', bytes.length, {
  'written into a datagram': write,
  'written (werift)': () =>
    new werift.RtpPacket(new werift.RtpHeader({ ...header, extension: true, extensions: elements }), body).serialize(),
  'read, one extension found': read,
  'read (werift)': () => werift.RtpPacket.deSerialize(buffer).header.extensions[2]?.payload.readUInt16BE(),
})

const arrivals = Array.from({ length: 100 }, (_, index) => (index % 10 === 9 ? undefined : index % 7))
const feedback: RtcpPacket = {
  type: 'transport-feedback',
  senderSsrc: 1,
  mediaSsrc: 2,
  feedback: { baseSequenceNumber: 1, referenceTime: 2, feedbackCount: 3, arrivals },
}
const encoded = encodeRtcp([feedback])
const encodedBuffer = Buffer.from(encoded)

suite('feedback on 100 packets of a transport', encoded.length, {
  written: () => encodeRtcp([feedback]),
  read: () => decodeRtcp(encoded),
  'read (werift)': () => werift.RtcpPacketConverter.deSerialize(encodedBuffer),
})
