/** Frames of the packets that an application writes: EncodedFrameReader at the track of an RtpSource. */

import t from 'tap'
import {
  EncodedFrameReader,
  type RTCEncodedAudioFrame,
  type RTCEncodedVideoFrame,
  RtpSource,
} from '../../lib/media/index.ts'
import { eventsOf, rtpBytes } from './sources.ts'

const SEQUENCE = [0x67, 0x42, 0xe0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe9]
const PICTURE = [0x68, 0xce, 0x3c, 0x80]

/** H264 that is told apart by its last byte: a key frame with its parameter sets in a STAP-A, and one that needs others. */
const key = (fill: number) => [
  0x78,
  0,
  SEQUENCE.length,
  ...SEQUENCE,
  0,
  PICTURE.length,
  ...PICTURE,
  0,
  3,
  0x65,
  0xb8,
  fill,
]
const delta = (fill: number) => [0x41, 0x9a, fill]

const h264 = () => {
  const source = new RtpSource({ kind: 'video', codecs: [{ mimeType: 'video/H264', payloadType: 96 }] })
  const asked = eventsOf(source, ['keyframerequest'])
  const got: [type: string, timestamp: number, last: number | undefined][] = []
  new EncodedFrameReader<RTCEncodedVideoFrame>(source.track, {
    onframe: ({ type, timestamp, data }) => got.push([type, timestamp, new Uint8Array(data).at(-1)]),
  })
  const write = (sequenceNumber: number, timestamp: number, payload: number[], marker = true, ssrc = 7) =>
    source.write(rtpBytes({ sequenceNumber, timestamp, payload, marker, ssrc }))
  return { source, asked, got, write }
}

t.test('packets of one timestamp are a frame, whether a marker ends it or the next begins', t => {
  const { source, asked, got, write } = h264()
  write(65_535, 1, key(1), false)
  write(0, 1, key(2))
  write(1, 2, delta(3), false)
  write(2, 3, delta(4))
  write(3, 3, [])
  write(4, 4, delta(5))
  t.strictSame(got, [
    ['key', 1, 2],
    ['delta', 2, 3],
    ['delta', 3, 4],
    ['delta', 4, 5],
  ])
  t.equal(asked.length, 0)
  t.equal(source.counters.framesDropped, 0)
  t.end()
})

t.test('behind a gap video goes on with a key frame, which is asked for', t => {
  const { source, asked, got, write } = h264()
  write(1, 1, key(1))
  write(3, 3, delta(3))
  t.equal(asked.length, 1)
  write(4, 4, delta(4))
  write(5, 5, key(5))
  write(6, 6, key(6), false)
  write(8, 6, key(7))
  write(9, 7, delta(8))
  write(10, 8, key(9))
  t.strictSame(got, [
    ['key', 1, 1],
    ['key', 5, 5],
    ['key', 8, 9],
  ])
  t.equal(source.counters.framesDropped, 4)
  t.end()
})

t.test('a frame whose end is lost is not handed out', t => {
  const { got, write } = h264()
  write(1, 1, key(1), false)
  write(3, 2, key(2))
  t.strictSame(got, [['key', 2, 2]])
  t.end()
})

t.test('what is no payload of the codec spoils its frame, as a loss does', t => {
  const { source, got, write } = h264()
  write(1, 1, key(1))
  write(2, 2, [0x7c])
  write(3, 3, delta(3))
  write(4, 4, key(4))
  t.strictSame(
    got.map(([, timestamp]) => timestamp),
    [1, 4],
  )
  t.equal(source.counters.framesDropped, 2)
  t.end()
})

t.test('another stream begins anew', t => {
  const { got, write } = h264()
  write(1, 1, key(1))
  write(700, 9, delta(2), true, 8)
  write(701, 10, key(3), true, 8)
  write(702, 11, delta(4), true, 8)
  t.strictSame(
    got.map(([, timestamp]) => timestamp),
    [1, 10, 11],
  )
  t.end()
})

t.test('frames are joined only while someone reads them', t => {
  const source = new RtpSource({ kind: 'video', codecs: ['h264'] })
  const write = (sequenceNumber: number, payload: number[]) =>
    source.write({ sequenceNumber, timestamp: sequenceNumber, payload: Uint8Array.from(payload), marker: true })
  write(1, key(1))
  const reader = new EncodedFrameReader(source.track)
  write(2, delta(2))
  write(3, key(3))
  t.equal(reader.counters.received, 1)
  reader.close()
  write(5, key(5))
  t.equal(source.counters.framesDropped, 1)
  t.end()
})

t.test('of audio each packet is a frame, whatever was lost', t => {
  const source = new RtpSource({ kind: 'audio', codecs: ['opus'] })
  const got: [number, number | undefined][] = []
  new EncodedFrameReader<RTCEncodedAudioFrame>(source.track, {
    onframe: frame => got.push([frame.timestamp, frame.getMetadata().sequenceNumber]),
  })
  for (const sequenceNumber of [1, 2, 9, 8]) {
    source.write(rtpBytes({ sequenceNumber, timestamp: sequenceNumber * 960, payload: [31 << 3, 1] }))
  }
  t.strictSame(got, [
    [960, 1],
    [1920, 2],
    [8640, 9],
    [7680, 8],
  ])
  t.end()
})
