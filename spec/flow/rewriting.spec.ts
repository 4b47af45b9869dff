import fc from 'fast-check'
import t from 'tap'
import { diff16 } from '../../lib/bytes/index.ts'
import type { OutgoingRtp } from '../../lib/flow/index.ts'
import { PictureRewriter } from '../../lib/flow/picture-rewriter.ts'
import { Rewriter } from '../../lib/flow/rewriter.ts'
import { EXTENSIONS, FlowPair, H264, H264_RTX, LEVEL, MID, OPUS, receiving, sending } from './pair.ts'

/** A packet of video as a source has it: one packet a frame. */
const videoPacket = (
  source: object,
  number: number,
  keyFrame = false,
  more: Partial<OutgoingRtp> = {},
): OutgoingRtp => {
  const bytes = Uint8Array.of(keyFrame ? 0x65 : 0x41, 0xb8, 1, number & 0xff)
  return {
    source,
    bytes,
    payloadStart: 0,
    payloadEnd: bytes.length,
    sequenceNumber: number & 0xffff,
    timestamp: (number * 3000) >>> 0,
    marker: true,
    clockRate: 90_000,
    mimeType: 'video/H264',
    sdpFmtpLine: H264.sdpFmtpLine,
    ...more,
  }
}

const audioPacket = (source: object, number: number, more: Partial<OutgoingRtp> = {}): OutgoingRtp => ({
  ...videoPacket(source, number),
  bytes: Uint8Array.of(0x78, 1, 2, 3),
  timestamp: (number * 960) >>> 0,
  marker: false,
  clockRate: 48_000,
  mimeType: 'audio/opus',
  sdpFmtpLine: undefined,
  ...more,
})

t.test('goes on without a gap, and in time, over a change of source', t => {
  const pair = new FlowPair()
  const { sender } = pair.stream('video', sending(), receiving())
  const [first, second] = [{}, {}]
  const start = pair.now
  for (let i = 0; i < 10; i++) sender.sendPacket(videoPacket(first, 65_530 + i, i === 0), start + 33 * i)
  // Nothing of another source before it shows a picture that needs no other: it is asked for one.
  t.notOk(sender.sendPacket(videoPacket(second, 500), start + 400))
  pair.run(1)
  t.equal(pair.of('a', 'key-frame-requested').length, 1)
  t.notOk(sender.sendPacket(videoPacket(second, 501), start + 433))
  pair.run(1)
  t.equal(pair.of('a', 'key-frame-requested').length, 1, 'not more often than makes sense')
  t.ok(sender.sendPacket(videoPacket(second, 502, true), start + 500))
  t.ok(sender.sendPacket(videoPacket(second, 503), start + 533))
  t.notOk(sender.sendPacket(videoPacket(second, 501), start + 534), 'from before it was joined')
  const headers = pair.headers('a')
  t.equal(headers.length, 12)
  for (let i = 1; i < 12; i++) {
    t.equal(diff16(headers[i]!.sequenceNumber, headers[i - 1]!.sequenceNumber), 1)
  }
  t.equal((headers[10]!.timestamp - headers[9]!.timestamp) >>> 0, (500 - 297) * 90, 'as much time as passed')
  t.equal((headers[11]!.timestamp - headers[10]!.timestamp) >>> 0, 3000)
  t.ok(headers.every(({ payloadType, ssrc }) => payloadType === 102 && ssrc === sender.ssrc))
  t.equal(sender.counters.framesSent, 12)
  t.equal(sender.counters.packetsDiscarded, 3)
  t.end()
})

t.test('leaves losses as gaps, puts what is late in its place, and sends nothing twice', t => {
  const pair = new FlowPair()
  const { sender } = pair.stream('video', sending(), receiving())
  const source = {}
  const base = 65_500
  const order = [0, 1, 4, 3, 3, 6, 5]
  const sent = order.map(i => sender.sendPacket(videoPacket(source, base + i, i === 0), pair.now + i))
  t.same(sent, [true, true, true, true, false, true, true])
  const numbers = pair.headers('a').map(({ sequenceNumber }) => sequenceNumber)
  t.same(
    numbers.map(number => diff16(number, numbers[0]!)),
    [0, 1, 4, 3, 6, 5],
  )
  t.end()
})

