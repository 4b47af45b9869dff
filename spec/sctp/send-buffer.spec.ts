/** What waits to be sent is bounded, and what a full buffer still takes. */

import t from 'tap'
import { Pair, pattern, same } from './pair.ts'
import { Puppet } from './puppet.ts'

t.test('a message larger than the buffer is taken when nothing else waits', t => {
  const pair = Pair.established({ delay: 5 }, { sendBufferLimit: 10_000 })
  const message = pattern(200_000)
  pair.a.send(0, 53, message, {}, pair.wire.now)
  t.throws(() => pair.a.send(0, 53, pattern(1), {}, pair.wire.now), { code: 'buffer-full' })
  t.throws(() => pair.a.send(1, 53, pattern(1), {}, pair.wire.now), { code: 'buffer-full' })
  t.ok(pair.wire.run(() => pair.messages('b').length === 1))
  t.ok(same(pair.messages('b')[0]!.data, message))
  pair.a.send(0, 53, pattern(9000), {}, pair.wire.now)
  t.throws(() => pair.a.send(0, 53, message, {}, pair.wire.now), { code: 'buffer-full' }, 'something waits')
  t.end()
})

t.test('what is not counted is taken always', t => {
  const { association } = Puppet.established({ sendBufferLimit: 1000 })
  association.send(0, 53, pattern(1000), {}, 0)
  association.send(0, 50, pattern(20), { counted: false }, 0)
  t.equal(association.bufferedAmount(0), 1000)
  t.equal(association.totalBufferedAmount, 1020)
  t.end()
})

t.test('less valuable messages make room (RFC 7496 3.2)', t => {
  const puppet = new Puppet({ sendBufferLimit: 1000 })
  const { association } = puppet
  association.send(0, 53, pattern(400, 1), { discardPriority: 1 }, 0)
  association.send(1, 53, pattern(400, 2), { discardPriority: 2 }, 0)
  association.send(2, 53, pattern(200, 3), {}, 0)
  t.throws(() => association.send(3, 53, pattern(900), { discardPriority: 9 }, 0), { code: 'buffer-full' })
  t.same(
    [0, 1, 2].map(id => association.bufferedAmount(id)),
    [400, 400, 200],
    'nothing is dropped in vain',
  )
  t.throws(() => association.send(3, 53, pattern(300), { discardPriority: 1 }, 0), { code: 'buffer-full' })
  association.send(3, 53, pattern(300), { discardPriority: 2 }, 0)
  t.same(
    [0, 1, 2, 3].map(id => association.bufferedAmount(id)),
    [0, 400, 200, 300],
  )
  association.send(4, 53, pattern(500), {}, 0)
  t.same(
    [0, 1, 2, 3, 4].map(id => association.bufferedAmount(id)),
    [0, 0, 200, 300, 500],
  )
  t.equal(association.totalBufferedAmount, 1000)
  t.end()
})

t.test('a large message that can make no room drops nothing; one that can, drops all that it must', t => {
  const { association } = new Puppet({ sendBufferLimit: 1000 })
  association.send(0, 53, pattern(600), { discardPriority: 1 }, 0)
  association.send(1, 53, pattern(10), {}, 0)
  t.throws(() => association.send(2, 53, pattern(5000), {}, 0), { code: 'buffer-full' })
  t.equal(association.bufferedAmount(0), 600)
  const lone = new Puppet({ sendBufferLimit: 1000 }).association
  lone.send(0, 53, pattern(600), { discardPriority: 1 }, 0)
  lone.send(2, 53, pattern(5000), {}, 0)
  t.same([lone.bufferedAmount(0), lone.bufferedAmount(2)], [0, 5000])
  t.end()
})

t.test('a stream that is being reset drops nothing for a message that it does not take', t => {
  const { association } = new Puppet({ sendBufferLimit: 1000 })
  association.send(0, 53, pattern(900), { discardPriority: 1 }, 0)
  association.resetStreams([1])
  t.throws(() => association.send(1, 53, pattern(500), {}, 0), { code: 'invalid-state' })
  t.equal(association.bufferedAmount(0), 900)
  t.end()
})

t.test('what the caller does with its bytes after `send` changes nothing, whatever their number', t => {
  const pair = Pair.established({ delay: 1 })
  const lengths = [1, 63, 64, 65, 700, 1023, 1024, 1025, 5000]
  for (let round = 0; round < 5; round++) {
    for (const length of lengths) {
      const bytes = pattern(length, round)
      pair.a.send(0, 53, bytes, {}, pair.wire.now)
      bytes.fill(0xff)
    }
  }
  pair.wire.run(() => pair.messages('b').length === 5 * lengths.length)
  for (const [i, { data }] of pair.messages('b').entries()) {
    t.ok(same(data, pattern(lengths[i % lengths.length]!, Math.floor(i / lengths.length))))
  }
  t.end()
})
