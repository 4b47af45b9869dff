/** A packet has room in front and behind, and its buffer goes back to the pool exactly once. */

import t from 'tap'
import { HEADROOM, Packet, PacketPool, TAILROOM } from '../../lib/bytes/index.ts'

t.test('layers write around a payload that is never moved', t => {
  const packet = new PacketPool(10).take()
  t.equal(packet.length, 0)
  packet.bytes.set([5, 6], packet.end)
  packet.end += 2
  packet.bytes[--packet.start] = 4
  packet.bytes[packet.end++] = 7
  t.same([...packet.view()], [4, 5, 6, 7])
  t.equal(packet.length, 4)
  t.equal(packet.bytes.length, HEADROOM + 10 + TAILROOM)
  t.end()
})

t.test('a copy has room and is its own; a packet around whole bytes is a view of them', t => {
  const payload = new Uint8Array([1, 2, 3])
  const copy = Packet.copy(payload)
  const around = Packet.of(payload)
  payload[0] = 9
  t.same([...copy.view()], [1, 2, 3])
  t.equal(copy.start, HEADROOM)
  t.equal(copy.bytes.length - copy.end, TAILROOM)
  t.same([...around.view()], [9, 2, 3])
  copy.release()
  around.release()
  t.end()
})

t.test('a buffer that is released is used again, once', t => {
  const pool = new PacketPool(10)
  const first = pool.take()
  const second = pool.take()
  t.not(first.bytes, second.bytes)
  first.start -= 5
  first.end += 3
  first.release()
  first.release()
  const third = pool.take()
  const fourth = pool.take()
  t.equal(third.bytes, first.bytes)
  t.not(fourth.bytes, first.bytes)
  t.equal(third.start, HEADROOM)
  t.equal(third.length, 0)
  first.release()
  t.not(pool.take().bytes, third.bytes)
  t.end()
})

t.test('a pool keeps no more than its bound', t => {
  const pool = new PacketPool(10, 2)
  const packets = [pool.take(), pool.take(), pool.take()]
  for (const packet of packets) packet.release()
  const buffers = packets.map(packet => packet.bytes)
  const reused = [pool.take(), pool.take(), pool.take()].filter(packet => buffers.includes(packet.bytes))
  t.equal(reused.length, 2)
  t.end()
})
