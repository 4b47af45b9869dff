/** How an association ends: gracefully (RFC 9260 9.2), by ABORT (9.1), or because the transport is gone. */

import t from 'tap'
import { chunk, data, sack, u32 } from './craft.ts'
import { Pair, pattern } from './pair.ts'
import { PEER_TSN, Puppet } from './puppet.ts'

const types = (puppet: Puppet): number[] => puppet.take().map(({ type }) => type)

t.test('everything that was queued arrives before the end', t => {
  for (const seed of [1, 2, 3]) {
    const pair = Pair.established({ seed, delay: 20, loss: seed === 1 ? 0 : 0.1 })
    for (let i = 0; i < 20; i++) pair.a.send(0, 53, pattern(10_000, i), {}, pair.wire.now)
    pair.b.send(0, 53, pattern(10_000), {}, pair.wire.now)
    pair.a.shutdown(pair.wire.now)
    t.throws(() => pair.a.send(0, 53, pattern(1), {}, pair.wire.now), { code: 'invalid-state' })
    t.ok(pair.wire.run(() => pair.a.state === 'closed' && pair.b.state === 'closed'))
    t.equal(pair.messages('b').length, 20)
    t.equal(pair.messages('a').length, 1, 'what the other side had queued too')
    t.same(pair.of('a', 'closed'), [{ type: 'closed' }])
    t.equal(pair.of('b', 'closed').length, 1)
    t.equal(pair.a.deadline, Number.POSITIVE_INFINITY)
  }
  t.end()
})

t.test('both sides shut down at once', t => {
  const pair = Pair.established({ delay: 20 })
  pair.a.shutdown(pair.wire.now)
  pair.b.shutdown(pair.wire.now)
  t.ok(pair.wire.run(() => pair.a.state === 'closed' && pair.b.state === 'closed'))
  t.same(pair.of('a', 'closed'), [{ type: 'closed' }])
  t.same(pair.of('b', 'closed'), [{ type: 'closed' }])
  t.ok(pair.wire.now < 200, 'without waiting for a timer')
  t.end()
})

t.test('any packets of the shutdown may be lost', t => {
  for (let lost = 0; lost < 64; lost++) {
    const pair = Pair.established({ delay: 10 })
    const base = { a: 0, b: 0 }
    for (const { from } of pair.wire.sent) base[from]++
    pair.wire.options = {
      delay: 10,
      filter: (_, from, index) => {
        const nth = index - base[from]
        return nth >= 3 || ((lost >>> (nth + (from === 'a' ? 0 : 3))) & 1) === 0
      },
    }
    pair.a.shutdown(pair.wire.now)
    const done = pair.wire.run(() => pair.a.state === 'closed' && pair.b.state === 'closed')
    if (!done || pair.of('a', 'closed').length !== 1) t.fail(`losses ${lost.toString(2)}: ${pair.states.join()}`)
  }
  t.pass('all combinations end')
  t.end()
})

t.test('the exchange, chunk by chunk, from the side that asks', t => {
  const puppet = Puppet.established()
  puppet.send(pattern(10))
  puppet.take()
  puppet.association.shutdown(0)
  puppet.flush()
  t.same(types(puppet), [], 'not before all is acknowledged')
  puppet.deliver(sack(puppet.tsn))
  t.same(types(puppet), [7])
  puppet.deliver(data(PEER_TSN, [1]))
  t.same(types(puppet).sort(), [3, 7], 'DATA is still taken, and answered with SHUTDOWN')
  t.equal(puppet.messages().length, 1)
  puppet.pass(220)
  t.same(types(puppet), [7], 'T2')
  puppet.deliver(chunk(8, 0))
  t.same(types(puppet), [14])
  t.same(puppet.events.at(-1), { type: 'closed' })
  t.end()
})

t.test('the exchange, chunk by chunk, from the side that is asked', t => {
  const puppet = Puppet.established()
  puppet.send(pattern(10))
  puppet.take()
  puppet.deliver(chunk(7, 0, u32(PEER_TSN)))
  t.same(types(puppet), [], 'not before all is acknowledged')
  puppet.deliver(data(PEER_TSN, [1]))
  t.equal(puppet.messages().length, 0, 'the peer has no more to send')
  puppet.deliver(chunk(7, 0, u32(puppet.tsn)))
  t.same(types(puppet), [8], 'SHUTDOWN acknowledges')
  puppet.deliverBytes(new Uint8Array(0))
  puppet.pass(220)
  t.same(types(puppet), [8], 'T2')
  puppet.deliver(chunk(14, 0))
  t.same(puppet.events.at(-1), { type: 'closed' })
  t.end()
})

