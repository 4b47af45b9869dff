/** RFC 7983, section 7: the ranges of the first byte. */

import t from 'tap'
import { type PacketKind, packetKind } from '../../lib/transport/index.ts'

const RANGES: readonly (readonly [number, number, PacketKind])[] = [
  [0, 3, 'stun'],
  [4, 15, 'unknown'],
  [16, 19, 'zrtp'],
  [20, 63, 'dtls'],
  [64, 79, 'turn-channel'],
  [80, 127, 'quic'],
  [128, 191, 'rtp'],
  [192, 255, 'quic'],
]

t.test('every first byte belongs to the range that the RFC gives it', t => {
  for (const [first, last, kind] of RANGES) {
    for (let byte = first; byte <= last; byte++) t.equal(packetKind(new Uint8Array([byte, 0])), kind)
  }
  t.end()
})

t.test('an empty datagram is of no kind', t => {
  t.equal(packetKind(new Uint8Array(0)), 'unknown')
  t.end()
})
