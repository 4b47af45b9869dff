/** RTCSctpTransport (webrtc-pc, 6.1): what an application may know of the SCTP association under its data channels. */

import {
  defineEventHandlers,
  defineInterface,
  type EventHandler,
  illegalConstructor,
  TypedEventTarget,
} from '../idl/index.ts'
import type { RTCDtlsTransport } from './dtls-transport.ts'

export type RTCSctpTransportState = 'connecting' | 'connected' | 'closed'

/** Bytes that can wait to be sent unless the configuration says otherwise: the association's own bound. */
const SEND_BUFFER = 64 << 20

/** The internal slots of an RTCSctpTransport. */
export class SctpTransportSlots {
  state: RTCSctpTransportState = 'connecting'
  maxMessageSize: number | null = null
  maxChannels: number | null = null

  /** @param sendBuffer Bytes that can wait to be sent, which a message must fit into; 0: any number. */
  constructor(
    public transport: RTCDtlsTransport,
    readonly sendBuffer = SEND_BUFFER,
  ) {}

  /** Takes what the peer accepts, in bytes; 0 means any size (RFC 8841, 6). "Update the data max message size". */
  limitMessages(remoteMaxMessageSize: number): void {
    const limits = [remoteMaxMessageSize, this.sendBuffer].filter(limit => limit !== 0)
    this.maxMessageSize = Math.min(Number.POSITIVE_INFINITY, ...limits)
  }
}

export interface RTCSctpTransportEventMap {
  statechange: Event
}

export class RTCSctpTransport extends TypedEventTarget<RTCSctpTransportEventMap> {
  readonly #slots: SctpTransportSlots
  declare onstatechange: EventHandler<Event>

  /** Not for applications: the transport comes of descriptions. */
  constructor(slots: SctpTransportSlots) {
    super()
    this.#slots = slots instanceof SctpTransportSlots ? slots : illegalConstructor()
  }

  get transport(): RTCDtlsTransport {
    return this.#slots.transport
  }

  get state(): RTCSctpTransportState {
    return this.#slots.state
  }

  /**
   * The largest message that `send` takes, in bytes; Infinity when nothing bounds it. Null before an answer, as webrtc-pc has it; lib.dom's type, which
   * this one must fit, leaves that out.
   */
  get maxMessageSize(): number {
    return this.#slots.maxMessageSize as number
  }

  /** How many channels there can be at a time; null before the association is connected. */
  get maxChannels(): number | null {
    return this.#slots.maxChannels
  }

  static {
    defineEventHandlers(RTCSctpTransport, ['statechange'])
    defineInterface(RTCSctpTransport, 'RTCSctpTransport')
  }
}
