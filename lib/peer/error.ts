/** RTCError and RTCErrorEvent (webrtc-pc, section 11): a DOMException that says what of WebRTC has failed. */

import {
  DOMString,
  defineInterface,
  dictionary,
  EventInitDictionary,
  type EventInitMembers,
  enumeration,
  interfaceType,
  long,
  optional,
  requireArguments,
  required,
  unsignedLong,
} from '../idl/index.ts'

export type RTCErrorDetailType =
  | 'data-channel-failure'
  | 'dtls-failure'
  | 'fingerprint-failure'
  | 'sctp-failure'
  | 'sdp-syntax-error'
  | 'hardware-encoder-not-available'
  | 'hardware-encoder-error'

export interface RTCErrorInit {
  errorDetail: RTCErrorDetailType
  sdpLineNumber?: number
  sctpCauseCode?: number
  receivedAlert?: number
  sentAlert?: number
}

const RTCErrorInitDictionary = dictionary('RTCErrorInit', {
  errorDetail: required(
    enumeration<RTCErrorDetailType>('RTCErrorDetailType', [
      'data-channel-failure',
      'dtls-failure',
      'fingerprint-failure',
      'sctp-failure',
      'sdp-syntax-error',
      'hardware-encoder-not-available',
      'hardware-encoder-error',
    ]),
  ),
  receivedAlert: optional(unsignedLong),
  sctpCauseCode: optional(long),
  sdpLineNumber: optional(long),
  sentAlert: optional(unsignedLong),
})

export class RTCError extends DOMException {
  readonly #init: RTCErrorInit

  /** @throws TypeError when `errorDetail` is missing or none of its values. */
  constructor(init: RTCErrorInit, message = '') {
    const context = "Failed to construct 'RTCError'"
    const converted = RTCErrorInitDictionary(init, context)
    super(DOMString(message, context), 'OperationError')
    this.#init = converted
  }

  get errorDetail(): RTCErrorDetailType {
    return this.#init.errorDetail
  }

  /** For `sdp-syntax-error`: the line of the description where it was found, from 1. */
  get sdpLineNumber(): number | null {
    return this.#init.sdpLineNumber ?? null
  }

  /** For `sctp-failure`: the cause code of the peer's ABORT (RFC 9260, 3.3.10). */
  get sctpCauseCode(): number | null {
    return this.#init.sctpCauseCode ?? null
  }

  /** For `dtls-failure`: the fatal alert that came (RFC 8446, 6). */
  get receivedAlert(): number | null {
    return this.#init.receivedAlert ?? null
  }

  /** For `dtls-failure`: the fatal alert that was sent. */
  get sentAlert(): number | null {
    return this.#init.sentAlert ?? null
  }

  static {
    defineInterface(RTCError, 'RTCError')
  }
}

export interface RTCErrorEventInit extends EventInitMembers {
  error: RTCError
}

const RTCErrorEventInitDictionary = dictionary(
  'RTCErrorEventInit',
  { error: required(interfaceType('RTCError', RTCError)) },
  EventInitDictionary,
)

export class RTCErrorEvent extends Event {
  readonly #error: RTCError

  constructor(...args: [type: string, eventInitDict: RTCErrorEventInit]) {
    const context = "Failed to construct 'RTCErrorEvent'"
    requireArguments(context, 2, args.length)
    const [type, eventInitDict] = args
    const init = RTCErrorEventInitDictionary(eventInitDict, context)
    super(DOMString(type, context), init)
    this.#error = init.error
  }

  get error(): RTCError {
    return this.#error
  }

  static {
    defineInterface(RTCErrorEvent, 'RTCErrorEvent', { constructor: 2 })
  }
}
