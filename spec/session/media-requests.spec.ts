/** What sessions tell each other of their streams: that a key frame is wanted, that a stream is over, that an SSRC is taken. */

import t from 'tap'
import { DEFAULT_CAPABILITIES } from '../../lib/jsep/index.ts'
import type { EncodedFrame } from '../../lib/rtp/index.ts'
import { type End, onlyVideo, vp8Frame, World } from './media-world.ts'

const VIDEO = onlyVideo('VP8', true)

/** A pair with video both ways, and what comes at each end. */
const both = (capabilities = VIDEO, prepare: (a: End, b: End) => void = () => {}) => {
  const world = new World(11)
  const [a, b] = world.pair({}, { capabilities })
  a.session.addTransceiver({ kind: 'video' })
  world.connect(a, () => {
    b.transceiver.direction = 'sendrecv'
    prepare(a, b)
  })
  const got = new Map<End, EncodedFrame[]>([
    [a, []],
    [b, []],
  ])
  for (const [end, frames] of got) end.link.onFrame = frame => frames.push(frame)
  return { world, a, b, got: (end: End) => got.get(end)! }
}

/** Sends so many frames, 25 a second; a key frame where the peer wants one. */
const shoot = (world: World, from: End, frames: number, isFirst = true): { keyFrames: number } => {
  const source = {}
  const told = { keyFrames: 0 }
  world.every(40, frames, (index, now) => {
    const isAsked = from.events.splice(0).some(({ type }) => type === 'key-frame-requested')
    const keyFrame = isAsked || (isFirst && index === 0)
    if (keyFrame) told.keyFrames++
    from.link.sendFrame(vp8Frame(index, keyFrame, 500), source, now)
  })
  return told
}

t.test('a key frame is asked for by PLI, however often it is wanted, and comes', t => {
  const { world, a, b, got } = both()
  const told = shoot(world, a, 100)
  world.run(500)
  world.every(5, 400, () => b.link.requestKeyFrame())
  world.run(6000)
  const stream = b.link.receiver!.streams[0]!
  t.ok(stream.pliCount >= 4 && stream.pliCount <= 5, `${stream.pliCount} in two seconds`)
  t.equal(a.link.sender!.counters.pliCount, stream.pliCount)
  t.equal(stream.firCount, 0)
  t.equal(told.keyFrames, 1 + stream.pliCount)
  t.equal(got(b).filter(({ keyFrame }) => keyFrame).length, told.keyFrames)
  t.equal(stream.frames?.keyFramesReceived, told.keyFrames)
  t.end()
})

t.test('by FIR where no PLI was agreed on', t => {
  const { audio, video } = DEFAULT_CAPABILITIES
  const codecs = VIDEO.video.codecs.map(codec => ({
    ...codec,
    feedback: codec.feedback.filter(({ parameter }) => parameter !== 'pli'),
  }))
  const { world, a, b } = both({ audio, video: { ...video, codecs } })
  const told = shoot(world, a, 50)
  world.run(500)
  b.link.requestKeyFrame()
  world.run(500)
  b.link.requestKeyFrame()
  world.run(2000)
  const stream = b.link.receiver!.streams[0]!
  t.equal(stream.firCount, 2)
  t.equal(stream.pliCount, 0)
  t.equal(a.link.sender!.counters.firCount, 2, 'each a command of its own')
  t.equal(told.keyFrames, 3)
  t.end()
})

t.test('who asks in vain repeats it, but not for ever', t => {
  const { world, a, b, got } = both()
  // Frames that need another, and nobody who makes a key frame.
  const source = {}
  a.link.sendFrame(vp8Frame(0, true, 500), source, world.now)
  world.run(100)
  t.equal(got(b).length, 1)
  b.link.requestKeyFrame()
  world.every(40, 700, (index, now) => void a.link.sendFrame(vp8Frame(index + 1, false, 500), source, now))
  world.run(30_000)
  const { pliCount } = b.link.receiver!.streams[0]!
  t.ok(pliCount >= 9 && pliCount <= 12, `${pliCount} in half a minute`)
  t.end()
})

t.test('a BYE tells that a stream is over, when its direction changes and when the session ends', t => {
  const { world, a, b } = both()
  shoot(world, a, 10)
  shoot(world, b, 10)
  world.run(1000)
  const { ssrc } = a.link.sender!
  t.ok(b.link.receiver!.stream(ssrc))
  b.events.length = 0
  a.transceiver.direction = 'recvonly'
  a.offer()
  b.answer()
  world.run(500)
  t.same(
    b.of('goodbye').map(({ transceiver }) => transceiver),
    [b.transceiver],
  )
  t.equal(b.link.receiver?.stream(ssrc), undefined)
  t.notOk(a.link.sendFrame(vp8Frame(1, true, 500), {}, world.now))
  a.events.length = 0
  b.session.close(world.now)
  world.run(100)
  t.equal(a.of('goodbye').length, 1)
  t.equal(a.link.receiver?.streams.length, 0)
  t.end()
})

t.test('an SSRC that both ends have is changed, and the next description tells the new one (RFC 3550, 8.2)', t => {
  const { world, a, b, got } = both(VIDEO, (one, other) => {
    other.transceiver.ssrc = one.transceiver.ssrc
  })
  const taken = a.link.sender!.ssrc
  t.equal(b.link.sender!.ssrc, taken)
  const needed = (end: End): boolean => end.session.negotiationNeeded()
  t.same([needed(a), needed(b)], [false, false])
  shoot(world, a, 50)
  shoot(world, b, 50)
  world.run(4000)
  t.ok(a.rtp.counters.collisions + b.rtp.counters.collisions >= 1)
  t.not(a.link.sender!.ssrc, b.link.sender!.ssrc)
  // Neither sees the other's for its own that comes back.
  t.equal(a.rtp.counters.looped + b.rtp.counters.looped, 0)
  t.ok(got(a).length >= 45 && got(b).length >= 45, `${got(a).length} and ${got(b).length} frames`)
  for (const end of [a, b]) {
    const { ssrc } = end.link.sender!
    t.equal(needed(end), ssrc !== taken)
    if (ssrc === taken) continue
    t.equal(end.transceiver.ssrc, ssrc)
    t.match(end.session.createOffer(), `a=ssrc:${ssrc} `)
    t.notMatch(end.session.createOffer(), `a=ssrc:${taken} `)
  }
  a.offer()
  b.answer()
  shoot(world, a, 10)
  world.run(1000)
  t.same([needed(a), needed(b)], [false, false])
  t.ok(b.link.receiver!.parameters!.ssrcs.includes(a.link.sender!.ssrc))
  t.equal(b.link.receiver!.streams.at(-1)?.ssrc, a.link.sender!.ssrc)
  t.end()
})

t.test('what comes back to its sender is no collision a second time', t => {
  const { world, a, b } = both()
  shoot(world, a, 30)
  world.run(200)
  // A mirror: each packet of ours, as if it were the peer's.
  b.link.onFrame = undefined
  b.link.onPacket = packet => b.say(packet.bytes.slice(), false)
  world.run(3000)
  t.equal(a.rtp.counters.collisions, 1)
  t.ok(a.rtp.counters.looped > 10)
  t.equal(
    a.link.receiver!.streams.some(({ ssrc }) => ssrc === a.link.sender!.ssrc),
    false,
  )
  t.end()
})
