/** What the send queue numbers, drops, and tells its owner. */

import t from 'tap'
import { createCounters } from '../../lib/sctp/counters.ts'
import { createMessage, type OutboundMessage, type SendOptions } from '../../lib/sctp/outbound-message.ts'
import { SendQueue } from '../../lib/sctp/send-queue.ts'

const push = (queue: SendQueue, stream: number, length: number, options: SendOptions = {}): OutboundMessage => {
  const message = createMessage(stream, 53, new Uint8Array(length), options, 0)
  queue.push(queue.stream(stream), message)
  return message
}

const sendNext = (queue: SendQueue, most = 1000): OutboundMessage | undefined => {
  const message = queue.current(0)
  if (message !== undefined) queue.advance(message, Math.min(most, message.data.length - message.offset))
  return message
}

const lowered = (queue: SendQueue): number[] => {
  const ids: number[] = []
  for (let id = queue.nextLowered(); id >= 0; id = queue.nextLowered()) ids.push(id)
  return ids
}

t.test('sequence numbers are given to ordered messages only, and wrap at 16 bits', t => {
  const queue = new SendQueue()
  queue.stream(1).nextOrdered = 0xfffe
  const numbers: number[] = []
  for (const unordered of [false, true, false, false, true, false]) {
    push(queue, 1, 10, { unordered })
    numbers.push(sendNext(queue)!.ssn)
  }
  t.same(numbers, [0xfffe, 0, 0xffff, 0, 0, 1])
  t.end()
})

t.test('message identifiers count ordered and unordered messages apart, and wrap at 32 bits', t => {
  const queue = new SendQueue()
  queue.interleave(1 << 20)
  queue.stream(1).nextOrdered = 0xfffffffe
  queue.stream(1).nextUnordered = 0xffff
  const numbers: number[] = []
  for (const unordered of [false, true, false, true, false, true]) {
    push(queue, 1, 10, { unordered })
    numbers.push(sendNext(queue)!.ssn)
  }
  t.same(numbers, [0xfffffffe, 0xffff, 0xffffffff, 0x10000, 0, 0x10001])
  queue.drain(1, false)
  queue.restart(1)
  push(queue, 1, 10)
  t.equal(sendNext(queue)!.ssn, 0, 'a stream that is reset begins anew')
  t.end()
})

t.test('the owner is told once when the buffered amount falls to the threshold', t => {
  const queue = new SendQueue()
  queue.stream(4).lowThreshold = 500
  push(queue, 4, 1000)
  push(queue, 7, 600)
  push(queue, 7, 100, { counted: false })
  sendNext(queue, 499)
  t.same(lowered(queue), [])
  sendNext(queue, 1)
  sendNext(queue)
  sendNext(queue)
  t.same(lowered(queue), [4, 7])
  t.same(lowered(queue), [])
  push(queue, 4, 501)
  sendNext(queue)
  sendNext(queue)
  t.same(lowered(queue), [4])
  t.equal(queue.buffered, 0)
  t.end()
})

t.test('a full buffer drops what is worth less, the least first, and nothing that has been begun', t => {
  const counters = createCounters()
  const queue = new SendQueue('round-robin', counters)
  const begun = push(queue, 1, 2000, { discardPriority: 0 })
  sendNext(queue)
  const messages = [
    push(queue, 1, 1000, { discardPriority: 5 }),
    push(queue, 2, 1000, { discardPriority: 1 }),
    push(queue, 2, 1000, { discardPriority: 5 }),
    push(queue, 3, 1000),
    push(queue, 3, 1000, { discardPriority: 5 }),
    push(queue, 4, 1000, { discardPriority: 9 }),
  ]
  t.equal(queue.makeRoom(4001, 9), false, 'four thousand bytes are worth less than 9')
  t.equal(queue.buffered, 7000, 'and none are dropped in vain')
  t.equal(queue.makeRoom(1500, 9), true)
  t.equal(queue.buffered, 5000)
  t.equal(counters.abandonedUnsent, 2)
  const sent = new Set<OutboundMessage>()
  for (let message = sendNext(queue); message !== undefined; message = sendNext(queue)) sent.add(message)
  t.same(
    [begun, ...messages].map(message => sent.has(message)),
    [true, false, false, true, true, true, true],
  )
  t.equal(queue.makeRoom(1, 100), false, 'what is sent is not there to be dropped')
  t.equal(queue.known(2)!.buffered, 0)
  t.end()
})

t.test('messages that are dropped leave no trace of themselves', t => {
  const queue = new SendQueue()
  push(queue, 1, 10)
  for (let i = 0; i < 1000; i++) {
    const low = push(queue, 2, 10, { discardPriority: i % 7 })
    queue.makeRoom(10, 10)
    t.equal(low.discardable, undefined)
  }
  t.equal(queue.known(2)!.head, undefined)
  t.equal(sendNext(queue)!.streamId, 1)
  t.ok(queue.empty)
  t.end()
})

t.test('draining: what is queued is sent first, or dropped but for what is begun', t => {
  for (const discard of [false, true]) {
    const queue = new SendQueue()
    push(queue, 1, 2000)
    push(queue, 1, 1000)
    push(queue, 2, 1000)
    sendNext(queue)
    queue.drain(1, discard)
    queue.drain(2, discard)
    t.same(queue.takeDrained(), discard ? [2] : [])
    t.equal(queue.buffered, discard ? 1000 : 3000)
    while (sendNext(queue) !== undefined);
    t.same(queue.takeDrained(), discard ? [1] : [2, 1])
    t.notOk(queue.hasDrained)
  }
  t.end()
})

t.test('what has expired is dropped and counted, but not in the turn in which it was queued', t => {
  const counters = createCounters()
  const queue = new SendQueue('weighted-fair', counters)
  const first = push(queue, 1, 10, { lifetime: 0 })
  t.equal(queue.current(100), first)
  queue.turnDone()
  push(queue, 2, 10)
  t.equal(queue.current(100)!.streamId, 2)
  t.equal(counters.abandonedUnsent, 1)
  t.equal(queue.known(1)!.buffered, 0)
  t.end()
})

t.test('after a restart of the association the queue is empty, and priorities and thresholds remain', t => {
  const queue = new SendQueue('priority')
  queue.setPriority(3, 1024)
  queue.stream(3).lowThreshold = 77
  push(queue, 3, 10)
  const renewed = queue.renewed()
  t.ok(renewed.empty)
  t.equal(renewed.known(3)!.lowThreshold, 77)
  push(renewed, 1, 10)
  push(renewed, 3, 10)
  t.equal(sendNext(renewed)!.streamId, 3)
  t.end()
})
