/** Twenty-four hours of virtual time: idleness, messages now and then, outages, streams reset and used again. */

import t from 'tap'
import { Pair, pattern, same } from './pair.ts'
import { wrappingCrypto } from './puppet.ts'
import { seededNumbers } from './wire.ts'

const HOUR = 3_600_000

for (const interleaving of [false, true]) {
  t.test(`a day of ${interleaving ? 'I-DATA' : 'DATA'}`, t => {
    const draw = seededNumbers(41)
    let outageUntil = 0
    let lostAll = 0
    const pair: Pair = new Pair(
      {
        delay: 60,
        loss: 0.02,
        reorder: 0.1,
        filter: () => {
          if (pair.wire.now < outageUntil) lostAll++
          return pair.wire.now >= outageUntil
        },
      },
      { interleaving, largestPacket: 1450, crypto: wrappingCrypto() },
    )
    pair.connect()
    const { wire, a, b } = pair
    let sent = 0
    let resets = 0
    while (wire.now < 24 * HOUR) {
      wire.run(() => false, draw() * 0.2 * HOUR)
      // The path is gone for up to 20 seconds, sometimes while something is under way.
      if (draw() < 0.3) outageUntil = wire.now + draw() * 20_000
      const stream = Math.floor(draw() * 4)
      const count = Math.ceil(draw() * 5)
      for (let i = 0; i < count; i++) {
        a.send(stream, 53, pattern(1 + Math.floor(draw() * 20_000), sent), {}, wire.now)
        b.send(stream, 53, pattern(1 + Math.floor(draw() * 200), sent), {}, wire.now)
        sent++
      }
      if (!wire.run(() => pair.messages('a').length === sent && pair.messages('b').length === sent, 120_000)) break
      if (draw() < 0.2) {
        resets++
        a.resetStreams([stream])
        if (!wire.run(() => pair.of('a', 'reset-done').length === resets, 120_000)) break
      }
    }
    t.ok(wire.now >= 24 * HOUR, 'the day is over')
    t.ok(sent > 300 && resets > 20 && lostAll > 20, 'and it was not an idle one')
    t.same(pair.states, ['established', 'established'])
    for (const side of ['a', 'b'] as const) {
      t.ok(
        pair.messages(side).every(({ data }, i) => same(data, pattern(data.length, i))),
        `${side} has everything in order`,
      )
      t.ok(pair.of(side, 'reset-done').every(({ ok }) => ok))
    }
    const silent = wire.sent.length
    wire.run(() => false, HOUR)
    t.ok(wire.sent.length - silent < 600, 'an hour without messages takes heartbeats and no more')
    t.ok(wire.sent.length > silent)
    t.equal(a.unacknowledgedChunks + b.unacknowledgedChunks, 0)
    t.end()
  })
}

t.test('a path that is gone for good ends both sides, after minutes and not hours', t => {
  const pair = Pair.established({ delay: 20 })
  pair.wire.options = { filter: () => false }
  pair.a.send(0, 53, pattern(10), {}, pair.wire.now)
  const before = pair.wire.now
  t.ok(pair.wire.run(() => pair.a.state === 'closed' && pair.b.state === 'closed', HOUR))
  t.equal(pair.of('a', 'closed')[0]?.error?.code, 'timeout')
  t.equal(pair.of('b', 'closed')[0]?.error?.code, 'timeout')
  t.ok(pair.wire.now - before < HOUR)
  t.end()
})
