/**
 * What waits for an acknowledgement does not wait for a delayed one: the reset of a stream (RFC 6525 5.1.2) and SHUTDOWN
 * (RFC 9260 9.2), by the I bit (RFC 7053) or by a probe.
 */

import t from 'tap'
import { CHUNK } from '../../lib/sctp/chunk-type.ts'
import { chunksOf, data, sack } from './craft.ts'
import { Pair, pattern } from './pair.ts'
import { PEER_TSN, Puppet } from './puppet.ts'
import { unpaced } from './unpaced.ts'

const ROUND_TRIP = 40

/** Two ends that know their round trip; acknowledgements are held back 200 ms or so, as RFC 9260 6.2 allows. */
const pairOf = (): Pair => {
  const pair = Pair.established({ delay: ROUND_TRIP / 2 }, { interleaving: false, congestionControl: unpaced })
  pair.a.send(0, 53, pattern(3000), {}, pair.wire.now)
  pair.wire.run(() => pair.a.unacknowledgedChunks === 0)
  return pair
}

/** A puppet that is 40 ms away, to which a message on stream 2 was sent 10 ms ago. */
const sending = (messages = 1): Puppet => {
  const puppet = Puppet.established({ heartbeatInterval: Number.POSITIVE_INFINITY, congestionControl: unpaced })
  puppet.send(pattern(1))
  puppet.now += ROUND_TRIP
  puppet.deliver(sack(puppet.tsn))
  puppet.tsn = (puppet.tsn + 1) >>> 0
  for (let i = 0; i < messages; i++) puppet.association.send(2 + i, 53, pattern(100), {}, puppet.now)
  puppet.flush()
  puppet.take()
  puppet.now += 10
  return puppet
}

const isReset = ({ type }: { readonly type: number }) => type === CHUNK.RE_CONFIG

t.test('a stream that is reset behind its last message asks for the acknowledgement of that', t => {
  const pair = pairOf()
  const start = pair.wire.now
  const before = pair.wire.sent.length
  for (let i = 0; i < 3; i++) pair.a.send(4, 53, pattern(1000, i), {}, start)
  pair.a.resetStreams([4])
  t.ok(pair.wire.run(() => pair.of('a', 'reset-done').length === 1))
  t.equal(pair.wire.now - start, 2 * ROUND_TRIP)
  const chunks = pair.wire.sent.slice(before).flatMap(({ bytes }) => chunksOf(bytes))
  t.same(
    chunks.filter(({ type }) => type === CHUNK.DATA).map(({ flags }) => flags),
    [3, 3, 3 | 8],
    'the last one carries the I bit',
  )
  t.equal(pair.a.counters.tailProbesSent, 0)
  t.end()
})

t.test('a reset that comes when all has been sent brings the acknowledgement by a probe', t => {
  const pair = pairOf()
  pair.a.send(4, 53, pattern(1000), {}, pair.wire.now)
  pair.wire.settle()
  const start = pair.wire.now
  const window = pair.a.congestionWindow
  pair.wire.run(() => false, 1)
  pair.a.resetStreams([4])
  t.ok(pair.wire.run(() => pair.of('a', 'reset-done').length === 1))
  t.equal(pair.wire.now - start, 4 * ROUND_TRIP, 'two round trips of patience, one for the probe, one for the reset')
  t.equal(pair.a.counters.tailProbesSent, 1)
  t.equal(pair.a.counters.retransmittedChunks, 1)
  t.equal(pair.a.congestionWindow, window, 'nothing was lost')
  t.equal(pair.a.counters.spuriousRecoveries + pair.a.counters.fastRecoveries, 0)
  t.equal(pair.messages('b').length, 2)
  t.end()
})

t.test('an acknowledgement that is already held back is asked for at once', t => {
  const puppet = sending()
  puppet.now += 100
  puppet.association.resetStreams([2])
  puppet.flush()
  puppet.pass(0)
  t.same(
    puppet.takeData().map(({ index, flags }) => [index, flags]),
    [[0, 3 | 8]],
  )
  t.end()
})

t.test('without a reset the peer has its time', t => {
  const pair = pairOf()
  pair.a.send(4, 53, pattern(1000), {}, pair.wire.now)
  const before = pair.wire.sent.length
  pair.wire.run(() => pair.a.unacknowledgedChunks === 0)
  t.equal(pair.a.counters.tailProbesSent, 0)
  const sent = pair.wire.sent.slice(before).filter(({ from }) => from === 'a')
  t.same(
    sent.flatMap(({ bytes }) => chunksOf(bytes)).map(({ flags }) => flags),
    [3],
  )
  t.end()
})

