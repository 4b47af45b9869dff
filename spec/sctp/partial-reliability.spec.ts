/** Messages that may be given up (RFC 3758, RFC 7496): by retransmissions, by time, and what the peer is told. */

import t from 'tap'
import { type Chunk, chunk, data, sack, u16, u32, view } from './craft.ts'
import { Pair, pattern } from './pair.ts'
import { PEER_TSN, Puppet } from './puppet.ts'
import { unpaced } from './unpaced.ts'

const FULL = 1144

const forwardTsn = (tsn: number, ...skipped: (readonly [number, number])[]): Chunk =>
  chunk(192, 0, [...u32(tsn), ...skipped.flatMap(([stream, ssn]) => [...u16(stream), ...u16(ssn)])])

const readForward = (puppet: Puppet) =>
  puppet
    .take()
    .filter(({ type }) => type === 192)
    .map(out => {
      const fields = view(out)
      const skipped = []
      for (let at = 4; at < out.value.length; at += 4) skipped.push([fields.getUint16(at), fields.getUint16(at + 2)])
      return { index: (fields.getUint32(0) - puppet.tsn) | 0, skipped }
    })

const lose = (puppet: Puppet, index: number): void => {
  for (let i = 0; i < 3; i++) {
    puppet.deliver(sack((puppet.tsn + index - 1) >>> 0, { gaps: [[2, 2 + i]] }))
  }
  // What would be given up is waited for once more: it may have been overtaken.
  puppet.pass(2)
}

t.test('maxRetransmits 0: sent once, and the peer is told not to wait', t => {
  const puppet = Puppet.established()
  for (let i = 0; i < 5; i++) puppet.association.send(6, 53, pattern(FULL), { maxRetransmits: 0 }, 0)
  puppet.flush()
  t.equal(puppet.takeData().length, 5)
  lose(puppet, 0)
  t.same(readForward(puppet), [{ index: 3, skipped: [[6, 0]] }], 'beyond what has arrived next to it')
  puppet.deliver(sack(puppet.tsn + 3))
  puppet.pass(5000)
  t.equal(puppet.association.counters.abandonedMessages, 2, 'the last was lost as well')
  t.equal(puppet.association.counters.retransmittedChunks, 0)
  t.end()
})

t.test('maxRetransmits 2: sent three times', t => {
  const puppet = Puppet.established()
  puppet.send(pattern(10), { maxRetransmits: 2 })
  let copies = 0
  for (let i = 0; i < 10; i++) {
    copies += puppet.takeData().length
    puppet.pass(puppet.association.deadline - puppet.now)
  }
  t.equal(copies, 3)
  t.equal(puppet.association.counters.abandonedMessages, 1)
  t.end()
})

t.test('a FORWARD-TSN that is lost is sent again until the peer has taken it', t => {
  const puppet = Puppet.established()
  puppet.send(pattern(10), { maxRetransmits: 0 }, 3)
  puppet.takeData()
  puppet.pass(1000)
  t.same(readForward(puppet), [{ index: 0, skipped: [[3, 0]] }])
  puppet.pass(2000)
  t.equal(readForward(puppet).length, 1)
  puppet.pass(4000)
  t.equal(readForward(puppet).length, 1)
  puppet.deliver(sack(puppet.tsn))
  puppet.pass(20_000)
  t.equal(readForward(puppet).length, 0)
  t.equal(puppet.association.unacknowledgedChunks, 0)
  t.end()
})

t.test('a peer that answers without having taken it is told again after a round trip, before the timer', t => {
  const puppet = Puppet.established({ congestionControl: unpaced })
  puppet.send(pattern(10))
  puppet.now += 40
  puppet.deliver(sack(puppet.tsn))
  for (let i = 1; i <= 6; i++) puppet.association.send(3, 53, pattern(FULL), { maxRetransmits: 0 }, puppet.now)
  puppet.flush()
  puppet.take()
  for (let i = 0; i < 3; i++) puppet.deliver(sack(puppet.tsn, { gaps: [[2, 2 + i]] }))
  puppet.pass(11)
  t.equal(readForward(puppet).length, 1)
  puppet.now += 10
  puppet.deliver(sack(puppet.tsn, { gaps: [[2, 5]] }))
  t.equal(readForward(puppet).length, 0)
  puppet.now += 40
  puppet.deliver(sack(puppet.tsn, { gaps: [[2, 5]] }))
  t.equal(readForward(puppet).length, 1)
  t.equal(puppet.association.counters.timeouts, 0)
  t.end()
})

