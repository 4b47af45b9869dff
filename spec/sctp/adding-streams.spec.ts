/** Streams that are added while the association lasts (RFC 6525 5.1.5, 5.1.6, 5.2.5, 5.2.6). */

import t from 'tap'
import { data } from './craft.ts'
import { Pair, pattern } from './pair.ts'
import { PEER_TSN, Puppet } from './puppet.ts'
import { addIncoming, addOutgoing, reconfig, response, results, sent } from './requests.ts'

const few = { outbound: 100, inbound: 100 }

t.test('we add streams', t => {
  const puppet = Puppet.established({}, few)
  t.equal(puppet.association.outboundStreams, 100)
  t.throws(() => puppet.association.send(100, 53, pattern(1), {}, 0), { code: 'invalid-stream' })
  puppet.association.addStreams({ outbound: 10 })
  puppet.flush()
  t.same(sent(puppet), [{ type: 17, sequence: puppet.tsn, rest: [0, 10, 0, 0] }])
  t.equal(puppet.association.outboundStreams, 100, 'not before the peer has agreed')
  puppet.deliver(reconfig(response(puppet.tsn, 1)))
  t.equal(puppet.association.outboundStreams, 110)
  t.same(puppet.events.at(-1), { type: 'streams-added', direction: 'outbound', count: 10, ok: true })
  puppet.send(pattern(1), {}, 109)
  puppet.association.addStreams({ outbound: 10 })
  puppet.flush()
  puppet.deliver(reconfig(response(puppet.tsn + 1, 2)))
  t.equal(puppet.association.outboundStreams, 110)
  t.match(puppet.events.at(-1), { type: 'streams-added', ok: false })
  t.throws(() => puppet.association.addStreams({ outbound: 65_500 }), RangeError)
  t.throws(() => puppet.association.addStreams({ inbound: 65_500 }), RangeError)
  t.throws(() => puppet.association.addStreams({ inbound: -1 }), RangeError)
  t.end()
})

t.test('the peer adds streams: as many as there are numbers for', t => {
  const puppet = Puppet.established({}, few)
  puppet.deliver(reconfig(addOutgoing(PEER_TSN, 50)))
  t.same(results(puppet), [[0, 1]])
  t.equal(puppet.association.inboundStreams, 150)
  t.same(puppet.events.at(-1), { type: 'streams-added', direction: 'inbound', count: 50, ok: true })
  puppet.deliver(reconfig(addOutgoing(PEER_TSN, 50)))
  t.same(results(puppet), [[0, 1]], 'a repetition adds nothing')
  t.equal(puppet.association.inboundStreams, 150)
  puppet.deliver(data(PEER_TSN, [1], { stream: 149 }))
  t.equal(puppet.messages().length, 1)
  puppet.deliver(reconfig(addOutgoing(PEER_TSN + 1, 65_400)))
  t.same(results(puppet), [[1, 2]])
  puppet.deliver(reconfig(addOutgoing(PEER_TSN + 2, 0)))
  t.same(results(puppet), [[2, 0]])
  t.equal(puppet.association.inboundStreams, 150)
  t.end()
})

t.test('the peer asks us to add streams: we ask for them (5.2.6)', t => {
  const puppet = Puppet.established({}, few)
  puppet.deliver(reconfig(addIncoming(PEER_TSN, 20)))
  const out = sent(puppet)
  t.same(
    out.map(({ type }) => type),
    [16, 17],
  )
  t.same(out[1], { type: 17, sequence: puppet.tsn, rest: [0, 20, 0, 0] })
  for (let i = 1; i <= 4; i++) puppet.deliver(reconfig(addIncoming(PEER_TSN + i, 20)))
  t.same(
    results(puppet),
    [
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 2],
    ],
    'no more than four at a time',
  )
  for (let i = 0; i < 4; i++) puppet.deliver(reconfig(response(puppet.tsn + i, 1)))
  t.equal(puppet.association.outboundStreams, 180)
  puppet.take()
  puppet.deliver(reconfig(addIncoming(PEER_TSN + 5, 65_500)))
  t.same(results(puppet), [[5, 2]])
  puppet.deliver(reconfig(addIncoming(PEER_TSN + 6, 0)))
  t.same(results(puppet), [[6, 0]])
  t.end()
})

t.test('both sides ask each other through loss', t => {
  for (const seed of [1, 2, 3]) {
    const pair = Pair.established(
      { seed, delay: 20, loss: 0.2, reorder: 0.2 },
      { outboundStreams: 50, inboundStreams: 60 },
    )
    for (const side of ['a', 'b'] as const) {
      for (let id = 0; id < 10; id++) pair[side].send(id, 53, pattern(500), {}, pair.wire.now)
      pair[side].requestIncomingReset([1, 2, 3])
      pair[side].addStreams({ outbound: 5, inbound: 7 })
    }
    const complete = (side: 'a' | 'b') =>
      pair.of(side, 'incoming-reset-done').length === 1 &&
      pair.of(side, 'incoming-reset').flatMap(({ streamIds }) => streamIds).length === 3 &&
      pair.of(side, 'streams-added').filter(({ direction }) => direction === 'inbound').length >= 2
    t.ok(pair.wire.run(() => complete('a') && complete('b')))
    pair.wire.run(undefined, 20_000)
    t.same([pair.a.outboundStreams, pair.b.inboundStreams], [62, 62])
    t.same([pair.b.outboundStreams, pair.a.inboundStreams], [62, 62])
  }
  t.end()
})