t.test('many streams that are reset one after another have one probe together', t => {
  const puppet = sending(20)
  for (let id = 2; id < 22; id++) {
    puppet.association.resetStreams([id])
    puppet.flush()
    puppet.now += 3
  }
  puppet.pass(150)
  const sent = puppet.take()
  t.equal(sent.length, 1)
  t.equal(sent[0]!.type, CHUNK.DATA)
  t.equal(sent[0]!.flags & 8, 8, 'it asks to be acknowledged at once')
  t.equal(puppet.association.counters.tailProbesSent, 1)
  puppet.deliver(sack((puppet.tsn + 19) >>> 0, { duplicates: [(puppet.tsn + 19) >>> 0] }))
  t.equal(puppet.take().filter(isReset).length, 1, 'and one request')
  t.end()
})

t.test('a delayed acknowledgement that crosses the probe tells of no loss', t => {
  const puppet = sending()
  const window = puppet.association.congestionWindow
  puppet.association.resetStreams([2])
  puppet.flush()
  puppet.pass(2 * ROUND_TRIP - 11)
  t.equal(puppet.association.counters.tailProbesSent, 0)
  puppet.pass(1)
  t.equal(puppet.association.counters.tailProbesSent, 1)
  puppet.deliver(sack(puppet.tsn))
  t.equal(puppet.take().filter(isReset).length, 1)
  t.equal(puppet.association.congestionWindow, window)
  puppet.now += ROUND_TRIP
  puppet.deliver(sack(puppet.tsn, { duplicates: [puppet.tsn] }))
  puppet.now += 5000
  puppet.deliver(sack(puppet.tsn))
  t.equal(puppet.association.congestionWindow, window)
  t.end()
})

t.test('the loss that such a probe repairs counts, as soon as it is certain', t => {
  const puppet = sending()
  const window = puppet.association.congestionWindow
  puppet.association.resetStreams([2])
  puppet.flush()
  puppet.pass(2 * ROUND_TRIP)
  puppet.now += ROUND_TRIP
  puppet.deliver(sack(puppet.tsn))
  t.equal(puppet.association.congestionWindow, window, 'a duplicate may still be told of')
  puppet.now += 1000
  puppet.deliver(sack(puppet.tsn))
  t.ok(puppet.association.congestionWindow < window)
  const after = puppet.association.congestionWindow
  puppet.deliver(sack(puppet.tsn))
  t.equal(puppet.association.congestionWindow, after, 'once')
  t.end()
})

t.test('what is sent while the acknowledgement is awaited asks for it', t => {
  const puppet = sending()
  puppet.association.resetStreams([2])
  puppet.flush()
  puppet.send(pattern(10), {}, 6)
  t.same(
    puppet.takeData().map(({ flags }) => flags),
    [3 | 8],
  )
  puppet.deliver(sack((puppet.tsn + 1) >>> 0))
  t.equal(puppet.take().filter(isReset).length, 1)
  puppet.send(pattern(10), {}, 6)
  t.same(
    puppet.takeData().map(({ flags }) => flags),
    [3],
    'no longer, though the reset is not answered',
  )
  t.end()
})

t.test(
  'a reset takes along the acknowledgement of what came before it, for which the peer may wait to reset its own',
  t => {
    const puppet = sending()
    puppet.deliver(sack(puppet.tsn))
    puppet.take()
    puppet.deliver(data(PEER_TSN, [1], { stream: 2 }))
    t.same(puppet.take(), [], 'it is held back')
    puppet.association.resetStreams([2])
    puppet.flush()
    t.same(
      puppet.take().map(({ type }) => type),
      [CHUNK.SACK, CHUNK.RE_CONFIG],
    )
    t.end()
  },
)

t.test('a peer that answers neither data nor probe gets no more probes', t => {
  const puppet = sending()
  puppet.association.resetStreams([2])
  puppet.flush()
  puppet.pass(3000)
  t.equal(puppet.association.counters.tailProbesSent, 1)
  t.ok(puppet.association.counters.timeouts >= 2)
  t.end()
})

t.test('SHUTDOWN does not wait either: neither behind its last message, nor when that has been sent', t => {
  const together = pairOf()
  const start = together.wire.now
  together.a.send(4, 53, pattern(1000), {}, start)
  together.a.shutdown(start)
  t.ok(together.wire.run(() => together.b.state === 'closed' && together.a.state === 'closed'))
  t.equal(together.wire.now - start, 2.5 * ROUND_TRIP)
  const later = pairOf()
  later.a.send(4, 53, pattern(1000), {}, later.wire.now)
  later.wire.run(() => false, 1)
  const then = later.wire.now
  later.a.shutdown(then)
  t.ok(later.wire.run(() => later.b.state === 'closed' && later.a.state === 'closed'))
  t.equal(later.wire.now - then, 4.5 * ROUND_TRIP - 1)
  t.equal(later.a.counters.tailProbesSent, 1)
  t.equal(later.messages('b').length, 2)
  t.end()
})
