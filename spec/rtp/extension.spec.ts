/** Each typed header extension: its bytes as its document gives them, back again, and lengths that it cannot have. */

import * as rtp from 'purertc/rtp'
import { ExtensionWriter, RtpPacket } from 'purertc/rtp'
import t, { type Test } from 'tap'
import { fromHex, hex, Packet } from '../../lib/bytes/index.ts'

/** What an element has that `put` writes; undefined where it does not. */
const put = (write: (writer: ExtensionWriter) => boolean, mixed = true): string | undefined => {
  const writer = new ExtensionWriter()
  writer.mixed = mixed
  if (!write(writer)) return undefined
  const out = new Packet(new Uint8Array(600), 0, 0)
  rtp.writeRtpHeader(out, { marker: false, payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: 0 }, writer)
  const packet = new RtpPacket()
  if (!packet.parse(out.view()) || !packet.findExtension(5)) return undefined
  return hex(packet.bytes.subarray(packet.extensionStart, packet.extensionEnd))
}

/** Reads an element that lies within other bytes. */
const get = <T>(read: (bytes: Uint8Array, start: number, end: number) => T, element: string): T => {
  const bytes = fromHex(`ffff${element}ffff`)!
  return read(bytes, 2, bytes.length - 2)
}

const refuses = (
  t: Test,
  read: (bytes: Uint8Array, start: number, end: number) => unknown,
  lengths: readonly number[],
): void => {
  for (const length of lengths) t.equal(get(read, '01'.repeat(length)), undefined, `${length} bytes`)
}

t.test('the URIs', t => {
  const uris = Object.entries(rtp).flatMap(([name, value]) => (name.endsWith('_URI') ? [value as string] : []))
  t.equal(uris.length, 17)
  t.equal(new Set(uris).size, uris.length)
  for (const uri of uris) t.match(uri, /^(urn:ietf:params:rtp-hdrext:|urn:3gpp:|https?:\/\/)/)
  t.end()
})

t.test('MID, and both stream ids', t => {
  t.equal(
    put(writer => rtp.putMid(writer, 5, 'audio')),
    '617564696f',
  )
  t.equal(get(rtp.readMid, '617564696f'), 'audio')
  t.equal(get(rtp.readMid, ''), undefined)
  t.equal(get(rtp.readMid, 'c3'), undefined, 'no UTF-8')
  t.equal(
    put(writer => rtp.putMid(writer, 5, '')),
    undefined,
  )
  t.equal(
    put(writer => rtp.putMid(writer, 5, 'x'.repeat(17)), false),
    undefined,
    'too long for the one-byte form',
  )
  t.equal(
    put(writer => rtp.putMid(writer, 5, 'x'.repeat(17))),
    '78'.repeat(17),
  )
  t.equal(
    put(writer => rtp.putStreamId(writer, 5, 'h1')),
    '6831',
  )
  t.equal(get(rtp.readStreamId, '6831'), 'h1')
  t.equal(
    put(writer => rtp.putStreamId(writer, 5, 'h 1')),
    undefined,
  )
  t.equal(
    put(writer => rtp.putStreamId(writer, 5, '')),
    undefined,
  )
  t.equal(get(rtp.readStreamId, '682031'), undefined)
  t.equal(get(rtp.readStreamId, ''), undefined)
  t.end()
})

t.test('audio levels (RFC 6464, RFC 6465)', t => {
  t.equal(
    put(writer => rtp.putAudioLevel(writer, 5, 42, true)),
    'aa',
  )
  t.equal(
    put(writer => rtp.putAudioLevel(writer, 5, 127, false)),
    '7f',
  )
  t.equal(
    put(writer => rtp.putAudioLevel(writer, 5, 300, false)),
    '7f',
    'cut',
  )
  t.equal(
    put(writer => rtp.putAudioLevel(writer, 5, -1, true)),
    '80',
  )
  t.equal(get(rtp.readAudioLevel, 'aa'), 42)
  t.equal(get(rtp.readVoiceActivity, 'aa'), true)
  t.equal(get(rtp.readVoiceActivity, '2a'), false)
  t.equal(get(rtp.readVoiceActivity, ''), false)
  t.equal(get(rtp.readAudioLevel, 'aa00'), 42, 'the two-byte form may pad it')
  refuses(t, rtp.readAudioLevel, [0])
  t.equal(
    put(writer => rtp.putMixerAudioLevels(writer, 5, [1, 127, 30])),
    '017f1e',
  )
  t.equal(
    put(writer => rtp.putMixerAudioLevels(writer, 5, [])),
    undefined,
  )
  const level = (index: number) => (bytes: Uint8Array, start: number, end: number) =>
    rtp.readMixerAudioLevel(bytes, start, end, index)
  t.strictSame(
    [0, 1, 2, 3, -1].map(index => get(level(index), '01ff1e')),
    [1, 127, 30, undefined, undefined],
  )
  t.end()
})

