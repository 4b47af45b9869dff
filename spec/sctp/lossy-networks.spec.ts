/**
 * Every mode over networks that lose up to 30 % of the packets, reorder, double and damage them: what is reliable arrives
 * exactly once and in order, and what is partially reliable as its policy says.
 */

import t from 'tap'
import { getU16, getU32 } from '../../lib/bytes/index.ts'
import { CHUNK } from '../../lib/sctp/chunk-type.ts'
import { dataHeader } from '../../lib/sctp/data-chunk.ts'
import type { AssociationOptions, SendOptions } from '../../lib/sctp/index.ts'
import { Pair, pattern, same } from './pair.ts'
import { seededNumbers, type WireOptions } from './wire.ts'

const NETWORKS: Readonly<Record<string, WireOptions>> = {
  'a good one': { delay: 15 },
  '2 % lost': { delay: 30, loss: 0.02 },
  '5 % lost, reordered': { delay: 40, loss: 0.05, reorder: 0.3 },
  '10 % lost, doubled': { delay: 25, loss: 0.1, duplicate: 0.1 },
  'nothing lost, half reordered': { delay: 40, reorder: 0.5 },
  '20 % lost, reordered, doubled': { delay: 30, loss: 0.2, reorder: 0.2, duplicate: 0.05 },
  '30 % lost': { delay: 20, loss: 0.3 },
}

const MODES: Readonly<Record<string, Partial<AssociationOptions>>> = {
  DATA: { interleaving: false },
  'I-DATA': { interleaving: true },
  'I-DATA by priority, large packets': { interleaving: true, scheduler: 'priority', largestPacket: 9000 },
  'DATA, large packets, cubic': { interleaving: false, largestPacket: 9000, congestionControl: 'cubic' },
  'I-DATA, bbr': { interleaving: true, congestionControl: 'bbr' },
}

/** Sizes that are mostly small, as drawn. */
const sizeOf = (draw: number): number => Math.ceil(draw ** 4 * 30_000) + 8

/** A message that says which it is. */
const numbered = (stream: number, number: number, size: number): Uint8Array => {
  const bytes = pattern(size, stream * 7 + number)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}

const COUNT = 60
const STREAMS = 5

for (const [mode, options] of Object.entries(MODES)) {
  t.test(`reliable: ${mode}`, t => {
    for (const [network, wire] of Object.entries(NETWORKS)) {
      // At 30 % each way one of some thousand chunks goes unanswered eleven times in a row, which ends an association.
      const pair = Pair.established({ ...wire, seed: 11 }, options)
      const draw = seededNumbers(5)
      const sizes = Array.from({ length: COUNT }, () => sizeOf(draw()))
      for (const [i, size] of sizes.entries()) {
        // The last stream of each side is unordered.
        const stream = i % STREAMS
        const send: SendOptions = { unordered: stream === STREAMS - 1 }
        pair.a.send(stream, 53, numbered(stream, i, size), send, pair.wire.now)
        pair.b.send(stream, 51, numbered(stream, i, size), send, pair.wire.now)
        if (i % 10 === 9) pair.wire.run(() => false, 30)
      }
      pair.wire.run(() => pair.messages('a').length >= COUNT && pair.messages('b').length >= COUNT)
      // Their acknowledgements may be lost many times over; what then still comes would be a message too many.
      pair.wire.run(() => pair.a.unacknowledgedChunks + pair.b.unacknowledgedChunks === 0)
      pair.wire.run(() => false, 5000)
      for (const side of ['a', 'b'] as const) {
        const messages = pair.messages(side)
        t.equal(messages.length, COUNT, `${network}: ${side} has them all, once`)
        const numbers = messages.map(({ data }) => getU32(data, 0))
        t.equal(new Set(numbers).size, COUNT)
        t.ok(
          messages.every(({ data, streamId, ppid }) => {
            const i = getU32(data, 0)
            return (
              ppid === (side === 'b' ? 53 : 51) &&
              streamId === i % STREAMS &&
              same(data, numbered(streamId, i, sizes[i]!))
            )
          }),
          'as they were sent',
        )
        for (let stream = 0; stream < STREAMS - 1; stream++) {
          const order = numbers.filter(i => i % STREAMS === stream)
          t.same(
            order,
            [...order].sort((x, y) => x - y),
            `stream ${stream} in order`,
          )
        }
      }
      t.equal(pair.a.unacknowledgedChunks + pair.b.unacknowledgedChunks, 0, 'nothing is left')
      t.same(pair.states, ['established', 'established'])
    }
    t.end()
  })
}

const POLICIES: Readonly<Record<string, SendOptions>> = {
  'sent once': { maxRetransmits: 0 },
  'sent again once': { maxRetransmits: 1 },
  'sent again three times': { maxRetransmits: 3 },
  '100 ms': { lifetime: 100 },
  'no time at all': { lifetime: 0 },
  'a minute': { lifetime: 60_000 },
}

