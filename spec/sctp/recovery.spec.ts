/** What the sender does about loss: missing reports, the timer, the congestion window, the peer's window (RFC 9260 6, 7). */

import t from 'tap'
import { chunk, data, packet, sack } from './craft.ts'
import { Pair, pattern } from './pair.ts'
import { PEER_TSN, Puppet } from './puppet.ts'
import { unpaced } from './unpaced.ts'

/** A chunk that fills a packet of 1172 bytes. */
const FULL = 1144

/** A puppet to which `count` full chunks were sent, and which has measured a round trip of 50 ms. */
const sending = (count: number, options: Parameters<typeof Puppet.established>[0] = {}): Puppet => {
  const puppet = Puppet.established({
    heartbeatInterval: Number.POSITIVE_INFINITY,
    congestionControl: unpaced,
    ...options,
  })
  puppet.send(pattern(1))
  puppet.pass(50)
  puppet.deliver(sack(puppet.tsn))
  puppet.tsn = (puppet.tsn + 1) >>> 0
  puppet.take()
  for (let i = 0; i < count; i++) puppet.association.send(0, 53, pattern(FULL, i), {}, puppet.now)
  puppet.flush()
  return puppet
}

/** Acknowledges up to the `index`-th chunk (-1: none), with gap blocks. */
const acknowledge = (
  puppet: Puppet,
  index: number,
  gaps: readonly (readonly [number, number])[] = [],
  window = 1 << 20,
): void => puppet.deliver(sack((puppet.tsn + index) >>> 0, { gaps, window }))

const indices = (puppet: Puppet): number[] => puppet.takeData().map(({ index }) => index)

t.test('ten packets leave at first', t => {
  const puppet = sending(50)
  t.equal(indices(puppet).length, 10)
  t.end()
})

