/**
 * The callback forms of the methods that negotiate (webrtc-pc, 4.5.1): the promise form, whose outcome goes to the
 * callbacks, while the returned promise fulfils with nothing.
 */

import { callback, promised } from '../idl/index.ts'
import type { RTCSessionDescriptionInit } from './session-description.ts'

export type RTCSessionDescriptionCallback = (description: RTCSessionDescriptionInit) => void
export type RTCPeerConnectionErrorCallback = (error: DOMException) => void

/**
 * Runs `operation` for its callbacks. Throws a TypeError when one of them is no function.
 *
 * Whether the connection has been closed meanwhile needs no look: the operation's promise never settles then.
 */
export const withCallbacks = async (
  context: string,
  success: unknown,
  failure: unknown,
  operation: () => Promise<unknown>,
): Promise<void> => {
  const succeeded = callback(success, context)
  const failed = callback(failure, context)
  // An exception of a callback is the application's own, and reported as such.
  void promised(operation).then(
    value => void succeeded(value),
    (error: unknown) => void failed(error),
  )
}
