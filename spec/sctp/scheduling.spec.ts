/** Whose turn it is (RFC 8260 3): each scheduler's order and shares, by messages and by chunks. */

import t from 'tap'
import { createMessage, type SendOptions } from '../../lib/sctp/outbound-message.ts'
import type { SchedulerName } from '../../lib/sctp/scheduling/scheduler.ts'
import { SendQueue } from '../../lib/sctp/send-queue.ts'

const PEER_WINDOW = 5 << 20

const push = (queue: SendQueue, stream: number, length: number, options: SendOptions = {}) =>
  queue.push(queue.stream(stream), createMessage(stream, 53, new Uint8Array(length), options, 0))

/** Takes up to `chunks` chunks of at most 1,000 bytes; tells of each its stream and its length. */
const take = (queue: SendQueue, chunks = Number.POSITIVE_INFINITY): [number, number][] => {
  const taken: [number, number][] = []
  while (taken.length < chunks) {
    const message = queue.current(0)
    if (message === undefined) break
    const length = Math.min(1000, message.data.length - message.offset)
    queue.advance(message, length)
    taken.push([message.streamId, length])
  }
  return taken
}

const streamsOf = (taken: readonly [number, number][]) => taken.map(([stream]) => stream)

const bytesOf = (taken: readonly [number, number][], stream: number) =>
  taken.filter(([id]) => id === stream).reduce((sum, [, length]) => sum + length, 0)

const queueOf = (scheduler: SchedulerName, interleaved: boolean, priorities: readonly number[] = []) => {
  const queue = new SendQueue(scheduler)
  if (interleaved) queue.interleave(PEER_WINDOW)
  priorities.forEach((priority, id) => {
    queue.setPriority(id, priority)
  })
  return queue
}

t.test('round-robin by messages: one that is begun is finished, and then the next stream has its turn', t => {
  const queue = queueOf('round-robin', false)
  for (const stream of [0, 1, 2]) for (let i = 0; i < 2; i++) push(queue, stream, 2500)
  t.same(streamsOf(take(queue)), [0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 0, 0, 1, 1, 1, 2, 2, 2])
  t.ok(queue.empty)
  t.equal(queue.buffered, 0)
  t.end()
})

t.test('round-robin by chunks', t => {
  const queue = queueOf('round-robin', true)
  for (const stream of [0, 1, 2]) push(queue, stream, 2500)
  t.same(streamsOf(take(queue, 5)), [0, 1, 2, 0, 1])
  push(queue, 3, 100)
  t.same(streamsOf(take(queue)), [2, 0, 1, 3, 2], 'who comes later waits for one round')
  t.end()
})

t.test('by priority: the highest first, equal ones in turn, and a begun message only gives way to it by chunks', t => {
  for (const interleaved of [false, true]) {
    const queue = queueOf('priority', interleaved, [256, 128, 1024, 256])
    push(queue, 0, 3000)
    push(queue, 1, 1000)
    push(queue, 3, 2000)
    const first = streamsOf(take(queue, 1))
    push(queue, 2, 2000)
    t.same([...first, ...streamsOf(take(queue))], interleaved ? [0, 2, 2, 3, 0, 3, 0, 1] : [0, 0, 0, 2, 2, 3, 3, 1])
  }
  t.end()
})

t.test('a change of priority holds from the next chunk on', t => {
  const queue = queueOf('priority', true, [256, 128])
  push(queue, 0, 3000)
  push(queue, 1, 2000)
  t.same(streamsOf(take(queue, 1)), [0])
  queue.setPriority(1, 512)
  t.same(streamsOf(take(queue)), [1, 1, 0, 0])
  t.end()
})

