/** The events of candidate gathering (webrtc-pc, 4.8.2 and 4.8.3): RTCPeerConnectionIceEvent and ...IceErrorEvent. */

import {
  DOMString,
  defineInterface,
  dictionary,
  EventInitDictionary,
  type EventInitMembers,
  interfaceType,
  nullable,
  optional,
  requireArguments,
  required,
  USVString,
  unsignedShort,
} from '../idl/index.ts'
import { RTCIceCandidate } from './ice-candidate.ts'

export interface RTCPeerConnectionIceEventInit extends EventInitMembers {
  candidate?: RTCIceCandidate | null
  url?: string | null
}

const RTCPeerConnectionIceEventInitDictionary = dictionary(
  'RTCPeerConnectionIceEventInit',
  {
    candidate: optional(nullable(interfaceType('RTCIceCandidate', RTCIceCandidate))),
    url: optional(nullable(USVString)),
  },
  EventInitDictionary,
)

export class RTCPeerConnectionIceEvent extends Event {
  readonly #candidate: RTCIceCandidate | null
  readonly #url: string | null

  constructor(...args: [type: string, eventInitDict?: RTCPeerConnectionIceEventInit]) {
    const context = "Failed to construct 'RTCPeerConnectionIceEvent'"
    requireArguments(context, 1, args.length)
    const [type, eventInitDict] = args
    const init = RTCPeerConnectionIceEventInitDictionary(eventInitDict, context)
    super(DOMString(type, context), init)
    this.#candidate = init.candidate ?? null
    this.#url = init.url ?? null
  }

  /** The candidate to be signalled; its `candidate` is empty at the end of a generation, and it is null at the end of all. */
  get candidate(): RTCIceCandidate | null {
    return this.#candidate
  }

  /** Deprecated by webrtc-pc in favour of `candidate.url`. */
  get url(): string | null {
    return this.#url
  }

  static {
    defineInterface(RTCPeerConnectionIceEvent, 'RTCPeerConnectionIceEvent', { constructor: 1 })
  }
}

export interface RTCPeerConnectionIceErrorEventInit extends EventInitMembers {
  address?: string | null
  port?: number | null
  url?: string
  errorCode: number
  errorText?: string
}

const RTCPeerConnectionIceErrorEventInitDictionary = dictionary(
  'RTCPeerConnectionIceErrorEventInit',
  {
    address: optional(nullable(DOMString)),
    errorCode: required(unsignedShort),
    errorText: optional(USVString),
    port: optional(nullable(unsignedShort)),
    url: optional(USVString),
  },
  EventInitDictionary,
)

/** A STUN or TURN server that failed as a whole: from none of our addresses did anything come of it. */
export class RTCPeerConnectionIceErrorEvent extends Event {
  readonly #init: RTCPeerConnectionIceErrorEventInit

  constructor(...args: [type: string, eventInitDict: RTCPeerConnectionIceErrorEventInit]) {
    const context = "Failed to construct 'RTCPeerConnectionIceErrorEvent'"
    requireArguments(context, 2, args.length)
    const [type, eventInitDict] = args
    const init = RTCPeerConnectionIceErrorEventInitDictionary(eventInitDict, context)
    super(DOMString(type, context), init)
    this.#init = init
  }

  /** The local address that the server was tried from; null when it is not known to the application anyway. */
  get address(): string | null {
    return this.#init.address ?? null
  }

  get port(): number | null {
    return this.#init.port ?? null
  }

  get url(): string {
    return this.#init.url ?? ''
  }

  /** The STUN error code, or 701 when the server could not be reached. */
  get errorCode(): number {
    return this.#init.errorCode
  }

  get errorText(): string {
    return this.#init.errorText ?? ''
  }

  static {
    defineInterface(RTCPeerConnectionIceErrorEvent, 'RTCPeerConnectionIceErrorEvent', { constructor: 2 })
  }
}