t.test('a message is given up whole: what is in flight, and what is still to be sent', t => {
  const puppet = Puppet.established()
  puppet.association.send(1, 53, pattern(FULL * 40), { maxRetransmits: 0 }, 0)
  puppet.association.send(1, 53, pattern(20), {}, 0)
  puppet.flush()
  t.ok(puppet.takeData().length < 40)
  const before = puppet.association.bufferedAmount(1)
  t.ok(before > 20)
  lose(puppet, 4)
  const chunks = puppet.take()
  const [forward] = chunks.filter(({ type }) => type === 192)
  const sent = chunks.filter(({ type }) => type === 0)
  const next = sent.pop()
  t.equal(view(next!).getUint16(6), 1, 'the next message of the stream follows')
  t.equal(next!.value.length, 12 + 20)
  const last = view(sent.at(-1)!).getUint32(0)
  t.same(
    [view(forward!).getUint32(0), view(forward!).getUint16(6)],
    [last + 1, 0],
    'all that was sent of it is skipped, and a TSN for the rest',
  )
  t.ok(((last - puppet.tsn) | 0) < 39)
  t.equal(puppet.association.bufferedAmount(1), 0)
  t.end()
})

t.test('the peer is told of a message given up half sent, though all that was sent of it arrives after all', t => {
  const puppet = Puppet.established()
  puppet.association.send(1, 53, pattern(FULL * 40), { lifetime: 20 }, 0)
  puppet.flush()
  const first = puppet.takeData().length
  puppet.now = 30
  puppet.deliver(sack((puppet.tsn + 1) >>> 0, { gaps: [[2, first - 2]] }))
  puppet.pass(8)
  const chunks = puppet.take()
  const sent = first + chunks.filter(({ type }) => type === 0).length
  const forward = view(chunks.find(({ type }) => type === 192)!)
  t.same(
    [(forward.getUint32(0) - puppet.tsn) | 0, forward.getUint16(4), forward.getUint16(6)],
    [sent, 1, 0],
    'a TSN more than was sent',
  )
  puppet.deliver(sack((puppet.tsn + sent - 1) >>> 0))
  puppet.deliver(sack((puppet.tsn + sent) >>> 0))
  t.equal(puppet.association.unacknowledgedChunks, 0)
  t.end()
})

t.test('only the message that ran out of attempts is given up', t => {
  const puppet = Puppet.established()
  puppet.association.send(0, 53, pattern(FULL), { maxRetransmits: 0 }, 0)
  for (let i = 1; i < 6; i++) puppet.association.send(0, 53, pattern(FULL), {}, 0)
  puppet.flush()
  puppet.take()
  for (let i = 0; i < 2; i++) puppet.deliver(sack((puppet.tsn - 1) >>> 0, { gaps: [[3, 4 + i]] }))
  puppet.pass(2)
  const chunks = puppet.take()
  t.same(
    chunks.map(({ type }) => type),
    [192, 0],
    'one is skipped, the other sent again',
  )
  t.equal(view(chunks[1]!).getUint32(0), (puppet.tsn + 1) >>> 0)
  t.equal(puppet.association.counters.abandonedMessages, 1)
  t.end()
})

t.test('lifetime: what is too old is not sent, or not sent again', t => {
  const puppet = Puppet.established({ congestionControl: unpaced })
  for (let i = 0; i < 30; i++) puppet.association.send(0, 53, pattern(FULL, i), { lifetime: 100 }, 0)
  puppet.flush()
  const first = puppet.takeData().length
  t.ok(first < 30)
  puppet.now = 99
  puppet.deliver(sack(puppet.tsn + 1))
  const second = puppet.takeData().length
  t.ok(second > 0 && first + second < 30, 'in time')
  puppet.now = 101
  puppet.deliver(sack(puppet.tsn + first + second - 1))
  t.equal(puppet.takeData().length, 0, 'the rest has expired')
  t.equal(puppet.association.bufferedAmount(0), 0)
  puppet.send(pattern(5), { lifetime: 100 })
  t.equal(puppet.takeData()[0]!.ssn, first + second, 'what was never sent has no sequence number')
  puppet.pass(5000)
  t.equal(puppet.association.counters.retransmittedChunks, 0)
  t.end()
})

