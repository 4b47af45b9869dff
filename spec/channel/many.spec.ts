/** A thousand channels, and ten thousand messages: nothing is done for each that grows with the others. */

import t from 'tap'
import { pattern } from '../sctp/pair.ts'
import { ChannelPair, RELIABLE } from './pair.ts'

t.test('a thousand channels close with as few requests as their ids fit into', t => {
  const pair = new ChannelPair({ delay: 10 }).connect()
  const channels = Array.from({ length: 1000 }, () => pair.a.create(RELIABLE))
  t.ok(pair.wire.run(() => pair.of('b', 'incoming').length === 1000))
  for (const channel of channels) pair.sendText('a', channel, 'last words')
  for (const channel of channels) pair.a.close(channel, pair.wire.now)
  t.ok(pair.wire.run(() => channels.every(({ state }) => state === 'closed'), 60_000))
  t.equal(pair.of('b', 'message').length, 1000)
  t.ok(pair.wire.run(() => pair.b.list.length === 0, 60_000))
  t.equal(pair.of('b', 'closed').length, 1000)
  t.ok(pair.a.association.counters.reconfigsSent < 20, `${pair.a.association.counters.reconfigsSent} requests`)
  t.ok(pair.b.association.counters.reconfigsSent < 100, `${pair.b.association.counters.reconfigsSent} answers`)
  t.equal(pair.a.list.length + pair.b.list.length, 0)
  const again = pair.a.create(RELIABLE)
  t.ok(again.id! < 2000, 'the ids are free again')
  t.end()
})

t.test('channels up to the number that both sides allow', t => {
  const pair = new ChannelPair({ delay: 1 }, { maxChannels: 8 }, { maxChannels: 4 }).connect()
  t.equal(pair.a.maxChannels, 4)
  t.equal(pair.b.maxChannels, 4)
  const made = [pair.a.create(RELIABLE), pair.a.create(RELIABLE)]
  t.same(
    made.map(({ id }) => id),
    [0, 2],
  )
  t.throws(() => pair.a.create(RELIABLE), { code: 'no-id-left' })
  const beyond = pair.a.create({ ...RELIABLE, negotiated: true, id: 5 })
  t.ok(pair.wire.run(() => beyond.state === 'closed'))
  t.match(pair.of('a', 'closed')[0]!.error, { code: 'no-id-left' })
  t.end()
})

t.test('ten thousand messages wait, and arrive in order', t => {
  const pair = new ChannelPair({ delay: 5 }).connect()
  const { near } = pair.open()
  for (let i = 0; i < 10_000; i++) pair.a.send(near, pattern(64, i), false, pair.wire.now)
  t.equal(near.bufferedAmount, 640_000)
  t.ok(pair.wire.run(() => pair.of('b', 'message').length === 10_000, 60_000))
  t.ok(pair.of('b', 'message').every(({ data }, i) => data[0] === pattern(64, i)[0]))
  t.equal(near.bufferedAmount, 0)
  t.end()
})

t.test('the rate is shared by priority, whichever side has said it', t => {
  const pair = new ChannelPair({ delay: 10 }).connect()
  const high = pair.open({ priority: 'high' })
  const low = pair.open({ priority: 'very-low' })
  t.equal(high.far.priority, 'high')
  for (const [side, first, second] of [
    ['a', low.near, high.near],
    ['b', low.far, high.far],
  ] as const) {
    for (let i = 0; i < 200; i++) {
      pair[side].send(first, pattern(1000), false, pair.wire.now)
      pair[side].send(second, pattern(1000), false, pair.wire.now)
    }
  }
  for (const [side, first, second] of [
    ['a', low.near, high.near],
    ['b', low.far, high.far],
  ] as const) {
    t.ok(pair.wire.run(() => second.bufferedAmount < 50_000, 60_000))
    t.ok(first.bufferedAmount > 100_000, `${side}: ${first.bufferedAmount} of the lower one wait`)
  }
  t.end()
})

t.test('who waits for room is told once, whatever the threshold', t => {
  for (const threshold of [0, 20_000, 60_000]) {
    const pair = new ChannelPair({ delay: 10 }).connect()
    const { near } = pair.open()
    near.bufferedAmountLowThreshold = threshold
    t.notOk(near.awaitDrain(0), 'nothing waits')
    for (let i = 0; i < 100; i++) pair.a.send(near, pattern(1000, i), false, pair.wire.now)
    t.ok(near.awaitDrain(40_000))
    let above = near.bufferedAmount
    pair.wire.run(() => {
      if (pair.of('a', 'drained').length === 0) above = near.bufferedAmount
      return pair.of('a', 'drained').length > 0
    })
    t.ok(above > 40_000 && near.bufferedAmount <= 40_000)
    t.ok(pair.wire.run(() => near.bufferedAmount === 0))
    pair.wire.settle()
    t.equal(pair.of('a', 'drained').length, 1)
    t.equal(pair.of('a', 'buffered-low').length, 1, `threshold ${threshold}`)
  }
  t.end()
})
