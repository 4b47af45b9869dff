/** Video over a network that loses packets: sessions as they are, with NACK and RTX as their descriptions agree on them. */

import t, { type Test } from 'tap'
import type { EncodedFrame } from '../../lib/rtp/index.ts'
import { h264Frame } from '../flow/pair.ts'
import { type End, onlyVideo, type PipeOptions, vp8Frame, World } from './media-world.ts'

const FRAMES = 240
/** Frames whose loss a later packet is sure to show. */
const CHECKED = FRAMES - 10

interface Got {
  readonly frame: EncodedFrame
  readonly at: number
}

/** Eight seconds of video, three to four packets a picture, one way or both. */
const play = (seed: number, pipe: PipeOptions, codec: 'VP8' | 'H264', withRtx: boolean, bothWays = false) => {
  const world = new World(seed)
  const [a, b] = world.pair(pipe, { capabilities: onlyVideo(codec, withRtx) })
  a.session.addTransceiver({ kind: 'video', direction: bothWays ? 'sendrecv' : 'sendonly' })
  world.connect(a, () => {
    if (bothWays) b.transceiver.direction = 'sendrecv'
  })
  const make = codec === 'VP8' ? vp8Frame : h264Frame
  const sentAt: number[] = []
  const stream = (from: End) => {
    const got: Got[] = []
    from.peer.link.onFrame = (frame, at) => got.push({ frame, at })
    const source = {}
    let wantsKey = false
    world.every(1000 / 30, FRAMES, (index, now) => {
      if (from.events.splice(0).some(({ type }) => type === 'key-frame-requested')) wantsKey = true
      sentAt[index] = now
      from.link.sendFrame(make(index, wantsKey || index === 0, 3500), source, now)
      wantsKey = false
    })
    return got
  }
  const forth = stream(a)
  const back = bothWays ? stream(b) : []
  // That a stream began with packets that are lost, nobody can know: a key frame would be asked for.
  world.after(10, () => {
    world.calm = false
  })
  world.run(FRAMES * 34 + 3000)
  return { world, a, b, forth, back, sentAt }
}

const check = (t: Test, name: string, got: readonly Got[], sentAt: readonly number[], from: End): void => {
  const base = got[0]!.frame.timestamp
  const at = new Map(got.map(({ frame, at: when }) => [Math.round(((frame.timestamp - base) >>> 0) / 3000), when]))
  const missing = Array.from({ length: CHECKED }, (_, index) => index).filter(index => !at.has(index))
  t.same(missing, [], `${name}: no frame is missing`)
  const latest = Math.max(...[...at].map(([index, when]) => when - (sentAt[index] ?? 0)))
  t.ok(latest < 1000, `${name}: the last one within a second, ${Math.round(latest)} ms`)
  const stream = from.peer.link.receiver!.streams[0]!
  t.equal(stream.frames?.framesDropped, 0)
  t.equal(stream.nack?.givenUp, 0)
  t.ok(stream.nackCount > 10)
  t.ok(from.link.sender!.counters.retransmittedPacketsSent > 10)
  t.equal(from.link.sender!.counters.retransmissionsRefused, 0)
}

t.test('of VP8 and H264 no frame is missing within a second at a loss of 5 % each way', t => {
  for (const codec of ['VP8', 'H264'] as const) {
    for (const [seed, delay] of [
      [1, 10],
      [2, 25],
      [3, 50],
    ] as const) {
      const { forth, sentAt, a } = play(seed, { delay, spread: 10, loss: 0.05 }, codec, true)
      check(t, `${codec}, ${2 * delay} ms`, forth, sentAt, a)
      t.ok(a.peer.link.receiver!.streams[0]!.retransmittedPacketsReceived > 10)
    }
  }
  t.end()
})

t.test('nor without a stream of retransmissions', t => {
  for (const [seed, delay] of [
    [4, 10],
    [5, 50],
  ] as const) {
    const { forth, sentAt, a, b } = play(seed, { delay, spread: 10, loss: 0.05 }, 'VP8', false)
    check(t, `${2 * delay} ms`, forth, sentAt, a)
    t.equal(b.link.receiver!.streams[0]!.retransmittedPacketsReceived, 0)
    t.ok(a.link.transport!.transport.media.sender)
  }
  t.end()
})

t.test('nor in both directions at once, where packets are doubled and overtake each other', t => {
  const pipe = { delay: 30, spread: 40, loss: 0.05, duplicates: 0.05 }
  const { forth, back, sentAt, a, b } = play(6, pipe, 'VP8', true, true)
  check(t, 'forth', forth, sentAt, a)
  check(t, 'back', back, sentAt, b)
  for (const { link } of [a, b]) {
    const { droppedRefused } = link.transport!.transport.media.counters
    t.ok(droppedRefused > 10, 'copies are refused as replayed')
    const { malformed, malformedRtcp, unrouted, collisions, looped } = link.rtp!.counters
    t.same([malformed, malformedRtcp, unrouted, collisions, looped], [0, 0, 0, 0, 0])
    t.equal(new Set(forth.map(({ frame }) => frame.timestamp)).size, forth.length, 'each frame once')
  }
  t.end()
})
