/** In a packet, control chunks stand before DATA (RFC 9260 6.10). */

import t from 'tap'
import { CHUNK } from '../../lib/sctp/chunk-type.ts'
import { COMMON_HEADER } from '../../lib/sctp/common-header.ts'
import { Pair, pattern } from './pair.ts'

/** The types of the chunks of a packet, in their order. */
function chunkTypes(packet: Uint8Array): number[] {
  const types: number[] = []
  for (let at = COMMON_HEADER; at + 4 <= packet.length; ) {
    types.push(packet[at]!)
    at += (((packet[at + 2]! << 8) | packet[at + 3]!) + 3) & ~3
  }
  return types
}

t.test('no control chunk stands behind DATA, even when a stream is reset with its last message', t => {
  const pair = Pair.established({ delay: 10 })
  for (const size of [10, 1000, 5000]) {
    pair.a.send(1, 53, pattern(size, size), {}, pair.wire.now)
    pair.b.send(2, 53, pattern(size, size), {}, pair.wire.now)
  }
  pair.a.resetStreams([1])
  t.ok(pair.wire.run(() => pair.of('a', 'reset-done').length === 1))
  const packets = pair.wire.sent.map(({ bytes }) => chunkTypes(bytes))
  t.ok(packets.some(types => types.includes(CHUNK.RE_CONFIG)))
  for (const types of packets) {
    const firstData = types.indexOf(CHUNK.DATA)
    if (firstData < 0) continue
    t.same(new Set(types.slice(firstData)), new Set([CHUNK.DATA]))
  }
  t.end()
})
