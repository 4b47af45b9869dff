/**
 * Payload formats: a frame cut into payloads, which are copied to where their packets are made, and payloads looked at one
 * by one and joined to the frame. Beside werift, whose packetizers make packets with headers, and whose depacketizers join those.
 */

import * as werift from 'werift'
import {
  emptyPayloadInfo,
  type FrameToPacketize,
  payloadFormat,
  RedDepacketizer,
  RedPacketizer,
} from '../../lib/rtp/index.ts'
import { suite } from './suite.ts'

const LIMIT = 1200
const FRAME_LENGTH = 5400

/** Content without start codes. */
const filled = (length: number, ...head: number[]): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => head[index] ?? 1 + ((index * 31) % 251))

interface Case {
  readonly frame: FrameToPacketize
  readonly parameters?: ReadonlyMap<string, string>
  /** Absent where werift has none. */
  readonly name?: werift.DepacketizerCodec
  readonly packetizer?: { packetize(data: Buffer, timestamp: number): werift.RtpPacket[] }
}

/** 20 ms of sound, whatever is in it. */
const sound = (length: number): FrameToPacketize => ({ data: filled(length), keyFrame: true })

const CASES: Readonly<Record<string, Case>> = {
  VP8: {
    frame: { data: filled(FRAME_LENGTH, 0x31, 0, 0), keyFrame: false },
    name: 'VP8',
    packetizer: new werift.Vp8Packetizer({ maxPayloadSize: LIMIT }),
  },
  VP9: {
    frame: { data: filled(FRAME_LENGTH, 0x86, 0), keyFrame: false },
    name: 'VP9',
    packetizer: new werift.Vp9Packetizer({ maxPayloadSize: LIMIT }),
  },
  AV1: {
    // One frame OBU with its size in LEB128: a byte of header, two of size.
    frame: {
      data: filled(FRAME_LENGTH, 0x32, ((FRAME_LENGTH - 3) & 0x7f) | 0x80, (FRAME_LENGTH - 3) >> 7, 0x30),
      keyFrame: false,
    },
    name: 'AV1',
    packetizer: new werift.Av1Packetizer({ maxPayloadSize: LIMIT }),
  },
  H264: {
    frame: { data: filled(FRAME_LENGTH, 0, 0, 0, 1, 0x41, 0x9a, 0x80), keyFrame: false },
    parameters: new Map([['packetization-mode', '1']]),
    name: 'MPEG4/ISO/AVC',
    packetizer: new werift.H264Packetizer({ maxPayloadSize: LIMIT }),
  },
  H265: {
    frame: { data: filled(FRAME_LENGTH, 0, 0, 0, 1, 0x02, 0x01, 0xd0), keyFrame: false },
    name: 'H265',
    packetizer: new werift.H265Packetizer({ maxPayloadSize: LIMIT }),
  },
  OPUS: {
    frame: { data: filled(120, 0x78), keyFrame: true },
    name: 'OPUS',
    packetizer: new werift.OpusPacketizer({ maxPayloadSize: LIMIT }),
  },
  PCMU: { frame: sound(160), name: 'PCMU', packetizer: new werift.PcmuPacketizer({ maxPayloadSize: LIMIT }) },
  PCMA: { frame: sound(160), name: 'PCMA', packetizer: new werift.PcmaPacketizer({ maxPayloadSize: LIMIT }) },
  G722: { frame: sound(160), name: 'G722', packetizer: new werift.G722Packetizer({ maxPayloadSize: LIMIT }) },
  CN: { frame: sound(11) },
  'TELEPHONE-EVENT': {
    frame: { data: Uint8Array.of(5, 10, 3, 32), keyFrame: true },
    packetizer: new werift.TelephoneEventPacketizer(),
  },
}

const packet = new Uint8Array(LIMIT + 100)

for (const [encoding, { frame, parameters = new Map(), name, packetizer: theirs }] of Object.entries(CASES)) {
  const format = payloadFormat(encoding)
  if (format === undefined) {
    console.log(`${encoding}: no payload format`)
    continue
  }
  const packetizer = format.createPacketizer(parameters, 0)
  const depacketizer = format.createDepacketizer(parameters)
  const info = emptyPayloadInfo()
  const payloads: Uint8Array[] = []
  packetizer.packetize(frame, LIMIT, (header, headerLength, body, start, end) => {
    payloads.push(Uint8Array.from([...header.subarray(0, headerLength), ...body.subarray(start, end)]))
  })
  const given = Buffer.from(frame.data)
  const packets = theirs?.packetize(given, 0) ?? []
  if (depacketizer.join(payloads) === undefined) throw new Error(`${encoding} does not join`)
  const title = `${encoding}: ${frame.data.length} bytes in ${payloads.length} payloads`
  suite(`${title}, cut`, frame.data.length, {
    purertc: () =>
      packetizer.packetize(frame, LIMIT, (header, headerLength, body, start, end) => {
        for (let i = 0; i < headerLength; i++) packet[48 + i] = header[i]!
        packet.set(body.subarray(start, end), 48 + headerLength)
      }),
    ...(theirs && { werift: () => theirs.packetize(given, 0) }),
  })
  suite(`${title}, looked at and joined`, frame.data.length, {
    purertc: () => {
      for (const payload of payloads) depacketizer.describe(payload, 0, payload.length, info)
      depacketizer.join(payloads)
    },
    ...(name && { werift: () => werift.dePacketizeRtpPackets(name, packets) }),
  })
}

/** RFC 2198: each Opus frame of 120 bytes goes again with the next one. */
const opus = filled(120, 0x78)
const red = new RedPacketizer(1)
const blocks = new RedDepacketizer()
const encoder = new werift.RedEncoder(1)
const handler = new werift.RedHandler()
const content = Buffer.from(opus)
let clock = 0
const nextClock = (): number => {
  clock = (clock + 960) >>> 0
  return clock
}
let redundant = new Uint8Array(0)
for (let i = 0; i < 2; i++) {
  red.packetize(111, opus, 960 * i, LIMIT, (header, headerLength, body, start, end) => {
    redundant = Uint8Array.from([...header.subarray(0, headerLength), ...body.subarray(start, end)])
  })
}
const redundantBuffer = Buffer.from(redundant)
const title = `RED: an Opus frame of ${opus.length} bytes and the one before`
suite(`${title}, joined`, opus.length, {
  purertc: () =>
    red.packetize(111, opus, nextClock(), LIMIT, (header, headerLength, body, start, end) => {
      packet.set(header.subarray(0, headerLength), 48)
      packet.set(body.subarray(start, end), 48 + headerLength)
    }),
  werift: () => {
    encoder.push({ block: content, timestamp: nextClock(), blockPT: 111 })
    return encoder.build().serialize()
  },
})
let length = 0
suite(`${title}, taken apart`, opus.length, {
  purertc: () =>
    blocks.receive(redundant, 0, redundant.length, nextClock(), (_type, _timestamp, _bytes, start, end) => {
      length = end - start
    }),
  werift: () =>
    handler.push(
      werift.Red.deSerialize(redundantBuffer),
      new werift.RtpPacket(new werift.RtpHeader({ timestamp: nextClock() }), redundantBuffer),
    ),
})
if (length !== opus.length) throw new Error('RED does not come apart')