t.test('weighted fairness shares bytes as the priorities are to each other', t => {
  const priorities = [128, 256, 512, 1024]
  for (const interleaved of [false, true]) {
    // Streams differ in the length of their messages too: it is bytes that are shared.
    const lengths = interleaved ? [100_000, 700, 2400, 1000] : [900, 700, 2400, 1000]
    const queue = queueOf('weighted-fair', interleaved, priorities)
    for (let stream = 0; stream < 4; stream++) {
      for (let sum = 0; sum < 2_000_000; sum += lengths[stream]!) push(queue, stream, lengths[stream]!)
    }
    const taken = take(queue, 2000)
    const total = taken.reduce((sum, [, length]) => sum + length, 0)
    priorities.forEach((priority, stream) => {
      const share = (bytesOf(taken, stream) / total) * (1920 / priority)
      t.ok(share > 0.98 && share < 1.02, `${interleaved ? 'chunks' : 'messages'}, stream ${stream}: ${share}`)
    })
  }
  t.end()
})

t.test('who was silent has saved no turns up, and owes none', t => {
  const queue = queueOf('weighted-fair', true)
  push(queue, 0, 1_000_000)
  take(queue, 500)
  push(queue, 1, 1_000_000)
  const shared = take(queue, 100)
  t.equal(bytesOf(shared, 0), bytesOf(shared, 1))
  take(queue)
  t.ok(queue.empty)
  push(queue, 2, 100_000)
  push(queue, 1, 100_000)
  const after = take(queue, 100)
  t.equal(bytesOf(after, 2), bytesOf(after, 1))
  t.end()
})

t.test('long messages on many streams are not all begun at once, and short ones pass them', t => {
  const queue = queueOf('round-robin', true)
  for (let stream = 0; stream < 100; stream++) push(queue, stream, 262_144)
  t.same([...new Set(streamsOf(take(queue, 400)))], [0, 1, 2, 3], 'a mebibyte under way')
  push(queue, 200, 10_000)
  t.ok(streamsOf(take(queue, 5)).includes(200))
  const rest = take(queue)
  t.equal(bytesOf(rest, 99), 262_144, 'everyone has a turn')
  t.ok(queue.empty)
  t.end()
})

t.test('a long message gets its turn however many short ones there are, and they theirs', t => {
  const queue = queueOf('round-robin', true)
  for (let stream = 0; stream < 300; stream++) for (let i = 0; i < 5; i++) push(queue, stream, 10_000)
  t.equal(new Set(streamsOf(take(queue, 200))).size, 105, 'a mebibyte under way')
  for (const stream of [400, 401, 402, 403, 404]) push(queue, stream, 262_144)
  const taken = take(queue, 1500)
  for (const stream of [400, 401, 402, 403]) t.ok(bytesOf(taken, stream) > 2000, `stream ${stream}`)
  t.equal(bytesOf(taken, 404), 0)
  t.ok(new Set(streamsOf(taken)).size > 200, 'short ones begin meanwhile')
  take(queue)
  t.ok(queue.empty)
  t.end()
})

t.test('one message may be longer than all that may be under way together', t => {
  const queue = queueOf('round-robin', true)
  push(queue, 0, 3 << 20)
  push(queue, 1, 3 << 20)
  push(queue, 2, 3 << 20)
  t.same([...new Set(streamsOf(take(queue, 10)))], [0, 1])
  t.equal(bytesOf(take(queue), 2), 3 << 20)
  t.ok(queue.empty)
  t.end()
})

t.test('a message that is given up while it is under way lets the next one begin', t => {
  const queue = queueOf('round-robin', true)
  for (let stream = 0; stream < 5; stream++) push(queue, stream, 3 << 20)
  take(queue, 4)
  for (const stream of [0, 1]) queue.abandon(queue.known(stream)!.head!)
  t.same([...new Set(streamsOf(take(queue, 4)))], [2, 3])
  t.equal(queue.buffered, 3 * (3 << 20) - 4000)
  t.end()
})

t.test('thousands of streams: each has its turn, however many leave and come meanwhile', t => {
  const queue = queueOf('round-robin', false)
  const streams = 5000
  for (let stream = 0; stream < streams; stream++) push(queue, stream, 10)
  for (let stream = 0; stream < streams; stream += 3) queue.drain(stream, true)
  t.equal(queue.takeDrained().length, Math.ceil(streams / 3))
  const expected: number[] = []
  for (let stream = 0; stream < streams; stream++) if (stream % 3 !== 0) expected.push(stream)
  t.same(streamsOf(take(queue)), expected)
  t.end()
})
