/** The rings that are indexed by TSN do what a plain model does, around the wrap and while they grow. */

import fc from 'fast-check'
import t from 'tap'
import { add32, diff32 } from '../../lib/bytes/index.ts'
import { OutboundMessage } from '../../lib/sctp/outbound-message.ts'
import { CHUNK_STATE, Outstanding } from '../../lib/sctp/outstanding.ts'
import { precedes, RankedHeap } from '../../lib/sctp/scheduling/ranked-heap.ts'
import { SequenceList } from '../../lib/sctp/sequence-list.ts'
import { SerialBits } from '../../lib/sctp/serial-bits.ts'

const message = new OutboundMessage(0, 53, new Uint8Array(1), true, 0, 0, true)

t.test('a set of bits', t => {
  const step = fc.record({ add: fc.boolean(), at: fc.nat(127), from: fc.nat(127), count: fc.nat(128) })
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.array(step, { maxLength: 60 }), (base, steps) => {
      const bits = new SerialBits(128)
      const model = new Set<number>()
      for (const { add, at, from, count } of steps) {
        const tsn = add32(base, at)
        if (add) {
          bits.add(tsn)
          model.add(at)
        } else {
          bits.delete(tsn)
          model.delete(at)
        }
        if (bits.has(tsn) !== add) return false
        const range = Array.from({ length: Math.min(count, 128 - from) }, (_, i) => i)
        const member = range.find(i => model.has(from + i)) ?? -1
        const gap = range.find(i => !model.has(from + i)) ?? -1
        if (bits.distanceToMember(add32(base, from), range.length) !== member) return false
        if (bits.distanceToGap(add32(base, from), range.length) !== gap) return false
        if (count % 8 !== 0) continue
        bits.clear(add32(base, from), range.length)
        for (const i of range) model.delete(from + i)
        for (let i = 0; i < 128; i++) if (bits.has(add32(base, i)) !== model.has(i)) return false
      }
      return true
    }),
    { numRuns: 300 },
  )
  t.pass()
  t.end()
})

t.test('outstanding chunks', t => {
  const step = fc.record({
    what: fc.constantFrom('add', 'add', 'release', 'acknowledge', 'lose', 'abandon', 'give up', 'again'),
    times: fc.nat(120),
    at: fc.nat(2000),
  })
  const { IN_FLIGHT, ACKNOWLEDGED, WAITING, ABANDONED } = CHUNK_STATE
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.array(step, { maxLength: 80 }), (base, steps) => {
      const outstanding = new Outstanding(base, 16)
      const model = new Map<number, { state: number; size: number; transmissions: number }>()
      for (const { what, times, at } of steps) {
        const { first, count } = outstanding
        const tsn = add32(first, count === 0 ? 0 : at % count)
        const entry = model.get(tsn)
        if (what === 'add') {
          for (let i = 0; i < times; i++) {
            const length = 1 + ((at + i) % 1144)
            const added = outstanding.add(message, i, length, 0)
            model.set(added, { state: IN_FLIGHT, size: (16 + length + 3) & ~3, transmissions: 1 })
          }
        } else if (what === 'release') {
          for (let i = 0; i < Math.min(times, count); i++) {
            const lowest = model.get(outstanding.first)!
            const news = lowest.state === IN_FLIGHT || lowest.state === WAITING
            model.delete(outstanding.first)
            if (outstanding.release() !== (news ? lowest.size : 0)) return false
          }
        } else if (what === 'again') {
          if (outstanding.waitingCount === 0) continue
          const next = outstanding.nextWaiting()
          const lowest = [...model].filter(([, { state }]) => state === WAITING).map(([key]) => diff32(key, first))
          if (diff32(next, first) !== Math.min(...lowest)) return false
          outstanding.sentAgain(next, 0)
          model.get(next)!.state = IN_FLIGHT
          model.get(next)!.transmissions++
        } else if (entry !== undefined) {
          if (what === 'acknowledge') {
            const news = entry.state === IN_FLIGHT || entry.state === WAITING
            if (outstanding.acknowledge(tsn) !== (news ? entry.size : 0)) return false
            entry.state = ACKNOWLEDGED
          } else if (what === 'lose' && entry.state !== ABANDONED) {
            outstanding.markWaiting(tsn)
            entry.state = WAITING
          } else if (what === 'abandon') {
            outstanding.markAbandoned(tsn)
            if (entry.state !== ACKNOWLEDGED) entry.state = ABANDONED
          } else if (what === 'give up') {
            outstanding.giveUp(tsn)
            entry.state = ABANDONED
          }
        }
        const entries = [...model.values()]
        const counted = (wanted: number) => entries.filter(({ state }) => state === wanted)
        if (outstanding.count !== entries.length) return false
        if (outstanding.waitingCount !== counted(WAITING).length) return false
        if (outstanding.abandonedCount !== counted(ABANDONED).length) return false
        if (outstanding.flight !== counted(IN_FLIGHT).reduce((sum, { size }) => sum + size, 0)) return false
        for (const [key, { state, transmissions }] of model) {
          if (outstanding.state(key) !== state || outstanding.transmissions(key) !== transmissions) return false
          if (outstanding.acknowledged.has(key) !== (state === ACKNOWLEDGED)) return false
        }
      }
      return true
    }),
    { numRuns: 150 },
  )
  t.pass()
  t.end()
})

