/** Opens what comes in under one master key (RFC 3711, 3.3 and 3.4). What is known of a stream changes only by packets that are authentic. */

import type { CryptoProvider } from '../crypto/index.ts'
import type { CounterKeyStream } from './counter-key-stream.ts'
import { isHidden, showHeader } from './cryptex.ts'
import { RtpHeader } from './header.ts'
import { HeaderEncryption } from './header-encryption.ts'
import { deriveRtcpKeys, deriveRtpKeys } from './key-derivation.ts'
import { guessIndex, LAST_INDEX } from './packet-index.ts'
import { type ProfileParameters, profileParameters, type SrtpKeys, type SrtpProfile } from './profile.ts'
import type { Protection } from './protection.ts'
import { checkWindow, ReplayList } from './replay-list.ts'
import {
  createRtcpProtection,
  LAST_RTCP_INDEX,
  RTCP_CLEAR,
  type RtcpProtection,
  readWord,
  rtcpWordAt,
} from './rtcp-protection.ts'
import { createRtpProtection } from './rtp-protection.ts'

export interface SrtpReceiverOptions {
  readonly crypto: CryptoProvider
  readonly profile: SrtpProfile
  readonly keys: SrtpKeys
  /** Packets behind the newest of a stream that are told apart from replayed ones, 64 to 32,768; 1,024 by default. */
  readonly replayWindow?: number
  /** Identifiers of the header extensions whose elements are encrypted (RFC 6904): none by default. */
  readonly encryptedExtensions?: readonly number[]
  /**
   * Whether packets may have their header extensions and contributing sources encrypted altogether (RFC 9335): false by
   * default. Each packet says so itself; it is opened with its extension in the usual form.
   */
  readonly cryptex?: boolean
  /**
   * SSRCs that are known at a time, at most; 1,024 by default. Beyond it the one that was heard of longest ago gives way: what
   * it sent could then be replayed by whoever kept it, until it is heard of again.
   */
  readonly mostStreams?: number
}

interface IncomingStream {
  readonly ssrc: number
  readonly protection: Protection
  readonly replay: ReplayList
  readonly rtcpReplay: ReplayList
  headerStream: CounterKeyStream | undefined
  /** When it was heard of, by a count of packets. */
  heard: number
}

const LONGEST_DATAGRAM = 0xffff
const DEFAULT_WINDOW = 1024
const DEFAULT_STREAMS = 1024
/** RTCP is rare, and repeated by nobody. */
const RTCP_WINDOW = 128

export class SrtpReceiver {
  readonly counters = {
    /** Too short, or lengths that lie. */
    malformed: 0,
    /** The tag is wrong. */
    forged: 0,
    /** Seen before, or too old to know. */
    replayed: 0,
    /** Beyond what a key may protect. */
    exhausted: 0,
    /** Streams that gave way to others. */
    forgotten: 0,
  }
  readonly #options: SrtpReceiverOptions
  readonly #profile: ProfileParameters
  readonly #protect: (ssrc: number) => Protection
  readonly #rtcp: RtcpProtection
  readonly #header = new RtpHeader()
  readonly #headerEncryption: HeaderEncryption
  #decryptsExtensions = false
  /** Whether packets may be encrypted by Cryptex (RFC 9335), from the next one on. */
  cryptex: boolean
  readonly #streams = new Map<number, IncomingStream>()
  /** What an SSRC would be, until a packet of it is authentic. */
  #candidate: IncomingStream | undefined
  #packets = 0

  constructor(options: SrtpReceiverOptions) {
    const { crypto, profile, keys } = options
    this.#options = options
    checkWindow(options.replayWindow ?? DEFAULT_WINDOW)
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
    this.#decryptsExtensions = identifiers.length > 0
  }

  /** Opens an RTP packet in place: its length without the protection, or -1 when it is not to be used. */
  unprotect(bytes: Uint8Array): number {
    const header = this.#header
    if (bytes.length > LONGEST_DATAGRAM || !header.parse(bytes, 0, bytes.length)) return this.#refuse('malformed')
    if (bytes.length - header.end < this.#profile.rtpTagLength) return this.#refuse('malformed')
    const stream = this.#find(header.ssrc)
    const { replay, protection } = stream
    const index = guessIndex(replay.highest, header.sequenceNumber)
    if (index > LAST_INDEX) return this.#refuse('exhausted')
    if (!replay.isNew(index)) return this.#refuse('replayed')
    const hidden = this.cryptex && isHidden(bytes, header)
    const end = protection.open(bytes, 0, header, bytes.length, index)
    if (end < 0) return this.#refuse('forged')
    if (hidden) showHeader(bytes, header)
    else if (this.#decryptsExtensions && header.extensionAt >= 0) {
      stream.headerStream ??= this.#headerEncryption.createStream(header.ssrc)
      this.#headerEncryption.mix(bytes, header, stream.headerStream, index)
    }
    replay.add(index)
    this.#keep(stream)
    return end
  }

  /** Opens an RTCP packet in place: its length without the protection, or -1 when it is not to be used. */
  unprotectRtcp(bytes: Uint8Array): number {
    const { aead, rtcpTagLength } = this.#profile
    const wordAt = rtcpWordAt(bytes.length, aead, rtcpTagLength)
    if (wordAt < RTCP_CLEAR || bytes.length > LONGEST_DATAGRAM) return this.#refuse('malformed')
    const index = readWord(bytes, wordAt) & LAST_RTCP_INDEX
    const ssrc = readWord(bytes, 4)
    const stream = this.#find(ssrc)
    const { rtcpReplay } = stream
    if (!rtcpReplay.isNew(index)) return this.#refuse('replayed')
    const end = this.#rtcp.open(bytes, 0, bytes.length, ssrc)
    if (end < 0) return this.#refuse('forged')
    rtcpReplay.add(index)
    this.#keep(stream)
    return end
  }

  #find(ssrc: number): IncomingStream {
    const known = this.#streams.get(ssrc) ?? (this.#candidate?.ssrc === ssrc ? this.#candidate : undefined)
    if (known !== undefined) return known
    this.#candidate = {
      ssrc,
      protection: this.#protect(ssrc),
      replay: new ReplayList(this.#options.replayWindow ?? DEFAULT_WINDOW),
      rtcpReplay: new ReplayList(RTCP_WINDOW),
      headerStream: undefined,
      heard: 0,
    }
    return this.#candidate
  }

  /** A packet of the stream was authentic. */
  #keep(stream: IncomingStream): void {
    stream.heard = ++this.#packets
    if (stream !== this.#candidate) return
    this.#candidate = undefined
    if (this.#streams.size >= (this.#options.mostStreams ?? DEFAULT_STREAMS)) this.#forgetOldest()
    this.#streams.set(stream.ssrc, stream)
  }

  #forgetOldest(): void {
    let oldest: IncomingStream | undefined
    for (const stream of this.#streams.values())
      if (oldest === undefined || stream.heard < oldest.heard) oldest = stream
    if (oldest === undefined) return
    this.#streams.delete(oldest.ssrc)
    this.counters.forgotten++
  }

  #refuse(why: keyof SrtpReceiver['counters']): -1 {
    this.counters[why]++
    return -1
  }
}
