/** A peer whom DTLS has let in, and who sends nonsense over SRTP: it is dropped and counted, and what is sound still gets through. */

import t from 'tap'
import { setU16, setU32 } from '../../lib/bytes/index.ts'
import type { EncodedFrame } from '../../lib/rtp/index.ts'
import { h264Frame, rtpBytes } from '../flow/pair.ts'
import { type End, onlyVideo, World } from './media-world.ts'

const connected = (): { world: World; a: End; b: End; got: EncodedFrame[]; play: (frames: number) => number } => {
  const world = new World(7)
  const [a, b] = world.pair({}, { capabilities: onlyVideo('H264', true) })
  a.session.addTransceiver({ kind: 'video', direction: 'sendonly' })
  world.connect(a)
  const got: EncodedFrame[] = []
  b.link.onFrame = frame => got.push(frame)
  const source = {}
  let number = 0
  /** How many of so many frames come. */
  const play = (frames: number): number => {
    const before = got.length
    a.events.length = 0
    world.every(33, frames, (_, now) => {
      const wantsKey = a.events.splice(0).some(({ type }) => type === 'key-frame-requested')
      a.link.sendFrame(h264Frame(number, number === 0 || wantsKey, 2500), source, now)
      number++
    })
    world.run(frames * 33 + 1500)
    return got.length - before
  }
  return { world, a, b, got, play }
}

/** Media of the payload type that was agreed on. */
const mediaOf = (b: End, fields: { ssrc: number; sequenceNumber: number; marker?: boolean }, payload?: number[]) =>
  rtpBytes({ ...fields, payloadType: b.link.receiver!.parameters!.codecs[0]!.payloadType }, payload)

t.test('RTP whose lengths lie is dropped, and counted as malformed', t => {
  const { world, a, b, play } = connected()
  t.equal(play(10), 10)
  const sound = mediaOf(b, { ssrc: 5, sequenceNumber: 1 }, [0x41, 0x9a, 1, 2, 3, 4, 5, 6])
  const lying = (at: number, value: number, change: (bytes: Uint8Array) => unknown = () => {}) => {
    const bytes = sound.slice()
    bytes[at] = value
    change(bytes)
    return bytes
  }
  const packets = [
    lying(19, 9, bytes => bytes.fill(0xa0, 0, 1)),
    lying(19, 0, bytes => bytes.fill(0xa0, 0, 1)),
    lying(19, 255, bytes => bytes.fill(0xa0, 0, 1)),
    lying(0, 0x90, bytes => setU32(bytes, 12, 0xbede_ffff)),
    lying(0, 0x90, bytes => setU32(bytes, 12, 0xbede_0002)),
    lying(0, 0x8f),
    lying(0, 0x9f),
  ]
  packets.forEach((bytes, index) => {
    setU16(bytes, 2, index)
    a.say(bytes, false)
  })
  world.run(100)
  const { media } = b.link.transport!.transport
  // SRTP reads the header, too: what it cannot find the payload of is refused there.
  t.equal(
    b.rtp.counters.malformed + media.counters.droppedRefused + a.link.transport!.transport.media.counters.unsent,
    7,
  )
  t.ok(b.rtp.counters.malformed >= 3)
  t.equal(b.link.receiver!.stream(5), undefined)
  t.equal(play(10), 10)
  t.end()
})

t.test('RTCP whose counts and lengths lie is dropped, and counted', t => {
  const { world, a, b, play } = connected()
  t.equal(play(10), 10)
  const before = b.rtp.counters.malformedRtcp
  const header = (first: number, type: number, words: number, rest: readonly number[] = []) =>
    Uint8Array.of(first, type, words >> 8, words & 0xff, 0, 0, 0, 9, ...rest)
  const lies = [
    // A report of 31 blocks that are not there, one longer than its datagram, a BYE of as many sources.
    header(0x9f, 201, 1),
    header(
      0x81,
      200,
      200,
      Array.from({ length: 20 }, () => 0),
    ),
    header(0x9f, 203, 1),
    // Descriptions whose chunk and item end beyond it.
    header(0x9f, 202, 1),
    header(0x81, 202, 2, [1, 200, 65, 65]),
    // Feedback without media; with half a word of FCI; REMB of 255 sources that are not there.
    header(0x81, 205, 1),
    header(0x8f, 205, 3, [0, 0, 0, 1, 0xff, 0xff, 0, 1]),
    header(0x8f, 206, 4, [0, 0, 0, 0, 0x52, 0x45, 0x4d, 0x42, 255, 1, 2, 3]),
    header(
      0xa1,
      201,
      7,
      Array.from({ length: 24 }, () => 255),
    ),
    header(0x41, 201, 1),
  ]
  for (const bytes of lies) a.say(bytes, true)
  world.run(100)
  t.ok(b.rtp.counters.malformedRtcp - before >= lies.length - 1, `${b.rtp.counters.malformedRtcp - before}`)
  t.equal(play(10), 10)
  t.end()
})

