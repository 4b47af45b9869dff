/** RTCP on its way out: feedback with what has to stand in front of it (RFC 4585, 3.1; RFC 5506), cut to datagrams. */

import { Packet, PacketPool } from '../bytes/index.ts'
import { encodeRtcp, packRtcp, type RtcpPacket } from '../rtp/index.ts'
import { descriptionOf } from './reports.ts'

export interface RtcpOutletOwner {
  readonly cname: string
  /** Bytes of a datagram's RTCP, at most. */
  readonly largest: number
  /** Under which we report. */
  reportSsrc(): number
  /** Whether RTCP need not be compound (RFC 5506). */
  reducedSize(): boolean
  transmit(packet: Packet): void
}

const POOL = new PacketPool(1500, 64)
/** SSRCs of one BYE (RFC 3550, 6.6: five bits). */
const MOST_LEAVING = 31

export class RtcpOutlet {
  readonly #owner: RtcpOutletOwner

  constructor(owner: RtcpOutletOwner) {
    this.#owner = owner
  }

  /** Alone where the peer agreed to that, else behind an empty report. */
  readonly sendFeedback = (packet: RtcpPacket): void => {
    const prefix = this.#owner.reducedSize() ? [] : this.#prefix()
    for (const bytes of packRtcp([packet], this.#owner.largest, prefix)) this.send(bytes)
  }

  #prefix(): RtcpPacket[] {
    const ssrc = this.#owner.reportSsrc()
    return [{ type: 'receiver-report', ssrc, reports: [] }, descriptionOf(this.#owner.cname, [ssrc])]
  }

  /** Says that streams of ours are over (RFC 3550, 6.3.7). */
  sendGoodbye(all: readonly number[]): void {
    for (let at = 0; at < all.length; at += MOST_LEAVING) {
      const ssrcs = all.slice(at, at + MOST_LEAVING)
      this.send(encodeRtcp([...this.#prefix(), { type: 'goodbye', ssrcs }]))
    }
  }

  /** A whole datagram. */
  send(bytes: Uint8Array): void {
    const fits = bytes.length <= POOL.payload
    const packet = fits ? POOL.take() : Packet.copy(bytes)
    if (fits) {
      packet.bytes.set(bytes, packet.start)
      packet.end = packet.start + bytes.length
    }
    this.#owner.transmit(packet)
  }
}
