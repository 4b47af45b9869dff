/**
 * Media over a transport: SRTP and SRTCP by keys that DTLS agreed on (RFC 5764; RFC 8827, 6.5), multiplexed on one port
 * (RFC 5761).
 *
 * What the peer sends may overtake the end of its handshake. A few such datagrams wait for the keys.
 */

import type { Packet } from '../bytes/index.ts'
import type { CryptoProvider } from '../crypto/index.ts'
import type { DtlsConnection } from '../dtls/index.ts'
import { keyingMaterialLength, type SrtpProfile, SrtpReceiver, SrtpSender, splitKeyingMaterial } from '../srtp/index.ts'

/** RFC 5764, 4.2. */
const EXPORTER_LABEL = 'EXTRACTOR-dtls_srtp'
/** Datagrams that are kept until there are keys: what a camera's first key frame has, about. */
const EARLY_DATAGRAMS = 64

export interface MediaPathOptions {
  readonly crypto: CryptoProvider
  /** What was opened: borrowed, and valid until the call returns. */
  readonly receive: (packet: Uint8Array, isRtcp: boolean, now: number) => void
  /** How many packets behind the newest one of a stream are told apart from replayed ones; as in `SrtpReceiver`. */
  readonly replayWindow?: number
}

/** How headers are encrypted beside the payload, as descriptions have agreed on. */
export interface HeaderProtection {
  /** Whether ours are encrypted altogether (RFC 9335). The peer's always may be. */
  readonly cryptex: boolean
  /** Identifiers of extensions that are encrypted by themselves (RFC 6904), in what is sent and what comes. */
  readonly sent: readonly number[]
  readonly received: readonly number[]
}

/** RFC 5761, 4: RTCP packet types are where RTP would have its marker and the payload types 64 to 95. */
const isRtcp = (packet: Uint8Array): boolean => {
  const second = packet[1] ?? 0
  return second >= 192 && second <= 223
}

export class MediaPath {
  readonly #options: MediaPathOptions
  #sender: SrtpSender | undefined
  #receiver: SrtpReceiver | undefined
  #early: Uint8Array[] = []
  /** The handshake is over: what comes without keys has none to wait for. */
  #settled = false
  #profile: SrtpProfile | undefined
  #headers: HeaderProtection = { cryptex: false, sent: [], received: [] }
  readonly counters = {
    /** Datagrams that came before the keys, beyond the bound. */
    droppedEarly: 0,
    /** Datagrams where the handshake agreed on no protection for them. */
    droppedUnprotected: 0,
    /** Datagrams that SRTP refused: malformed, forged, or replayed. */
    droppedRefused: 0,
    /** Packets of ours that could not be protected: no keys, or keys used up. */
    unsent: 0,
  }

  constructor(options: MediaPathOptions) {
    this.#options = options
  }

  /** What the handshake agreed on, once there are keys. */
  get profile(): SrtpProfile | undefined {
    return this.#profile
  }

  get sender(): SrtpSender | undefined {
    return this.#sender
  }

  get receiver(): SrtpReceiver | undefined {
    return this.#receiver
  }

  /** The handshake is done: takes the keys, and what has waited for them. */
  start(dtls: DtlsConnection, now: number): void {
    const profile = dtls.srtpProfile
    const early = this.#early
    this.#early = []
    if (this.#settled) return
    this.#settled = true
    if (profile === undefined) return
    const material = dtls.exportKeyingMaterial(EXPORTER_LABEL, keyingMaterialLength(profile))
    const { client, server } = splitKeyingMaterial(profile, material)
    const [ours, theirs] = dtls.role === 'client' ? [client, server] : [server, client]
    const { crypto, replayWindow } = this.#options
    this.#profile = profile
    this.#sender = new SrtpSender({ crypto, profile, keys: ours, allowRepeats: true })
    this.#receiver = new SrtpReceiver({
      crypto,
      profile,
      keys: theirs,
      cryptex: true,
      ...(replayWindow && { replayWindow }),
    })
    this.#protectHeaders()
    for (const packet of early) this.#open(this.#receiver, packet, now)
  }

  /** From the next packet on. */
  protectHeaders(headers: HeaderProtection): void {
    this.#headers = headers
    this.#protectHeaders()
  }

  #protectHeaders(): void {
    const { cryptex, sent, received } = this.#headers
    if (this.#sender === undefined || this.#receiver === undefined) return
    this.#sender.cryptex = cryptex
    this.#sender.encryptedExtensions = sent
    this.#receiver.encryptedExtensions = received
  }

  /** A datagram of the peer's, opened in place. */
  receive(packet: Uint8Array, now: number): void {
    if (this.#receiver !== undefined) this.#open(this.#receiver, packet, now)
    else if (this.#settled) this.counters.droppedUnprotected++
    else if (this.#early.length < EARLY_DATAGRAMS) this.#early.push(packet.slice())
    else this.counters.droppedEarly++
  }

  #open(receiver: SrtpReceiver, packet: Uint8Array, now: number): void {
    const rtcp = isRtcp(packet)
    const length = rtcp ? receiver.unprotectRtcp(packet) : receiver.unprotect(packet)
    if (length < 0) this.counters.droppedRefused++
    else this.#options.receive(length === packet.length ? packet : packet.subarray(0, length), rtcp, now)
  }

  /** Protects a packet of ours in place; false, and the packet released, when that cannot be done. */
  protect(packet: Packet, rtcp: boolean): boolean {
    const sender = this.#sender
    if (sender !== undefined && (rtcp ? sender.protectRtcp(packet) : sender.protect(packet))) return true
    this.counters.unsent++
    packet.release()
    return false
  }

  /** DTLS is over, and media with it. */
  close(): void {
    this.#settled = true
    this.#early = []
    this.#sender = undefined
    this.#receiver = undefined
  }
}