t.test('a flood of SSRCs leaves few streams, and a bounded number of packets that wait for a description', t => {
  const { world, a, b, play } = connected()
  t.equal(play(10), 10)
  const asked = b.link.receiver!.streams[0]!.pliCount
  for (let ssrc = 1; ssrc <= 500; ssrc++) {
    a.say(mediaOf(b, { ssrc: ssrc * 7919, sequenceNumber: ssrc }, [0x41, 0x9a, 1]), false)
    // Of a payload type that no m-section has.
    a.say(rtpBytes({ ssrc: ssrc * 104_729, sequenceNumber: ssrc, payloadType: 1 }), false)
  }
  const { rtcpSent } = b.rtp.counters
  world.run(3000)
  t.ok(b.link.receiver!.streams.length <= 12)
  t.ok(b.link.receiver!.counters.droppedStreams > 480)
  t.equal(b.rtp.counters.unrouted, 500)
  t.ok(b.rtp.counters.rtcpSent - rtcpSent < 200, `${b.rtp.counters.rtcpSent - rtcpSent} RTCP packets`)
  t.equal(b.link.receiver!.streams[0]?.pliCount === asked, false)
  t.ok(play(60) > 40, 'what was driven out comes back with a key frame')
  t.end()
})

t.test('fragments without a beginning or in disorder make no frame, and ask for few key frames', t => {
  const { world, a, b, got, play } = connected()
  t.equal(play(10), 10)
  const ssrc = 77
  const [first, middle, last] = [
    [0x7c, 0x81, 0x9a, 1],
    [0x7c, 0x01, 2, 3],
    [0x7c, 0x41, 4, 5],
  ]
  const orders = [
    [middle, last],
    [first, last, middle],
    [first, first, last],
    [last],
    [[0x7c]],
    [[0x78, 0, 99, 0x41]],
    [[0x1f]],
  ]
  let sequenceNumber = 0
  world.every(20, 200, round => {
    const order = orders[round % orders.length]!
    order.forEach((payload, index) => {
      a.say(
        mediaOf(b, { ssrc, sequenceNumber: sequenceNumber++ & 0xffff, marker: index === order.length - 1 }, payload),
        false,
      )
    })
  })
  const before = got.length
  world.run(5000)
  t.equal(got.length, before)
  const stream = b.link.receiver!.stream(ssrc)!
  t.ok(stream.frames!.framesDropped >= 190)
  t.ok(stream.pliCount >= 3 && stream.pliCount <= 7, `${stream.pliCount} in five seconds`)
  t.ok(play(10) >= 9)
  t.end()
})

t.test('numbers that jump, and retransmissions that lie, cost a bounded list and few requests', t => {
  const { world, a, b, play } = connected()
  t.equal(play(10), 10)
  const { rtcpSent } = b.rtp.counters
  const rtx = b.link.receiver!.parameters!.codecs[1]!.payloadType
  for (let i = 0; i < 200; i++) {
    a.say(mediaOf(b, { ssrc: 88, sequenceNumber: (i * 2999) & 0xffff }, [0x41, 0x9a, 1]), false)
    a.say(rtpBytes({ ssrc: 89, sequenceNumber: i, payloadType: rtx }, [(i * 77) & 0xff, i, 0x41, 0x9a]), false)
  }
  world.run(4000)
  const sent = b.rtp.counters.rtcpSent - rtcpSent
  t.ok(sent < 300, `${sent} RTCP packets for 400 of RTP`)
  t.equal(b.link.receiver!.stream(88)?.nack?.deadline, Number.POSITIVE_INFINITY, 'given up')
  t.equal(play(10), 10)
  t.end()
})

t.test('who asks for the same packets again and again gets few of them', t => {
  const { world, a, b, play } = connected()
  t.equal(play(30), 30)
  const sender = a.link.sender!
  const all = Array.from(
    { length: 200 },
    (_, index) => (b.link.receiver!.streams[0]!.statistics.highest - index) & 0xffff,
  )
  const { packetsSent } = sender.counters
  for (let i = 0; i < 1000; i++) {
    world.after(i, () => b.tell({ type: 'nack', senderSsrc: 1, mediaSsrc: sender.ssrc, sequenceNumbers: all }))
  }
  world.run(2000)
  t.equal(sender.counters.packetsSent, packetsSent)
  t.ok(sender.counters.retransmittedPacketsSent <= 64 + 2 * packetsSent)
  t.ok(sender.counters.retransmissionsRefused > 10_000)
  t.equal(sender.counters.nackCount, 1000)
  t.end()
})