t.test('closes up where a packet carries nothing, and still puts what is late in its place', t => {
  const pair = new FlowPair()
  const { sender } = pair.stream('video', sending(), receiving())
  const source = {}
  const send = (i: number, isEmpty = false) =>
    sender.sendPacket(videoPacket(source, 100 + i, i === 0, isEmpty ? { payloadEnd: 0 } : {}), pair.now)
  send(0)
  send(2)
  t.notOk(send(3, true))
  send(4)
  t.ok(send(1), 'the place from before')
  send(5, true)
  send(7)
  send(6)
  const numbers = pair.headers('a').map(({ sequenceNumber }) => sequenceNumber)
  t.same(
    numbers.map(number => diff16(number, numbers[0]!)),
    [0, 2, 3, 1, 5, 4],
  )
  t.end()
})

t.test('goes on where a source begins anew, with a gap that shows it', t => {
  const pair = new FlowPair()
  const { sender } = pair.stream('audio', sending({ codecs: [OPUS] }), receiving({ codecs: [OPUS] }))
  const source = {}
  sender.sendPacket(audioPacket(source, 50_000), 1000)
  sender.sendPacket(audioPacket(source, 50_001), 1020)
  sender.sendPacket(audioPacket(source, 7), 1100)
  sender.sendPacket(audioPacket(source, 8), 1120)
  const headers = pair.headers('a')
  t.same(
    headers.map(({ sequenceNumber }) => diff16(sequenceNumber, headers[0]!.sequenceNumber)),
    [0, 1, 3, 4],
  )
  t.same(
    headers.map(({ timestamp }) => (timestamp - headers[0]!.timestamp) >>> 0),
    [0, 960, 960 + 80 * 48, 960 + 80 * 48 + 960],
  )
  t.end()
})

t.test('makes room for packets of its own', t => {
  const rewriter = new Rewriter(100, 0)
  const numbers: number[] = []
  rewriter.join({}, 500, 0, 48_000, 0)
  const place = (number: number) => numbers.push(rewriter.place(number, 0, 0) ? rewriter.sequenceNumber : -1)
  place(500)
  place(501)
  numbers.push(rewriter.next(), rewriter.next())
  place(503)
  place(502)
  place(504)
  t.same(numbers, [100, 101, 102, 103, 105, 104, 106])
  t.end()
})

t.test('never gives one number to two packets, whatever comes', t => {
  const step = fc.record({
    kind: fc.constantFrom('place', 'place', 'place', 'empty', 'own', 'hole', 'join'),
    number: fc.integer({ min: -40, max: 40 }),
    far: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 0, max: 0xffff }), (steps, first) => {
      const rewriter = new Rewriter(first, 0)
      const given = new Set<number>()
      let source = first
      rewriter.join({}, source, 0, 90_000, 0)
      for (const { kind, number, far } of steps) {
        source = (source + 1) & 0xffff
        const it = (source + number + (far && number === 40 ? 9000 : 0)) & 0xffff
        let out = -1
        if (kind === 'join') rewriter.join({}, it, 0, 90_000, 0)
        else if (kind === 'empty') rewriter.leaveOut(it)
        else if (kind === 'own') out = rewriter.next()
        else if (kind === 'hole') out = rewriter.takeHole()
        else if (rewriter.place(it, 0, 0)) out = rewriter.sequenceNumber
        if (out < 0) continue
        if (given.has(out)) return false
        given.add(out)
      }
      return true
    }),
    { numRuns: 300 },
  )
  t.end()
})