t.test('a lifetime of 0: sent in the turn in which it is queued, however long that takes, and never again', t => {
  const puppet = Puppet.established()
  puppet.association.send(0, 53, pattern(5), { lifetime: 0 }, puppet.now)
  puppet.association.send(0, 53, pattern(6), { lifetime: 2 }, puppet.now)
  puppet.now = 40
  puppet.flush()
  t.match(puppet.takeData(), [{ length: 5 }, { length: 6 }])
  puppet.pass(5000)
  t.equal(puppet.association.counters.retransmittedChunks, 0)
  for (let i = 0; i < 40; i++) puppet.association.send(0, 53, pattern(FULL), { lifetime: 0 }, puppet.now)
  puppet.deliver(sack(puppet.tsn + 1))
  const sent = puppet.takeData().length
  t.ok(sent > 0 && sent < 40, 'what the window held back')
  puppet.now += 1
  puppet.deliver(sack(puppet.tsn + 1 + sent))
  t.equal(puppet.takeData().length, 0, 'expires with the turn')
  t.end()
})

for (const policy of [{ lifetime: 100 }, { maxRetransmits: 0 }]) {
  t.test(`a peer takes back what it reported of a message that was given up: ${Object.keys(policy)[0]}`, t => {
    const puppet = Puppet.established()
    puppet.send(pattern(3000), policy)
    t.equal(puppet.takeData().length, 3)
    puppet.deliver(sack(puppet.tsn - 1, { gaps: [[2, 2]] }))
    puppet.pass(300)
    t.same(readForward(puppet), [{ index: 2, skipped: [[0, 0]] }])
    puppet.deliver(sack(puppet.tsn))
    puppet.pass(3000)
    const sent = puppet.take()
    t.notOk(
      sent.some(({ type }) => type === 0),
      'it stays given up',
    )
    t.ok(
      sent.some(({ type }) => type === 192),
      'and the peer is told again',
    )
    puppet.deliver(sack(puppet.tsn + 2))
    puppet.send(pattern(1), {}, 1)
    t.match(puppet.takeData(), [{ index: 3 }])
    t.equal(puppet.association.flightSize, 20)
    t.equal(puppet.association.counters.abandonedMessages, 1)
    t.end()
  })
}

t.test('a peer without FORWARD-TSN gets everything', t => {
  const puppet = Puppet.established({}, { parameters: [] })
  puppet.send(pattern(10), { maxRetransmits: 0 })
  puppet.takeData()
  puppet.pass(1000)
  t.equal(puppet.takeData().length, 1, 'sent again')
  t.end()
})

t.test('many streams are skipped in as many packets as it takes', t => {
  const puppet = Puppet.established({ mtu: 200 })
  for (let i = 0; i < 200; i++) puppet.association.send(i, 53, pattern(1), { maxRetransmits: 0 }, 0)
  puppet.flush()
  puppet.take()
  const skipped = new Set<number>()
  for (let i = 0; i < 100 && puppet.association.unacknowledgedChunks > 0; i++) {
    puppet.pass(puppet.association.deadline - puppet.now)
    for (const forward of readForward(puppet)) {
      for (const [stream] of forward.skipped) skipped.add(stream!)
      puppet.deliver(sack((puppet.tsn + forward.index) >>> 0))
    }
  }
  t.equal(skipped.size, 200)
  t.end()
})

t.test('the receiver: what is skipped is not waited for', t => {
  const puppet = Puppet.established()
  puppet.deliver(data(PEER_TSN + 1, [2], { ssn: 1 }))
  puppet.deliver(data(PEER_TSN + 3, [4], { ssn: 3 }))
  t.same(puppet.messages(), [])
  puppet.take()
  puppet.deliver(forwardTsn(PEER_TSN, [0, 0]))
  t.same(
    puppet.messages().map(([first]) => first),
    [2],
  )
  t.match(puppet.takeSacks(), [{ cumulative: PEER_TSN + 1, gaps: [[2, 2]] }], 'acknowledged at once')
  puppet.deliver(forwardTsn(PEER_TSN + 2, [0, 2]))
  t.same(
    puppet.messages().map(([first]) => first),
    [2, 4],
  )
  puppet.deliver(data(PEER_TSN, [1], { ssn: 0 }))
  t.equal(puppet.messages().length, 2, 'what comes after all is a duplicate')
  puppet.take()
  puppet.deliver(forwardTsn(PEER_TSN, [0, 0]))
  t.equal(puppet.takeSacks()[0]!.cumulative, PEER_TSN + 3, 'an old one is answered')
  t.end()
})

