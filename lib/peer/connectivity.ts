/**
 * The transports of a connection, the states that follow from them, and the events in which they change: the steps that
 * webrtc-pc runs when ICE, DTLS or SCTP have something to tell (4.4.1.3, 5.5, 5.6, 6.1.1).
 *
 * Every method that fires an event is called from a task of its own.
 */

import type { ChannelEvent } from '../channel/index.ts'
import type { Session } from '../session/index.ts'
import type { Configuration } from './configuration.ts'
import type { Descriptions } from './descriptions.ts'
import { RTCIceCandidate } from './ice-candidate.ts'
import { RTCPeerConnectionIceEvent } from './ice-events.ts'
import { RTCSctpTransport, SctpTransportSlots } from './sctp-transport.ts'
import type { RTCSdpType } from './session-description.ts'
import type { IceChange, TransportEvent, TransportTask } from './session-tasks.ts'
import {
  connectionState,
  iceConnectionState,
  iceGatheringState,
  type RTCIceConnectionState,
  type RTCIceGatheringState,
  type RTCPeerConnectionState,
  type TransportStates,
} from './states.ts'
import { type TransportFace, Transports } from './transports.ts'

/** What the transports ask of their connection. */
export interface ConnectivityOwner {
  readonly closed: boolean
  readonly configuration: Configuration
  readonly session: Session
  readonly descriptions: Descriptions
  queueTask(task: () => void): void
  /** ICE has found a pair on the transport of that mid. */
  connected(mid: string): void
  /** Fires at the RTCPeerConnection. */
  dispatch(event: Event): void
}

type EventOf<T extends TransportEvent['type']> = Extract<TransportEvent, { type: T }>

class SctpFace {
  readonly slots: SctpTransportSlots
  readonly face: RTCSctpTransport

  transport: TransportFace

  constructor(transport: TransportFace, sendBuffer: number | undefined) {
    this.transport = transport
    this.slots = new SctpTransportSlots(transport.dtls, sendBuffer)
    this.face = new RTCSctpTransport(this.slots)
  }

  /** The association goes on over another transport. */
  moveTo(transport: TransportFace): void {
    this.transport = transport
    this.slots.transport = transport.dtls
  }
}

export class Connectivity {
  readonly transports = new Transports()
  iceConnectionState: RTCIceConnectionState = 'new'
  iceGatheringState: RTCIceGatheringState = 'new'
  connectionState: RTCPeerConnectionState = 'new'
  readonly #owner: ConnectivityOwner
  #sctp: SctpFace | undefined
  /** What a rollback returns to. */
  #stableSctp: SctpFace | undefined

  constructor(owner: ConnectivityOwner) {
    this.#owner = owner
  }

  get sctp(): RTCSctpTransport | null {
    return this.#sctp?.face ?? null
  }

