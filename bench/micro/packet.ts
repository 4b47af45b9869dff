/** Where the bytes of a packet come from: the pool, and what it saves. */

import { HEADROOM, Packet, PacketPool, TAILROOM } from '../../lib/bytes/index.ts'
import { suite } from './suite.ts'

const pool = new PacketPool(1200)
const payload = new Uint8Array(1200)

suite('a packet with room for 1200 bytes', 0, {
  'from the pool and back': () => pool.take().release(),
  'freshly made': () => new Uint8Array(HEADROOM + 1200 + TAILROOM),
  'a view of a part': () => payload.subarray(13, 1200),
})
suite('a packet with 1200 bytes in it', 1200, {
  'from the pool': () => {
    const packet = pool.take()
    packet.bytes.set(payload, packet.start)
    packet.end = packet.start + payload.length
    packet.release()
  },
  'a copy of its own': () => Packet.copy(payload),
})
