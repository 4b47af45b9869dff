/** DATA, I-DATA and their FORWARD-TSNs on the wire, and what a queue sends through them arrives (RFC 8260 2). */

import fc from 'fast-check'
import t from 'tap'
import { add32 } from '../../lib/bytes/index.ts'
import { createCounters } from '../../lib/sctp/counters.ts'
import { DataChunk, dataFlags, dataHeader, writeDataHeader } from '../../lib/sctp/data-chunk.ts'
import { DataReassembly } from '../../lib/sctp/data-reassembly.ts'
import {
  FORWARD_TSN_FIXED,
  ForwardTsnView,
  mostSkipped,
  skippedEntry,
  writeForwardTsn,
  writeSkipped,
} from '../../lib/sctp/forward-tsn-chunk.ts'
import { InterleavedReassembly } from '../../lib/sctp/interleaved-reassembly.ts'
import { createMessage, type OutboundMessage } from '../../lib/sctp/outbound-message.ts'
import { Receiver } from '../../lib/sctp/receiver.ts'
import { SendQueue } from '../../lib/sctp/send-queue.ts'
import { type Chunk, data, iData, iForwardTsn, u16, u32 } from './craft.ts'

/** The chunk of a fragment, as the sender writes it. */
const write = (
  interleaved: boolean,
  tsn: number,
  message: OutboundMessage,
  offset: number,
  length: number,
  fsn: number,
) => {
  const header = dataHeader(interleaved) - 4
  const value = new Uint8Array(header + length)
  writeDataHeader(value, 0, interleaved, tsn, message, fsn)
  value.set(message.data.subarray(offset, offset + length), header)
  return { flags: dataFlags(message, offset, length), value }
}

t.test('the bytes of DATA and I-DATA', t => {
  const payload = Uint8Array.of(1, 2, 3, 4, 5)
  const message = createMessage(0xabcd, 0x01020304, payload, { unordered: true }, 0)
  message.ssn = 0xf123
  const plain = data(0xfffffffe, [1, 2], { stream: 0xabcd, ssn: 0xf123, ppid: 0x01020304, flags: 6 })
  t.match(write(false, 0xfffffffe, message, 0, 2, 0), { flags: plain.flags, value: plain.value })
  message.ssn = 0xf1234567
  const first = iData(7, 0xf1234567, [1, 2], { stream: 0xabcd, ppid: 0x01020304, flags: 6 })
  t.match(write(true, 7, message, 0, 2, 0), { flags: first.flags, value: first.value })
  const last = iData(8, 0xf1234567, [3, 4, 5], { stream: 0xabcd, fsn: 1, flags: 5 })
  t.match(write(true, 8, message, 2, 3, 1), { flags: last.flags, value: last.value })

  const chunk = new DataChunk()
  t.ok(chunk.read(last.flags | 8, last.value, 0, last.value.length, true))
  t.match(chunk, { tsn: 8, streamId: 0xabcd, sequence: 0xf1234567, ppid: 0, fragment: 1, from: 16, to: 19 })
  t.match(chunk, { begin: false, end: true, ordered: false, immediate: true })
  t.ok(chunk.read(first.flags, first.value, 0, first.value.length, true))
  t.match(chunk, { ppid: 0x01020304, fragment: 0, begin: true, end: false, immediate: false })
  t.notOk(chunk.read(3, first.value, 0, 15, true))
  t.notOk(chunk.read(3, first.value, 0, 11, false))
  t.end()
})

t.test('the bytes of FORWARD-TSN and I-FORWARD-TSN', t => {
  const value = new Uint8Array(20)
  writeForwardTsn(value, 0, 0xfffffff0)
  writeSkipped(value, 4, true, 9, true, 0x89abcdef)
  writeSkipped(value, 12, true, 10, false, 5)
  const crafted = iForwardTsn(0xfffffff0, [
    [9, true, 0x89abcdef],
    [10, false, 5],
  ])
  t.same(value, crafted.value)
  const view = new ForwardTsnView()
  t.ok(view.read(value, 0, 20, true))
  t.same([view.tsn, view.entries], [0xfffffff0, 2])
  t.same([view.streamId(0), view.unordered(0), view.sequence(0)], [9, true, 0x89abcdef])
  t.same([view.streamId(1), view.unordered(1), view.sequence(1)], [10, false, 5])
  t.ok(view.read(value, 0, 19, true))
  t.equal(view.entries, 1, 'a cut entry is not looked at')
  t.notOk(view.read(value, 0, 3, true))
  const plain = new Uint8Array(FORWARD_TSN_FIXED + skippedEntry(false))
  writeForwardTsn(plain, 0, 1)
  writeSkipped(plain, 4, false, 0xffff, false, 0xfffe)
  t.same([...plain], [...u32(1), ...u16(0xffff), ...u16(0xfffe)])
  t.ok(view.read(plain, 0, 8, false))
  t.same([view.entries, view.streamId(0), view.unordered(0), view.sequence(0)], [1, 0xffff, false, 0xfffe])
  t.same([mostSkipped(false, 28), mostSkipped(true, 28), mostSkipped(true, 8)], [5, 2, 0])
  t.end()
})

