/** KeyFrameRequestEvent (webrtc-encoded-transform, 8): whoever gets the video cannot go on without a key frame. */

import { DOMString, defineInterface, requireArguments } from '../idl/index.ts'

export class KeyFrameRequestEvent extends Event {
  readonly #rid: string | null

  constructor(...args: [type: string, rid?: string]) {
    const context = "Failed to construct 'KeyFrameRequestEvent'"
    requireArguments(context, 1, args.length)
    const [type, rid] = args
    super(DOMString(type, context))
    this.#rid = rid === undefined ? null : DOMString(rid, context)
  }

  /** Of simulcast: the encoding that is meant; null for all. */
  get rid(): string | null {
    return this.#rid
  }

  static {
    defineInterface(KeyFrameRequestEvent, 'KeyFrameRequestEvent', { constructor: 1 })
  }
}
