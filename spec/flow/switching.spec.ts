import t from 'tap'
import { createCname, type OutgoingRtp, RtpSession } from '../../lib/flow/index.ts'
import { type EncodedFrame, type PayloadCodec, RtpPacket } from '../../lib/rtp/index.ts'
import { seededRandom } from '../../lib/sim/index.ts'
import { EXTENSIONS, FlowPair, parsed, receiving, sending, VIDEO_FEEDBACK } from './pair.ts'

const CODECS: PayloadCodec[] = [
  { mimeType: 'video/VP8', clockRate: 90_000, payloadType: 96, feedback: VIDEO_FEEDBACK },
  { mimeType: 'video/rtx', clockRate: 90_000, payloadType: 97, sdpFmtpLine: 'apt=96', feedback: [] },
]

/** A camera: an RTP session of its own, whose packets are handed to a sender. */
class Camera {
  readonly packets: OutgoingRtp[] = []
  wantsKey = true
  readonly #sender
  readonly #size: number

  constructor(seed: number, size: number) {
    const random = seededRandom(seed)
    this.#size = size
    const session = new RtpSession({
      random,
      cname: createCname(random),
      timeOrigin: 0,
      transmit: (packet, isRtcp) => {
        if (!isRtcp) this.#keep(packet.view().slice())
        packet.release()
      },
      route: () => undefined,
    })
    this.#sender = session.createSender('video', { ssrc: seed, rtxSsrc: seed + 1 })
    this.#sender.configure({ mid: '0', codecs: CODECS, extensions: [], mixedExtensions: false, reducedSize: true })
  }

  #keep(bytes: Uint8Array): void {
    const packet = new RtpPacket()
    packet.parse(bytes)
    const { payloadStart, payloadEnd, sequenceNumber, timestamp, marker } = packet
    const what = { clockRate: 90_000, mimeType: 'video/VP8' }
    this.packets.push({ source: this, bytes, payloadStart, payloadEnd, sequenceNumber, timestamp, marker, ...what })
  }

  /** The packets of its next frame, whose bytes say when it was made. */
  shoot(now: number): readonly OutgoingRtp[] {
    const data = new Uint8Array(this.#size).fill(now & 0xff)
    data.set(this.wantsKey ? [0x10, 2, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1] : [0x11, 2, 0])
    const keyFrame = this.wantsKey
    this.wantsKey = false
    const frame = { kind: 'video', data, mimeType: 'video/VP8', payloadType: 96, keyFrame, ssrc: 0, csrcs: [] } as const
    this.packets.length = 0
    this.#sender.sendFrame({ ...frame, timestamp: (now * 90) >>> 0 }, this, now)
    return this.packets
  }
}

t.test('switches a viewer from camera to camera without a glitch, over a pipe that loses packets', t => {
  const pair = new FlowPair({ seed: 7, loss: 0.05, spread: 10, calm: 50 })
  const parameters = { codecs: CODECS, extensions: EXTENSIONS }
  const { sender, receiver } = pair.stream('video', sending(parameters), receiving(parameters))
  const cameras = [new Camera(100, 3000), new Camera(200, 4000), new Camera(300, 2000)]
  const got: EncodedFrame[] = []
  receiver.onFrame = frame => got.push(frame)
  let sentFrames = 0
  pair.every(40, 300, (index, now) => {
    // All cameras run; the viewer sees one after the other.
    const shown = cameras[Math.floor(index / 50) % 3]!
    if (pair.events.a.splice(0).some(({ type }) => type === 'key-frame-requested')) shown.wantsKey = true
    for (const camera of cameras) {
      const packets = camera.shoot(now)
      if (camera !== shown) continue
      const sent = packets.map(packet => sender.sendPacket(packet, now))
      if (sent.every(Boolean)) sentFrames++
    }
  })
  pair.run(14_000)
  t.ok(sentFrames >= 285, 'but for those that wait for a key frame')
  t.equal(got.length, sentFrames)
  t.equal(got.filter(({ keyFrame }) => keyFrame).length, 6)
  for (let i = 1; i < got.length; i++) {
    const [before, after] = [got[i - 1]!, got[i]!]
    if (((after.firstSequenceNumber! - before.lastSequenceNumber!) & 0xffff) !== 1) t.fail(`a gap before frame ${i}`)
    const elapsed = ((after.timestamp - before.timestamp) >>> 0) / 90
    if (elapsed < 39.9 || elapsed > 250) t.fail(`${elapsed} ms before frame ${i}`)
    if (((after.video!.pictureId! - before.video!.pictureId!) & 0x7fff) !== 1) t.fail(`picture ids before frame ${i}`)
  }
  const { frames } = receiver.streams[0]!
  t.equal(frames?.framesDropped, 0)
  t.ok(receiver.streams[0]!.retransmittedPacketsReceived > 10)
  t.end()
})

/** What a sender has sent, by what is in its packets: their last byte, or nothing. */
const contents = (pair: FlowPair): (number | undefined)[] =>
  [...pair.headers('a')]
    .sort((x, y) => (x.sequenceNumber - y.sequenceNumber) | 0)
    .map(({ bytes, payloadStart, payloadEnd }) => (payloadEnd > payloadStart ? bytes[payloadEnd - 1] : undefined))

