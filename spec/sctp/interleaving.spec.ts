/** Messages of several streams under way at once (RFC 8260): who need not wait, who gets how much, what is given up. */

import t from 'tap'
import { add32 } from '../../lib/bytes/index.ts'
import type { AssociationOptions } from '../../lib/sctp/index.ts'
import { chunksOf, view } from './craft.ts'
import { Pair, pattern, same } from './pair.ts'

const interleaved = (options: Partial<AssociationOptions> = {}, delay = 20): Pair =>
  Pair.established({ delay }, { interleaving: true, ...options })

/** Bytes that have left on each stream, by I-DATA chunks. */
const sentBytes = (pair: Pair): Map<number, number> => {
  const bytes = new Map<number, number>()
  for (const packet of pair.wire.sent) {
    if (packet.from !== 'a') continue
    for (const chunk of chunksOf(packet.bytes)) {
      if (chunk.type !== 64) continue
      const stream = view(chunk).getUint16(4)
      bytes.set(stream, (bytes.get(stream) ?? 0) + chunk.value.length - 16)
    }
  }
  return bytes
}

t.test('a short message does not wait for a long one that is under way', t => {
  const order = (interleaving: boolean) => {
    const pair = Pair.established({ delay: 20 }, { interleaving })
    const long = pattern(200_000)
    pair.a.send(1, 53, long, {}, pair.wire.now)
    pair.wire.run(() => false, 30)
    t.equal(pair.messages('b').length, 0)
    pair.a.send(2, 53, pattern(100), {}, pair.wire.now)
    pair.a.send(1, 53, pattern(50), { unordered: true }, pair.wire.now)
    t.ok(pair.wire.run(() => pair.messages('b').length === 3))
    t.ok(same(pair.messages('b').find(({ data }) => data.length === 200_000)!.data, long))
    return pair.messages('b').map(({ data }) => data.length)
  }
  t.equal(order(true)[0], 100)
  t.equal(order(false)[0], 200_000)
  t.end()
})

t.test('streams share what is sent by their priorities', t => {
  const pair = interleaved()
  const priorities = [128, 256, 512, 1024]
  priorities.forEach((priority, stream) => {
    pair.a.setPriority(stream, priority)
    for (let i = 0; i < 20; i++) pair.a.send(stream, 53, pattern(100_000), {}, pair.wire.now)
  })
  pair.wire.run(() => (sentBytes(pair).get(3) ?? 0) > 600_000)
  const bytes = sentBytes(pair)
  for (const [stream, priority] of priorities.entries()) {
    const share = (bytes.get(stream)! / bytes.get(3)!) * (1024 / priority)
    t.ok(share > 0.85 && share < 1.15, `stream ${stream}: ${share}`)
  }
  t.end()
})

t.test('many long messages at once, which the peer could not hold half done', t => {
  const receiveWindow = 256 * 1024
  const pair = interleaved({ receiveWindow, maxMessageSize: 100_000 })
  for (let stream = 0; stream < 60; stream++) pair.a.send(stream, 53, pattern(100_000, stream), {}, pair.wire.now)
  t.ok(pair.wire.run(() => pair.messages('b').length === 60))
  t.ok(pair.messages('b').every(({ streamId, data }) => same(data, pattern(100_000, streamId))))
  t.equal(pair.b.counters.windowFull, 0)
  t.end()
})

t.test('what is given up half sent is given up by the receiver too, and only that', t => {
  for (const unordered of [false, true]) {
    const pair = interleaved({ maxMessageSize: 50_000 })
    let dropped = 0
    pair.wire.options = {
      delay: 20,
      filter: (bytes, from) => {
        // Of the message of stream 1, the third fragment is lost.
        const hit = chunksOf(bytes).some(chunk => {
          const fields = view(chunk)
          return from === 'a' && chunk.type === 64 && fields.getUint16(4) === 1 && fields.getUint32(12) === 2
        })
        if (hit) dropped++
        return !hit
      },
    }
    pair.a.send(1, 53, pattern(40_000, 1), { unordered, maxRetransmits: 0 }, pair.wire.now)
    pair.a.send(2, 53, pattern(40_000, 2), { unordered }, pair.wire.now)
    pair.a.send(1, 53, pattern(500, 3), { unordered }, pair.wire.now)
    t.ok(pair.wire.run(() => pair.messages('b').length === 2 && pair.a.unacknowledgedChunks === 0))
    t.equal(dropped, 1)
    t.equal(pair.a.counters.abandonedMessages, 1)
    const got = pair.messages('b').map(({ streamId, data }) => `${streamId} ${data.length}`)
    t.same([...got].sort(), ['1 500', '2 40000'])
    t.ok(pair.wire.sent.some(({ bytes }) => chunksOf(bytes).some(({ type }) => type === 194)))
    t.notOk(pair.wire.sent.some(({ bytes }) => chunksOf(bytes).some(({ type }) => type === 192 || type === 0)))
    t.same(pair.states, ['established', 'established'])
  }
  t.end()
})

t.test('fragments have numbers in a row, each message by itself', t => {
  const pair = interleaved({ scheduler: 'round-robin' })
  for (const stream of [1, 2, 3]) pair.a.send(stream, 50 + stream, pattern(10_000, stream), {}, pair.wire.now)
  t.ok(pair.wire.run(() => pair.messages('b').length === 3))
  const next = new Map<number, number>()
  let tsn: number | undefined
  let turns = 0
  let before = 0
  for (const { from, bytes } of pair.wire.sent) {
    if (from !== 'a') continue
    for (const chunk of chunksOf(bytes)) {
      if (chunk.type !== 64) continue
      const fields = view(chunk)
      const stream = fields.getUint16(4)
      const fragment = next.get(stream) ?? 0
      t.equal(fields.getUint32(12), fragment === 0 ? 50 + stream : fragment)
      t.equal((chunk.flags & 2) !== 0, fragment === 0)
      t.equal(fields.getUint32(8), 0)
      if (tsn !== undefined) t.equal(fields.getUint32(0), add32(tsn, 1))
      tsn = fields.getUint32(0)
      if (stream !== before) turns++
      before = stream
      next.set(stream, fragment + 1)
    }
  }
  t.ok(turns >= 20, `${turns} turns`)
  t.end()
})