/** Sends what a queue holds, chunk by chunk, from TSN `first` on; with the chunks of messages that are given up left out. */
const transmit = (queue: SendQueue, interleaved: boolean, first: number, lost: ReadonlySet<OutboundMessage>) => {
  const chunks: Chunk[] = []
  const fragments = new Map<OutboundMessage, number>()
  let tsn = first
  for (let message = queue.current(0); message !== undefined; message = queue.current(0)) {
    const { offset } = message
    const length = Math.min(7, message.data.length - offset)
    const fsn = fragments.get(message) ?? 0
    fragments.set(message, fsn + 1)
    queue.advance(message, length)
    const { flags, value } = write(interleaved, tsn, message, offset, length, fsn)
    // Of what is lost, only the beginning arrives.
    if (!lost.has(message) || fsn === 0) chunks.push({ type: interleaved ? 64 : 0, flags, value })
    tsn = add32(tsn, 1)
  }
  return { chunks, next: tsn }
}

for (const interleaved of [false, true]) {
  t.test(`${interleaved ? 'I-DATA' : 'DATA'}: what a queue sends arrives but for what is given up, in any order`, t => {
    const message = fc.record({
      stream: fc.nat(2),
      unordered: fc.boolean(),
      length: fc.integer({ min: 1, max: 60 }),
      lost: fc.boolean(),
    })
    const property = fc.property(
      fc.array(message, { minLength: 1, maxLength: 15 }),
      fc.nat(0xffffffff),
      fc.infiniteStream(fc.nat(1 << 20)),
      (list, tsn, draws) => {
        const draw = (below: number): number => draws.next().value! % below
        const queue = new SendQueue('round-robin')
        if (interleaved) queue.interleave(1 << 20)
        const lost = new Set<OutboundMessage>()
        const messages = list.map(({ stream, unordered, length, lost: isLost }, i) => {
          const message = createMessage(stream, i, new Uint8Array(length).fill(i), { unordered }, 0)
          queue.push(queue.stream(stream), message)
          // One that fits into a chunk arrives.
          if (isLost && length > 7) lost.add(message)
          return message
        })
        const { chunks, next } = transmit(queue, interleaved, tsn, lost)
        const got: number[] = []
        const deliver = (streamId: number, ppid: number, data: Uint8Array) => {
          const { stream, length } = list[ppid]!
          if (stream !== streamId || data.length !== length || data.some(byte => byte !== ppid))
            throw new Error('mixed')
          got.push(ppid)
        }
        const counters = createCounters()
        const ReassemblyOf = interleaved ? InterleavedReassembly : DataReassembly
        const receiver = new Receiver(tsn, 1 << 20, new ReassemblyOf(60, deliver, () => {}, counters), counters)
        while (chunks.length > 0) {
          const [{ flags, value }] = chunks.splice(draw(chunks.length), 1) as [Chunk]
          receiver.data(flags, value, 0, value.length)
        }
        const skipped = [...lost].filter(message => interleaved || message.ordered)
        const value = new Uint8Array(FORWARD_TSN_FIXED + skippedEntry(interleaved) * skipped.length)
        writeForwardTsn(value, 0, add32(next, -1))
        skipped.forEach(({ streamId, ordered, ssn }, i) => {
          const at = FORWARD_TSN_FIXED + skippedEntry(interleaved) * i
          writeSkipped(value, at, interleaved, streamId, !ordered, ssn)
        })
        if (!receiver.forwardTsn(value, 0, value.length)) return false
        const expected = messages.filter(message => !lost.has(message)).map(({ ppid }) => ppid)
        if ([...got].sort((a, b) => a - b).join() !== expected.join()) return false
        for (let stream = 0; stream < 3; stream++) {
          const ordered = got.filter(i => list[i]!.stream === stream && !list[i]!.unordered)
          if (ordered.some((i, at) => at > 0 && i < ordered[at - 1]!)) return false
        }
        return receiver.window === 1 << 20 && receiver.tracker.cumulative === add32(next, -1)
      },
    )
    fc.assert(property, { numRuns: 200 })
    t.pass()
    t.end()
  })
}
