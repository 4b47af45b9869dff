/** OverconstrainedError (mediacapture-main, 11.4): a required constraint that nothing satisfies. */

import { DOMString, defineInterface, requireArguments } from '../idl/index.ts'

export class OverconstrainedError extends DOMException {
  readonly #constraint: string

  constructor(...args: [constraint: string, message?: string]) {
    const context = "Failed to construct 'OverconstrainedError'"
    requireArguments(context, 1, args.length)
    const [given, message = ''] = args
    const constraint = DOMString(given, context)
    super(DOMString(message, context), 'OverconstrainedError')
    this.#constraint = constraint
  }

  /** The name of the property; empty where it is not known which. */
  get constraint(): string {
    return this.#constraint
  }

  static {
    defineInterface(OverconstrainedError, 'OverconstrainedError', { constructor: 1 })
  }
}