t.test('the number on the transport, and the request for feedback of its second version', t => {
  t.equal(
    put(writer => rtp.putTransportSequenceNumber(writer, 5, 0xfffe)),
    'fffe',
  )
  t.equal(get(rtp.readTransportSequenceNumber, 'fffe'), 0xfffe)
  t.equal(get(rtp.readTransportSequenceNumber, 'fffe8001'), 0xfffe)
  refuses(t, rtp.readTransportSequenceNumber, [0, 1, 3, 5])
  t.equal(
    put(writer => rtp.putTransportSequenceNumberV2(writer, 5, 7, { times: true, count: 300 })),
    '0007812c',
  )
  t.equal(
    put(writer => rtp.putTransportSequenceNumberV2(writer, 5, 7, { times: false, count: 1 })),
    '00070001',
  )
  t.equal(
    put(writer => rtp.putTransportSequenceNumberV2(writer, 5, 7, undefined)),
    '00070000',
  )
  t.strictSame(get(rtp.readFeedbackRequest, '0007812c'), { times: true, count: 300 })
  t.strictSame(get(rtp.readFeedbackRequest, '00070001'), { times: false, count: 1 })
  t.equal(get(rtp.readFeedbackRequest, '00070000'), undefined, 'room, but no request')
  t.equal(get(rtp.readFeedbackRequest, '00078000'), undefined)
  t.equal(get(rtp.readFeedbackRequest, '0007'), undefined)
  t.end()
})

t.test('the time of sending', t => {
  t.equal(rtp.sendTimeOf(0), 0)
  t.equal(rtp.sendTimeOf(1000), 0x4_0000)
  t.equal(rtp.sendTimeOf(63_999.999), 0xff_ffff)
  t.equal(rtp.sendTimeOf(64_000), 0, 'begins again')
  t.equal(rtp.sendTimeOf(1e12 + 500), rtp.sendTimeOf(500 + (1e12 % 64_000)), 'also of times since 1970')
  t.equal(
    put(writer => rtp.putSendTime(writer, 5, 0xbd5f50)),
    'bd5f50',
  )
  t.equal(get(rtp.readSendTime, 'bd5f50'), 0xbd5f50)
  // Two packets of Chromium, 11 ms apart.
  t.ok(Math.abs(rtp.sendTimeDifference(0xbd6b37, 0xbd5f50) - 11.6) < 0.1)
  t.equal(rtp.sendTimeDifference(0x4_0000, 0xfc_0000), 2000, 'over the wrap')
  t.equal(rtp.sendTimeDifference(0xfc_0000, 0x4_0000), -2000)
  refuses(t, rtp.readSendTime, [0, 2, 4])
  t.end()
})

t.test('the offset of transmission (RFC 5450)', t => {
  for (const [ticks, bytes] of [
    [0, '000000'],
    [1, '000001'],
    [-1, 'ffffff'],
    [0x7fffff, '7fffff'],
    [-0x800000, '800000'],
  ] as const) {
    t.equal(
      put(writer => rtp.putTransmissionOffset(writer, 5, ticks)),
      bytes,
    )
    t.equal(get(rtp.readTransmissionOffset, bytes), ticks)
  }
  t.equal(
    put(writer => rtp.putTransmissionOffset(writer, 5, 0x800000)),
    undefined,
  )
  t.equal(
    put(writer => rtp.putTransmissionOffset(writer, 5, Number.NaN)),
    undefined,
  )
  refuses(t, rtp.readTransmissionOffset, [0, 2, 4])
  t.end()
})

