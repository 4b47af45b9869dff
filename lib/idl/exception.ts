/** The exceptions that webrtc-pc names: DOMException by name (Web IDL, 2.8.1). */

/** The names used here. `RTCError` is a class of its own. */
export type ExceptionName =
  | 'DataError'
  | 'InvalidAccessError'
  | 'InvalidModificationError'
  | 'InvalidStateError'
  | 'NotSupportedError'
  | 'OperationError'
  | 'SyntaxError'
  | 'UnknownError'

export const exception = (name: ExceptionName, message: string): DOMException => new DOMException(message, name)

/** What every method of a closed connection says. */
export const closedException = (context: string): DOMException =>
  exception('InvalidStateError', `${context}: The RTCPeerConnection's signalingState is 'closed'.`)