t.test('the receiver: fragments of a message that was given up are dropped, the next message is taken', t => {
  const puppet = Puppet.established()
  puppet.deliver(data(PEER_TSN, pattern(10), { flags: 2 }))
  puppet.deliver(data(PEER_TSN + 2, pattern(10), { flags: 1 }))
  puppet.deliver(data(PEER_TSN + 3, [3], { flags: 2, ssn: 1 }))
  puppet.deliver(data(PEER_TSN + 5, [5], { flags: 7 }))
  puppet.deliver(forwardTsn(PEER_TSN + 2, [0, 0]))
  puppet.deliver(data(PEER_TSN + 4, [4], { flags: 1, ssn: 1 }))
  t.same(
    puppet.messages().map(bytes => [...bytes]),
    [[5], [3, 4]],
  )
  t.end()
})

t.test('the receiver: several ordered messages are skipped at once, and those between are delivered', t => {
  const puppet = Puppet.established()
  puppet.deliver(data(PEER_TSN + 2, [2], { stream: 5, ssn: 2 }))
  puppet.deliver(data(PEER_TSN + 5, [5], { stream: 5, ssn: 5 }))
  puppet.deliver(forwardTsn(PEER_TSN + 4, [5, 4], [9, 7]))
  puppet.deliver(data(PEER_TSN + 6, [6], { stream: 9, ssn: 8 }))
  t.same(
    puppet.messages().map(([first]) => first),
    [2, 5, 6],
  )
  t.end()
})

t.test('the receiver: a FORWARD-TSN beyond reason or cut short is ignored', t => {
  const puppet = Puppet.established()
  puppet.deliver(forwardTsn(PEER_TSN + 70_000))
  puppet.deliver(chunk(192, 0, [0, 0]))
  t.equal(puppet.association.counters.malformed, 2)
  puppet.deliver(data(PEER_TSN, [1]))
  t.equal(puppet.messages().length, 1)
  t.end()
})

for (const ordered of [true, false]) {
  t.test(
    `end to end through loss, ${ordered ? 'ordered' : 'unordered'}: what arrives is whole, and nothing stalls`,
    t => {
      const pair = Pair.established({ seed: 3, delay: 20, loss: 0.1, reorder: 0.1, duplicate: 0.05 })
      const count = 400
      let sent = 0
      const policy = { maxRetransmits: 0, unordered: !ordered }
      while (sent < count) {
        const size = 1 + ((sent * 397) % 4000)
        pair.a.send(0, 53, pattern(size, sent), policy, pair.wire.now)
        sent++
        pair.wire.run(() => false, 10)
      }
      pair.a.send(1, 53, pattern(10), {}, pair.wire.now)
      t.ok(pair.wire.run(() => pair.messages('b').some(({ streamId }) => streamId === 1)))
      t.ok(pair.wire.run(() => pair.a.unacknowledgedChunks === 0))
      const arrived = pair.messages('b').filter(({ streamId }) => streamId === 0)
      const expected = Array.from({ length: count }, (_, i) =>
        Buffer.from(pattern(1 + ((i * 397) % 4000), i)).toString('hex'),
      )
      const indices = arrived.map(({ data }) => expected.indexOf(Buffer.from(data).toString('hex')))
      t.notOk(indices.includes(-1), 'each is one that was sent')
      t.equal(new Set(indices).size, indices.length, 'none came twice')
      if (ordered)
        t.same(
          indices,
          [...indices].sort((x, y) => x - y),
          'in order',
        )
      t.ok(indices.length > 0.5 * count && indices.length < count, `${indices.length} of ${count} arrived`)
      t.end()
    },
  )
}
