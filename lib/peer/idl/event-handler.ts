/**
 * Event handler attributes, `on...` (HTML, section 8.1.8.1), on the platform's EventTarget.
 *
 * A handler is called in the place in which it was first set among the listeners: replacing it by another keeps that
 * place, setting it to null gives it up.
 */

/**
 * The type of an `on...` attribute. The method form makes its parameter bivariant, as that of lib.dom's handlers must
 * be for our classes to be assignable to its types.
 */
export type EventHandler<This, E> = { handle(this: This, event: E): unknown }['handle'] | null

interface Handler {
  callback: object
  readonly listener: (event: Event) => void
}

const handlers = new WeakMap<EventTarget, Map<string, Handler>>()

const activate = (target: EventTarget, type: string, callback: object): Handler => {
  const handler: Handler = {
    callback,
    listener: event => {
      // An object that cannot be called is kept, and does nothing (Web IDL, 3.12, callback functions that treat
      // non-objects as null).
      if (typeof handler.callback !== 'function') return
      const result: unknown = handler.callback.call(event.currentTarget, event)
      if (result === false) event.preventDefault()
    },
  }
  target.addEventListener(type, handler.listener)
  return handler
}

const setHandler = (target: EventTarget, type: string, value: unknown): void => {
  let own = handlers.get(target)
  if (own === undefined) {
    own = new Map()
    handlers.set(target, own)
  }
  const handler = own.get(type)
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
    if (handler === undefined) return
    target.removeEventListener(type, handler.listener)
    own.delete(type)
  } else if (handler === undefined) {
    own.set(type, activate(target, type, value))
  } else {
    handler.callback = value
  }
}

/** Gives an interface its event handler attributes, one for each event type. */
export const defineEventHandlers = (
  type: { readonly prototype: EventTarget },
  is: (value: unknown) => boolean,
  events: readonly string[],
): void => {
  const check = (value: unknown): EventTarget => {
    if (!is(value)) throw new TypeError('Illegal invocation')
    return value as EventTarget
  }
  for (const event of events) {
    const name = `on${event}`
    const accessors = {
      get [name](): unknown {
        return handlers.get(check(this))?.get(event)?.callback ?? null
      },
      set [name](value: unknown) {
        setHandler(check(this), event, value)
      },
    }
    Object.defineProperty(type.prototype, name, Object.getOwnPropertyDescriptor(accessors, name) ?? {})
  }
}
