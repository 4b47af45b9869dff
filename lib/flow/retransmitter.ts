/**
 * Sends packets again that the peer misses (RFC 4585, 6.2.1): in a stream of their own where that was agreed on (RFC 4588),
 * else to the byte as they were.
 *
 * Who asks for more than that is what was sent gets less: each packet that is sent earns a few that are sent again.
 */

import { type Packet, PacketPool, setU16 } from '../bytes/index.ts'
import { appendPayload, RtpPacket, writeRtpHeader } from '../rtp/index.ts'
import type { OutgoingExtensions } from './outgoing-extensions.ts'
import { SendHistory } from './send-history.ts'

const POOL = new PacketPool(1500, 512)
const ORIGINAL_NUMBER_LENGTH = 2
/** Packets that may be sent again for each that is sent; at the beginning; and saved up at most. */
const EARNED = 2
const INITIAL_CREDIT = 64
const MOST_CREDIT = 1024

export class Retransmitter {
  /** Packets that were asked for beyond what is earned. */
  refused = 0
  /** Whether the peer is seen to know the stream of retransmissions. */
  known = false
  readonly #history = new SendHistory()
  readonly #view = new RtpPacket()
  readonly #originalNumber = new Uint8Array(ORIGINAL_NUMBER_LENGTH)
  readonly #csrcs: number[] = []
  readonly #header = {
    marker: false,
    payloadType: 0,
    sequenceNumber: 0,
    timestamp: 0,
    ssrc: 0,
    csrcs: this.#csrcs,
  }
  #sequenceNumber: number
  #credit = INITIAL_CREDIT

  /** @param initialSequence 16 random bits; below 2^15, as an original's. */
  constructor(initialSequence: number) {
    this.#sequenceNumber = initialSequence & 0x7fff
  }

  /** Keeps a copy of what is sent. */
  keep(sequenceNumber: number, packet: Packet, now: number): void {
    this.#history.add(sequenceNumber, packet.bytes, packet.start, packet.end, now)
    if (this.#credit < MOST_CREDIT) this.#credit += EARNED
  }

  /**
   * Finds a packet that is asked for: its bytes, borrowed, are then in `original`. False when it is not here any more, was
   * sent again less than a round trip ago, or too much is asked for.
   */
  find(sequenceNumber: number, roundTripTime: number, now: number): boolean {
    if (this.#credit === 0) {
      this.refused++
      return false
    }
    const sent = this.#history.find(sequenceNumber, roundTripTime, now)
    if (sent === undefined || !this.#view.parse(sent)) return false
    this.#credit--
    return true
  }

  get original(): RtpPacket {
    return this.#view
  }

  /** The packet that was found, as it was: its place in the key stream is the same for the same bytes (RFC 3711, 9.1). */
  repeat(): Packet {
    const packet = POOL.take()
    const { bytes } = this.#view
    appendPayload(packet, bytes, 0, bytes.length)
    return packet
  }

  /** The packet that was found, as a retransmission (RFC 4588, 4); undefined where it has no room. */
  wrap(
    ssrc: number,
    payloadType: number,
    extensions: OutgoingExtensions,
    transportNumber: number,
    now: number,
  ): Packet | undefined {
    const original = this.#view
    const header = this.#header
    header.marker = original.marker
    header.payloadType = payloadType
    header.timestamp = original.timestamp
    header.ssrc = ssrc
    this.#csrcs.length = 0
    for (let index = 0; index < original.csrcCount; index++) this.#csrcs.push(original.csrc(index))
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff
    header.sequenceNumber = this.#sequenceNumber
    setU16(this.#originalNumber, 0, original.sequenceNumber)
    const packet = POOL.take()
    const isWritten =
      writeRtpHeader(packet, header, extensions.again(original, !this.known, transportNumber, now)) &&
      appendPayload(packet, this.#originalNumber, 0, ORIGINAL_NUMBER_LENGTH) &&
      appendPayload(packet, original.bytes, original.payloadStart, original.payloadEnd)
    if (isWritten) return packet
    packet.release()
    return undefined
  }

  /** Forgets what nobody would ask for any more. */
  tidy(now: number): void {
    this.#history.tidy(now)
  }

  /** The stream has ended, or has another SSRC. */
  clear(): void {
    this.#history.clear()
    this.known = false
  }
}
