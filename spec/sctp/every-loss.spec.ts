/**
 * The life of an association, set-up to shutdown, over and over: each time another packet of it is lost, doubled, late or
 * damaged, and in the end everything has arrived once, in order, and both sides are gone without an error.
 */

import t from 'tap'
import { Pair, pattern, same } from './pair.ts'
import type { Side } from './wire.ts'

const DELAY = 20
const SIZES = [1, 300, 1144, 5000, 20_000, 2, 1145, 700]

interface Terms {
  /** Who begins. */
  readonly begins: readonly Side[]
  readonly interleaving: boolean
  /** Bytes of SCTP packet: the ceiling of path MTU discovery. */
  readonly largestPacket?: number
}

interface Disturbance {
  readonly side: Side
  readonly index: number
  /** As in the wire's script; 'damaged' flips a bit. */
  readonly what: readonly number[] | 'damaged'
  /** How many packets in a row. */
  readonly count?: number
}

/** Lives the life and says what was wrong with it; empty: nothing. */
const live = (terms: Terms, disturbance?: Disturbance): { pair: Pair; wrong: string } => {
  const hit = (from: Side, index: number) =>
    disturbance?.side === from && index >= disturbance.index && index < disturbance.index + (disturbance.count ?? 1)
  const pair = new Pair(
    {
      delay: DELAY,
      filter: (bytes, from, index) => {
        if (hit(from, index) && disturbance?.what === 'damaged') bytes[bytes.length >> 1]! ^= 0x10
        return true
      },
      script: (from, index) =>
        hit(from, index) && disturbance?.what !== 'damaged' ? (disturbance?.what as readonly number[]) : undefined,
    },
    { interleaving: terms.interleaving, largestPacket: terms.largestPacket },
  )
  const { a, b, wire } = pair
  const both = (event: 'reset-done' | 'closed') => pair.of('a', event).length > 0 && pair.of('b', event).length > 0
  for (const side of terms.begins) pair[side].connect(wire.now)
  if (!wire.run(() => a.state === 'established' && b.state === 'established')) return { pair, wrong: 'not established' }
  for (const [i, size] of SIZES.entries()) {
    a.send(i % 2, 53, pattern(size, i), {}, wire.now)
    b.send(i % 3, 53, pattern(size, 100 + i), {}, wire.now)
  }
  if (!wire.run(() => pair.messages('a').length >= SIZES.length && pair.messages('b').length >= SIZES.length)) {
    return { pair, wrong: `${pair.messages('a').length} and ${pair.messages('b').length} messages` }
  }
  a.resetStreams([0, 1])
  b.resetStreams([0, 1, 2])
  if (!wire.run(() => both('reset-done'))) return { pair, wrong: 'not reset' }
  if ([...pair.of('a', 'reset-done'), ...pair.of('b', 'reset-done')].some(({ ok }) => !ok))
    return { pair, wrong: 'reset refused' }
  a.send(0, 53, pattern(3000, 7), {}, wire.now)
  a.shutdown(wire.now)
  if (!wire.run(() => both('closed'))) return { pair, wrong: `not closed: ${a.state}, ${b.state}` }
  for (const side of ['a', 'b'] as const) {
    const closed = pair.of(side, 'closed')
    if (closed.length !== 1 || closed[0]!.error !== undefined)
      return { pair, wrong: `${side}: ${closed[0]!.error?.message}` }
    if (pair.of(side, 'restarted').length > 0) return { pair, wrong: `${side}: restarted` }
    const [base, streams] = side === 'a' ? [100, 3] : [0, 2]
    const messages = pair.messages(side)
    if (messages.length !== SIZES.length + (side === 'b' ? 1 : 0))
      return { pair, wrong: `${side}: ${messages.length} messages` }
    for (let id = 0; id < streams; id++) {
      const expected = SIZES.flatMap((size, i) => (i % streams === id ? [pattern(size, base + i)] : []))
      if (side === 'b' && id === 0) expected.push(pattern(3000, 7))
      const got = messages.filter(({ streamId }) => streamId === id)
      if (got.length !== expected.length || !got.every(({ data }, i) => same(data, expected[i]!))) {
        return { pair, wrong: `${side}: stream ${id} is not as it was sent` }
      }
    }
  }
  return { pair, wrong: '' }
}

const TERMS: Readonly<Record<string, Terms>> = {
  'both begin, DATA': { begins: ['a', 'b'], interleaving: false },
  'one begins, I-DATA': { begins: ['b'], interleaving: true },
  'both begin, I-DATA, large packets': { begins: ['a', 'b'], interleaving: true, largestPacket: 4000 },
}

const KINDS: readonly (readonly [string, Disturbance['what'], number])[] = [
  ['lost', [], 1],
  ['lost with the next', [], 2],
  ['lost with the next four', [], 5],
  ['doubled', [0, 0], 1],
  ['doubled, the second time much later', [0, 10 * DELAY], 1],
  ['overtaken', [1.5 * DELAY], 1],
  ['late by many round trips', [15 * DELAY], 1],
  ['damaged', 'damaged', 1],
]

for (const [name, terms] of Object.entries(TERMS)) {
  t.test(name, t => {
    const { pair, wrong } = live(terms)
    t.equal(wrong, '', 'undisturbed')
    if (wrong !== '') throw new Error(wrong)
    const counts = { a: 0, b: 0 }
    for (const { from } of pair.wire.sent) counts[from]++
    for (const [kind, what, count] of KINDS) {
      const failures: string[] = []
      for (const side of ['a', 'b'] as const) {
        for (let index = 0; index < counts[side]; index++) {
          const outcome = live(terms, { side, index, what, count }).wrong
          if (outcome !== '') failures.push(`packet ${index} of ${side}: ${outcome}`)
        }
      }
      t.same(failures, [], `each of ${counts.a + counts.b} packets ${kind}`)
    }
    t.end()
  })
}
