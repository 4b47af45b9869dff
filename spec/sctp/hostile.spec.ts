/** Whatever a peer sends: nothing throws, nothing grows without bound, and an association that may live goes on. */

import fc from 'fast-check'
import t from 'tap'
import {
  type Chunk,
  chunk,
  chunksOf,
  data,
  iData,
  iForwardTsn,
  init,
  interleavingParameters,
  packet,
  parameter,
  sack,
  seal,
  u16,
  u32,
} from './craft.ts'
import { Pair, pattern, same } from './pair.ts'
import { PEER_TSN, Puppet } from './puppet.ts'

/** Bytes that a puppet's association may hold at most after hostile input, by its own account. */
const settle = (puppet: Puppet): void => {
  puppet.sent = []
  puppet.pass(500)
  puppet.sent = []
}

t.test('random bytes are silently discarded', t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      const puppet = Puppet.established()
      puppet.deliverBytes(bytes)
      return puppet.association.state === 'established' && puppet.sent.length === 0
    }),
    { numRuns: 200 },
  )
  t.pass()
  t.end()
})

t.test('random chunks under the right tag', t => {
  const types = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 63, 64, 127, 130, 191, 192, 194, 255]
  const chunks = fc.array(
    fc.record({ type: fc.constantFrom(...types), flags: fc.nat(15), value: fc.uint8Array({ maxLength: 60 }) }),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(fc.array(chunks, { maxLength: 4 }), packets => {
      const puppet = Puppet.established()
      puppet.send(pattern(3000))
      for (const list of packets) puppet.deliver(...list)
      settle(puppet)
      return true
    }),
    { numRuns: 300 },
  )
  t.pass()
  t.end()
})

t.test('random fragments and gaps of interleaved messages, in the window and out of it', t => {
  const piece = fc.record({
    forward: fc.nat(9),
    tsn: fc.oneof(fc.nat(300), fc.nat(80_000)),
    stream: fc.nat(3),
    mid: fc.oneof(fc.nat(5), fc.nat(0xffffffff)),
    fsn: fc.oneof(fc.nat(4), fc.nat(0xffffffff)),
    flags: fc.nat(15),
    length: fc.integer({ min: 1, max: 300 }),
  })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 150 }), pieces => {
      const puppet = Puppet.established(
        { interleaving: true, receiveWindow: 10_000, maxMessageSize: 500 },
        { parameters: interleavingParameters() },
      )
      for (const { forward, tsn, stream, mid, fsn, flags, length } of pieces) {
        const entry = [stream, flags % 2 === 0, mid] as const
        if (forward === 0) puppet.pour(iForwardTsn(PEER_TSN + (tsn % 300), [entry, entry]))
        else puppet.pour(iData(PEER_TSN + tsn, mid, pattern(length), { stream, fsn, flags }))
      }
      settle(puppet)
      return puppet.messages().every(data => data.length <= 500)
    }),
    { numRuns: 150 },
  )
  t.pass()
  t.end()
})

/** Valid packets of all kinds. */
const recorded = (interleaving: boolean): Uint8Array[] => {
  const pair = Pair.established({ delay: 20, loss: 0.25, seed: 5 }, { interleaving })
  for (let i = 0; i < 10; i++) {
    pair.a.send(i, 53, pattern(2000, i), { maxRetransmits: 0, unordered: i % 3 === 0 }, pair.wire.now)
  }
  pair.a.resetStreams([1, 2, 3])
  pair.b.resetStreams([1])
  pair.wire.run(() => false, 40_000)
  pair.a.shutdown(pair.wire.now)
  pair.wire.run(() => pair.a.state === 'closed')
  return pair.wire.sent.map(({ bytes }) => bytes)
}

