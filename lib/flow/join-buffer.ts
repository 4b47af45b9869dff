/**
 * Packets of a source that is not joined yet. Where a network brought them, the packet that its key frame begins with may come
 * behind others of the frame, late or sent again: they are sent on then, in their order.
 */

import { diff16 } from '../bytes/index.ts'
import type { OutgoingRtp } from './parameters.ts'

/** Packets behind a missing one: what comes within a round trip, about. */
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
  #source: object | undefined
  #packets: OutgoingRtp[] = []
  #newest = 0
  /** The latest number that was missing when others behind it came; -1 where there is none of late. */
  #gap = -1

  /** Keeps a copy of a packet, if one of late that may come yet is missing in front of it. */
  keep(packet: OutgoingRtp): void {
    const { source, sequenceNumber } = packet
    if (source !== this.#source) {
      this.clear()
      this.#source = source
      this.#newest = (sequenceNumber - 2) & 0xffff
    }
    const ahead = diff16(sequenceNumber, this.#newest)
    if (ahead > 1) this.#gap = (sequenceNumber - 1) & 0xffff
    if (ahead > 0) this.#newest = sequenceNumber
    if (this.#gap < 0) return
    if (diff16(sequenceNumber, this.#gap) > MOST) {
      this.#packets = []
      this.#gap = -1
      return
    }
    if (this.#packets.length === MOST) this.#packets.shift()
    this.#packets.push(copyOf(packet))
  }

  /** Those of a source that come behind the packet with which it was joined, in their order. The buffer is empty then. */
  take(source: object, sequenceNumber: number): OutgoingRtp[] {
    const behind = (packet: OutgoingRtp): number => diff16(packet.sequenceNumber, sequenceNumber)
    const packets = source === this.#source ? this.#packets.filter(packet => behind(packet) > 0) : []
    this.clear()
    return packets.sort((x, y) => behind(x) - behind(y))
  }

  clear(): void {
    this.#source = undefined
    this.#packets = []
    this.#gap = -1
  }
}
