/**
 * One path to the peer: ICE finds it, DTLS protects it (RFC 8842, RFC 8831 section 5), and agrees on the keys of media
 * (RFC 5764).
 *
 * Datagrams of all sockets of the path come in at `receive`, are told apart (RFC 7983), and believed only where ICE has
 * authenticated the sender. DTLS starts when the description has named a role and fingerprints and ICE has a pair to send
 * on: a ClientHello, or the answer to one, that goes nowhere costs a retransmission timeout. What comes before is kept.
 */

import type { Packet } from '../bytes/index.ts'
import type { Certificate, CryptoProvider, FingerprintHash } from '../crypto/index.ts'
import { DtlsConnection, type DtlsError, type DtlsRole, type DtlsState, type Fingerprint } from '../dtls/index.ts'
import {
  type CandidatePair,
  IceAgent,
  type IceCandidate,
  type IceParameters,
  type IceRole,
  type IceState,
} from '../ice/index.ts'
import { EventQueue, type Machine, type TraceSink } from '../machine/index.ts'
import { packetKind } from './demultiplex.ts'
import type { DtlsPreferences } from './dtls-preferences.ts'
import { MediaPath } from './media-path.ts'
import { preferredFingerprints } from './peer-fingerprints.ts'

/** Datagrams of the peer's first flight that are kept until DTLS starts here. */
const EARLY_DATAGRAMS = 16
/**
 * Milliseconds: bounds of the first DTLS retransmission timeout, which is 1.5 times the ICE round trip (RFC 9147, 5.8.2).
 * A peer needs time for its signatures too, however near it is; and one round trip may have been measured wrong.
 */
const SHORTEST_TIMEOUT = 100
const LONGEST_TIMEOUT = 3000
/** The same where ICE has measured none, since it only answers checks: what is recommended for DTLS-SRTP (there). */
const DEFAULT_TIMEOUT = 400

export type TransportEvent =
  | { readonly type: 'ice'; readonly state: IceState }
  | { readonly type: 'selected'; readonly pair: CandidatePair }
  | { readonly type: 'role'; readonly role: IceRole }
  | { readonly type: 'name'; readonly candidate: IceCandidate }
  | { readonly type: 'dtls'; readonly state: DtlsState; readonly error?: DtlsError }

/** A datagram that waits for DTLS, and where it came from. */
interface EarlyDatagram {
  readonly bytes: Uint8Array
  readonly socket: number
  readonly address: string
  readonly port: number
}

export interface TransportOptions {
  readonly crypto: CryptoProvider
  readonly certificate: Certificate
  readonly iceRole: IceRole
  readonly iceParameters: IceParameters
  /** Whether we only answer checks. False by default. */
  readonly iceLite?: boolean
  readonly dtls?: DtlsPreferences
  /** The largest datagram to send, in bytes of UDP payload. */
  readonly mtu: number
  readonly transmit: (packet: Packet, socket: number, address: string, port: number) => void
  /** Application data that DTLS has authenticated: borrowed. The sink may call `send`. */
  readonly deliver: (data: Uint8Array, now: number) => void
  /** RTP, or RTCP, that SRTP has opened: borrowed. The sink may call `sendMedia`. */
  readonly deliverMedia?: (packet: Uint8Array, isRtcp: boolean, now: number) => void
  readonly trace?: TraceSink
}

export class Transport implements Machine {
  readonly ice: IceAgent
  readonly media: MediaPath
  readonly #options: TransportOptions
  readonly #events = new EventQueue<TransportEvent>()
  #dtls: DtlsConnection | undefined
  #dtlsState: DtlsState = 'new'
  #fingerprintHash: FingerprintHash | undefined
  #early: EarlyDatagram[] = []
  #closed = false
  #now = 0
  readonly counters = {
    /** Datagrams and their bytes without ICE's own (webrtc-stats, RTCTransportStats). */
    packetsSent: 0,
    packetsReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    /** Datagrams of a kind that nothing here speaks (ZRTP, QUIC, garbage). */
    droppedKind: 0,
    /** Datagrams from where no authenticated check has come. */
    droppedUnauthenticated: 0,
    /** Datagrams that came before DTLS, beyond the bound. */
    droppedEarly: 0,
  }

  constructor(options: TransportOptions) {
    this.#options = options
    this.ice = new IceAgent({
      crypto: options.crypto,
      role: options.iceRole,
      parameters: options.iceParameters,
      lite: options.iceLite === true,
      transmit: options.transmit,
      ...(options.trace && { trace: options.trace }),
    })
    const { crypto, deliverMedia } = options
    this.media = new MediaPath({ crypto, receive: (packet, isRtcp, at) => deliverMedia?.(packet, isRtcp, at) })
  }

  get dtls(): DtlsConnection | undefined {
    return this.#dtls
  }

  get dtlsState(): DtlsState {
    return this.#dtlsState
  }

  /** By which hash function the peer's certificate is recognised, once its description is known. */
  get fingerprintHash(): FingerprintHash | undefined {
    return this.#fingerprintHash
  }

