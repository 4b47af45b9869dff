/**
 * Payload formats: a frame cut into payloads, which are copied to where their packets are made, and payloads looked at one
 * by one and joined to the frame. Beside werift, whose packetizers make packets with headers, and whose depacketizers join those.
 */

import * as werift from 'werift'
import { emptyPayloadInfo, type FrameToPacketize, payloadFormat } from '../../lib/rtp/index.ts'
import { suite } from './suite.ts'

const LIMIT = 1200
const FRAME_LENGTH = 5400

/** Content without start codes. */
const filled = (length: number, ...head: number[]): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => head[index] ?? 1 + ((index * 31) % 251))

interface Case {
  readonly frame: FrameToPacketize
  readonly parameters?: ReadonlyMap<string, string>
  readonly name: werift.DepacketizerCodec
  readonly packetizer: { packetize(data: Buffer, timestamp: number): werift.RtpPacket[] }
}

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
  const packets = theirs.packetize(given, 0)
  if (depacketizer.join(payloads) === undefined) throw new Error(`${encoding} does not join`)
  const title = `${encoding}: ${frame.data.length} bytes in ${payloads.length} payloads`
  suite(`${title}, cut`, frame.data.length, {
    purertc: () =>
      packetizer.packetize(frame, LIMIT, (header, headerLength, body, start, end) => {
        for (let i = 0; i < headerLength; i++) packet[48 + i] = header[i]!
        packet.set(body.subarray(start, end), 48 + headerLength)
      }),
    werift: () => theirs.packetize(given, 0),
  })
  suite(`${title}, looked at and joined`, frame.data.length, {
    purertc: () => {
      for (const payload of payloads) depacketizer.describe(payload, 0, payload.length, info)
      depacketizer.join(payloads)
    },
    werift: () => werift.dePacketizeRtpPackets(name, packets),
  })
}