t.test('the third missing report sends a chunk again, and halves the window once', t => {
  const puppet = sending(10)
  t.same(indices(puppet), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  const before = puppet.association.congestionWindow
  acknowledge(puppet, 0, [[2, 2]])
  acknowledge(puppet, 0, [[2, 3]])
  t.same(indices(puppet), [])
  acknowledge(puppet, 0, [[2, 4]])
  t.same(indices(puppet), [1], 'at once')
  t.equal(puppet.association.congestionWindow, before / 2)
  acknowledge(puppet, 0, [[2, 6]])
  acknowledge(puppet, 0, [[2, 7]])
  t.same(indices(puppet), [], 'it is on its way')
  t.equal(puppet.association.counters.fastRecoveries, 1)
  acknowledge(puppet, 9)
  t.equal(puppet.association.flightSize, 0)
  t.equal(puppet.association.counters.timeouts, 0)
  t.end()
})

t.test('two losses in one window halve it once', t => {
  const puppet = sending(10)
  puppet.take()
  const before = puppet.association.congestionWindow
  for (let i = 0; i < 3; i++)
    acknowledge(puppet, 0, [
      [2, 2],
      [4, 5 + i],
    ])
  t.same(indices(puppet), [1, 3])
  t.equal(puppet.association.counters.fastRecoveries, 1)
  t.equal(puppet.association.congestionWindow, before / 2)
  t.end()
})

t.test('a retransmission that is lost too is found by what was sent after it', t => {
  const puppet = sending(40)
  for (let i = 0; i < 3; i++) acknowledge(puppet, 0, [[2, 6 + i]])
  const sent = indices(puppet)
  t.ok(sent.includes(1))
  // Everything but the retransmission arrives, and what was sent after it.
  const highest = Math.max(...sent)
  acknowledge(puppet, 0, [[2, highest]])
  t.notOk(indices(puppet).includes(1), 'not within a round trip: there must be no storm')
  puppet.pass(51)
  t.ok(indices(puppet).includes(1), 'again, without a timeout')
  t.equal(puppet.association.counters.timeouts, 0)
  t.end()
})

t.test('SACKs that come out of order or tell nothing do no harm', t => {
  const puppet = sending(10)
  puppet.take()
  acknowledge(puppet, 4)
  acknowledge(puppet, 2)
  t.equal(puppet.association.counters.staleSacks, 1)
  for (let i = 0; i < 5; i++) acknowledge(puppet, 4, [[2, 3]])
  t.same(indices(puppet), [], 'the same gap block is one report, not five')
  t.end()
})

t.test('T3: what was not acknowledged is sent again, ever more slowly, until the peer counts as gone', t => {
  const puppet = sending(3)
  t.same(indices(puppet), [0, 1, 2])
  const start = puppet.now
  const at: number[] = []
  while (puppet.association.state === 'established') {
    puppet.pass(puppet.association.deadline - puppet.now)
    const again = indices(puppet)
    if (again.length > 0) at.push(puppet.now - start)
    t.ok(again.length <= 1, 'one packet: the window is a single packet')
  }
  // SRTT is 50 ms; the least variance term is 220.
  t.same(at.slice(0, 5), [100, 370, 910, 1990, 4150], 'a probe after two round trips, and T3 from then on')
  t.equal(at.length, 21, 'the probe and twenty retransmissions')
  t.ok(puppet.now - start < 65_000, 'which takes a minute')
  t.match(puppet.events.at(-1), { type: 'closed', error: { code: 'timeout' } })
  t.end()
})

t.test('the back-off ends with the first answer', t => {
  const puppet = sending(1)
  puppet.take()
  puppet.pass(270 + 270 + 540 + 1080)
  t.equal(puppet.association.counters.timeouts, 3)
  acknowledge(puppet, 0)
  puppet.send(pattern(FULL))
  puppet.pass(50)
  acknowledge(puppet, 1)
  puppet.take()
  puppet.send(pattern(FULL))
  puppet.take()
  puppet.pass(300)
  t.same(indices(puppet), [2])
  t.end()
})

t.test('a peer that acknowledges now and then never counts as gone', t => {
  const puppet = sending(100)
  for (let i = 0; i < 40; i++) {
    puppet.pass(puppet.association.deadline - puppet.now)
    acknowledge(puppet, i)
  }
  t.equal(puppet.association.state, 'established')
  t.end()
})

t.test('after a timeout the window grows from one packet again', t => {
  const puppet = sending(60)
  puppet.take()
  puppet.pass(100)
  t.same(indices(puppet), [10], 'the probe')
  puppet.pass(270)
  t.same(indices(puppet), [0])
  puppet.now += 50
  acknowledge(puppet, 0)
  t.same(indices(puppet), [1, 2])
  acknowledge(puppet, 2)
  t.same(indices(puppet), [3, 4, 5, 6])
  t.end()
})

t.test('slow start doubles, congestion avoidance adds one packet a round trip', t => {
  const puppet = sending(2000)
  const round = (): number => {
    const sent = indices(puppet)
    acknowledge(puppet, sent.at(-1)!)
    return sent.length
  }
  const first = round()
  const second = round()
  t.ok(Math.abs(second - 2 * first) <= 1, `${first}, then ${second}`)
  const sent = indices(puppet)
  const lost = sent[0]!
  for (let i = 0; i < 3; i++) acknowledge(puppet, lost - 1, [[2, 3 + i]])
  const { congestionWindow } = puppet.association
  indices(puppet)
  acknowledge(puppet, sent.at(-1)!)
  let previous = congestionWindow
  for (let i = 0; i < 5; i++) {
    round()
    const now = puppet.association.congestionWindow
    t.ok(now - previous <= 1172 && now >= previous, `round ${i}: ${previous} to ${now}`)
    previous = now
  }
  t.ok(previous > congestionWindow)
  t.end()
})

t.test('the window does not grow while it is not used, and shrinks when it has been idle', t => {
  const puppet = sending(0)
  const start = puppet.association.congestionWindow
  for (let i = 0; i < 50; i++) {
    puppet.send(pattern(100))
    acknowledge(puppet, i)
  }
  t.equal(puppet.association.congestionWindow, start)
  const busy = sending(300)
  for (let i = 0; i < 3; i++) acknowledge(busy, indices(busy).at(-1)!)
  const grown = busy.association.congestionWindow
  acknowledge(busy, indices(busy).at(-1)!)
  t.ok(busy.association.flightSize >= 0)
  while (busy.association.unacknowledgedChunks > 0) acknowledge(busy, indices(busy).at(-1)!)
  busy.pass(10_000)
  busy.send(pattern(10))
  t.ok(busy.association.congestionWindow < grown)
  t.end()
})

t.test('no more is sent than the peer has room for', t => {
  const puppet = sending(1)
  indices(puppet)
  acknowledge(puppet, 0, [], 3000)
  for (let i = 0; i < 5; i++) puppet.association.send(0, 53, pattern(FULL), {}, puppet.now)
  puppet.flush()
  t.equal(indices(puppet).length, 2)
  t.end()
})

t.test('a full peer is probed with one chunk, for as long as it takes', t => {
  const puppet = sending(1)
  indices(puppet)
  acknowledge(puppet, 0, [], 0)
  for (let i = 0; i < 5; i++) puppet.association.send(0, 53, pattern(FULL), {}, puppet.now)
  puppet.flush()
  t.same(indices(puppet), [1], 'the probe')
  for (let i = 0; i < 30; i++) {
    acknowledge(puppet, 0, [], 0)
    puppet.pass(puppet.association.deadline - puppet.now)
    t.same(indices(puppet), [1])
  }
  t.equal(puppet.association.state, 'established', 'it answers: it has not failed')
  acknowledge(puppet, 0, [], 1 << 20)
  t.ok(indices(puppet).includes(1), 'at once, when there is room again')
  for (let i = 1; i <= 5; i++) acknowledge(puppet, i)
  t.equal(puppet.association.unacknowledgedChunks, 0)
  t.end()
})

t.test('a full peer that does not answer either has failed', t => {
  const puppet = sending(1)
  acknowledge(puppet, 0, [], 0)
  puppet.send(pattern(FULL))
  puppet.pass(200_000)
  t.match(puppet.events.at(-1), { type: 'closed', error: { code: 'timeout' } })
  t.end()
})

t.test('SACKs of what was never sent are refused', t => {
  const puppet = sending(5)
  indices(puppet)
  acknowledge(puppet, 5)
  acknowledge(puppet, 0x7ffffff0)
  acknowledge(puppet, -1, [[2, 6]])
  acknowledge(puppet, -1, [[3, 2]])
  acknowledge(puppet, -1, [
    [2, 3],
    [3, 4],
  ])
  acknowledge(puppet, -1, [[0, 3]])
  t.equal(puppet.association.counters.lyingSacks, 6)
  t.equal(puppet.association.unacknowledgedChunks, 5)
  acknowledge(puppet, 4)
  t.equal(puppet.association.unacknowledgedChunks, 0)
  t.end()
})

t.test('the last chunk before the window closes asks for an acknowledgement at once', t => {
  const puppet = sending(50)
  const sent = puppet.takeData()
  t.equal(sent.at(-1)!.flags, 3 | 8)
  t.ok(sent.slice(0, -1).every(({ flags }) => flags === 3))
  t.end()
})

t.test('bursts are bounded, and go on a moment later', t => {
  const puppet = sending(1000)
  for (let i = 0; i < 5; i++) acknowledge(puppet, indices(puppet).at(-1)!)
  // As many as 75,000 bytes in flight are no burst, and any socket buffer holds them.
  const { length } = indices(puppet)
  t.ok(length > 32 && length < 75, `${length} packets`)
  puppet.pass(1)
  t.ok(indices(puppet).length > 0)
  t.end()
})

t.test('a heartbeat is answered, and sent when nothing else is', t => {
  const puppet = Puppet.established()
  puppet.deliver(chunk(4, 0, [0, 1, 0, 8, 1, 2, 3, 4]))
  t.same(puppet.take(), [chunk(5, 0, [0, 1, 0, 8, 1, 2, 3, 4])])
  puppet.pass(29_000)
  t.same(puppet.take(), [])
  puppet.pass(puppet.association.deadline - puppet.now)
  const [heartbeat] = puppet.take()
  t.equal(heartbeat!.type, 4)
  puppet.now += 70
  puppet.deliver(
    chunk(
      5,
      0,
      heartbeat!.value.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
    ),
  )
  t.equal(puppet.association.smoothedRoundTripTime, undefined, 'an answer to something else')
  puppet.deliver(chunk(5, 0, heartbeat!.value))
  t.equal(puppet.association.smoothedRoundTripTime, 70)
  t.end()
})

t.test('a peer that answers no heartbeat is gone', t => {
  const puppet = Puppet.established()
  puppet.pass(33_000)
  t.equal(puppet.association.counters.heartbeatsSent, 2, 'the first one was not answered')
  puppet.pass(62_000)
  t.match(puppet.events.at(-1), { type: 'closed', error: { code: 'timeout' } })
  t.equal(puppet.association.counters.heartbeatsSent, 21)
  t.equal(puppet.association.deadline, Number.POSITIVE_INFINITY)
  t.end()
})

t.test('an association that idles for a day stays up', t => {
  const pair = Pair.established({ delay: 30 })
  pair.wire.run(() => false, 24 * 3600 * 1000)
  t.same(pair.states, ['established', 'established'])
  t.equal(pair.a.counters.timeouts, 0)
  t.ok(pair.a.counters.heartbeatsSent > 2000)
  t.end()
})

t.test('the round trip is not measured on what was sent twice', t => {
  const fast = sending(6)
  for (let i = 0; i < 3; i++) acknowledge(fast, -1, [[2, 3 + i]])
  t.equal(fast.association.counters.retransmittedChunks, 1)
  const measured = fast.association.smoothedRoundTripTime
  fast.now += 30
  acknowledge(fast, 5)
  t.equal(fast.association.smoothedRoundTripTime, measured, 'by fast retransmit')
  const puppet = sending(1)
  puppet.pass(270)
  const before = puppet.association.smoothedRoundTripTime
  puppet.now += 5
  acknowledge(puppet, 0)
  t.equal(puppet.association.smoothedRoundTripTime, before)
  puppet.deliverBytes(packet(puppet.tag, data(PEER_TSN, [1])))
  t.end()
})