  get deadline(): number {
    return Math.min(this.ice.deadline, this.#dtls?.deadline ?? Number.POSITIVE_INFINITY)
  }

  advance(now: number): void {
    this.#now = now
    this.ice.advance(now)
    this.#dtls?.advance(now)
    this.#settle(now)
  }

  /** The descriptions are known: who is the client, and by which fingerprints the peer is recognised. Once. */
  startDtls(role: DtlsRole, announced: readonly Fingerprint[], now: number): void {
    if (this.#dtls !== undefined || this.#closed) return
    this.#now = now
    const { crypto, certificate, mtu, deliver, trace } = this.#options
    const { hash, fingerprints } = preferredFingerprints(announced)
    this.#fingerprintHash = hash
    this.#dtls = new DtlsConnection({
      ...this.#options.dtls,
      crypto,
      role,
      certificate,
      fingerprints,
      mtu,
      deliver,
      transmit: packet => {
        const { length } = packet
        if (!this.ice.send(packet, this.#now)) return
        this.counters.packetsSent++
        this.counters.bytesSent += length
      },
      ...(trace && { trace }),
    })
    this.#settle(now)
  }

  /** A datagram that came into one of this transport's sockets. */
  receive(packet: Uint8Array, socket: number, address: string, port: number, now: number): void {
    if (this.#closed) return
    this.#now = now
    const kind = packetKind(packet)
    if (kind === 'stun') {
      this.ice.receive(packet, socket, address, port, now)
      this.#settle(now)
      return
    }
    this.counters.packetsReceived++
    this.counters.bytesReceived += packet.length
    if (kind !== 'dtls' && kind !== 'rtp') {
      this.counters.droppedKind++
    } else if (!this.ice.admit(socket, address, port, packet.length, now)) {
      this.counters.droppedUnauthenticated++
    } else if (kind === 'rtp') {
      this.media.receive(packet, now)
    } else if (this.#dtls !== undefined && this.#dtlsState !== 'new') {
      this.#dtls.receive(packet, now)
    } else if (this.#early.length < EARLY_DATAGRAMS) {
      this.#early.push({ bytes: packet.slice(), socket, address, port })
    } else {
      this.counters.droppedEarly++
    }
    this.#settle(now)
  }

  /** Sends application data through DTLS; false, and the packet released, when there is no way to. */
  send(packet: Packet, now: number): boolean {
    this.#now = now
    if (this.#dtls !== undefined) return this.#dtls.send(packet, now)
    packet.release()
    return false
  }

  /** Sends RTP or RTCP, protected in place; false, and the packet released, when there are no keys for it, or no way. */
  sendMedia(packet: Packet, isRtcp: boolean, now: number): boolean {
    this.#now = now
    if (this.#closed || !this.media.protect(packet, isRtcp)) return false
    const { length } = packet
    if (!this.ice.send(packet, now)) return false
    this.counters.packetsSent++
    this.counters.bytesSent += length
    return true
  }

  /**
   * Says close_notify and stops; what is left in the event queue can still be read.
   * @param silently Nothing is said: the peer knows by a description.
   */
  close(now: number, silently = false): void {
    if (this.#closed) return
    this.#now = now
    if (silently) this.ice.close(now)
    this.#dtls?.close(now)
    this.#settle(now)
    this.#closed = true
    this.ice.close(now)
    this.#settle(now)
    if (this.#dtls === undefined) this.#setDtlsState('closed')
    this.#early = []
    this.media.close()
  }

  /** To be called when `ice` was given something directly: candidates, credentials, a base that is gone. */
  settle(now: number): void {
    if (this.#closed) return
    this.#now = now
    this.#settle(now)
  }

  nextEvent(): TransportEvent | undefined {
    return this.#events.next()
  }

  /** Takes in what ICE and DTLS have to say; the one may set the other going. */
  #settle(now: number): void {
    for (let event = this.ice.nextEvent(); event !== undefined; event = this.ice.nextEvent()) {
      if (event.type === 'state') {
        this.#events.push({ type: 'ice', state: event.state })
      } else {
        this.#events.push(event)
      }
    }
    const dtls = this.#dtls
    if (dtls === undefined) return
    if (this.#dtlsState === 'new' && (this.ice.state === 'connected' || this.ice.state === 'completed'))
      this.#begin(dtls, now)
    for (let event = dtls.nextEvent(); event !== undefined; event = dtls.nextEvent()) {
      if (event.type === 'failed') this.#setDtlsState('failed', event.error)
      else this.#setDtlsState(event.type)
      if (event.type === 'connected') this.media.start(dtls, now)
      else this.media.close()
    }
  }

  #begin(dtls: DtlsConnection, now: number): void {
    this.#setDtlsState('connecting')
    const roundTrip = this.ice.roundTripTime
    dtls.initialTimeout =
      roundTrip === undefined ? DEFAULT_TIMEOUT : Math.min(LONGEST_TIMEOUT, Math.max(SHORTEST_TIMEOUT, 1.5 * roundTrip))
    dtls.start(now)
    const early = this.#early
    this.#early = []
    for (const { bytes, socket, address, port } of early) {
      // Until the answer was known, whoever has seen our offer could pass a check; now only who has answered it.
      if (this.ice.isAuthenticated(socket, address, port)) dtls.receive(bytes, now)
      else this.counters.droppedUnauthenticated++
    }
  }

  #setDtlsState(state: DtlsState, error?: DtlsError): void {
    if (state === this.#dtlsState) return
    this.#dtlsState = state
    this.#events.push(error === undefined ? { type: 'dtls', state } : { type: 'dtls', state, error })
  }
}
