/** Path MTU discovery (RFC 8899): how large packets become, and what happens when the path ceases to carry them. */

import t from 'tap'
import { chunk, chunksOf, init, packet, parameter, u32 } from './craft.ts'
import { Pair, pattern, same } from './pair.ts'
import { Puppet } from './puppet.ts'
import type { WireOptions } from './wire.ts'

const BASE = 1172
/** What a peer announces that passes over chunks that it does not know. */
const MODERN = { window: 5 << 20 }

/** A path that carries packets up to a size, which may change. */
class Road {
  constructor(
    public limit: number,
    readonly more: WireOptions = {},
  ) {}

  readonly wire = (): WireOptions => ({
    delay: 10,
    ...this.more,
    filter: bytes => bytes.length <= this.limit,
  })
}

const sizes = (pair: Pair, from: 'a' | 'b'): number[] =>
  pair.wire.sent.filter(packet => packet.from === from).map(({ bytes }) => bytes.length)

const isProbe = (bytes: Uint8Array): boolean => {
  const chunks = chunksOf(bytes)
  return chunks.length === 2 && chunks[0]!.type === 4 && chunks[1]!.type === 0x84
}

/** The probe among the packets that a puppet's association sent. */
const takeProbes = (puppet: Puppet): { size: number; information: Uint8Array }[] =>
  puppet.sent
    .splice(0)
    .filter(isProbe)
    .map(bytes => ({ size: bytes.length, information: chunksOf(bytes)[0]!.value }))

t.test('a ceiling that the path carries is found in one round trip', t => {
  for (const ceiling of [1420, 16_300]) {
    const pair = Pair.established(new Road(20_000).wire(), { largestPacket: ceiling })
    const start = pair.wire.now
    pair.wire.run(() => pair.a.mtu === ceiling, 1000)
    t.equal(pair.a.mtu, ceiling)
    t.ok(pair.wire.now - start <= 30)
    t.equal(pair.a.counters.mtuProbesSent, 1)
  }
  t.end()
})

t.test('nothing is tried without a ceiling above the base', t => {
  for (const options of [{}, { largestPacket: 1000 }, { largestPacket: BASE }]) {
    const pair = Pair.established({ delay: 10 }, options)
    pair.wire.run(undefined, 10_000)
    t.equal(pair.a.counters.mtuProbesSent, 0)
    t.equal(pair.a.mtu, BASE)
  }
  t.end()
})

t.test('large packets carry several chunks, none of which is larger than the base packet holds', t => {
  const pair = Pair.established(new Road(20_000).wire(), { largestPacket: 16_300 })
  pair.wire.run(() => pair.a.mtu === 16_300, 1000)
  const message = pattern(100_000)
  pair.wire.sent.length = 0
  pair.a.send(0, 53, message, {}, pair.wire.now)
  pair.wire.run(() => pair.messages('b').length === 1)
  t.ok(same(pair.messages('b')[0]!.data, message))
  t.ok(Math.max(...sizes(pair, 'a')) > 14_000)
  for (const { bytes } of pair.wire.sent) {
    for (const { value } of chunksOf(bytes)) t.ok(value.length + 4 <= BASE - 12, 'a chunk fits into the base packet')
  }
  t.end()
})

t.test('what lies between the base and the ceiling is found by bisection', t => {
  for (const [limit, ceiling] of [
    [1300, 1420],
    [1410, 1420],
    [9000, 16_300],
    [1450, 16_300],
    [1200, 16_300],
  ] as const) {
    const pair = Pair.established(new Road(limit).wire(), { largestPacket: ceiling })
    pair.wire.run(undefined, 90_000)
    t.ok(pair.a.mtu <= limit && pair.a.mtu > limit - 24, `${pair.a.mtu} of ${limit}`)
    t.equal(pair.a.state, 'established')
    t.equal(pair.a.counters.blackHoles, 0)
  }
  t.end()
})

t.test('under a ceiling that is far too high, a common size is in use after one loss', t => {
  const pair = Pair.established(new Road(1452).wire(), { largestPacket: 16_300 })
  pair.wire.run(() => pair.a.mtu > BASE, 10_000)
  t.equal(pair.a.mtu, 1400)
  t.ok(pair.wire.now < 1200)
  t.end()
})

t.test('a path that carries no more than the base leaves everything as it is', t => {
  const pair = Pair.established(new Road(BASE).wire(), { largestPacket: 1420 })
  const message = pattern(200_000)
  pair.a.send(0, 53, message, {}, pair.wire.now)
  pair.wire.run(undefined, 60_000)
  t.ok(same(pair.messages('b')[0]!.data, message))
  t.equal(pair.a.mtu, BASE)
  t.equal(pair.a.counters.lostChunks, 0, 'a lost probe is no lost data')
  t.equal(pair.a.counters.timeouts, 0)
  t.ok(pair.a.counters.mtuProbesLost >= 3)
  t.equal(pair.a.state, 'established', 'nor a failed path')
  t.end()
})