t.test('flipped bits and cuts of valid packets, their checksum set right', t => {
  const valid = [...recorded(false), ...recorded(true)]
  const kinds = new Set(valid.flatMap(bytes => chunksOf(bytes).map(({ type }) => type)))
  for (const type of [0, 1, 2, 3, 4, 5, 7, 8, 10, 11, 14, 64, 130, 192, 194])
    t.ok(kinds.has(type), `chunk ${type} is among them`)
  const edits = fc.array(fc.record({ at: fc.nat(3000), bit: fc.nat(7) }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(fc.nat(), edits, fc.option(fc.nat(1200)), fc.boolean(), (which, flips, cut, up) => {
      const peer = which % 2 === 0 ? {} : { parameters: interleavingParameters() }
      const puppet = up ? Puppet.established({}, peer) : new Puppet()
      if (!up) puppet.association.connect(0)
      puppet.association.send(0, 53, pattern(5000), {}, puppet.now)
      puppet.flush()
      if (!up) puppet.learn(puppet.take()[0]!)
      for (let i = 0; i < 3; i++) {
        const bytes = valid[(which + i) % valid.length]!.slice()
        if (bytes[12] !== 1) bytes.set(u32(puppet.tag), 4)
        for (const { at, bit } of flips) bytes[12 + (at % (bytes.length - 12))]! ^= 1 << bit
        const end = cut === null ? bytes.length : Math.max(12, Math.min(bytes.length, cut))
        puppet.deliverBytes(seal(bytes.slice(0, end)))
      }
      settle(puppet)
      return true
    }),
    { numRuns: 600 },
  )
  t.end()
})

t.test('an honest transfer survives bits flipped on the way: the checksum finds them', t => {
  let flips = 0
  const pair = Pair.established({
    delay: 5,
    filter: (bytes, _, index) => {
      if (index % 7 === 3) bytes[(index * 13) % bytes.length]! ^= 1 << (index % 8)
      if (index % 7 === 3) flips++
      return true
    },
  })
  for (let i = 0; i < 20; i++) pair.a.send(0, 53, pattern(5000, i), {}, pair.wire.now)
  t.ok(pair.wire.run(() => pair.messages('b').length === 20))
  for (const [i, { data }] of pair.messages('b').entries()) t.ok(same(data, pattern(5000, i)))
  t.equal(pair.a.counters.badChecksum + pair.b.counters.badChecksum > 0 && flips > 0, true)
  t.end()
})

t.test('INIT floods and cookie replays change nothing', t => {
  const puppet = new Puppet()
  puppet.deliverBytes(packet(0, init(1)))
  const [answer] = puppet.take()
  puppet.learn(answer!)
  const echo = chunk(10, 0, puppet.cookie(answer!))
  puppet.deliver(echo)
  puppet.deliver(data(PEER_TSN, [1]))
  for (let i = 0; i < 1000; i++) {
    puppet.deliverBytes(packet(0, init(1, { tag: i + 1, tsn: i })))
    puppet.deliver(echo)
  }
  puppet.deliver(data(PEER_TSN + 1, [2], { ssn: 1 }))
  t.equal(puppet.messages().length, 2)
  t.same(
    puppet.kinds().filter(kind => kind !== 'message'),
    ['established'],
  )
  t.end()
})

t.test('a flood of gap blocks and of duplicates', t => {
  const puppet = Puppet.established()
  for (let i = 0; i < 50; i++) puppet.association.send(0, 53, pattern(1144), {}, 0)
  puppet.flush()
  const gaps = Array.from({ length: 280 }, (_, i) => [2 + 3 * i, 3 + 3 * i] as const)
  for (let i = 0; i < 200; i++) {
    puppet.deliver(sack((puppet.tsn - 1) >>> 0, { gaps, duplicates: [puppet.tsn, puppet.tsn] }))
    puppet.deliver(sack((puppet.tsn - 1) >>> 0, { gaps: [[2, 9]] }))
  }
  t.equal(puppet.association.state, 'established')
  t.ok(puppet.association.unacknowledgedChunks <= 50)
  const flooded = Puppet.established()
  for (let i = 1; i < 2000; i += 2) flooded.deliver(data(PEER_TSN + i, [1], { flags: 7 }))
  const reports = flooded.takeSacks().at(-1)!
  t.ok(reports.gaps.length <= 290, 'as many blocks as a packet holds')
  t.ok(flooded.messages().length > 0)
  t.end()
})

t.test('what is held out of order is bounded, however small its pieces', t => {
  const puppet = Puppet.established({ receiveWindow: 100_000 })
  for (let i = 1; i <= 5000; i++) puppet.pour(data(PEER_TSN + i, [1], { flags: 2 }))
  puppet.flush()
  t.ok(puppet.association.counters.windowFull > 3000)
  t.equal(puppet.takeSacks().at(-1)!.window, 0)
  t.equal(puppet.association.state, 'established')
  t.end()
})

t.test('messages whose turn never comes end the association', t => {
  const puppet = Puppet.established({ receiveWindow: 10_000 })
  for (let i = 0; i < 1000 && puppet.association.state === 'established'; i++) {
    puppet.deliver(data(PEER_TSN + i, pattern(1000), { ssn: 1 + i }))
  }
  t.match(puppet.events.at(-1), { type: 'closed', error: { code: 'protocol-violation', causeCode: 4 } })
  t.end()
})

t.test('a message without an end is bounded by the largest message', t => {
  const puppet = Puppet.established({ maxMessageSize: 10_000 })
  puppet.deliver(data(PEER_TSN, pattern(1000), { flags: 2 }))
  for (let i = 1; i < 200; i++) puppet.deliver(data(PEER_TSN + i, pattern(1000), { flags: 0 }))
  t.equal(puppet.events.filter(({ type }) => type === 'oversized').length, 1, 'told once')
  puppet.deliver(data(PEER_TSN + 200, [1], { flags: 1 }), data(PEER_TSN + 201, [7], { ssn: 1 }))
  t.same(puppet.messages(), [Uint8Array.of(7)])
  t.end()
})

t.test('requests to reset every stream, over and over', t => {
  const puppet = Puppet.established()
  const all = Array.from({ length: 500 }, (_, i) => u16(i * 131)).flat()
  for (let i = 0; i < 300; i++) {
    const request = parameter(13, [...u32(PEER_TSN + i), ...u32(0), ...u32(PEER_TSN - 1), ...all])
    const ask = parameter(14, [...u32(PEER_TSN + i), ...all])
    puppet.deliver(chunk(130, 0, i % 2 === 0 ? request : ask))
  }
  t.equal(puppet.association.state, 'established')
  puppet.deliver(...Array.from({ length: 200 }, () => chunk(130, 0, parameter(15, u32(7)))))
  const answers: Chunk[] = puppet.take().filter(({ type }) => type === 130)
  t.ok(answers.length < 400)
  t.end()
})

t.test('heartbeats larger than a packet of ours are not answered', t => {
  const puppet = Puppet.established({ mtu: 400 })
  puppet.deliver(chunk(4, 0, parameter(1, pattern(500))))
  t.same(puppet.take(), [])
  puppet.deliver(chunk(4, 0, parameter(1, pattern(300))))
  t.equal(puppet.take().length, 1)
  t.end()
})
