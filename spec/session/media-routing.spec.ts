/** Whom a packet is for (RFC 9143, 9.2): by MID, by SSRC, by payload type; and what comes before the description that says so. */

import t from 'tap'
import type { EncodedFrame } from '../../lib/rtp/index.ts'
import { type End, onlyVideo, vp8Frame, World } from './media-world.ts'

/** Frames of an end's transceivers, by their place. */
const watch = (end: End): EncodedFrame[][] =>
  end.session.transceivers.map(transceiver => {
    const frames: EncodedFrame[] = []
    end.session.link(transceiver).onFrame = frame => frames.push(frame)
    return frames
  })

const shoot = (world: World, from: End, index: number, frames: number): void => {
  const source = {}
  const link = from.session.link(from.session.transceivers[index]!)
  // Their sizes tell them apart.
  world.every(
    40,
    frames,
    (number, now) => void link.sendFrame(vp8Frame(number, number === 0, 100 * (index + 1)), source, now),
  )
}

t.test('streams of several m-sections with the same payload types come where they belong', t => {
  const withoutMid = (sdp: string) => sdp.replace(/a=extmap:\d+ urn:ietf:params:rtp-hdrext:sdes:mid\r\n/g, '')
  const withoutSsrcs = (sdp: string) => sdp.replace(/a=ssrc(-group)?:.*\r\n/g, '')
  const changes: [string, (sdp: string) => string][] = [
    ['as it is', sdp => sdp],
    ['by MID alone', withoutSsrcs],
    ['by SSRC alone', withoutMid],
  ]
  for (const [name, change] of changes) {
    const world = new World(21)
    const [a, b] = world.pair({}, { capabilities: onlyVideo('VP8', true) })
    for (const _ of [0, 1, 2]) a.session.addTransceiver({ kind: 'video', direction: 'sendonly' })
    world.connect(a, () => {}, change)
    const got = watch(b)
    for (const index of [2, 0, 1]) shoot(world, a, index, 20)
    world.run(3000)
    t.same(
      got.map(frames => frames.map(({ data }) => data.length)),
      [0, 1, 2].map(index => Array.from({ length: 20 }, () => 100 * (index + 1))),
      name,
    )
    t.equal(b.rtp.counters.unrouted, 0, name)
    t.equal(new Set(b.session.transceivers.map(each => b.session.link(each).receiver!.streams[0]!.ssrc)).size, 3)
  }
  t.end()
})

t.test('where nothing but payload types tells, those of one m-section alone do', t => {
  const world = new World(22)
  const [a, b] = world.pair()
  a.session.addTransceiver({ kind: 'audio', direction: 'sendonly' })
  a.session.addTransceiver({ kind: 'video', direction: 'sendonly' })
  world.connect(
    a,
    () => {},
    sdp =>
      sdp.replace(/a=extmap:\d+ urn:ietf:params:rtp-hdrext:sdes:mid\r\n/g, '').replace(/a=ssrc(-group)?:.*\r\n/g, ''),
  )
  const got = watch(b)
  shoot(world, a, 1, 10)
  world.run(1000)
  t.same(
    got.map(({ length }) => length),
    [0, 10],
  )
  t.end()
})

t.test('what the answerer sends before its answer is here waits for it', t => {
  const world = new World(23)
  const [a, b] = world.pair({}, { capabilities: onlyVideo('VP8', true) })
  a.session.addTransceiver({ kind: 'video', direction: 'recvonly' })
  world.connect(a, () => {
    b.transceiver.direction = 'sendonly'
  })
  shoot(world, b, 0, 5)
  world.run(500)
  a.session.addTransceiver({ kind: 'video', direction: 'recvonly' })
  a.offer()
  b.session.transceivers[1]!.direction = 'sendonly'
  b.answer(400)
  const got = watch(a)
  shoot(world, b, 1, 30)
  world.run(300)
  t.same(
    got.map(({ length }) => length),
    [0, 0],
  )
  const { unrouted } = a.rtp.counters
  t.ok(unrouted >= 5)
  t.equal(a.of('media').length, 1)
  world.run(2000)
  t.same(
    got.map(({ length }) => length),
    [0, 30],
  )
  t.equal(a.rtp.counters.unrouted >= unrouted, true)
  t.equal(a.of('media').length, 2)
  const stream = a.session.link(a.session.transceivers[1]!).receiver!.streams[0]!
  t.equal(stream.nackCount, 0, 'nothing had to be sent again')
  t.equal(stream.pliCount, 0)
  t.equal(stream.frames?.framesDropped, 0)
  t.end()
})

t.test('what waits for an answer is bounded: what is left is joined by a key frame', t => {
  const world = new World(24)
  const [a, b] = world.pair({}, { capabilities: onlyVideo('VP8', true) })
  a.session.addTransceiver({ kind: 'video', direction: 'recvonly' })
  world.connect(a, () => {
    b.transceiver.direction = 'sendonly'
  })
  a.session.addTransceiver({ kind: 'video', direction: 'recvonly' })
  a.offer()
  b.session.transceivers[1]!.direction = 'sendonly'
  b.answer(2000)
  const got = watch(a)
  const source = {}
  const link = b.session.link(b.session.transceivers[1]!)
  world.every(40, 100, (number, now) => {
    const wantsKey = b.events.splice(0).some(({ type }) => type === 'key-frame-requested')
    link.sendFrame(vp8Frame(number, number === 0 || wantsKey, 6000), source, now)
  })
  world.run(5000)
  t.ok(a.rtp.counters.unrouted > 250)
  t.ok(got[1]!.length >= 40, `${got[1]!.length} frames`)
  t.ok(got[1]![0]!.keyFrame)
  t.equal(link.sender!.counters.pliCount, 1)
  t.end()
})