t.test('ten minutes later larger packets are tried again', t => {
  const road = new Road(BASE)
  const pair = Pair.established(road.wire(), { largestPacket: 1420 })
  pair.wire.run(undefined, 60_000)
  road.limit = 1500
  pair.wire.run(undefined, 400_000)
  t.equal(pair.a.mtu, BASE)
  pair.wire.run(() => pair.a.mtu === 1420, 300_000)
  t.equal(pair.a.mtu, 1420)
  t.end()
})

t.test('probes are lost now and then without being misunderstood', t => {
  for (let seed = 1; seed <= 5; seed++) {
    const pair = Pair.established(new Road(1500, { seed, loss: 0.1 }).wire(), { largestPacket: 1420 })
    pair.wire.run(() => pair.a.mtu === 1420, 20_000)
    t.equal(pair.a.mtu, 1420)
  }
  t.end()
})

t.test('a black hole in the middle of a transfer: base packets within one timeout, and everything arrives', t => {
  for (const limit of [BASE, 1300]) {
    const road = new Road(20_000)
    const pair = Pair.established(road.wire(), { largestPacket: 16_300 })
    pair.wire.run(() => pair.a.mtu === 16_300, 1000)
    const message = pattern(262_144)
    for (let i = 0; i < 8; i++) pair.a.send(0, 53, message, {}, pair.wire.now)
    pair.wire.run(() => pair.messages('b').length === 1, 10_000)
    road.limit = limit
    const start = pair.wire.now
    t.ok(pair.wire.run(() => pair.messages('b').length === 8, 60_000))
    t.ok(pair.wire.now - start < 20_000, `${pair.wire.now - start} ms`)
    for (const { data } of pair.messages('b')) t.ok(same(data, message))
    pair.wire.run(undefined, 60_000)
    t.ok(pair.a.mtu <= limit)
    t.equal(pair.a.counters.blackHoles, 1)
    t.equal(pair.a.state, 'established')
  }
  t.end()
})

t.test('a black hole that lets small packets through is found as well', t => {
  const road = new Road(20_000)
  const pair = Pair.established(road.wire(), { largestPacket: 1420 })
  pair.wire.run(() => pair.a.mtu === 1420, 1000)
  road.limit = 1200
  const start = pair.wire.now
  let sent = 0
  // Small messages keep being acknowledged; large ones are lost each time that two of them share a packet.
  while (pair.a.counters.blackHoles === 0 && pair.wire.now - start < 60_000) {
    pair.a.send(1, 53, pattern(20), { unordered: true }, pair.wire.now)
    pair.wire.settle()
    pair.a.send(0, 53, pattern(1100, sent++), {}, pair.wire.now)
    pair.a.send(2, 53, pattern(200), {}, pair.wire.now)
    pair.wire.run(undefined, 20)
  }
  t.ok(pair.wire.now - start < 8000, `${pair.wire.now - start} ms`)
  t.equal(pair.a.mtu, BASE)
  t.ok(pair.wire.run(() => pair.messages('b').filter(({ streamId }) => streamId === 0).length === sent, 60_000))
  t.end()
})

t.test('a timeout that was not the path’s fault costs one round trip of small packets', t => {
  let silent = false
  const pair = Pair.established({ delay: 10, filter: () => !silent }, { largestPacket: 1420 })
  pair.wire.run(() => pair.a.mtu === 1420, 1000)
  silent = true
  pair.a.send(0, 53, pattern(5000), {}, pair.wire.now)
  pair.wire.run(() => pair.a.counters.timeouts === 1, 5000)
  t.equal(pair.a.mtu, BASE)
  silent = false
  pair.wire.run(() => pair.messages('b').length === 1 && pair.a.mtu === 1420, 5000)
  t.equal(pair.a.mtu, 1420)
  t.equal(pair.a.counters.blackHoles, 0)
  t.end()
})

t.test('another path starts over from its own base', t => {
  const road = new Road(20_000)
  const pair = Pair.established(road.wire(), { largestPacket: 16_300 })
  pair.wire.run(() => pair.a.mtu === 16_300, 1000)
  pair.a.send(0, 53, pattern(100_000), {}, pair.wire.now)
  pair.wire.settle()
  road.limit = 1300
  pair.a.setPath({ mtu: 1100, largestPacket: 1250 }, pair.wire.now)
  t.equal(pair.a.mtu, 1100)
  pair.wire.run(() => pair.messages('b').length === 1)
  pair.wire.run(() => pair.a.mtu === 1248, 10_000)
  t.equal(pair.a.mtu, 1248)
  const before = new Pair({ delay: 10 }, {})
  before.a.setPath({ mtu: 1000, largestPacket: 1400 }, 0)
  before.connect()
  before.wire.run(() => before.a.mtu === 1400, 1000)
  t.equal(before.a.mtu, 1400, 'a path that is known before the association is up')
  t.end()
})

