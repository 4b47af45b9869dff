/**
 * A path that was bad in every way, for long, and then is a good one: what was learned meanwhile about rates, round trips,
 * windows and losses must not hold the association back, whichever congestion control it has.
 */

import t from 'tap'
import { Pair, pattern } from './pair.ts'
import { seededNumbers } from './wire.ts'

/** Half a minute of outages, loss, late packets, changing packet sizes, and a reader that stops and goes on. */
const misery = (pair: Pair, draw: () => number): void => {
  const { wire } = pair
  const windowBytes = 5 * 1024 * 1024
  let retained = false
  for (let i = 0; i < 60; i++) {
    const badness = draw()
    wire.options = {
      delay: draw() < 0.3 ? draw() * 1000 : draw() * 60,
      loss: badness < 0.15 ? 1 : badness < 0.5 ? draw() * 0.6 : 0,
      reorder: draw() * 0.5,
      duplicate: draw() * 0.2,
    }
    if (draw() < 0.2) {
      pair.a.setPath({ mtu: 600 + Math.floor(draw() * 900), largestPacket: draw() < 0.5 ? 9000 : 0 }, wire.now)
    }
    if (draw() < 0.2 && !retained) {
      retained = true
      pair.b.retain(windowBytes)
    } else if (retained && draw() < 0.5) {
      pair.b.release(windowBytes)
      retained = false
    }
    const messages = Math.floor(draw() * 6)
    for (let j = 0; j < messages; j++) {
      const stream = Math.floor(draw() * 5)
      const data = pattern(1 + Math.floor(draw() ** 4 * 200_000))
      const options =
        draw() < 0.2 ? { maxRetransmits: Math.floor(draw() * 3) } : draw() < 0.1 ? { lifetime: draw() * 500 } : {}
      pair.a.send(stream, 53, data, options, wire.now)
    }
    wire.run(() => false, draw() * 800)
  }
  if (retained) pair.b.release(windowBytes)
}

for (const congestionControl of ['standard', 'cubic', 'bbr'] as const) {
  t.test(`${congestionControl}: all that waits leaves within seconds, and the next message without delay`, t => {
    // Among them two in which a rate of next to nothing was measured.
    for (const seed of [1, 2, 3, 11, 26, 75, 165, 203, 285]) {
      const pair = Pair.established(
        { delay: 20, seed },
        {
          congestionControl,
          interleaving: seed % 2 === 0,
          maxRetransmissions: 1000,
          largestPacket: seed % 3 === 0 ? 9000 : 0,
        },
      )
      misery(pair, seededNumbers(seed * 77 + 5))
      pair.wire.options = { delay: 20 }
      const { wire } = pair
      t.ok(
        wire.run(() => pair.a.unacknowledgedChunks === 0 && pair.a.totalBufferedAmount === 0, 12_000),
        `seed ${seed}: all has left`,
      )
      const before = pair.messages('b').length
      pair.a.send(9, 53, pattern(200_000), {}, wire.now)
      t.ok(
        wire.run(() => pair.messages('b').length > before, 2000),
        `seed ${seed}: the next message`,
      )
    }
    t.end()
  })
}
