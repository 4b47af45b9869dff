/**
 * The media of a session: an RTP session for each transport that carries some (RFC 3550, 3; RFC 8834, 4.1), the links of its
 * transceivers on them, and the way of a packet to its link.
 */

import type { CryptoProvider } from '../crypto/index.ts'
import { type RtpEvent, type RtpReceiver, RtpSession } from '../flow/index.ts'
import type { Applied, AppliedMedia, Transceiver } from '../jsep/index.ts'
import type { EventQueue } from '../machine/index.ts'
import type { NegotiatedExtension, RtpPacket } from '../rtp/index.ts'
import type { HeaderProtection } from '../transport/index.ts'
import { EarlyPackets } from './early-packets.ts'
import type { SessionEvent } from './events.ts'
import { MediaLink } from './media-link.ts'
import { RtpRouter } from './rtp-router.ts'
import type { SessionTransport } from './session-transport.ts'

export interface MediaSetOptions {
  readonly crypto: CryptoProvider
  /** RFC 7022. */
  readonly cname: string
  /** Milliseconds since 1970 where `now` is 0. */
  readonly timeOrigin: number
  /** Bytes of the largest datagram to send. */
  readonly mtu: number
}

/** The media of one transport. */
interface MediaTransport {
  readonly rtp: RtpSession
  readonly router: RtpRouter<MediaLink>
  readonly early: EarlyPackets
}

export class MediaSet {
  readonly #options: MediaSetOptions
  readonly #events: EventQueue<SessionEvent>
  readonly #now: () => number
  readonly #links = new Map<Transceiver, MediaLink>()
  readonly #transports = new Map<SessionTransport, MediaTransport>()
  /** The same, for the steps that every packet makes. */
  #list: readonly MediaTransport[] = []

  constructor(options: MediaSetOptions, events: EventQueue<SessionEvent>, now: () => number) {
    this.#options = options
    this.#events = events
    this.#now = now
  }

