/**
 * An RTP packet on its way from a source to the sinks of its tracks: as it came or was written, with what a sender needs to
 * send it on. One object for each source, filled anew for each packet.
 */

import type { Codec, NegotiatedExtension, RtpPacket } from '../rtp/index.ts'

/** A header extension element by the URI that says what it is (RFC 8285, 5). */
export interface RtpHeaderExtension {
  readonly uri: string
  readonly bytes: Uint8Array
}

/** All of it is borrowed: it counts until the sink returns. */
export interface SourcePacket {
  /**
   * The stream that it belongs to, by identity: another one where the numbers and times do not follow those of the packets
   * before. A track that was interrupted puts its own in place while it hands the packet over.
   */
  source: object
  /** The packet; its payload is `bytes[payloadStart, payloadEnd)`, which may be empty. */
  readonly bytes: Uint8Array
  readonly payloadStart: number
  readonly payloadEnd: number
  readonly payloadType: number
  /** 16 bits. */
  readonly sequenceNumber: number
  /** 32 bits, in units of `clockRate`. */
  readonly timestamp: number
  readonly ssrc: number
  readonly marker: boolean
  /** Hertz. */
  readonly clockRate: number
  /** As `video/VP8`. */
  readonly mimeType: string
  readonly sdpFmtpLine: string | undefined
  readonly csrcs: readonly number[]
  readonly extensions: readonly RtpHeaderExtension[]
}

const NONE: readonly never[] = []

/** The URIs by id, to read one packet after another with; made when a negotiation has settled them. */
export const extensionTable = (extensions: readonly NegotiatedExtension[]): readonly (string | undefined)[] => {
  const table: (string | undefined)[] = []
  for (const { uri, id } of extensions) table[id] = uri
  return table
}

/** A SourcePacket to be filled from what was parsed. */
export class SourcePacketView implements SourcePacket {
  source: object
  bytes: Uint8Array = new Uint8Array(0)
  payloadStart = 0
  payloadEnd = 0
  payloadType = 0
  sequenceNumber = 0
  timestamp = 0
  ssrc = 0
  marker = false
  clockRate = 90_000
  mimeType = ''
  sdpFmtpLine: string | undefined = undefined
  csrcs: readonly number[] = NONE
  extensions: readonly RtpHeaderExtension[] = NONE
  #found: RtpHeaderExtension[] = []
  #uris: readonly (string | undefined)[] = NONE

  constructor(source: object) {
    this.source = source
  }

  /**
   * Takes over a packet.
   * @param codec Of its payload type.
   * @param uris As `extensionTable` gives them: elements with other ids are left out.
   */
  fill(packet: RtpPacket, codec: Codec, uris: readonly (string | undefined)[]): this {
    this.bytes = packet.bytes
    this.payloadStart = packet.payloadStart
    this.payloadEnd = packet.payloadEnd
    this.payloadType = packet.payloadType
    this.sequenceNumber = packet.sequenceNumber
    this.timestamp = packet.timestamp
    this.ssrc = packet.ssrc
    this.marker = packet.marker
    this.clockRate = codec.clockRate
    this.mimeType = codec.mimeType
    this.sdpFmtpLine = codec.sdpFmtpLine
    this.csrcs = packet.csrcCount === 0 ? NONE : this.#readCsrcs(packet)
    this.extensions = packet.extensionProfile === 0 || uris.length === 0 ? NONE : this.#readExtensions(packet, uris)
    return this
  }

  #readCsrcs(packet: RtpPacket): readonly number[] {
    const csrcs: number[] = []
    for (let i = 0; i < packet.csrcCount; i++) csrcs.push(packet.csrc(i))
    return csrcs
  }

  #readExtensions(packet: RtpPacket, uris: readonly (string | undefined)[]): readonly RtpHeaderExtension[] {
    this.#found = []
    this.#uris = uris
    packet.forEachExtension(this.#collect)
    return this.#found
  }

  /** One for all packets: a closure for each would cost more than the rest. */
  readonly #collect = (id: number, start: number, end: number): void => {
    const uri = this.#uris[id]
    if (uri !== undefined) this.#found.push({ uri, bytes: this.bytes.subarray(start, end) })
  }
}
