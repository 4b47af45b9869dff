/** Sequence numbers wrap: TSNs at 2^32, stream sequence numbers at 2^16, with loss and reordering around the wrap. */

import t from 'tap'
import { chunk, data, sack, u16, u32 } from './craft.ts'
import { Pair, pattern } from './pair.ts'
import { Puppet, wrappingCrypto } from './puppet.ts'

t.test('TSNs wrap during a transfer through loss', t => {
  for (const seed of [1, 2, 3]) {
    const crypto = wrappingCrypto()
    const pair = Pair.established({ seed, delay: 20, loss: 0.1, reorder: 0.3, duplicate: 0.1 }, { crypto })
    for (let i = 0; i < 40; i++) {
      pair.a.send(i % 2, 53, pattern(5000, i), { unordered: i % 4 === 0 }, pair.wire.now)
      pair.b.send(i % 2, 53, pattern(5000, i), {}, pair.wire.now)
    }
    t.ok(pair.wire.run(() => pair.messages('a').length === 40 && pair.messages('b').length === 40))
    t.ok(pair.wire.run(() => pair.a.unacknowledgedChunks + pair.b.unacknowledgedChunks === 0))
    for (const side of ['a', 'b'] as const) {
      const seen = new Set(pair.messages(side).map(message => Buffer.from(message.data).toString('hex')))
      t.equal(seen.size, 40)
      pair[side].resetStreams([0, 1])
    }
    t.ok(pair.wire.run(() => pair.of('a', 'reset-done').length > 0 && pair.of('b', 'reset-done').length > 0))
  }
  t.end()
})

t.test('gap blocks, cumulative TSNs and FORWARD-TSN across the wrap', t => {
  const first = 0xfffffffe
  const puppet = Puppet.established({}, { tsn: first })
  puppet.deliver(data((first + 1) >>> 0, [1], { flags: 7 }), data((first + 3) >>> 0, [3], { flags: 7 }))
  t.match(puppet.takeSacks(), [
    {
      cumulative: first - 1,
      gaps: [
        [2, 2],
        [4, 4],
      ],
    },
  ])
  puppet.deliver(data(first, [0], { flags: 7 }))
  t.match(puppet.takeSacks(), [{ cumulative: 0xffffffff, gaps: [[2, 2]] }])
  puppet.deliver(chunk(192, 0, u32(0)))
  t.match(puppet.takeSacks(), [{ cumulative: 1, gaps: [] }])
  puppet.deliver(data(first, [0], { flags: 7 }))
  t.equal(puppet.association.counters.duplicates, 1)
  t.end()
})

t.test('the sender’s window across the wrap', t => {
  const puppet = Puppet.established({ crypto: wrappingCrypto() })
  t.ok(puppet.tsn > 0xffffffe0)
  let sent = 0
  for (let i = 0; i < 100; i++) {
    puppet.send(pattern(1144))
    sent += puppet.takeData().length
    if (i % 2 === 1) puppet.deliver(sack((puppet.tsn + sent - 1) >>> 0))
  }
  t.equal(sent, 100)
  t.equal(puppet.association.unacknowledgedChunks, 0)
  t.equal(puppet.association.counters.lyingSacks + puppet.association.counters.staleSacks, 0)
  t.equal(puppet.association.counters.retransmittedChunks, 0)
  t.end()
})

t.test('stream sequence numbers wrap, in order', t => {
  const pair = Pair.established({ delay: 1, reorder: 0.02, loss: 0.002, seed: 9 })
  const total = 66_000
  let sent = 0
  let next = 0
  let right = true
  while (next < total) {
    for (let i = 0; i < 3000 && sent < total; i++, sent++)
      pair.a.send(0, 53, Uint8Array.from(u32(sent)), {}, pair.wire.now)
    pair.wire.run(() => pair.messages('b').length === sent - next)
    for (const message of pair.messages('b')) {
      const number = new DataView(message.data.buffer).getUint32(0)
      if (number !== next++) right = false
    }
    pair.events.a.length = 0
    pair.events.b.length = 0
    pair.wire.sent.length = 0
  }
  t.ok(right)
  t.end()
})

t.test('ordered messages ahead of a gap across the wrap of sequence numbers', t => {
  const puppet = Puppet.established()
  const skip = chunk(192, 0, [...u32(999), ...u16(0), ...u16(0xfffd)])
  // Takes the stream to 0xfffe without 65,534 messages.
  puppet.deliver(data(1000, [0], { flags: 7 }))
  puppet.deliver(chunk(192, 0, [...u32(1001), ...u16(0), ...u16(0x7000)]))
  puppet.deliver(chunk(192, 0, [...u32(1002), ...u16(0), ...u16(0xe000)]))
  puppet.deliver(chunk(192, 0, [...u32(1003), ...u16(0), ...u16(0xfffd)]))
  puppet.deliver(skip)
  puppet.deliver(data(1007, [3], { ssn: 1 }), data(1006, [2], { ssn: 0 }), data(1005, [1], { ssn: 0xffff }))
  t.equal(puppet.messages().length, 1)
  puppet.deliver(data(1004, [0], { ssn: 0xfffe }))
  t.same(
    puppet.messages().map(([value]) => value),
    [0, 0, 1, 2, 3],
  )
  t.end()
})
