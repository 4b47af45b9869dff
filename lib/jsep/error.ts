/** What is refused, by the name that webrtc-pc gives it (webrtc-pc, section 4.4.1.5 and RTCErrorDetailType). */

export type JsepErrorCode =
  /** The type of the description, or the call, does not fit the signalling state. */
  | 'InvalidStateError'
  /** A local description is not the one that was created last. */
  | 'InvalidModificationError'
  /** The content of a description contradicts itself, what it answers, or what was agreed before. */
  | 'InvalidAccessError'
  /** A description or candidate cannot be applied. */
  | 'OperationError'
  /** The text is no session description. */
  | 'sdp-syntax-error'

export class JsepError extends Error {
  override readonly name = 'JsepError'
  /** For `sdp-syntax-error`: the line of the description, from 1. */
  readonly sdpLineNumber?: number

  constructor(
    readonly code: JsepErrorCode,
    message: string,
    sdpLineNumber?: number,
  ) {
    super(message)
    if (sdpLineNumber !== undefined) this.sdpLineNumber = sdpLineNumber
  }
}

/** The content of a description is at fault; `mid` says where. */
export const invalidContent = (message: string, mid?: string): JsepError =>
  new JsepError('InvalidAccessError', mid === undefined ? message : `m-section ${mid}: ${message}`)