t.test('a peer that never finishes is aborted', t => {
  const puppet = Puppet.established()
  puppet.association.shutdown(0)
  puppet.flush()
  for (let i = 0; i < 100; i++) {
    puppet.pass(1000)
    puppet.deliver(data(PEER_TSN + i, [1], { ssn: i }))
  }
  t.equal(puppet.association.state, 'closed')
  t.same(puppet.take().filter(({ type }) => type === 6).length > 0, true)
  t.end()
})

t.test('a packet of data that comes after SHUTDOWN is answered by one more, whatever it holds', t => {
  const puppet = Puppet.established()
  puppet.association.shutdown(0)
  puppet.flush()
  puppet.take()
  puppet.deliver(...Array.from({ length: 20 }, (_, i) => data(PEER_TSN + i, [1], { ssn: i })))
  const sent = puppet.take()
  t.same(sent.map(({ type }) => type).sort(), [3, 7])
  t.same([...sent.find(({ type }) => type === 7)!.value], u32(PEER_TSN + 19))
  t.end()
})

t.test('ABORT: the peer is told, and learns the cause', t => {
  const pair = Pair.established({ delay: 10 })
  pair.a.send(0, 53, pattern(100_000), {}, pair.wire.now)
  pair.a.abort(pair.wire.now, 'enough')
  t.equal(pair.a.state, 'closed')
  t.ok(pair.wire.run(() => pair.b.state === 'closed'))
  t.same(pair.of('a', 'closed'), [{ type: 'closed' }])
  const [end] = pair.of('b', 'closed')
  t.match(end, { error: { code: 'aborted', causeCode: 12 } })
  t.match(end!.error!.message, /enough/)
  t.equal(pair.b.deadline, Number.POSITIVE_INFINITY)
  pair.a.abort(pair.wire.now)
  pair.a.shutdown(pair.wire.now)
  pair.wire.run(() => false, 1000)
  t.equal(pair.of('a', 'closed').length, 1, 'ending twice is safe')
  t.end()
})

t.test('ending in the middle of the handshake', t => {
  for (const end of ['abort', 'shutdown'] as const) {
    for (let at = 0; at < 40; at += 5) {
      const pair = new Pair({ delay: 10 })
      pair.a.connect(0)
      pair.b.connect(0)
      pair.wire.run(() => false, at)
      pair.a[end](pair.wire.now)
      pair.wire.run(() => false, 200_000)
      t.same(pair.states, ['closed', 'closed'], `${end} at ${at} ms`)
    }
  }
  t.end()
})

t.test('the transport is gone: the end, without a word', t => {
  const pair = Pair.established({ delay: 10 })
  const before = pair.wire.sent.length
  pair.a.send(0, 53, pattern(10), {}, pair.wire.now)
  pair.a.transportClosed()
  pair.drain()
  t.match(pair.of('a', 'closed'), [{ error: { code: 'transport-closed' } }])
  t.equal(pair.wire.sent.length, before)
  pair.a.resetStreams([1])
  pair.a.flush(pair.wire.now)
  t.equal(pair.a.nextEvent(), undefined, 'nothing happens any more')
  t.end()
})

t.test('the caller’s own mistakes', t => {
  const puppet = Puppet.established({ sendBufferLimit: 1000 })
  const { association } = puppet
  t.throws(() => association.send(0, 53, new Uint8Array(0), {}, 0), RangeError)
  t.throws(() => association.send(-1, 53, pattern(1), {}, 0), { code: 'invalid-stream' })
  t.throws(() => association.send(65_535, 53, pattern(1), {}, 0), { code: 'invalid-stream' })
  association.send(0, 53, pattern(900), {}, 0)
  t.throws(() => association.send(0, 53, pattern(101), {}, 0), { code: 'buffer-full' })
  association.send(0, 53, pattern(100), {}, 0)
  t.equal(association.bufferedAmount(0), 1000)
  t.equal(association.totalBufferedAmount, 1000)
  puppet.flush()
  t.equal(association.bufferedAmount(0), 0)
  t.end()
})
