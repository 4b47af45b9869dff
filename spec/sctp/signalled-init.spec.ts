/** Associations whose INITs travel in signalling (draft-hancke-tsvwg-snap): up at once, without a handshake. */

import fc from 'fast-check'
import t from 'tap'
import { isSignalledInit } from '../../lib/sctp/index.ts'
import { chunk, chunksOf, data, init, packet, sack, tagOf, u16, u32 } from './craft.ts'
import { Pair, pattern, same } from './pair.ts'
import { PEER_TAG, PEER_TSN, Puppet } from './puppet.ts'

/** The example of the draft. */
const EXAMPLE = Buffer.from('AQAAHols3R0AUAAA/////+B5ZR3AAAAEgAgABoLA', 'base64')

const signalledInit = (options: Parameters<typeof init>[1] = {}): Uint8Array => {
  const { value } = init(1, options)
  return Uint8Array.from([1, 0, ...u16(4 + value.length), ...value])
}

/** An association that is up by signalling, and learned as if its INIT had come in a packet. */
const signalled = (options: ConstructorParameters<typeof Puppet>[0] = {}, remote = signalledInit()): Puppet => {
  const puppet = new Puppet(options)
  puppet.learn(chunk(1, 0, puppet.association.createInit().subarray(4)))
  puppet.association.connectWith(remote, 0)
  puppet.flush()
  return puppet
}

t.test('the chunk is signalled whole, the same each time, and nothing is sent for it', t => {
  const puppet = new Puppet({ interleaving: false })
  const bytes = puppet.association.createInit()
  t.equal(bytes.length, 30)
  t.same([...bytes.subarray(0, 4)], [1, 0, 0, 30])
  t.same([...bytes.subarray(20)], [0xc0, 0, 0, 4, 0x80, 8, 0, 6, 130, 192])
  t.same(puppet.association.createInit(), bytes)
  t.equal(puppet.association.state, 'closed')
  t.equal(puppet.association.deadline, Number.POSITIVE_INFINITY)
  puppet.flush()
  t.same(puppet.sent, [])
  t.end()
})

t.test('two sides that know each other’s INIT are up at once, and data is the first that travels', t => {
  const pair = new Pair({ delay: 10 })
  const a = pair.a.createInit()
  const b = pair.b.createInit()
  pair.a.connectWith(b, 0)
  pair.b.connectWith(a, 0)
  t.same(pair.states, ['established', 'established'])
  const message = pattern(50_000)
  pair.a.send(3, 53, message, {}, 0)
  pair.b.send(4, 53, message, {}, 0)
  t.ok(pair.wire.run(() => pair.messages('a').length === 1 && pair.messages('b').length === 1))
  t.ok(same(pair.messages('b')[0]!.data, message))
  t.equal(pair.of('a', 'established').length, 1)
  const kinds = new Set(pair.wire.sent.flatMap(({ bytes }) => chunksOf(bytes).map(({ type }) => type)))
  t.same([...kinds].sort(), pair.wire.sent.some(({ bytes }) => chunksOf(bytes)[0]!.type === 64) ? [3, 64] : [0, 3])
  pair.a.resetStreams([3])
  t.ok(pair.wire.run(() => pair.of('b', 'incoming-reset').length === 1))
  pair.a.shutdown(pair.wire.now)
  t.ok(pair.wire.run(() => pair.a.state === 'closed' && pair.b.state === 'closed'))
  t.end()
})

t.test('extensions are those that both INITs list', t => {
  const plain = signalled({}, signalledInit({ parameters: [], outbound: 3, inbound: 5 }))
  t.equal(plain.association.outboundStreams, 5)
  t.equal(plain.association.inboundStreams, 3)
  plain.association.resetStreams([1])
  plain.flush()
  t.match(plain.events.at(-1), { type: 'reset-done', ok: false })
  plain.send(pattern(4))
  t.same(plain.takeTags(), [PEER_TAG])
  t.end()
})

t.test('the example of the draft is taken', t => {
  t.ok(isSignalledInit(EXAMPLE))
  const puppet = signalled({}, EXAMPLE)
  puppet.send(pattern(4))
  t.same(puppet.takeTags(), [0x896cdd1d])
  puppet.deliver(data(0xe079651d, [1, 2]))
  t.equal(puppet.messages().length, 1)
  t.end()
})

t.test('what is no INIT is not used: the handshake begins', t => {
  const good = signalledInit()
  const wrong = [
    new Uint8Array(0),
    Uint8Array.of(1),
    good.subarray(0, 10),
    good.subarray(0, good.length - 1),
    Uint8Array.from([...good, 0, 0, 0, 0]),
    Uint8Array.from([2, ...good.subarray(1)]),
    signalledInit({ tag: 0 }),
    signalledInit({ outbound: 0 }),
    signalledInit({ inbound: 0 }),
    signalledInit({ parameters: [0, 1, 0, 99] }),
  ]
  for (const bytes of wrong) {
    t.notOk(isSignalledInit(bytes))
    const puppet = new Puppet()
    const own = puppet.association.createInit()
    t.notOk(puppet.association.connectWith(bytes, 0))
    t.equal(puppet.association.state, 'cookie-wait')
    t.same(puppet.take()[0]!.value, own.subarray(4), 'with the INIT that was signalled')
  }
  t.ok(isSignalledInit(Uint8Array.from([...EXAMPLE, 0, 0])), 'padding may come along')
  t.end()
})

