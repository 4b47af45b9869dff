/** A peer whose SACKs lie: about what arrived, what it discarded, what came twice, and how much room it has. */

import t from 'tap'
import { sack } from './craft.ts'
import { pattern } from './pair.ts'
import { Puppet } from './puppet.ts'
import { unpaced } from './unpaced.ts'
import { seededNumbers } from './wire.ts'

const QUIET = { heartbeatInterval: Number.POSITIVE_INFINITY, congestionControl: unpaced }

const indices = (puppet: Puppet): number[] => puppet.takeData().map(({ index }) => index)

t.test(
  'what was told in gap blocks may be taken back, but once a timeout, however often the peer changes its mind',
  t => {
    const puppet = Puppet.established(QUIET)
    for (let i = 0; i < 4; i++) puppet.association.send(0, 53, pattern(1144), {}, puppet.now)
    puppet.flush()
    puppet.take()
    puppet.deliver(sack((puppet.tsn - 1) >>> 0, { gaps: [[2, 4]] }))
    puppet.deliver(sack(puppet.tsn))
    t.same(indices(puppet).slice(-3), [1, 2, 3], 'what was reported and is not any more is sent again')
    puppet.deliver(sack(puppet.tsn, { gaps: [[2, 3]] }))
    puppet.take()
    puppet.deliver(sack((puppet.tsn + 1) >>> 0))
    t.equal(puppet.takeData().length, 0, 'and again: later')
    puppet.pass(300)
    t.same(indices(puppet), [2], 'the timer sees to it')
    puppet.deliver(sack((puppet.tsn + 2) >>> 0))
    t.same(indices(puppet), [3])
    puppet.deliver(sack((puppet.tsn + 3) >>> 0))
    t.equal(puppet.association.unacknowledgedChunks, 0)
    t.end()
  },
)

t.test('a window that opens and closes brings no more than a packet each round trip', t => {
  const puppet = Puppet.established(QUIET)
  puppet.send(pattern(1))
  puppet.now += 50
  puppet.deliver(sack(puppet.tsn))
  for (let i = 0; i < 10; i++) puppet.association.send(0, 53, pattern(1144), {}, puppet.now)
  puppet.flush()
  puppet.take()
  for (let i = 0; i < 200; i++) {
    puppet.now += 0.25
    puppet.deliver(sack(puppet.tsn, { window: i % 2 === 0 ? 0 : 2000 }))
  }
  t.ok(puppet.takeData().length <= 1)
  puppet.now += 50
  puppet.deliver(sack(puppet.tsn, { window: 0 }))
  puppet.deliver(sack(puppet.tsn, { window: 2000 }))
  t.ok(indices(puppet).includes(1), 'what it had no room for is sent again at once')
  t.end()
})

t.test('acknowledging bit by bit lets no more through than acknowledging at once', t => {
  const windows = [1, 10].map(step => {
    const puppet = Puppet.established(QUIET)
    for (let i = 0; i < 400; i++) puppet.association.send(0, 53, pattern(100), {}, puppet.now)
    puppet.flush()
    puppet.now += 50
    for (let i = step; i <= 100; i += step) puppet.deliver(sack((puppet.tsn + i - 1) >>> 0))
    return puppet.association.congestionWindow
  })
  t.ok(windows[0]! <= windows[1]! * 1.01, `${windows}`)
  t.end()
})

t.test('whatever SACKs say, nothing throws, nothing storms, and the truth ends it well', t => {
  for (let seed = 1; seed <= 60; seed++) {
    const draw = seededNumbers(seed)
    const below = (n: number) => Math.floor(draw() * n)
    const puppet = Puppet.established({ ...QUIET, maxRetransmissions: 1000, interleaving: seed % 2 === 0 })
    const { association } = puppet
    for (let i = 0; i < 120; i++) {
      const options = i % 3 === 0 ? { maxRetransmits: below(3) } : i % 3 === 1 ? { lifetime: below(200) } : {}
      association.send(i % 4, 53, pattern(1 + below(6000)), { ...options, unordered: i % 5 === 0 }, puppet.now)
    }
    puppet.flush()
    let next = puppet.tsn
    let packets = 0
    for (let i = 0; i < 150; i++) {
      const count = association.unacknowledgedChunks
      // Mostly what has not been said before; now and then what was never sent, or long ago.
      if (draw() < 0.3) next = (next + below(Math.min(4, count + 1))) >>> 0
      const cumulative = draw() < 0.1 ? (next + below(200) - 100) >>> 0 : (next - 1) >>> 0
      const gaps: [number, number][] = []
      let at = 2
      for (let block = below(6); block > 0; block--) {
        const start = at + below(8)
        const end = start + below(4)
        gaps.push([start, end])
        at = draw() < 0.05 ? 0 : end + 2
      }
      const duplicates = Array.from({ length: below(4) }, () => (next + below(40) - 20) >>> 0)
      const window = [0, 1, 2000, 1 << 20, 0xffffffff][below(5)]!
      puppet.deliver(sack(cumulative, { gaps, duplicates, window }))
      if (draw() < 0.5) puppet.pass(below(120))
      packets += puppet.sent.splice(0).length
      t.ok(association.flightSize >= 0 && association.congestionWindow > 0)
    }
    t.ok(packets < 4000, `${packets} packets`)
    // Reports that come true: all that was sent has arrived.
    for (let i = 0; i < 2000 && (association.unacknowledgedChunks > 0 || association.totalBufferedAmount > 0); i++) {
      for (const { index } of puppet.takeData()) {
        if (((puppet.tsn + index - next) | 0) >= 0) next = (puppet.tsn + index + 1) >>> 0
      }
      puppet.deliver(sack((next - 1) >>> 0))
      puppet.pass(50)
      if (i % 100 === 99) next = (next + association.unacknowledgedChunks) >>> 0
    }
    t.equal(association.unacknowledgedChunks, 0, `seed ${seed}`)
    t.equal(association.totalBufferedAmount, 0)
    t.equal(association.flightSize, 0)
    t.equal(association.state, 'established')
  }
  t.end()
})
