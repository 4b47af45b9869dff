/** Messages arrive once, whole and in order, whatever the network does. */

import t from 'tap'
import { Pair, pattern } from './pair.ts'

t.test('both sides begin at once and are up after one exchange', t => {
  const pair = Pair.established({ delay: 10 })
  t.equal(pair.wire.now, 30, 'INIT, then INIT ACK, then COOKIE ECHO, each crossing its like')
  t.equal(pair.of('a', 'established').length, 1)
  t.equal(pair.of('b', 'established').length, 1)
  t.end()
})

t.test('messages of all sizes arrive in order', t => {
  const pair = Pair.established({ delay: 10 })
  const sizes = [1, 2, 3, 4, 5, 1143, 1144, 1145, 2288, 2289, 16384, 65536, 262144]
  for (const size of sizes) pair.a.send(0, 53, pattern(size, size), {}, pair.wire.now)
  t.ok(pair.wire.run(() => pair.messages('b').length === sizes.length))
  for (const [i, size] of sizes.entries()) t.same(pair.messages('b')[i]!.data, pattern(size, size), `${size} bytes`)
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
    t.comment(`${pair.wire.now} ms`, pair.a.counters)
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
          got.every((message, i) => Buffer.compare(message.data, pattern(16384, base + expected[i]!)) === 0),
          `stream ${id} of ${side} in order`,
        )
      }
    }
    t.end()
  })
}
