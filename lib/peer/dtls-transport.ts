/** RTCDtlsTransport (webrtc-pc, 5.5): what an application may know of the DTLS association of a path. */

import {
  defineEventHandlers,
  defineInterface,
  type EventHandler,
  getEventHandler,
  illegalConstructor,
  setEventHandler,
  TypedEventTarget,
} from '../idl/index.ts'
import type { RTCErrorEvent } from './error.ts'
import type { RTCIceTransport } from './ice-transport.ts'

export type RTCDtlsTransportState = 'new' | 'connecting' | 'connected' | 'closed' | 'failed'

/** The internal slots of an RTCDtlsTransport. */
export class DtlsTransportSlots {
  state: RTCDtlsTransportState = 'new'
  /** DER. */
  remoteCertificates: readonly Uint8Array[] = []

  constructor(readonly iceTransport: RTCIceTransport) {}
}

export interface RTCDtlsTransportEventMap {
  statechange: Event
  error: RTCErrorEvent
}

export class RTCDtlsTransport extends TypedEventTarget<RTCDtlsTransportEventMap> {
  readonly #slots: DtlsTransportSlots
  declare onstatechange: EventHandler<Event>

  /** Not for applications: transports come of descriptions. */
  constructor(slots: DtlsTransportSlots) {
    super()
    this.#slots = slots instanceof DtlsTransportSlots ? slots : illegalConstructor()
  }

  get iceTransport(): RTCIceTransport {
    return this.#slots.iceTransport
  }

  get state(): RTCDtlsTransportState {
    return this.#slots.state
  }

  /** The peer's certificate chain in DER, its own certificate first; empty before the transport is connected. */
  getRemoteCertificates(): ArrayBuffer[] {
    return this.#slots.remoteCertificates.map(der => new Uint8Array(der).buffer)
  }

  get onerror(): EventHandler<Event> {
    return getEventHandler(this, RTCDtlsTransport, 'error')
  }

  set onerror(handler: EventHandler<RTCErrorEvent>) {
    setEventHandler(this, RTCDtlsTransport, 'error', handler)
  }

  static {
    defineEventHandlers(RTCDtlsTransport, ['statechange'])
    defineInterface(RTCDtlsTransport, 'RTCDtlsTransport')
  }
}
