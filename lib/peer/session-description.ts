/** RTCSessionDescription (webrtc-pc, 4.6.2) and the dictionaries that stand for one. */

import { DOMString, defaulted, defineInterface, dictionary, enumeration, optional, required } from '../idl/index.ts'

export type RTCSdpType = 'offer' | 'pranswer' | 'answer' | 'rollback'

export interface RTCSessionDescriptionInit {
  type: RTCSdpType
  sdp?: string
}

export interface RTCLocalSessionDescriptionInit {
  type?: RTCSdpType
  sdp?: string
}

const sdpType = enumeration<RTCSdpType>('RTCSdpType', ['offer', 'pranswer', 'answer', 'rollback'])
const noText = (): string => ''

export const RTCSessionDescriptionInitDictionary = dictionary('RTCSessionDescriptionInit', {
  sdp: defaulted(DOMString, noText),
  type: required(sdpType),
})

export const RTCLocalSessionDescriptionInitDictionary = dictionary('RTCLocalSessionDescriptionInit', {
  sdp: defaulted(DOMString, noText),
  type: optional(sdpType),
})

/** The text of a description that a connection holds: it grows by the candidates that are added to it. */
export class SessionDescriptionSlots {
  constructor(
    readonly type: RTCSdpType,
    public sdp: string,
  ) {}
}

export class RTCSessionDescription {
  readonly #slots: SessionDescriptionSlots

  /** Deprecated by webrtc-pc: every method takes a plain object with the same members. */
  constructor(descriptionInitDict: RTCSessionDescriptionInit) {
    if ((descriptionInitDict as unknown) instanceof SessionDescriptionSlots) {
      this.#slots = descriptionInitDict as unknown as SessionDescriptionSlots
      return
    }
    const context = "Failed to construct 'RTCSessionDescription'"
    const { type, sdp } = RTCSessionDescriptionInitDictionary(descriptionInitDict, context)
    this.#slots = new SessionDescriptionSlots(type, sdp)
  }

  get type(): RTCSdpType {
    return this.#slots.type
  }

  get sdp(): string {
    return this.#slots.sdp
  }

  toJSON(): { type: RTCSdpType; sdp: string } {
    return { type: this.#slots.type, sdp: this.#slots.sdp }
  }

  static {
    defineInterface(RTCSessionDescription, 'RTCSessionDescription')
  }
}