t.test('the time of capture, with the offset of its clock', t => {
  const time = { seconds: 0xe0000001, fraction: 0x80000000 }
  t.equal(
    put(writer => rtp.putCaptureTime(writer, 5, time)),
    'e000000180000000',
  )
  t.strictSame(get(rtp.readCaptureTime, 'e000000180000000'), { time })
  for (const [clockOffset, bytes] of [
    [1500, '0000000180000000'],
    [-250, 'ffffffffc0000000'],
    [0, '0000000000000000'],
  ] as const) {
    t.equal(
      put(writer => rtp.putCaptureTime(writer, 5, time, clockOffset)),
      `e000000180000000${bytes}`,
    )
    t.strictSame(get(rtp.readCaptureTime, `e000000180000000${bytes}`), { time, clockOffset })
  }
  t.equal(
    put(writer => rtp.putCaptureTime(writer, 5, time, 1e15)),
    undefined,
  )
  refuses(t, rtp.readCaptureTime, [0, 7, 9, 15, 17])
  t.end()
})

t.test('the orientation of video (TS 26.114)', t => {
  for (let bits = 0; bits < 16; bits++) {
    const byte = hex(Uint8Array.of(bits))
    const orientation = get(rtp.readVideoOrientation, byte)!
    t.equal(orientation.rotation, [0, 90, 180, 270][bits & 3])
    t.equal(orientation.flipped, (bits & 4) !== 0)
    t.equal(orientation.backFacing, (bits & 8) !== 0)
    t.equal(
      put(writer => rtp.putVideoOrientation(writer, 5, orientation)),
      byte,
    )
  }
  t.equal(get(rtp.readVideoOrientation, 'f1'), get(rtp.readVideoOrientation, '01'))
  refuses(t, rtp.readVideoOrientation, [0])
  t.end()
})

t.test('the delay of playout', t => {
  const delay = { min: -1, max: -1 }
  const read = (bytes: Uint8Array, start: number, end: number): boolean =>
    rtp.readPlayoutDelay(bytes, start, end, delay)
  t.equal(
    put(writer => rtp.putPlayoutDelay(writer, 5, 100, 40_950)),
    '00afff',
  )
  t.ok(get(read, '00afff'))
  t.strictSame(delay, { min: 100, max: 40_950 })
  t.notOk(get(read, 'fff00a'), 'the least above the most')
  for (const element of ['', '0000', '00000000']) t.notOk(get(read, element))
  t.strictSame(delay, { min: 100, max: 40_950 }, 'as it was')
  t.equal(
    put(writer => rtp.putPlayoutDelay(writer, 5, 20, 10)),
    undefined,
  )
  t.equal(
    put(writer => rtp.putPlayoutDelay(writer, 5, 0, 40_960)),
    undefined,
  )
  t.equal(
    put(writer => rtp.putPlayoutDelay(writer, 5, -10, 0)),
    undefined,
  )
  t.end()
})

t.test('the content of video, and its timing', t => {
  t.equal(
    put(writer => rtp.putVideoContentType(writer, 5, 'screenshare')),
    '01',
  )
  t.equal(get(rtp.readVideoContentType, '01'), 'screenshare')
  t.equal(get(rtp.readVideoContentType, '00'), 'unspecified')
  refuses(t, rtp.readVideoContentType, [0, 2])
  // A packet of Chromium.
  const timing = {
    byTimer: true,
    bySize: false,
    encodeStart: 1,
    encodeFinish: 6,
    packetizationFinish: 7,
    pacerExit: 21,
    network: 0,
    secondNetwork: 0,
  }
  t.strictSame(get(rtp.readVideoTiming, '01000100060007001500000000'), timing)
  t.equal(
    put(writer => rtp.putVideoTiming(writer, 5, timing)),
    '01000100060007001500000000',
  )
  t.strictSame(get(rtp.readVideoTiming, '000100060007001500000000'), { ...timing, byTimer: false }, 'without flags')
  t.equal(
    put(writer => rtp.putVideoTiming(writer, 5, { ...timing, bySize: true, pacerExit: 1e6, network: -1 })),
    '0300010006' + '0007ffff00000000',
  )
  refuses(t, rtp.readVideoTiming, [0, 11, 14])
  t.end()
})

