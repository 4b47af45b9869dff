/** What is held of a peer's data has a bound, the window says how near it is, and it opens again (RFC 9260 6.2). */

import t from 'tap'
import type { Packet } from '../../lib/bytes/index.ts'
import { createCounters } from '../../lib/sctp/counters.ts'
import { DataReassembly } from '../../lib/sctp/data-reassembly.ts'
import { MessageBuffer } from '../../lib/sctp/message-buffer.ts'
import { PacketBuilder } from '../../lib/sctp/packet-builder.ts'
import { Receiver } from '../../lib/sctp/receiver.ts'
import {
  chunk,
  chunksOf,
  data,
  iData,
  iForwardTsn,
  interleavingParameters,
  readSack,
  type SackFields,
  u32,
} from './craft.ts'
import { pattern, same } from './pair.ts'
import { Puppet, PEER_TSN as T } from './puppet.ts'

const PARAMETERS = { parameters: interleavingParameters() }

t.test('beginnings of messages on all streams shut the window, and then end the association', t => {
  const receiveWindow = 1 << 20
  const puppet = Puppet.established({ interleaving: true, receiveWindow, maxMessageSize: 100_000 }, PARAMETERS)
  const payload = pattern(1000)
  let sent = 0
  let shutAt = 0
  while (puppet.association.state === 'established' && sent < 65_535) {
    const chunks = Array.from({ length: 10 }, (_, i) =>
      iData(T + sent + i, 0, payload, { stream: sent + i, flags: sent % 20 === 0 ? 2 : 6 }),
    )
    sent += 10
    puppet.deliver(...chunks)
    const sack = puppet.takeSacks().at(-1)
    if (shutAt === 0 && sack !== undefined && sack.window === 0) shutAt = sent
  }
  t.equal(puppet.association.state, 'closed')
  const closed = puppet.events.find(event => event.type === 'closed')
  t.equal(closed?.error?.causeCode, 4, 'out of resource')
  t.ok(shutAt > 0 && shutAt * 1000 < receiveWindow + 100_000, `shut after ${shutAt}`)
  t.ok(sent * 1000 < 2 * receiveWindow + 100_000 + 65_536 + 10_000, `over after ${sent}`)
  t.end()
})

t.test('tiny fragments cost more than their bytes', t => {
  const puppet = Puppet.established({ interleaving: true, receiveWindow: 1 << 18, maxMessageSize: 1000 }, PARAMETERS)
  for (let i = 0; i < 1200; i++) puppet.deliver(iData(T + i, 0, [1], { stream: i, flags: 2 }))
  t.equal(puppet.takeSacks().at(-1)!.window, 0)
  t.end()
})

t.test('a message ahead of what is missing is held within the window; what is missing is always taken', t => {
  const receiveWindow = 100_000
  const puppet = Puppet.established({ receiveWindow })
  for (let i = 1; i <= 120; i++) puppet.deliver(data(T + i, pattern(1000), { ssn: i }))
  const last = puppet.takeSacks().at(-1)!
  t.equal(last.window, 0)
  const held = last.gaps[0]![1] - last.gaps[0]![0] + 1
  t.ok(held <= 100 && held > 90, `${held}`)
  t.equal(puppet.association.counters.windowFull, 120 - held)
  puppet.deliver(data(T, pattern(1000)))
  const opened = puppet.takeSacks().at(-1)!
  t.equal(opened.window, receiveWindow)
  t.equal(opened.cumulative, T + held)
  t.equal(puppet.messages().length, held + 1)
  t.end()
})