t.test('the first probe does not stand in the way of data', t => {
  const pair = new Pair({ delay: 10 }, { largestPacket: 16_300 })
  pair.a.send(0, 53, pattern(100), {}, 0)
  pair.connect()
  pair.wire.run(() => pair.messages('b').length === 1)
  const kinds = pair.wire.sent.filter(({ from }) => from === 'a').map(({ bytes }) => isProbe(bytes))
  const data = pair.wire.sent
    .filter(({ from }) => from === 'a')
    .findIndex(({ bytes }) => chunksOf(bytes).some(({ type }) => type === 0))
  t.ok(kinds.indexOf(true) > data)
  t.end()
})

t.test('only the probe itself, acknowledged, makes packets larger', t => {
  const puppet = Puppet.established({}, MODERN)
  puppet.association.setPath({ mtu: BASE, largestPacket: 1400 }, 0)
  puppet.flush()
  const [probe] = takeProbes(puppet)
  t.equal(probe!.size, 1400)
  const larger = probe!.information.slice()
  larger.set(u32(9000), 12)
  puppet.deliver(chunk(5, 0, larger))
  const other = probe!.information.slice()
  other[5]! ^= 1
  puppet.deliver(chunk(5, 0, other))
  puppet.deliver(chunk(5, 0, probe!.information.subarray(0, 12)))
  puppet.deliver(chunk(5, 0, parameter(1, [...u32(0), ...u32(0), ...u32(1400)])))
  t.equal(puppet.association.mtu, BASE)
  puppet.deliver(chunk(5, 0, probe!.information))
  t.equal(puppet.association.mtu, 1400)
  puppet.deliver(chunk(5, 0, probe!.information))
  t.equal(puppet.association.mtu, 1400)
  t.end()
})

t.test('each probe has its own nonce: an answer that comes too late is not taken', t => {
  const puppet = Puppet.established({}, MODERN)
  puppet.association.setPath({ mtu: BASE, largestPacket: 1400 }, 0)
  puppet.flush()
  const [first] = takeProbes(puppet)
  puppet.pass(1100)
  const [second] = takeProbes(puppet)
  t.notSame(first!.information, second!.information)
  puppet.deliver(chunk(5, 0, first!.information))
  t.equal(puppet.association.mtu, BASE)
  puppet.deliver(chunk(5, 0, second!.information))
  t.equal(puppet.association.mtu, 1400)
  t.end()
})

t.test('a peer that may not pass over PAD is left alone', t => {
  const extensions = (...types: number[]) => [...parameter(0xc000, []), ...parameter(0x8008, types)]
  const peers: [Parameters<typeof init>[1], number][] = [
    [{}, 0],
    [{ window: 5 << 20 }, 1],
    [{ parameters: extensions(130, 192, 64) }, 1],
    [{ parameters: [...extensions(130, 192), ...parameter(0x8001, u32(1))] }, 1],
  ]
  for (const [peer, probes] of peers) {
    const puppet = Puppet.established({ interleaving: false }, peer)
    puppet.association.setPath({ mtu: BASE, largestPacket: 1400 }, 0)
    puppet.flush()
    t.equal(takeProbes(puppet).length, probes)
    const asked = new Puppet({ interleaving: false, largestPacket: 1400 })
    asked.deliverBytes(packet(0, init(1, peer)))
    const answer = asked.take()[0]!
    asked.learn(answer)
    asked.deliver(chunk(10, 0, asked.cookie(answer)))
    t.equal(takeProbes(asked).length, probes, 'the cookie carries it')
  }
  t.end()
})

t.test('the peer’s probes are answered without the padding', t => {
  const puppet = Puppet.established()
  const information = parameter(1, pattern(12))
  puppet.deliver(chunk(4, 0, information), chunk(0x84, 0, new Uint8Array(9000)))
  const answers = puppet.take()
  t.same(
    answers.map(({ type, value }) => [type, [...value]]),
    [[5, information]],
  )
  t.equal(puppet.association.counters.unknownChunks, 0)
  t.end()
})

t.test('an association that has ended probes no more', t => {
  const puppet = Puppet.established({ largestPacket: 1400 }, MODERN)
  puppet.association.abort(puppet.now)
  t.equal(puppet.association.deadline, Number.POSITIVE_INFINITY)
  t.end()
})
