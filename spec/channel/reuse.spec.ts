/**
 * An id is used again as soon as one side has seen both resets: the other may still wait for the answer to its own. What
 * comes then belongs to the next channel, and is not lost (RFC 8831 6.7, RFC 8832 6).
 */

import t from 'tap'
import { ChannelPair, RELIABLE } from './pair.ts'

for (const [name, network] of Object.entries({
  'loss and reordering': { loss: 0.02, reorder: 0.1 },
  'reordering alone': { reorder: 0.1 },
  'loss alone': { loss: 0.05 },
})) {
  t.test(`under ${name}, a channel opened right after the last one closed here is always announced there`, t => {
    for (const seed of [1, 2, 3]) {
      const pair = new ChannelPair({ seed, delay: 20, ...network }).connect()
      for (let round = 0; round < 40; round++) {
        const before = pair.of('b', 'incoming').length
        const closed = pair.of('b', 'closed').length
        const near = pair.a.create(RELIABLE)
        pair.wire.run(() => near.state === 'open', 60_000)
        pair.a.send(near, new Uint8Array([round]), false, pair.wire.now)
        t.ok(
          pair.wire.run(() => pair.of('b', 'incoming').length > before, 60_000),
          `seed ${seed}, round ${round}`,
        )
        // At times closed again before the other side knows the end of the one before.
        pair.a.close(near, pair.wire.now)
        t.ok(pair.wire.run(() => near.state === 'closed', 60_000))
        if (round % 5 === 0) t.ok(pair.wire.run(() => pair.of('b', 'closed').length > closed, 60_000))
      }
    }
    t.end()
  })
}
