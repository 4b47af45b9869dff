/** Protects what is sent under one master key (RFC 3711, 3.3 and 3.4): RTP by stream, RTCP by its own index. */

import type { Packet } from '../bytes/index.ts'
import type { CryptoProvider } from '../crypto/index.ts'
import type { CounterKeyStream } from './counter-key-stream.ts'
import { hideHeader } from './cryptex.ts'
import { RtpHeader } from './header.ts'
import { HeaderEncryption } from './header-encryption.ts'
import { deriveRtcpKeys, deriveRtpKeys } from './key-derivation.ts'
import { guessIndex, LAST_INDEX } from './packet-index.ts'
import { type ProfileParameters, profileParameters, type SrtpKeys, type SrtpProfile } from './profile.ts'
import type { Protection } from './protection.ts'
import { ReplayList } from './replay-list.ts'
import { createRtcpProtection, LAST_RTCP_INDEX, RTCP_CLEAR, type RtcpProtection } from './rtcp-protection.ts'
import { createRtpProtection } from './rtp-protection.ts'

export interface SrtpSenderOptions {
  readonly crypto: CryptoProvider
  readonly profile: SrtpProfile
  readonly keys: SrtpKeys
  /** SSRCs that are sent at a time, at most; 1,024 by default. Those beyond are not sent. */
  readonly mostStreams?: number
  /** Identifiers of the header extensions whose elements are encrypted (RFC 6904): none by default. Not used with Cryptex. */
  readonly encryptedExtensions?: readonly number[]
  /** Whether header extensions and contributing sources are encrypted altogether (RFC 9335): false by default. */
  readonly cryptex?: boolean
  /**
   * Whether a sequence number may be sent again: false by default. Only the same bytes may be: another packet under the same
   * number gives the key away (RFC 3711, 9.1; RFC 7714, 14).
   */
  readonly allowRepeats?: boolean
  /** The last index that a key is used for (RFC 3711, 9.2); lower than the RFC's for whoever wants new keys earlier. */
  readonly lastIndex?: number
  readonly lastRtcpIndex?: number
}

interface OutgoingStream {
  readonly protection: Protection
  readonly replay: ReplayList
  headerStream: CounterKeyStream | undefined
}

/** Packets behind the newest that may still be sent: they come from elsewhere, and may be out of order. */
const WINDOW = 1024
const RTCP_TRAILER = 4
const LONGEST_DATAGRAM = 0xffff

export class SrtpSender {
  readonly counters = {
    /** Packets that are no RTP, have no room behind them, or an extension that Cryptex has no form for. */
    malformed: 0,
    /** Sequence numbers that were used before, or are too old to know. */
    repeated: 0,
    /** Beyond what a key may protect. */
    exhausted: 0,
    /** Streams beyond the bound. */
    refusedStreams: 0,
  }
  readonly #options: SrtpSenderOptions
  readonly #profile: ProfileParameters
  readonly #protect: (ssrc: number) => Protection
  readonly #rtcp: RtcpProtection
  readonly #streams = new Map<number, OutgoingStream>()
  readonly #header = new RtpHeader()
  readonly #headerEncryption: HeaderEncryption
  #encryptsExtensions = false
  #rtcpIndex = 0
  /** Whether header extensions and contributing sources are encrypted altogether (RFC 9335), from the next packet on. */
  cryptex: boolean

  constructor(options: SrtpSenderOptions) {
    const { crypto, profile, keys } = options
    this.#options = options
    this.#profile = profileParameters(profile)
    this.#protect = createRtpProtection(crypto, deriveRtpKeys(crypto, keys, this.#profile), this.#profile)
    this.#rtcp = createRtcpProtection(crypto, deriveRtcpKeys(crypto, keys, this.#profile), this.#profile)
    this.#headerEncryption = new HeaderEncryption(crypto, keys, this.#profile)
    this.cryptex = options.cryptex ?? false
    this.encryptedExtensions = options.encryptedExtensions ?? []
  }

  /** Identifiers of the header extensions whose elements are encrypted from the next packet on: a RangeError for what is none. */
  set encryptedExtensions(identifiers: readonly number[]) {
    this.#headerEncryption.identifiers = identifiers
    this.#encryptsExtensions = identifiers.length > 0
  }

  /** Protects an RTP packet in place; false when it must not, or cannot, be sent. */
  protect(packet: Packet): boolean {
    const { bytes, start, end } = packet
    const header = this.#header
    if (!this.#hasRoom(packet, this.#profile.rtpTagLength)) return this.#refuse('malformed')
    if (!header.parse(bytes, start, end)) return this.#refuse('malformed')
    const stream = this.#streams.get(header.ssrc) ?? this.#open(header.ssrc)
    if (stream === undefined) return this.#refuse('refusedStreams')
    const { replay, protection } = stream
    const index = guessIndex(replay.highest, header.sequenceNumber)
    if (index > (this.#options.lastIndex ?? LAST_INDEX)) return this.#refuse('exhausted')
    if (!replay.isNew(index) && this.#options.allowRepeats !== true) return this.#refuse('repeated')
    if (this.cryptex) {
      if (!hideHeader(packet, header, this.#profile.rtpTagLength)) return this.#refuse('malformed')
    } else if (this.#encryptsExtensions && header.extensionAt >= 0) {
      stream.headerStream ??= this.#headerEncryption.createStream(header.ssrc)
      this.#headerEncryption.mix(bytes, header, stream.headerStream, index)
    }
    replay.add(index)
    packet.end = protection.seal(bytes, packet.start, header, packet.end, index)
    return true
  }

  /** Whether there is room behind a packet, which is no longer than a datagram. */
  #hasRoom({ bytes, start, end }: Packet, room: number): boolean {
    return bytes.length - end >= room && end - start + room <= LONGEST_DATAGRAM
  }

  #open(ssrc: number): OutgoingStream | undefined {
    // None gives way: whoever forgets a stream's indices uses them twice.
    if (this.#streams.size >= (this.#options.mostStreams ?? 1024)) return undefined
    const stream = { protection: this.#protect(ssrc), replay: new ReplayList(WINDOW), headerStream: undefined }
    this.#streams.set(ssrc, stream)
    return stream
  }

  /** Protects an RTCP packet in place; false when it must not, or cannot, be sent. */
  protectRtcp(packet: Packet): boolean {
    const { bytes, start, end } = packet
    const room = RTCP_TRAILER + this.#profile.rtcpTagLength
    if (end - start < RTCP_CLEAR || !this.#hasRoom(packet, room)) return this.#refuse('malformed')
    if (this.#rtcpIndex > (this.#options.lastRtcpIndex ?? LAST_RTCP_INDEX)) return this.#refuse('exhausted')
    const ssrc =
      ((bytes[start + 4]! << 24) | (bytes[start + 5]! << 16) | (bytes[start + 6]! << 8) | bytes[start + 7]!) >>> 0
    packet.end = this.#rtcp.seal(bytes, start, end, ssrc, this.#rtcpIndex++)
    return true
  }

  #refuse(why: keyof SrtpSender['counters']): false {
    this.counters[why]++
    return false
  }
}