t.test('the colour space, with metadata of high dynamic range', t => {
  const space = { primaries: 9, transfer: 16, matrix: 9, range: 1, horizontalSiting: 2, verticalSiting: 1 }
  t.equal(
    put(writer => rtp.putColorSpace(writer, 5, space)),
    '09100919',
  )
  t.strictSame(get(rtp.readColorSpace, '09100919'), space)
  const hdr = {
    maxLuminance: 1000,
    minLuminance: 0.005,
    red: { x: 0.708, y: 0.292 },
    green: { x: 0.17, y: 0.797 },
    blue: { x: 0.131, y: 0.046 },
    white: { x: 0.3127, y: 0.329 },
    maxContentLightLevel: 1200,
    maxFrameAverageLightLevel: 400,
  }
  const bytes = '0910091903e800328a48390821349baa199608fc3d13404204b00190'
  t.equal(
    put(writer => rtp.putColorSpace(writer, 5, { ...space, hdr })),
    bytes,
  )
  t.strictSame(get(rtp.readColorSpace, bytes), { ...space, hdr })
  t.equal(
    put(writer => rtp.putColorSpace(writer, 5, { ...space, hdr }), false),
    undefined,
    'not in one byte',
  )
  refuses(t, rtp.readColorSpace, [0, 3, 5, 27, 29])
  t.end()
})

t.test('what is given to each layer', t => {
  const both: [rtp.VideoLayersAllocation, string][] = [
    [{ stream: 0, streams: 1, layers: [] }, '00'],
    [{ stream: 0, streams: 1, layers: [{ stream: 0, spatialLayer: 0, bitrates: [50, 100] }] }, '0140' + '3264'],
    // Two streams with the same layers; a bitrate of two bytes.
    [
      {
        stream: 1,
        streams: 2,
        layers: [
          { stream: 0, spatialLayer: 0, bitrates: [100] },
          { stream: 1, spatialLayer: 0, bitrates: [1000] },
        ],
      },
      '51' + '00' + '64e807',
    ],
    // Three streams, each with other layers; sizes.
    [
      {
        stream: 2,
        streams: 3,
        layers: [
          { stream: 0, spatialLayer: 0, bitrates: [1], resolution: { width: 320, height: 180, frameRate: 15 } },
          { stream: 2, spatialLayer: 0, bitrates: [2, 3, 4], resolution: { width: 640, height: 360, frameRate: 30 } },
          { stream: 2, spatialLayer: 1, bitrates: [5], resolution: { width: 65536, height: 1, frameRate: 255 } },
        ],
      },
      'a0' + '1030' + '20' + '0102030405' + '013f00b30f' + '027f01671e' + 'ffff0000ff',
    ],
  ]
  for (const [allocation, bytes] of both) {
    t.equal(
      put(writer => rtp.putVideoLayersAllocation(writer, 5, allocation)),
      bytes,
    )
    t.strictSame(get(rtp.readVideoLayersAllocation, bytes), allocation)
    for (let length = 2; length < bytes.length; length += 2) {
      const cut = get(rtp.readVideoLayersAllocation, bytes.slice(0, length))
      // Cut exactly in front of the sizes it is whole, and has none.
      if (cut !== undefined) t.ok(cut.layers.every(({ resolution }) => resolution === undefined))
    }
  }
  t.equal(get(rtp.readVideoLayersAllocation, ''), undefined)
  t.equal(get(rtp.readVideoLayersAllocation, '810064'), undefined, 'a stream that is not among them')
  t.equal(get(rtp.readVideoLayersAllocation, '000000'), undefined, 'no layers, in the long form')
  t.equal(get(rtp.readVideoLayersAllocation, '0100ffffffffff01'), undefined, 'a number without an end')
  const layer = { stream: 0, spatialLayer: 0, bitrates: [1] }
  const resolution = { width: 1, height: 1, frameRate: 1 }
  for (const layers of [
    [layer, layer],
    [{ ...layer, spatialLayer: 4 }],
    [{ ...layer, stream: 1 }],
    [{ ...layer, bitrates: [] }],
    [{ ...layer, bitrates: [1, 2, 3, 4, 5] }],
    [
      { ...layer, resolution },
      { ...layer, spatialLayer: 1 },
    ],
  ]) {
    t.equal(
      put(writer => rtp.putVideoLayersAllocation(writer, 5, { stream: 0, streams: 1, layers })),
      undefined,
    )
  }
  t.end()
})
