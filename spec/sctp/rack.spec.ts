/** Loss found by time and repaired by probes (RFC 8985), and losses that were none (RFC 3708, RFC 5682); TSNs wrap. */

import t from 'tap'
import { CHUNK } from '../../lib/sctp/chunk-type.ts'
import { sack } from './craft.ts'
import { Pair, pattern, same } from './pair.ts'
import { Puppet, wrappingCrypto } from './puppet.ts'
import { unpaced } from './unpaced.ts'

const FULL = 1144

/** Chunks sent at 0 to a puppet with a round trip of 40 ms, just below the wrap; it is 40 now. */
const sending = (count: number): Puppet => {
  const options = { heartbeatInterval: Number.POSITIVE_INFINITY, congestionControl: unpaced, crypto: wrappingCrypto() }
  const puppet = Puppet.established(options)
  puppet.send(pattern(1))
  puppet.now += 40
  puppet.deliver(sack(puppet.tsn))
  puppet.tsn = (puppet.tsn + 1) >>> 0
  for (let i = 0; i < count; i++) puppet.association.send(0, 53, pattern(FULL, i), {}, puppet.now)
  puppet.flush()
  puppet.take()
  puppet.now += 40
  return puppet
}

const indices = (puppet: Puppet): number[] => puppet.takeData().map(({ index }) => index)

t.test('a chunk that was overtaken is lost when the reordering window is over, without a third report', t => {
  const puppet = sending(4)
  puppet.deliver(sack((puppet.tsn - 1) >>> 0, { gaps: [[2, 2]] }))
  t.same(indices(puppet), [], 'it may be late')
  puppet.pass(9)
  t.same(indices(puppet), [])
  puppet.pass(2)
  t.same(indices(puppet), [0], 'a quarter of the least round trip later')
  t.equal(puppet.association.counters.timeouts + puppet.association.counters.tailProbesSent, 0)
  t.end()
})

t.test('once packets were seen to overtake each other three reports alone prove nothing', t => {
  const puppet = sending(8)
  puppet.deliver(sack((puppet.tsn - 1) >>> 0, { gaps: [[2, 2]] }))
  puppet.deliver(sack((puppet.tsn + 1) >>> 0))
  puppet.deliver(sack((puppet.tsn + 1) >>> 0, { gaps: [[2, 6]] }))
  t.same(indices(puppet), [])
  puppet.pass(11)
  t.same(indices(puppet), [2])
  t.end()
})

t.test('a message that its next loss ends is not given up by a count of reports, but by time', t => {
  const options = { heartbeatInterval: Number.POSITIVE_INFINITY, congestionControl: unpaced }
  const puppet = Puppet.established(options)
  puppet.send(pattern(1))
  puppet.now += 40
  puppet.deliver(sack(puppet.tsn))
  puppet.tsn = (puppet.tsn + 1) >>> 0
  const limits = [0, 1, undefined, undefined, undefined, undefined, undefined, undefined]
  for (const maxRetransmits of limits) {
    const reliability = maxRetransmits === undefined ? {} : { maxRetransmits }
    puppet.association.send(1, 53, pattern(FULL), reliability, puppet.now)
  }
  puppet.flush()
  puppet.take()
  puppet.now += 40
  puppet.deliver(sack((puppet.tsn - 1) >>> 0, { gaps: [[3, 8]] }))
  t.equal(puppet.association.counters.abandonedMessages, 0, 'it may be late')
  puppet.deliver(sack(puppet.tsn, { gaps: [[2, 7]] }))
  t.equal(puppet.association.counters.abandonedMessages, 0)
  puppet.pass(60)
  t.equal(puppet.association.counters.abandonedMessages, 0, 'it was late')
  t.end()
})

t.test('such a message is given up a quarter of the least round trip later', t => {
  const puppet = Puppet.established({ heartbeatInterval: Number.POSITIVE_INFINITY, congestionControl: unpaced })
  puppet.send(pattern(1))
  puppet.now += 40
  puppet.deliver(sack(puppet.tsn))
  puppet.tsn = (puppet.tsn + 1) >>> 0
  for (let i = 0; i < 6; i++) puppet.association.send(1, 53, pattern(FULL), { maxRetransmits: 0 }, puppet.now)
  puppet.flush()
  puppet.now += 40
  puppet.deliver(sack((puppet.tsn - 1) >>> 0, { gaps: [[2, 6]] }))
  puppet.pass(9)
  t.equal(puppet.association.counters.abandonedMessages, 0)
  puppet.pass(2)
  t.equal(puppet.association.counters.abandonedMessages, 1)
  t.end()
})

t.test('a loss that duplicates show to be none is undone', t => {
  const puppet = sending(10)
  const before = puppet.association.congestionWindow
  puppet.deliver(sack((puppet.tsn - 1) >>> 0, { gaps: [[2, 5]] }))
  t.same(indices(puppet), [0])
  t.ok(puppet.association.congestionWindow < before)
  puppet.now += 40
  puppet.deliver(sack((puppet.tsn + 9) >>> 0, { duplicates: [puppet.tsn] }))
  t.ok(puppet.association.congestionWindow >= before)
  t.equal(puppet.association.counters.spuriousRecoveries, 1)
  t.end()
})

t.test('a timeout whose answer comes too soon was mistaken: nothing more is sent again', t => {
  const puppet = sending(10)
  const before = puppet.association.congestionWindow
  while (puppet.association.counters.timeouts === 0) puppet.pass(puppet.association.deadline - puppet.now)
  puppet.take()
  puppet.now += 5
  puppet.deliver(sack((puppet.tsn + 1) >>> 0))
  t.same(indices(puppet), [])
  t.ok(puppet.association.congestionWindow >= before)
  t.equal(puppet.association.counters.spuriousRecoveries, 1)
  t.end()
})

t.test('loss at any place of a tail is repaired without T3', t => {
  for (let count = 1; count <= 6; count++) {
    for (let mask = 1; mask < 1 << count; mask++) {
      let index = -1
      const pair = Pair.established(
        {
          delay: 20,
          filter: (bytes, from) => {
            if (from === 'b' || index < 0 || bytes[12] !== CHUNK.DATA) return true
            const place = index++
            return place >= count || ((mask >>> place) & 1) === 0
          },
        },
        { crypto: wrappingCrypto(), interleaving: false },
      )
      pair.a.send(0, 53, pattern(FULL), {}, pair.wire.now)
      pair.wire.run(() => pair.a.unacknowledgedChunks === 0)
      index = 0
      for (let i = 0; i < count; i++) pair.a.send(0, 53, pattern(FULL, i), {}, pair.wire.now)
      t.ok(
        pair.wire.run(() => pair.messages('b').length === count + 1),
        `${mask} of ${count}`,
      )
      t.ok(pair.messages('b').every(({ data }, i) => same(data, pattern(FULL, Math.max(0, i - 1)))))
      t.equal(pair.a.counters.timeouts, 0, `${mask.toString(2)} of ${count}`)
    }
  }
  t.end()
})