  get deadline(): number {
    let deadline = Number.POSITIVE_INFINITY
    for (const { rtp } of this.#list) if (rtp.deadline < deadline) deadline = rtp.deadline
    return deadline
  }

  advance(now: number): void {
    for (const { rtp } of this.#list) rtp.advance(now)
  }

  flush(now: number): void {
    for (const { rtp } of this.#list) rtp.flush(now)
  }

  /** One for each transceiver, made when it is first asked for. */
  link(transceiver: Transceiver): MediaLink {
    let link = this.#links.get(transceiver)
    if (link === undefined) {
      link = new MediaLink(transceiver)
      this.#links.set(transceiver, link)
    }
    return link
  }

  /** The RTP session of a transport, where it carries media. */
  rtpOf(transport: SessionTransport): RtpSession | undefined {
    return this.#transports.get(transport)?.rtp
  }

  /** A packet that SRTP has opened: borrowed. */
  receive(transport: SessionTransport, packet: Uint8Array, isRtcp: boolean, now: number): void {
    const media = this.#transports.get(transport) ?? this.#open(transport)
    if (isRtcp) media.rtp.receiveRtcp(packet, now)
    else media.rtp.receiveRtp(packet, now)
  }

  #open(transport: SessionTransport): MediaTransport {
    const { crypto, cname, timeOrigin, mtu } = this.#options
    const router = new RtpRouter<MediaLink>()
    const early = new EarlyPackets()
    const rtp = new RtpSession({
      random: crypto.random,
      cname,
      timeOrigin,
      mtu,
      transmit: (packet, isRtcp) => void transport.transport.sendMedia(packet, isRtcp, this.#now()),
      route: (packet, now) => this.#route(router, early, packet, now),
    })
    const media = { rtp, router, early }
    this.#transports.set(transport, media)
    this.#list = [...this.#transports.values()]
    return media
  }

  #route(router: RtpRouter<MediaLink>, early: EarlyPackets, packet: RtpPacket, now: number): RtpReceiver | undefined {
    const link = router.find(packet)
    if (link === undefined) early.add(packet.bytes, now)
    return link?.receiver
  }

  /** A description has settled these m-sections. `transportOf` finds what was made for a mid. */
  agree(applied: Applied, transportOf: (mid: string) => SessionTransport | undefined, now: number): void {
    const byTransport = new Map<SessionTransport, AppliedMedia[]>()
    for (const media of applied.media) {
      const { transceiver } = media
      if (transceiver === undefined) continue
      const transport = media.rejected ? undefined : transportOf(media.transportMid)
      const { negotiated } = transceiver
      if (transport === undefined || negotiated === undefined || transceiver.stopping) {
        this.#links.get(transceiver)?.release()
        continue
      }
      const { rtp } = this.#transports.get(transport) ?? this.#open(transport)
      this.link(transceiver).agree(transport, rtp, negotiated)
      byTransport.set(transport, [...(byTransport.get(transport) ?? []), media])
    }
    for (const [transport, media] of this.#transports) {
      const list = byTransport.get(transport) ?? []
      transport.transport.media.protectHeaders(headerProtection(list))
      this.#configure(media, list, now)
    }
  }

  #configure({ router, early, rtp }: MediaTransport, list: readonly AppliedMedia[], now: number): void {
    const receiving = list.flatMap(({ mid, transceiver }) => {
      const receive = transceiver?.negotiated?.receive
      return transceiver === undefined || receive === undefined ? [] : [{ mid, transceiver, receive }]
    })
    const midExtension = receiving.flatMap(({ receive }) =>
      receive.extensions.flatMap(({ uri, id }) => (uri === MID_URI ? [id] : [])),
    )[0]
    router.configure(
      receiving.map(({ mid, transceiver, receive }) => ({
        target: this.link(transceiver),
        mid,
        payloadTypes: receive.codecs.map(({ payloadType }) => payloadType),
        ssrcs: receive.ssrcs.map(({ ssrc }) => ssrc),
      })),
      midExtension ?? 0,
    )
    rtp.configured(now)
    early.replay(now, packet => rtp.receiveRtp(packet, now))
  }

  /** These transports are gone. */
  dropped(transports: readonly SessionTransport[]): void {
    for (const transport of transports) {
      this.#transports.get(transport)?.rtp.close()
      this.#transports.delete(transport)
    }
    for (const link of this.#links.values()) {
      if (link.transport !== undefined && transports.includes(link.transport)) link.release()
    }
    this.#list = [...this.#transports.values()]
  }

  /** Transceivers that a rollback has undone, or that are stopped for good. */
  forget(transceivers: readonly Transceiver[]): void {
    for (const transceiver of transceivers) {
      this.#links.get(transceiver)?.release()
      this.#links.delete(transceiver)
    }
  }

  /** Says BYE for every stream of ours. */
  close(): void {
    for (const { rtp } of this.#list) rtp.close()
  }

  /** Passes on what senders and receivers have to tell. */
  drain(): void {
    for (const { rtp } of this.#list) {
      for (let event = rtp.nextEvent(); event !== undefined; event = rtp.nextEvent()) this.#pass(event)
    }
  }

  #pass(event: RtpEvent): void {
    switch (event.type) {
      case 'key-frame-requested':
      case 'ssrc-changed': {
        const { sender } = event
        const link = this.#find(each => each.sender === sender)
        if (link === undefined) break
        const { transceiver } = link
        // The next description tells of it.
        transceiver.ssrc = sender.ssrc
        transceiver.rtxSsrc = sender.rtxSsrc
        this.#events.push({ type: event.type, transceiver })
        break
      }
      case 'media':
      case 'goodbye': {
        const link = this.#find(({ receiver }) => receiver === event.receiver)
        if (link !== undefined) this.#events.push({ type: event.type, transceiver: link.transceiver })
        break
      }
      default:
    }
  }

  #find(test: (link: MediaLink) => boolean): MediaLink | undefined {
    for (const link of this.#links.values()) if (test(link)) return link
    return undefined
  }
}

/** What all m-sections of a transport have agreed on together: BUNDLE has one SRTP for them (RFC 9335, 4). */
const headerProtection = (media: readonly AppliedMedia[]): HeaderProtection => {
  const negotiated = media.flatMap(({ transceiver }) => transceiver?.negotiated ?? [])
  const encrypted = (extensions: readonly NegotiatedExtension[] = []): number[] =>
    extensions.flatMap(({ id, encrypted }) => (encrypted === true ? [id] : []))
  return {
    cryptex: negotiated.every(({ cryptex }) => cryptex),
    sent: negotiated.flatMap(({ send }) => encrypted(send?.extensions)),
    received: negotiated.flatMap(({ receive }) => encrypted(receive?.extensions)),
  }
}

/** RFC 9143, 15.2. */
const MID_URI = 'urn:ietf:params:rtp-hdrext:sdes:mid'
