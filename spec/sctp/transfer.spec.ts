/** Messages arrive once, whole and in order, whatever the network does. */

import t from 'tap'
import { Pair, pattern, same } from './pair.ts'

t.test('messages of all sizes arrive in order', t => {
  const pair = Pair.established({ delay: 10 })
  const sizes = [1, 2, 3, 4, 5, 1143, 1144, 1145, 2288, 2289, 16384, 65536, 262144]
  for (const size of sizes) pair.a.send(0, 53, pattern(size, size), {}, pair.wire.now)
  t.ok(pair.wire.run(() => pair.messages('b').length === sizes.length))
  for (const [i, size] of sizes.entries()) t.ok(same(pair.messages('b')[i]!.data, pattern(size, size)), `${size} bytes`)
  t.end()
})

for (const seed of [1, 2, 3, 4, 5]) {
  t.test(`a megabyte each way through loss, delay, reordering and duplication (seed ${seed})`, t => {
    const pair = Pair.established({ seed, delay: 50, loss: 0.1, reorder: 0.2, duplicate: 0.05 })
    const count = 64
    for (let i = 0; i < count; i++) {
      pair.a.send(i % 4, 53, pattern(16384, i), {}, pair.wire.now)
      pair.b.send(i % 3, 53, pattern(16384, 1000 + i), {}, pair.wire.now)
    }
    const done = () => pair.messages('a').length >= count && pair.messages('b').length >= count
    t.ok(pair.wire.run(done))
    pair.wire.run(() => false, 5000)
    for (const [side, base, streams] of [
      ['b', 0, 4],
      ['a', 1000, 3],
    ] as const) {
      const messages = pair.messages(side)
      t.equal(messages.length, count)
      for (let id = 0; id < streams; id++) {
        const expected = Array.from({ length: count }, (_, i) => i).filter(i => i % streams === id)
        const got = messages.filter(message => message.streamId === id)
        t.ok(
          got.every((message, i) => same(message.data, pattern(16384, base + expected[i]!))),
          `stream ${id} of ${side} in order`,
        )
      }
    }
    t.end()
  })
}

t.test('streams take turns, message by message, and a message is not interleaved with another', t => {
  const pair = Pair.established({ delay: 10 }, { scheduler: 'round-robin', interleaving: false })
  for (let i = 0; i < 10; i++) pair.a.send(1, 53, pattern(20_000, i), {}, pair.wire.now)
  for (let i = 0; i < 3; i++) pair.a.send(2, 53, pattern(50, i), {}, pair.wire.now)
  t.ok(pair.wire.run(() => pair.messages('b').length === 13))
  t.same(
    pair.messages('b').map(({ streamId }) => streamId),
    [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 1, 1],
  )
  t.end()
})

t.test('unordered messages overtake what is missing', t => {
  const pair = Pair.established({
    delay: 10,
    filter: (bytes, from, index) => from === 'b' || bytes[12] !== 64 || index !== 5,
  })
  for (let i = 0; i < 30; i++) pair.a.send(0, 53, pattern(2500, i), { unordered: true }, pair.wire.now)
  t.ok(pair.wire.run(() => pair.messages('b').length === 30))
  const order = pair.messages('b').map(({ data }) => data[0]!)
  const sent = Array.from({ length: 30 }, (_, i) => pattern(1, i)[0]!)
  t.notSame(order, sent)
  t.same(new Set(order), new Set(sent))
  t.end()
})

t.test('the caller may change its bytes after send, unless it has handed them over', t => {
  const pair = Pair.established({ delay: 10 })
  const bytes = Buffer.from(pattern(3000))
  pair.a.send(0, 53, bytes, {}, pair.wire.now)
  bytes.fill(0)
  pair.a.send(0, 53, pattern(3000), { owned: true }, pair.wire.now)
  t.ok(pair.wire.run(() => pair.messages('b').length === 2))
  for (const { data } of pair.messages('b')) {
    t.ok(same(data, pattern(3000)))
    t.equal(data.buffer.byteLength, data.length, 'a buffer of its own, filled')
  }
  t.end()
})

t.test('bufferedAmount counts what has not left yet, and its threshold is told when it is crossed', t => {
  const pair = Pair.established({ delay: 10 })
  pair.a.setBufferedAmountLowThreshold(5, 50_000)
  for (let i = 0; i < 4; i++) pair.a.send(5, 53, pattern(40_000), {}, pair.wire.now)
  pair.a.send(5, 53, pattern(7), { counted: false }, pair.wire.now)
  t.equal(pair.a.bufferedAmount(5), 160_000)
  t.equal(pair.a.totalBufferedAmount, 160_007)
  t.ok(pair.wire.run(() => pair.of('a', 'buffered-low').length > 0))
  t.ok(pair.a.bufferedAmount(5) <= 50_000 && pair.a.bufferedAmount(5) > 0)
  t.ok(pair.wire.run(() => pair.messages('b').length === 5))
  t.equal(pair.a.bufferedAmount(5), 0)
  t.equal(pair.of('a', 'buffered-low').length, 1)
  t.end()
})

t.test('the same seed gives the same packets', t => {
  const run = () => {
    const pair = Pair.established({ seed: 4, delay: 20, loss: 0.1, reorder: 0.2, duplicate: 0.1 })
    for (let i = 0; i < 20; i++) pair.a.send(0, 53, pattern(10_000, i), {}, pair.wire.now)
    pair.wire.run(() => pair.messages('b').length === 20)
    return pair.wire.sent.map(({ from, bytes, at }) => `${from} ${at} ${Buffer.from(bytes).toString('base64')}`).join()
  }
  const first = run()
  t.ok(first === run())
  t.ok(first.length > 100_000)
  t.end()
})

t.test('what the number of chunks keeps from being sent is no reason for a larger congestion window', t => {
  const pair = Pair.established({ delay: 20 })
  const { wire } = pair
  const message = pattern(16)
  for (let i = 0; i < 22; i++) {
    while (pair.a.totalBufferedAmount < 600_000) pair.a.send(0, 53, message, {}, wire.now)
    wire.run(() => false, 40)
    wire.sent.length = 0
    pair.events.b.length = 0
  }
  t.ok(pair.a.unacknowledgedChunks > 30_000, 'as many as there may be')
  t.ok(pair.a.congestionWindow < 8_000_000, `${pair.a.congestionWindow}`)
  t.end()
})
