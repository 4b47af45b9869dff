/**
 * RTCIceCandidate and RTCIceCandidatePair (webrtc-pc, 4.8.1 and 5.6.2): a candidate as signalling carries it, and what
 * its candidate-attribute (RFC 8839, section 5.1) says.
 */

import { type IceCandidate, parseCandidate } from '../ice/index.ts'
import {
  DOMString,
  defaulted,
  defineInterface,
  dictionary,
  enumeration,
  illegalConstructor,
  nullable,
  USVString,
  unsignedShort,
} from '../idl/index.ts'

export type RTCIceProtocol = 'udp' | 'tcp'
export type RTCIceTcpCandidateType = 'active' | 'passive' | 'so'
export type RTCIceCandidateType = 'host' | 'srflx' | 'prflx' | 'relay'
export type RTCIceComponent = 'rtp' | 'rtcp'
export type RTCIceServerTransportProtocol = 'udp' | 'tcp' | 'tls'

export interface RTCIceCandidateInit {
  candidate?: string
  sdpMid?: string | null
  sdpMLineIndex?: number | null
  usernameFragment?: string | null
}

export interface RTCLocalIceCandidateInit extends RTCIceCandidateInit {
  relayProtocol?: RTCIceServerTransportProtocol | null
  url?: string | null
}

const nothing = (): null => null

export const RTCIceCandidateInitDictionary = dictionary('RTCIceCandidateInit', {
  candidate: defaulted(DOMString, () => ''),
  sdpMLineIndex: defaulted(nullable(unsignedShort), nothing),
  sdpMid: defaulted(nullable(DOMString), nothing),
  usernameFragment: defaulted(nullable(DOMString), nothing),
})

const RTCLocalIceCandidateInitDictionary = dictionary(
  'RTCLocalIceCandidateInit',
  {
    relayProtocol: defaulted(
      nullable(enumeration<RTCIceServerTransportProtocol>('RTCIceServerTransportProtocol', ['udp', 'tcp', 'tls'])),
      nothing,
    ),
    url: defaulted(nullable(USVString), nothing),
  },
  RTCIceCandidateInitDictionary,
)

const parse = (text: string): IceCandidate | undefined => {
  const parsed = text === '' ? undefined : parseCandidate(text)
  // A field that its attribute cannot hold voids them all (webrtc-pc, 4.8.1).
  return parsed !== undefined && (parsed.component === 1 || parsed.component === 2) ? parsed : undefined
}

/** A candidate that the connection knows of otherwise than by its text: a peer-reflexive one has none. */
export class IceCandidateSlots {
  constructor(
    readonly init: Required<RTCLocalIceCandidateInit>,
    readonly parsed: IceCandidate,
    /** Whether the application may see the address (webrtc-pc, 4.8.1: only what it has learnt by signalling). */
    readonly addressKnown: boolean,
  ) {}
}

export class RTCIceCandidate {
  readonly #init: Required<RTCLocalIceCandidateInit>
  readonly #parsed: IceCandidate | undefined
  readonly #addressKnown: boolean = true

  /** @throws TypeError when both `sdpMid` and `sdpMLineIndex` are null. What `candidate` says is not an error here. */
  constructor(candidateInitDict: RTCLocalIceCandidateInit = {}) {
    if (candidateInitDict instanceof IceCandidateSlots) {
      this.#init = candidateInitDict.init
      this.#parsed = candidateInitDict.parsed
      this.#addressKnown = candidateInitDict.addressKnown
      return
    }
    const context = "Failed to construct 'RTCIceCandidate'"
    const init = RTCLocalIceCandidateInitDictionary(candidateInitDict, context)
    if (init.sdpMid === null && init.sdpMLineIndex === null) {
      throw new TypeError(`${context}: sdpMid and sdpMLineIndex are both null.`)
    }
    this.#init = init
    this.#parsed = parse(init.candidate)
  }

  /** The candidate-attribute; empty for the end of candidates, and for a peer-reflexive remote candidate. */
  get candidate(): string {
    return this.#init.candidate
  }

  get sdpMid(): string | null {
    return this.#init.sdpMid
  }

  get sdpMLineIndex(): number | null {
    return this.#init.sdpMLineIndex
  }

  get foundation(): string | null {
    return this.#parsed?.foundation ?? null
  }

  get component(): RTCIceComponent | null {
    if (this.#parsed === undefined) return null
    return this.#parsed.component === 1 ? 'rtp' : 'rtcp'
  }

  get priority(): number | null {
    return this.#parsed?.priority ?? null
  }

  get address(): string | null {
    return this.#addressKnown ? (this.#parsed?.address ?? null) : null
  }

  get protocol(): RTCIceProtocol | null {
    return this.#parsed?.protocol ?? null
  }

  get port(): number | null {
    return this.#parsed?.port ?? null
  }

  get type(): RTCIceCandidateType | null {
    return this.#parsed?.type ?? null
  }

  get tcpType(): RTCIceTcpCandidateType | null {
    return this.#parsed?.tcpType ?? null
  }

  get relatedAddress(): string | null {
    return this.#parsed?.relatedAddress ?? null
  }

  get relatedPort(): number | null {
    return this.#parsed?.relatedPort ?? null
  }

  get usernameFragment(): string | null {
    return this.#init.usernameFragment
  }

  /** For a local relayed candidate: how the TURN server is reached. */
  get relayProtocol(): RTCIceServerTransportProtocol | null {
    return this.#init.relayProtocol
  }

  /** For a local server-reflexive or relayed candidate: the server's URL. */
  get url(): string | null {
    return this.#init.url
  }

  toJSON(): RTCIceCandidateInit {
    const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = this.#init
    return { candidate, sdpMid, sdpMLineIndex, usernameFragment }
  }

  static {
    defineInterface(RTCIceCandidate, 'RTCIceCandidate')
  }
}

/** What makes a pair: only the connection has one, so only it can construct an RTCIceCandidatePair. */
export class IceCandidatePairSlots {
  constructor(
    readonly local: RTCIceCandidate,
    readonly remote: RTCIceCandidate,
  ) {}
}

export class RTCIceCandidatePair {
  readonly #slots: IceCandidatePairSlots

  /** Not for applications: a pair is what `RTCIceTransport.getSelectedCandidatePair` returns. */
  constructor(slots: IceCandidatePairSlots) {
    this.#slots = slots instanceof IceCandidatePairSlots ? slots : illegalConstructor()
  }

  get local(): RTCIceCandidate {
    return this.#slots.local
  }

  get remote(): RTCIceCandidate {
    return this.#slots.remote
  }

  static {
    defineInterface(RTCIceCandidatePair, 'RTCIceCandidatePair')
  }
}