t.test('what waits is found after the lowest that waited is gone and the ring has come round', t => {
  const outstanding = new Outstanding(0, 16)
  for (let i = 0; i < 256; i++) outstanding.add(message, 0, 100, 0)
  outstanding.markWaiting(5)
  outstanding.markWaiting(255)
  for (let i = 0; i < 10; i++) outstanding.release()
  for (let i = 0; i < 10; i++) outstanding.add(message, 0, 100, 0)
  outstanding.markWaiting(261)
  t.equal(outstanding.nextWaiting(), 255)
  outstanding.sentAgain(255, 0)
  t.equal(outstanding.nextWaiting(), 261)
  t.end()
})

t.test('a list in the order of numbers that wrap', t => {
  const step = fc.record({ what: fc.constantFrom('add', 'add', 'shift', 'delete', 'floor'), at: fc.nat(200) })
  for (const bits of [16, 32] as const) {
    const mask = bits === 16 ? 0xffff : 0xffffffff
    const from = (base: number, distance: number) => ((base + distance) & mask) >>> 0
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.array(step, { maxLength: 150 }), (base, steps) => {
        const list = new SequenceList<{ readonly sequence: number }>(bits)
        let floor = from(base, 0)
        /** Distances from the base. */
        let model: number[] = []
        for (const { what, at } of steps) {
          const sequence = from(base, at)
          const below = model[0] ?? 200
          if (what === 'add' && ((sequence - floor) & mask) >>> 0 <= 200) {
            if (list.add({ sequence }, floor) === model.includes(at)) return false
            if (!model.includes(at)) model = [...model, at].sort((a, b) => a - b)
          } else if (what === 'shift' && model.length > 0) {
            if (list.shift().sequence !== from(base, model.shift()!)) return false
          } else if (what === 'delete') {
            list.delete(sequence, floor)
            model = model.filter(distance => distance !== at)
          } else if (what === 'floor' && at <= below) {
            floor = sequence
          }
          if (list.size !== model.length) return false
          if (model.length > 0 && list.first!.sequence !== from(base, model[0]!)) return false
          if ((list.find(sequence, floor) !== undefined) !== model.includes(at)) return false
        }
        return true
      }),
      { numRuns: 150 },
    )
  }
  t.pass()
  t.end()
})

t.test('a heap of streams, the next one on top', t => {
  const step = fc.record({ what: fc.constantFrom('push', 'push', 'remove', 'update'), at: fc.nat(99), rank: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const heap = new RankedHeap<{ rank: number; order: number; place: number }>()
      const model: { rank: number; order: number; place: number }[] = []
      let order = 0
      for (const { what, at, rank } of steps) {
        const index = at % Math.max(1, model.length)
        const item = model[index]
        if (what === 'push') {
          const fresh = { rank, order: order++, place: 0 }
          model.push(fresh)
          heap.push(fresh)
        } else if (item !== undefined && what === 'remove') {
          heap.remove(item)
          model.splice(index, 1)
        } else if (item !== undefined) {
          item.rank = rank / 3
          item.order = order++
          heap.update(item)
        }
        const first = model.reduce<(typeof model)[0] | undefined>(
          (best, other) => (best === undefined || precedes(other, best) ? other : best),
          undefined,
        )
        if (heap.top !== first) return false
      }
      return true
    }),
    { numRuns: 300 },
  )
  t.pass()
  t.end()
})
