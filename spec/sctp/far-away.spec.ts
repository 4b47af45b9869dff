/** A peer whose answers take longer than the timeout to which back-off leads (RFC 9260 6.3, 8.3). */

import t from 'tap'
import { Pair, pattern } from './pair.ts'

const DELAY = 4000

t.test('heartbeats are answered, whichever of them it is', t => {
  const pair = Pair.established({ delay: DELAY })
  pair.wire.run(() => false, 3_600_000)
  t.same(pair.states, ['established', 'established'])
  t.ok(pair.a.counters.heartbeatsSent < 1000)
  t.equal(pair.a.smoothedRoundTripTime, undefined, 'which of them was answered is not known')
  t.end()
})

for (const congestionControl of ['standard', 'cubic', 'bbr'] as const) {
  t.test(`${congestionControl}: the timeout comes to know the round trip, and mistakes end`, t => {
    const pair = Pair.established({ delay: DELAY }, { congestionControl })
    for (let i = 0; i < 50; i++) pair.a.send(i % 3, 53, pattern(40_000), {}, pair.wire.now)
    t.ok(pair.wire.run(() => pair.messages('b').length === 50))
    const { timeouts, retransmittedChunks, lostChunks } = pair.a.counters
    t.ok(timeouts <= 3, `${timeouts}`)
    t.ok(retransmittedChunks <= 3, `${retransmittedChunks}`)
    t.ok(lostChunks <= 20, `${lostChunks}`)
    t.same(pair.states, ['established', 'established'])
    t.end()
  })
}
