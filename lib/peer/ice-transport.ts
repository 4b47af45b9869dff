/** RTCIceTransport (webrtc-pc, 5.6): what an application may know of the path that ICE finds. */

import {
  defineEventHandlers,
  defineInterface,
  type EventHandler,
  illegalConstructor,
  TypedEventTarget,
} from '../idl/index.ts'
import {
  IceCandidatePairSlots,
  type RTCIceCandidate,
  RTCIceCandidatePair,
  type RTCIceComponent,
} from './ice-candidate.ts'

export type RTCIceRole = 'unknown' | 'controlling' | 'controlled'
export type RTCIceTransportState = 'closed' | 'failed' | 'disconnected' | 'new' | 'checking' | 'completed' | 'connected'
export type RTCIceGathererState = 'new' | 'gathering' | 'complete'

export interface RTCIceParameters {
  usernameFragment?: string
  password?: string
}

/** The internal slots of an RTCIceTransport: its connection writes them, the face reads them. */
export class IceTransportSlots {
  state: RTCIceTransportState = 'new'
  gatheringState: RTCIceGathererState = 'new'
  role: RTCIceRole = 'unknown'
  /** RTP and RTCP are multiplexed, and data channels share their component. */
  readonly component: RTCIceComponent = 'rtp'
  localCandidates: RTCIceCandidate[] = []
  remoteCandidates: RTCIceCandidate[] = []
  localParameters: Required<RTCIceParameters> | undefined
  remoteParameters: Required<RTCIceParameters> | undefined
  selectedPair: RTCIceCandidatePair | null = null

  select(local: RTCIceCandidate, remote: RTCIceCandidate): void {
    this.selectedPair = new RTCIceCandidatePair(new IceCandidatePairSlots(local, remote))
  }
}

export interface RTCIceTransportEventMap {
  statechange: Event
  gatheringstatechange: Event
  selectedcandidatepairchange: Event
}

export class RTCIceTransport extends TypedEventTarget<RTCIceTransportEventMap> {
  readonly #slots: IceTransportSlots
  declare onstatechange: EventHandler<Event>
  declare ongatheringstatechange: EventHandler<Event>
  declare onselectedcandidatepairchange: EventHandler<Event>

  /** Not for applications: transports come of descriptions. */
  constructor(slots: IceTransportSlots) {
    super()
    this.#slots = slots instanceof IceTransportSlots ? slots : illegalConstructor()
  }

  get role(): RTCIceRole {
    return this.#slots.role
  }

  get component(): RTCIceComponent {
    return this.#slots.component
  }

  get state(): RTCIceTransportState {
    return this.#slots.state
  }

  get gatheringState(): RTCIceGathererState {
    return this.#slots.gatheringState
  }

  /** The candidates of the present generation that `icecandidate` has announced. */
  getLocalCandidates(): RTCIceCandidate[] {
    return [...this.#slots.localCandidates]
  }

  /** The candidates that signalling has brought; those that were found on the way are not among them. */
  getRemoteCandidates(): RTCIceCandidate[] {
    return [...this.#slots.remoteCandidates]
  }

  /** The pair on which packets are sent; null before there is one, and after the transport is closed. */
  getSelectedCandidatePair(): RTCIceCandidatePair | null {
    const { state, selectedPair } = this.#slots
    return state === 'new' || state === 'closed' ? null : selectedPair
  }

  getLocalParameters(): RTCIceParameters | null {
    const parameters = this.#slots.localParameters
    return parameters === undefined ? null : { ...parameters }
  }

  getRemoteParameters(): RTCIceParameters | null {
    const parameters = this.#slots.remoteParameters
    return parameters === undefined ? null : { ...parameters }
  }

  static {
    defineEventHandlers(RTCIceTransport, ['statechange', 'gatheringstatechange', 'selectedcandidatepairchange'])
    defineInterface(RTCIceTransport, 'RTCIceTransport')
  }
}
