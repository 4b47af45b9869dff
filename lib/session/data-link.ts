/**
 * The SCTP association of a session, from the descriptions that agree on it to the one that drops it (RFC 8841; RFC 8831,
 * section 5), with the channels on it. A later association begins with no channel of the one before.
 */

import type { Packet } from '../bytes/index.ts'
import { DataChannels } from '../channel/index.ts'
import type { AppliedMedia } from '../jsep/index.ts'
import type { EventQueue } from '../machine/index.ts'
import { recordOverhead } from '../transport/index.ts'
import type { SessionEvent, SessionOptions } from './events.ts'
import type { SessionTransport } from './session-transport.ts'

/** What the descriptions say of the association. */
export interface SctpParameters {
  readonly mid: string
  readonly transport: SessionTransport
  readonly localPort: number
  readonly remotePort: number
  /** What the peer takes, in bytes; 0 means any size (RFC 8841, 6). */
  readonly remoteMaxMessageSize: number
}

export class DataLink {
  readonly #options: SessionOptions & { readonly mtu: number; readonly maxMessageSize: number }
  readonly #events: EventQueue<SessionEvent>
  readonly #now: () => number
  #channels: DataChannels
  #sctp: SctpParameters | undefined
  #started = false

  /** @param now The time of the input that the session is at work on, for what SCTP sends meanwhile. */
  constructor(
    options: SessionOptions & { readonly mtu: number; readonly maxMessageSize: number },
    events: EventQueue<SessionEvent>,
    now: () => number,
  ) {
    this.#options = options
    this.#events = events
    this.#now = now
    this.#channels = this.#createChannels()
  }

  get channels(): DataChannels {
    return this.#channels
  }

  /** The association that the descriptions agreed on, or undefined. */
  get sctp(): SctpParameters | undefined {
    return this.#sctp
  }

  #createChannels(): DataChannels {
    const { crypto, trace, mtu, maxMessageSize, dtls = {} } = this.#options
    return new DataChannels({
      crypto,
      maxMessageSize,
      mtu: mtu - recordOverhead(dtls),
      transmit: packet => this.#transmit(packet),
      ...(trace && { trace }),
    })
  }

  #transmit(packet: Packet): void {
    if (this.#sctp === undefined) packet.release()
    else this.#sctp.transport.transport.send(packet, this.#now())
  }

  /** An answer has settled the m-section: whose ids are whose is known from now on (webrtc-pc, 4.4.1.5). */
  agree(media: AppliedMedia, transport: SessionTransport, now: number): void {
    if (media.sctp === undefined || this.#sctp?.transport === transport) return
    if (this.#sctp !== undefined) this.#end(now)
    const { localPort, remotePort, remoteMaxMessageSize } = media.sctp
    this.#sctp = { mid: media.mid, transport, localPort, remotePort, remoteMaxMessageSize }
    if (media.dtlsRole !== undefined) this.#channels.setRole(media.dtlsRole)
    this.#events.push({ type: 'transports' })
  }

  /** The descriptions have settled on these transports: an association on another is over. */
  keep(mids: ReadonlySet<string>, now: number): void {
    if (this.#sctp !== undefined && !mids.has(this.#sctp.transport.mid)) this.#end(now)
  }

  #end(now: number): void {
    this.#channels.transportClosed(now)
    this.#drain()
    this.#sctp = undefined
    this.#started = false
    this.#channels = this.#createChannels()
  }

  /** A transport's DTLS has ended, for good. */
  lost(transport: SessionTransport, now: number): void {
    if (this.#sctp?.transport === transport) this.#channels.transportClosed(now)
  }

  /** Begins the association once DTLS is up (RFC 8831, 5), and passes on what the channels have to tell. */
  settle(now: number): void {
    const sctp = this.#sctp
    if (sctp !== undefined && !this.#started && sctp.transport.dtlsState === 'connected') {
      this.#started = true
      const { localPort, remotePort, remoteMaxMessageSize } = sctp
      const role = sctp.transport.dtls?.role ?? 'client'
      this.#channels.connect({ role, localPort, remotePort, remoteMaxMessageSize }, now)
    }
    this.#drain()
  }

  #drain(): void {
    const channels = this.#channels
    for (let event = channels.nextEvent(); event !== undefined; event = channels.nextEvent()) this.#events.push(event)
  }
}
