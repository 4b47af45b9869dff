/**
 * The SCTP association of a session, from the descriptions that agree on it to the one that drops it (RFC 8841; RFC 8831,
 * section 5), with the channels on it. A later association begins with no channel of the one before.
 */

import { equalBytes, type Packet } from '../bytes/index.ts'
import { DataChannels } from '../channel/index.ts'
import type { CandidatePair } from '../ice/index.ts'
import type { AppliedMedia } from '../jsep/index.ts'
import type { EventQueue } from '../machine/index.ts'
import { isAbort } from '../sctp/index.ts'
import { recordOverhead } from '../transport/index.ts'
import { datagramSizes } from './datagram-sizes.ts'
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
  /** The largest datagram that the peer says it takes, in bytes of UDP payload. */
  readonly remoteLargestDatagram?: number
  /** The INIT chunks of both sides, where both descriptions carry one. */
  readonly inits?: { readonly local: Uint8Array; readonly remote: Uint8Array }
}

export interface DataLinkOptions extends SessionOptions {
  readonly maxMessageSize: number
  /** Bytes of UDP payload that are taken to get through where `mtu` says nothing. */
  readonly defaultMtu: number
}

export class DataLink {
  readonly #options: DataLinkOptions
  readonly #events: EventQueue<SessionEvent>
  readonly #now: () => number
  #channels: DataChannels
  #sctp: SctpParameters | undefined
  #started = false
  /** Ended, while an answer is awaited that may name another. */
  #lost: SessionTransport | undefined
  #init: Uint8Array | undefined
  /** For which packets are cut now, once the association has begun. */
  #pair: CandidatePair | undefined

  /** @param now The time of the input that the session is at work on, for what SCTP sends meanwhile. */
  constructor(options: DataLinkOptions, events: EventQueue<SessionEvent>, now: () => number) {
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

  /** The INIT chunk of the association that is to come, where descriptions carry it; made when it is first asked for. */
  get init(): Uint8Array | undefined {
    if (this.#options.sctp?.snap === true && !this.#started) this.#init ??= this.#channels.createInit()
    return this.#init
  }

  #createChannels(): DataChannels {
    const { crypto, trace, defaultMtu, mtu = defaultMtu, maxMessageSize, dtls = {}, sctp } = this.#options
    const { pathMtuDiscovery: _discovery, snap: _snap, ...preferences } = sctp ?? {}
    return new DataChannels({
      ...preferences,
      crypto,
      maxMessageSize,
      // Before the pair and the version of DTLS are known, and so what its records add.
      mtu: mtu - recordOverhead(dtls),
      transmit: packet => this.#transmit(packet),
      ...(trace && { trace }),
    })
  }

  #transmit(packet: Packet): void {
    if (this.#sctp === undefined) packet.release()
    else this.#sctp.transport.transport.send(packet, this.#now())
  }

  /**
   * An answer has settled the m-section: whose ids are whose is known from now on (webrtc-pc, 4.4.1.5). Another port of the
   * peer's is another association, and port 0 is none (RFC 8841, 5.1 and 10). Another transport carries the same one on: browsers
   * begin one where the m-section that carried all of a group is stopped.
   */
  agree(media: AppliedMedia, transport: SessionTransport, now: number): void {
    if (media.sctp === undefined) return
    const { remoteMaxMessageSize, remotePort } = media.sctp
    const moves = this.#sctp !== undefined && this.#sctp.transport !== transport
    const standing = this.#sctp?.remotePort === remotePort && !(moves && this.#channels.state === 'closed')
    if ((this.#sctp !== undefined && !standing) || remotePort === 0) this.#end(now)
    if (remotePort === 0) return
    this.#sctp = { ...media.sctp, mid: media.mid, transport }
    this.#channels.remoteMaxMessageSize = remoteMaxMessageSize
    if (standing && moves) {
      this.#pair = undefined
      this.#channels.carryOn()
    }
    if (!standing && media.dtlsRole !== undefined) this.#channels.setRole(media.dtlsRole)
    if (!standing || moves) this.#events.push({ type: 'transports' })
  }

  /**
   * Takes a packet of the association's: borrowed.
   * @param mayMove As `lost` has it. Chromium begins the association anew elsewhere, and aborts it here.
   */
  receive(packet: Uint8Array, mayMove: boolean, now: number): void {
    if (!mayMove || !isAbort(packet)) this.#channels.receive(packet, now)
  }

  /** The descriptions have settled on these transports: an association on another is over. */
  keep(mids: ReadonlySet<string>, now: number): void {
    const lost = this.#lost
    this.#lost = undefined
    if (lost !== undefined) this.lost(lost, now)
    if (this.#sctp !== undefined && !mids.has(this.#sctp.transport.mid)) this.#end(now)
  }

  #end(now: number): void {
    this.#channels.transportClosed(now)
    this.#drain()
    this.#sctp = undefined
    this.#started = false
    this.#pair = undefined
    this.#init = undefined
    this.#channels = this.#createChannels()
  }

  /**
   * A transport's DTLS has ended, for good.
   * @param mayMove The peer may have answered that the association goes on elsewhere: it is over only if not.
   */
  lost(transport: SessionTransport, now: number, mayMove = false): void {
    if (this.#sctp?.transport !== transport) return
    if (mayMove) this.#lost = transport
    else this.#channels.transportClosed(now)
  }

  /** Begins the association once DTLS is up (RFC 8831, 5), and passes on what the channels have to tell. */
  settle(now: number): void {
    const sctp = this.#sctp
    if (sctp !== undefined && !this.#started && sctp.transport.dtlsState === 'connected') {
      this.#started = true
      const { localPort, remotePort, remoteMaxMessageSize, inits } = sctp
      this.#cutFor(sctp, now)
      const role = sctp.transport.dtls?.role ?? 'client'
      // What a description of another association said counts for nothing.
      const shown = inits !== undefined && this.#init !== undefined && equalBytes(inits.local, this.#init)
      const remoteInit = shown ? { remoteInit: inits.remote } : {}
      this.#channels.connect({ role, localPort, remotePort, remoteMaxMessageSize, ...remoteInit }, now)
    } else if (this.#started && sctp !== undefined) {
      this.#cutFor(sctp, now)
    }
    this.#drain()
  }

  /** Bytes of the largest datagram that is sent now, as UDP payload; undefined before the association has begun. */
  get datagramSize(): number | undefined {
    const dtls = this.#sctp?.transport.dtls
    return this.#started && dtls !== undefined ? this.#channels.association.mtu + dtls.recordOverhead : undefined
  }

  /** Cuts packets for the pair that carries them: another one begins anew with what gets through everywhere. */
  #cutFor({ transport, remoteLargestDatagram }: SctpParameters, now: number): void {
    const { dtls, ice } = transport
    const pair = ice.selectedPair
    if (pair === undefined || dtls === undefined || pair === this.#pair) return
    this.#pair = pair
    const { mtu, defaultMtu, sctp } = this.#options
    const sizes = datagramSizes(pair, transport.isOwnAddress, {
      fallback: defaultMtu,
      mtu,
      discovery: sctp?.pathMtuDiscovery,
      announced: remoteLargestDatagram,
    })
    const overhead = dtls.recordOverhead
    this.#channels.setPath({ mtu: sizes.base - overhead, largestPacket: sizes.largest - overhead }, now)
  }

  #drain(): void {
    const channels = this.#channels
    for (let event = channels.nextEvent(); event !== undefined; event = channels.nextEvent()) this.#events.push(event)
  }
}