  /** Brings the transports up to date with the session's. */
  refresh(): void {
    this.transports.refresh(this.#owner.session.transports)
  }

  /**
   * A description has been applied (webrtc-pc, 4.4.1.5).
   * @param wasStable Whether the signaling state was stable before.
   * @param data Whether the description has an m-section for data.
   */
  applied(type: RTCSdpType, wasStable: boolean, data: boolean): void {
    const before = this.#counted()
    this.#applied(type, wasStable, data)
    const after = this.#counted()
    // The states are those of other transports now; one that has just been added has nothing to tell yet.
    if (before.some(face => !after.includes(face)) || (type !== 'offer' && after.length > before.length)) {
      this.#owner.queueTask(() => this.#updateStates())
    }
  }

  #applied(type: RTCSdpType, wasStable: boolean, data: boolean): void {
    const { session } = this.#owner
    this.refresh()
    if (type === 'rollback') {
      this.#sctp = this.#stableSctp
      this.transports.prune(session.transports, this.#sctp?.transport)
      return
    }
    if (type === 'offer') {
      if (wasStable) this.#stableSctp = this.#sctp
      if (data && this.#sctp === undefined) {
        const [transport] = session.transports
        const face = transport === undefined ? undefined : this.transports.find(transport.mid)
        this.#sctp = new SctpFace(face ?? this.transports.expect(), this.#owner.configuration.sctp?.sendBufferLimit)
      }
    } else if (type === 'answer' && !data) {
      this.#sctp = undefined
      this.transports.prune(session.transports, undefined)
    }
    if (type !== 'offer' && session.sctp !== undefined) {
      this.#sctp?.slots.limitMessages(session.sctp.remoteMaxMessageSize)
      const face = this.transports.find(session.sctp.transport.mid)
      if (face !== undefined && face !== this.#sctp?.transport) this.#sctp?.moveTo(face)
    }
  }

  transportTold({ face, event }: TransportTask): void {
    switch (event.type) {
      case 'candidate':
        this.#candidateFound(face, event)
        break
      case 'end-of-candidates':
        this.#candidatesEnded(event)
        break
      case 'gathering':
        this.#gatheringChanged(face, event)
        break
      case 'role':
        face.iceSlots.role = event.role
        break
      case 'dtls':
        if (face.changeDtls(event)) this.#owner.queueTask(() => this.#updateConnectionState())
        break
    }
  }

  // ICE

  iceChanged({ face, state, pair }: IceChange): void {
    const { iceSlots, ice } = face
    if (pair !== undefined) {
      face.select(pair, this.#owner.configuration.exposeRemoteAddresses === true)
    }
    const stateChanged = state !== undefined && state !== iceSlots.state
    const before = { ice: this.iceConnectionState, connection: this.connectionState }
    if (stateChanged) {
      iceSlots.state = state
      const { session } = face
      if ((state === 'connected' || state === 'completed') && session !== undefined) this.#owner.connected(session.mid)
      this.iceConnectionState = iceConnectionState(this.#states())
      this.connectionState = connectionState(this.iceConnectionState, this.#states())
    }
    // What an event's handler changes is told by events of its own.
    const after = { ice: this.iceConnectionState, connection: this.connectionState }
    if (pair !== undefined) ice.dispatchEvent(new Event('selectedcandidatepairchange'))
    if (stateChanged) ice.dispatchEvent(new Event('statechange'))
    if (after.ice !== before.ice) this.#fire('iceconnectionstatechange')
    if (after.connection !== before.connection) this.#fire('connectionstatechange')
    if (state === 'closed') this.transports.prune(this.#owner.session.transports, this.#sctp?.transport)
  }

  // Gathering

  #gatheringChanged(face: TransportFace, { state }: EventOf<'gathering'>): void {
    if (face.iceSlots.gatheringState === state) return
    face.iceSlots.gatheringState = state
    const before = this.iceGatheringState
    this.iceGatheringState = iceGatheringState(this.#states())
    const changed = this.iceGatheringState !== before
    const complete = this.iceGatheringState === 'complete'
    face.ice.dispatchEvent(new Event('gatheringstatechange'))
    if (!changed) return
    this.#fire('icegatheringstatechange')
    if (complete && !this.#owner.closed) this.#announce(null)
  }

  #candidateFound(face: TransportFace, event: EventOf<'candidate'>): void {
    this.#owner.descriptions.refreshLocal()
    this.#announce(face.surface(event))
  }

  #candidatesEnded({ sdpMid, mLineIndex, usernameFragment }: EventOf<'end-of-candidates'>): void {
    this.#owner.descriptions.refreshLocal()
    this.#announce(new RTCIceCandidate({ candidate: '', sdpMid, sdpMLineIndex: mLineIndex, usernameFragment }))
  }

  #announce(candidate: RTCIceCandidate | null): void {
    const url = candidate?.url ?? null
    this.#owner.dispatch(new RTCPeerConnectionIceEvent('icecandidate', { candidate, url }))
  }

  // SCTP

  associationChanged({ state }: Extract<ChannelEvent, { type: 'association' }>, maxChannels: number | undefined): void {
    if (this.#sctp?.slots.state === 'closed' && state === 'connecting') this.#sctp = this.#renewed(this.#sctp)
    const sctp = this.#sctp
    if (sctp === undefined || sctp.slots.state === state || sctp.slots.state === 'closed') return
    sctp.slots.state = state
    if (state === 'connected') sctp.slots.maxChannels = maxChannels ?? null
    sctp.face.dispatchEvent(new Event('statechange'))
  }

  /** For another association over the same transport: the peer has changed its port (webrtc-pc, 4.4.1.5; RFC 8841, 10.4). */
  #renewed({ transport, slots }: SctpFace): SctpFace {
    const face = new SctpFace(transport, slots.sendBuffer)
    face.slots.maxMessageSize = slots.maxMessageSize
    return face
  }

  /** Bytes of the largest message that can be sent; no limit is known before an answer. */
  get maxMessageSize(): number {
    return this.#sctp?.slots.maxMessageSize ?? Number.POSITIVE_INFINITY
  }

  /** How many channels there can be at a time, once the association is connected. */
  get maxChannels(): number | undefined {
    const slots = this.#sctp?.slots
    return slots?.state === 'connected' ? (slots.maxChannels ?? undefined) : undefined
  }

  /** The connection is closed: everything is, at once and without events. */
  close(): void {
    if (this.#sctp !== undefined) this.#sctp.slots.state = 'closed'
    for (const face of this.transports.list) face.close()
    this.iceConnectionState = 'closed'
    this.connectionState = 'closed'
  }

  #updateStates(): void {
    const before = { ice: this.iceConnectionState, gathering: this.iceGatheringState }
    this.iceConnectionState = iceConnectionState(this.#states())
    this.iceGatheringState = iceGatheringState(this.#states())
    const changed = {
      ice: this.iceConnectionState !== before.ice,
      gathering: this.iceGatheringState !== before.gathering,
    }
    if (changed.gathering) this.#fire('icegatheringstatechange')
    if (changed.ice) this.#fire('iceconnectionstatechange')
    if (!this.#owner.closed) this.#updateConnectionState()
  }

  #updateConnectionState(): void {
    const state = connectionState(this.iceConnectionState, this.#states())
    if (state === this.connectionState) return
    this.connectionState = state
    this.#fire('connectionstatechange')
  }

  /** The transports that count: those that the present descriptions use. */
  #counted(): TransportFace[] {
    const { transports } = this.#owner.session
    return this.transports.list.filter(
      face => face === this.#sctp?.transport || (face.session !== undefined && transports.includes(face.session)),
    )
  }

  #states(): TransportStates[] {
    return this.#counted().map(({ states }) => states)
  }

  #fire(type: string): void {
    if (!this.#owner.closed) this.#owner.dispatch(new Event(type))
  }
}