for (const interleaving of [false, true]) {
  for (const [policy, options] of Object.entries(POLICIES)) {
    t.test(`partially reliable, ${policy}: ${interleaving ? 'I-DATA' : 'DATA'}`, t => {
      for (const [network, wire] of Object.entries(NETWORKS)) {
        for (const unordered of [false, true]) {
          // Beside it a reliable stream, which must not suffer.
          const pair = Pair.established({ ...wire, seed: 23 }, { interleaving })
          const header = dataHeader(interleaving)
          const transmissions = new Map<number, number>()
          const draw = seededNumbers(3)
          const sizes = Array.from({ length: COUNT }, () => sizeOf(draw() * 0.8))
          const sentAt: number[] = []
          const lastSent = new Map<number, number>()
          let stamps = 0
          /** Which message a TSN carries is told by its first bytes alone; fragments are counted by TSN. */
          const watch = () => {
            for (; stamps < pair.wire.sent.length; stamps++) {
              const { from, bytes, at } = pair.wire.sent[stamps]!
              if (from !== 'a') continue
              for (let chunk = 12; chunk + 4 <= bytes.length; chunk += (getU16(bytes, chunk + 2) + 3) & ~3) {
                const type = bytes[chunk]
                if ((type !== CHUNK.DATA && type !== CHUNK.I_DATA) || getU16(bytes, chunk + 8) !== 0) continue
                const tsn = getU32(bytes, chunk + 4)
                transmissions.set(tsn, (transmissions.get(tsn) ?? 0) + 1)
                if ((bytes[chunk + 1]! & 2) !== 0) lastSent.set(getU32(bytes, chunk + header), at)
              }
            }
          }
          for (const [i, size] of sizes.entries()) {
            sentAt.push(pair.wire.now)
            pair.a.send(0, 53, numbered(0, i, size), { ...options, unordered }, pair.wire.now)
            pair.a.send(1, 53, numbered(1, i, size), {}, pair.wire.now)
            if (i % 3 === 2) pair.wire.run(() => false, 25)
          }
          pair.wire.run(() => pair.a.unacknowledgedChunks === 0 && pair.a.totalBufferedAmount === 0)
          pair.wire.run(() => false, 5000)
          watch()
          const got = pair.messages('b').filter(({ streamId }) => streamId === 0)
          const numbers = got.map(({ data }) => getU32(data, 0))
          const name = `${network}${unordered ? ', unordered' : ''}`
          t.equal(new Set(numbers).size, numbers.length, `${name}: none twice`)
          t.ok(
            got.every(({ data }, i) => same(data, numbered(0, numbers[i]!, sizes[numbers[i]!]!))),
            'each whole',
          )
          if (!unordered)
            t.same(
              numbers,
              [...numbers].sort((x, y) => x - y),
              'in order',
            )
          const { abandonedMessages, abandonedUnsent } = pair.a.counters
          // A message may have arrived and be given up all the same, when its acknowledgement was lost.
          t.ok(numbers.length + abandonedMessages + abandonedUnsent >= COUNT, 'what is missing was given up')
          if (wire.loss === undefined && options.lifetime === undefined) t.equal(numbers.length, COUNT, 'all of them')
          if (options.maxRetransmits !== undefined) {
            t.ok(Math.max(...transmissions.values()) <= options.maxRetransmits + 1, 'not sent more often than allowed')
          }
          const { lifetime } = options
          if (lifetime !== undefined) {
            // Fragments that were begun in time may be the last to leave in the turn in which it ends.
            t.ok(
              [...lastSent].every(([i, at]) => at <= sentAt[i]! + lifetime + 1),
              'not sent after its time',
            )
          }
          const reliable = pair.messages('b').filter(({ streamId }) => streamId === 1)
          t.same(
            reliable.map(({ data }) => getU32(data, 0)),
            sizes.map((_, i) => i),
            'the reliable stream beside it is whole',
          )
        }
      }
      t.end()
    })
  }
}

t.test('bits flip on the way: the checksum finds them, and everything arrives', t => {
  for (const options of Object.values(MODES)) {
    const draw = seededNumbers(17)
    const pair = Pair.established(
      {
        delay: 20,
        filter: bytes => {
          if (draw() < 0.1) bytes[Math.floor(draw() * bytes.length)]! ^= 1 << Math.floor(draw() * 8)
          return true
        },
      },
      options,
    )
    for (let i = 0; i < COUNT; i++) pair.a.send(i % STREAMS, 53, numbered(i % STREAMS, i, 5000), {}, pair.wire.now)
    t.ok(pair.wire.run(() => pair.messages('b').length >= COUNT))
    t.ok(pair.messages('b').every(({ data, streamId }) => same(data, numbered(streamId, getU32(data, 0), 5000))))
    t.ok(pair.b.counters.badChecksum > 0)
  }
  t.end()
})