t.test('passes on what was agreed on, by the payload type and ids that were agreed on', t => {
  const pair = new FlowPair()
  const send = sending({ codecs: [H264, H264_RTX], extensions: [...EXTENSIONS.slice(1), { ...LEVEL, id: 9 }] })
  const { sender } = pair.stream('video', send, receiving())
  const source = {}
  const extensions = [
    { uri: LEVEL.uri, bytes: Uint8Array.of(0x85) },
    { uri: MID.uri, bytes: Uint8Array.of(0x78) },
    { uri: 'urn:unknown', bytes: Uint8Array.of(1) },
  ]
  sender.sendPacket(videoPacket(source, 1, true, { extensions, csrcs: [5, 6] }), 1000)
  const [packet] = pair.headers('a')
  t.ok(packet!.findExtension(9))
  t.equal(packet!.bytes[packet!.extensionStart], 0x85)
  t.ok(packet!.findExtension(MID.id))
  t.equal(packet!.bytes[packet!.extensionStart], 'v'.charCodeAt(0), 'its own')
  t.equal(packet!.csrcCount, 2)
  t.equal(packet!.csrc(1), 6)
  t.notOk(sender.sendPacket(videoPacket(source, 2, false, { mimeType: 'video/VP8', sdpFmtpLine: undefined }), 1000))
  const highProfile = 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f'
  t.notOk(sender.sendPacket(videoPacket(source, 3, false, { sdpFmtpLine: highProfile }), 1000))
  sender.active = false
  t.notOk(sender.sendPacket(videoPacket(source, 4), 1000))
  t.end()
})

t.test('goes on in the picture numbers of VP8 over a change of source', t => {
  const rewriter = new PictureRewriter()
  /** X, then I and L, a picture id of 15 bits, TL0PICIDX. */
  const payload = (picture: number, index: number) =>
    Uint8Array.of(0x90, 0xc0, 0x80 | (picture >> 8), picture & 0xff, index, 0xaa)
  const numbers = (bytes: Uint8Array) => [((bytes[2]! & 0x7f) << 8) | bytes[3]!, bytes[4]]
  const send = (picture: number, index: number) => {
    const bytes = payload(picture, index)
    rewriter.rewrite(bytes, 0, bytes.length)
    t.equal(bytes[5], 0xaa)
    return numbers(bytes)
  }
  rewriter.join('VP8')
  t.same(send(0x7ffd, 250), [0x7ffd, 250])
  t.same(send(0x7fff, 251), [0x7fff, 251])
  t.same(send(0x7ffe, 251), [0x7ffe, 251])
  rewriter.join('VP8')
  t.same(send(100, 7), [0, 252])
  t.same(send(100, 7), [0, 252])
  t.same(send(101, 8), [1, 253])
  t.same(send(105, 12), [5, 1])
  // A source that has 7 bits for them.
  rewriter.join('VP8')
  const short = Uint8Array.of(0x90, 0x80, 0x7f, 0xaa)
  rewriter.rewrite(short, 0, 4)
  t.equal(short[2], 6)
  // A descriptor that is cut off stays as it is.
  const cut = Uint8Array.of(0x90, 0xc0, 0x81)
  rewriter.rewrite(cut, 0, 3)
  t.same([...cut], [0x90, 0xc0, 0x81])
  t.end()
})

t.test('goes on in the picture numbers of VP9, in flexible mode and without', t => {
  const rewriter = new PictureRewriter()
  rewriter.join('VP9')
  /** I, L: picture id of 7 bits, layer indices, TL0PICIDX where it is not flexible. */
  const plain = (picture: number, index: number) => Uint8Array.of(0xa0, picture, 0x10, index, 1)
  const flexible = (picture: number) => Uint8Array.of(0xb0, picture, 0x10, 0x33, 1)
  const send = (bytes: Uint8Array) => {
    rewriter.rewrite(bytes, 0, bytes.length)
    return [...bytes]
  }
  t.same(send(plain(5, 9)), [0xa0, 5, 0x10, 9, 1])
  rewriter.join('VP9')
  t.same(send(plain(90, 200)), [0xa0, 6, 0x10, 10, 1])
  rewriter.join('VP9')
  t.same(send(flexible(1)), [0xb0, 7, 0x10, 0x33, 1])
  rewriter.join('H264')
  t.notOk(rewriter.isNeeded)
  t.end()
})