t.test('the caller’s own mistakes', t => {
  const silent = new Puppet()
  t.throws(() => silent.association.connectWith(signalledInit(), 0), { code: 'invalid-state' })
  const ended = new Puppet()
  ended.association.createInit()
  ended.association.transportClosed()
  t.throws(() => ended.association.connectWith(signalledInit(), 0), { code: 'invalid-state' })
  const begun = new Puppet()
  begun.association.createInit()
  begun.association.connect(0)
  begun.association.connectWith(signalledInit(), 0)
  t.equal(begun.association.state, 'cookie-wait', 'too late: the handshake goes on')
  t.end()
})

t.test('a peer that signals none is met by the handshake', t => {
  const pair = new Pair({ delay: 10 })
  pair.a.createInit()
  pair.connect()
  pair.a.send(0, 53, pattern(10), {}, pair.wire.now)
  t.ok(pair.wire.run(() => pair.messages('b').length === 1))
  t.end()
})

t.test('whatever is signalled, nothing throws', t => {
  const flipped = fc
    .array(fc.tuple(fc.nat(EXAMPLE.length - 1), fc.nat(255)), { maxLength: 4 })
    .map(changes => changes.reduce((bytes, [at, value]) => bytes.with(at, value), new Uint8Array(EXAMPLE)))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), flipped), bytes => {
      const { association } = new Puppet()
      association.createInit()
      return association.connectWith(bytes, 0) === isSignalledInit(bytes)
    }),
    { numRuns: 300 },
  )
  t.end()
})

t.test('a side that could not use the other’s INIT joins it by the handshake', t => {
  const pair = new Pair({ delay: 10 })
  const a = pair.a.createInit()
  const b = pair.b.createInit()
  t.ok(pair.a.connectWith(b, 0))
  t.notOk(pair.b.connectWith(a.subarray(1), 0))
  pair.a.send(0, 53, pattern(3000), {}, 0)
  t.ok(pair.wire.run(() => pair.messages('b').length === 1, 10_000))
  pair.b.send(0, 53, pattern(3000), {}, pair.wire.now)
  t.ok(pair.wire.run(() => pair.messages('a').length === 1, 10_000))
  t.same(pair.of('a', 'restarted'), [])
  t.end()
})

t.test('packets of a peer that is ahead are not answered out of the blue', t => {
  const puppet = new Puppet()
  puppet.learn(chunk(1, 0, puppet.association.createInit().subarray(4)))
  puppet.deliver(data(PEER_TSN, [1]))
  t.same(puppet.sent, [])
  puppet.deliverBytes(packet(99, data(PEER_TSN, [1])))
  t.same(
    puppet.take().map(({ type }) => type),
    [6],
    'others are',
  )
  puppet.association.connectWith(signalledInit(), 0)
  puppet.deliver(data(PEER_TSN, [1]))
  t.equal(puppet.messages().length, 1, 'it comes again')
  t.end()
})

t.test('a peer that sends the INIT it has signalled joins the association as it is', t => {
  const puppet = signalled()
  puppet.send(pattern(4))
  puppet.take()
  puppet.deliverBytes(packet(0, init(1)))
  const answer = puppet.take()[0]!
  t.equal(answer.type, 2)
  t.same([...answer.value.subarray(0, 4)], u32(puppet.tag), 'the same tag')
  t.same([...answer.value.subarray(12, 16)], u32(puppet.tsn))
  puppet.deliver(chunk(10, 0, puppet.cookie(answer)))
  t.same(
    puppet.take().map(({ type }) => type),
    [11],
  )
  t.notOk(puppet.kinds().includes('restarted'))
  puppet.deliver(sack(puppet.tsn))
  t.equal(puppet.association.unacknowledgedChunks, 0, 'what was sent still counts')
  t.end()
})

t.test('a peer that begins anew restarts the association', t => {
  const puppet = signalled()
  puppet.deliverBytes(packet(0, init(1, { tag: 0x22222222, tsn: 5 })))
  const answer = puppet.take()[0]!
  t.notSame([...answer.value.subarray(0, 4)], u32(puppet.tag))
  puppet.learn(answer)
  puppet.deliver(chunk(10, 0, puppet.cookie(answer)))
  t.ok(puppet.kinds().includes('restarted'))
  t.same(new Set(puppet.takeTags()), new Set([0x22222222]))
  t.end()
})

t.test('tags of packets', t => {
  const puppet = signalled()
  puppet.association.abort(0, 'enough')
  t.same(puppet.sent.map(tagOf), [PEER_TAG])
  t.end()
})