/** A receiver without an association around it. */
const receiver = (window: number) => {
  const sacks: SackFields[] = []
  const transmit = (packet: Packet) => {
    sacks.push(...chunksOf(packet.view()).map(readSack))
    packet.release()
  }
  const packets = new PacketBuilder({ transmit, mtu: 1172 })
  const counters = createCounters()
  let delivered = 0
  const deliver = () => {
    delivered++
  }
  const half = new Receiver(T, window, new DataReassembly(1 << 20, deliver, () => {}, counters), counters)
  const flush = () => {
    if (half.tracker.due) half.acknowledge(packets, 0)
    packets.finish(0)
    return sacks.splice(0)
  }
  const take = (tsn: number, length: number) => {
    const { value, flags } = data(tsn, pattern(length), { flags: 7 })
    half.data(flags, value, 0, value.length)
    half.packetDone(packets, 0)
  }
  return { half, flush, take, delivered: () => delivered, counters }
}

t.test('what the owner cannot do with yet shuts the window; when it has done with it, the peer is told at once', t => {
  const { half, flush, take, delivered, counters } = receiver(10_000)
  for (let i = 0; i < 10; i++) {
    take(T + i, 1000)
    half.retain(1000)
  }
  t.match(flush(), [{ window: 0 }])
  take(T + 10, 1000)
  t.match(flush(), [{ window: 0, cumulative: T + 9 }], 'a probe is answered, and not taken')
  t.equal(delivered(), 10)
  t.equal(counters.windowFull, 1)
  half.release(1000)
  t.same(flush(), [], 'a small opening is not worth a packet')
  half.release(1500)
  t.match(flush(), [{ window: 2500, cumulative: T + 9 }])
  take(T + 10, 1000)
  half.release(7500)
  t.match(flush(), [{ window: 10_000, cumulative: T + 10 }])
  t.equal(delivered(), 11)
  t.end()
})

t.test('giving up a window’s worth of TSNs again and again, with something held, drops just that', t => {
  const puppet = Puppet.established()
  for (let round = 0; round < 20; round++) {
    const first = T + round * 65_000
    puppet.deliver(data(first + 64_000, [round], { flags: 6 }))
    puppet.deliver(data(first + 100, [round], { stream: 3, flags: 2 }))
    puppet.deliver(chunk(192, 0, u32(first + 64_999)))
    t.match(puppet.takeSacks().at(-1), { cumulative: first + 64_999, gaps: [], window: 5 << 20 })
  }
  puppet.deliver(data(T + 20 * 65_000, [1], { flags: 7 }))
  t.equal(puppet.messages().length, 1)
  t.end()
})

t.test('many half-done messages are given up one by one', t => {
  const puppet = Puppet.established({ interleaving: true }, PARAMETERS)
  const count = 2000
  for (let i = 0; i < count; i++) puppet.pour(iData(T + i, count - i, [1], { stream: 1, flags: 6 }))
  puppet.flush()
  for (let i = 1; i < count; i += 100) {
    const entries = Array.from({ length: 100 }, (_, j) => [1, true, i + j] as const)
    puppet.deliver(iForwardTsn(T + count + i, entries))
  }
  puppet.take()
  puppet.deliver(iData(T + count + 1902, 0, [1], { stream: 2, flags: 15 }))
  t.equal(puppet.takeSacks().at(-1)!.window, 5 << 20)
  t.end()
})

t.test('a message buffer: in one piece when its length was expected, and whole in any case', t => {
  for (const [expected, parts] of [
    [3000, [1000, 1000, 1000]],
    [4000, [1000, 1000, 500]],
    [100, [1000, 1, 7000, 1144, 1144, 30_000]],
    [16, Array.from({ length: 3000 }, (_, i) => 1 + (i % 50))],
  ] as const) {
    const whole = pattern(parts.reduce((sum, part) => sum + part, 0))
    const buffer = new MessageBuffer(expected, whole.length)
    let at = 0
    for (const part of parts) {
      buffer.append(whole, at, at + part)
      at += part
    }
    t.equal(buffer.length, whole.length)
    t.ok(buffer.capacity <= Math.max(expected, whole.length))
    const taken = buffer.take()
    t.ok(same(taken, whole))
    t.equal(taken.buffer.byteLength, whole.length)
  }
  t.end()
})