const vp8Packet = (source: object, number: number, begins: boolean, marker: boolean): OutgoingRtp => {
  const bytes = Uint8Array.of(
    begins ? 0x10 : 0,
    ...(begins ? [0x10, 2, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1] : [1, 2]),
    number,
  )
  const place = { payloadStart: 0, payloadEnd: bytes.length, sequenceNumber: number, timestamp: 0, marker }
  return { source, bytes, ...place, clockRate: 90_000, mimeType: 'video/VP8' }
}

const viewer = () => {
  const pair = new FlowPair()
  const { sender } = pair.stream('video', sending({ codecs: CODECS }), receiving({ codecs: CODECS }))
  return { pair, sender }
}

t.test('sends on what came ahead of the packet that the key frame of a source begins with', t => {
  const { pair, sender } = viewer()
  const [first, second] = [{}, {}]
  sender.sendPacket(vp8Packet(first, 90, false, true), 0)
  for (const number of [17, 12, 11]) sender.sendPacket(vp8Packet(second, number, false, number === 12), 0)
  t.same(contents(pair), [])
  t.equal(sender.counters.packetsDiscarded, 4)
  sender.sendPacket(vp8Packet(second, 10, true, false), 0)
  t.same(contents(pair), [10, 11, 12, 17])
  t.equal(sender.counters.packetsDiscarded, 1)
  const numbers = pair.headers('a').map(({ sequenceNumber }) => sequenceNumber - pair.headers('a')[0]!.sequenceNumber)
  t.same(numbers, [0, 1, 2, 7], 'what is missing may come')
  for (let number = 0; number < 100; number++) sender.sendPacket(vp8Packet(first, 200 + number, false, true), 0)
  sender.sendPacket(vp8Packet(first, 180, true, true), 0)
  t.equal(sender.counters.packetsDiscarded, 101, 'what is so far behind a gap is none of its frame')
  for (const number of [300, 302, 303]) sender.sendPacket(vp8Packet(second, number, false, true), 0)
  sender.sendPacket(vp8Packet(second, 301, true, true), 0)
  t.same(contents(pair).slice(-3), [301 & 0xff, 302 & 0xff, 303 & 0xff])
  t.end()
})

t.test('closes gaps of the source before with padding, and shows where its last frame has no end', t => {
  const { pair, sender } = viewer()
  const [first, second] = [{}, {}]
  sender.sendPacket(vp8Packet(first, 10, true, true), 0)
  sender.sendPacket(vp8Packet(first, 13, false, false), 0)
  sender.sendPacket(vp8Packet(second, 70, true, true), 0)
  t.same(contents(pair), [10, undefined, undefined, 13, undefined, 70])
  const paddings = pair.headers('a').filter(({ payloadStart, payloadEnd }) => payloadStart === payloadEnd)
  t.same(
    paddings.map(({ marker, paddingLength, payloadType }) => [marker, paddingLength, payloadType]),
    Array.from({ length: 3 }, () => [false, 1, 96]),
  )
  t.notOk(sender.sendPacket(vp8Packet(first, 11, false, true), 0), 'what was missing comes too late')
  const count = pair.sent.a.length
  const numbers = paddings.map(({ sequenceNumber }) => sequenceNumber)
  pair.tell('a', { type: 'nack', senderSsrc: 1, mediaSsrc: sender.ssrc, sequenceNumbers: numbers })
  t.equal(pair.sent.a.length, count + 3, 'padding is sent again, too')
  t.equal(parsed(pair.sent.a.at(-1)!).payload.length, 2)
  t.end()
})

t.test('hands out no frame whose end was left out', t => {
  const { pair, sender } = viewer()
  const [receiver] = pair.b.receivers
  const got: number[] = []
  receiver!.onFrame = frame => got.push(frame.data.at(-1)!)
  const [first, second] = [{}, {}]
  sender.sendPacket(vp8Packet(first, 10, true, true), 0)
  sender.sendPacket(vp8Packet(first, 11, true, false), 0)
  sender.sendPacket(vp8Packet(second, 70, true, true), 0)
  pair.run(100)
  t.same(got, [10, 70])
  t.equal(receiver!.streams[0]!.frames?.framesDropped, 1)
  t.end()
})

t.test('goes on without a gap behind a pause, with a key frame that is asked for', t => {
  const { pair, sender } = viewer()
  const source = {}
  const pauses: [() => unknown, () => unknown][] = [
    [() => Object.assign(sender, { active: false }), () => Object.assign(sender, { active: true })],
    [() => sender.configure(undefined), () => sender.configure(sending({ codecs: CODECS }))],
  ]
  for (const [pause, goOn] of pauses) {
    pair.sent.a.length = 0
    pair.events.a.length = 0
    sender.sendPacket(vp8Packet(source, 10, true, true), pair.now)
    sender.sendPacket(vp8Packet(source, 11, false, true), pair.now)
    pause()
    t.notOk(sender.sendPacket(vp8Packet(source, 12, false, true), pair.now))
    pair.run(1000)
    goOn()
    t.notOk(sender.sendPacket(vp8Packet(source, 500, false, true), pair.now))
    pair.drain()
    t.equal(pair.of('a', 'key-frame-requested').length, 1)
    t.ok(sender.sendPacket(vp8Packet(source, 501, true, true), pair.now))
    const headers = pair.headers('a')
    const [first, , last] = headers
    t.same(
      headers.map(({ sequenceNumber }) => sequenceNumber - first!.sequenceNumber),
      [0, 1, 2],
    )
    t.equal(last!.timestamp - first!.timestamp, 90_000, 'a second later')
    sender.configure(undefined)
    sender.configure(sending({ codecs: CODECS }))
  }
  t.end()
})
