/**
 * Packets of a source that is not joined yet. Where a network brought them, the packet that its key frame begins with may come
 * behind others of the frame, late or sent again: they are sent on then, in their order.
 */

import { diff16 } from '../bytes/index.ts'
import type { OutgoingRtp } from './parameters.ts'

/** Packets: what comes within a round trip, about. */
const MOST = 64

/** Field by field: it may be a view, whose properties are not its own. */
const copyOf = (packet: OutgoingRtp): OutgoingRtp => {
  const { source, bytes, payloadStart, payloadEnd, sequenceNumber, timestamp, marker, clockRate, mimeType } = packet
  const { sdpFmtpLine, csrcs, extensions } = packet
  return {
    source,
    bytes: new Uint8Array(bytes.subarray(payloadStart, payloadEnd)),
    payloadStart: 0,
    payloadEnd: payloadEnd - payloadStart,
    sequenceNumber,
    timestamp,
    marker,
    clockRate,
    mimeType,
    sdpFmtpLine,
    ...(csrcs && { csrcs: [...csrcs] }),
    ...(extensions && { extensions: extensions.map(each => ({ uri: each.uri, bytes: new Uint8Array(each.bytes) })) }),
  }
}

export class JoinBuffer {
  #packets: OutgoingRtp[] = []

  /** Keeps a copy of a packet; those of other sources are of no use any more. */
  keep(packet: OutgoingRtp): void {
    if (this.#packets[0] !== undefined && this.#packets[0].source !== packet.source) this.#packets = []
    if (this.#packets.length === MOST) this.#packets.shift()
    this.#packets.push(copyOf(packet))
  }

  /** Those of a source that come behind the packet with which it was joined, in their order. The buffer is empty then. */
  take(source: object, sequenceNumber: number): OutgoingRtp[] {
    const behind = (packet: OutgoingRtp): number => diff16(packet.sequenceNumber, sequenceNumber)
    const packets = this.#packets.filter(packet => packet.source === source && behind(packet) > 0)
    this.#packets = []
    return packets.sort((x, y) => behind(x) - behind(y))
  }
}
