/**
 * Event handler attributes, `on...` (HTML, section 8.1.8.1), on the platform's EventTarget.
 *
 * A handler is called in the place in which it was first set among the listeners: replacing it by another keeps that
 * place, setting it to null gives it up.
 */

/**
 * The type of an `on...` attribute. `this` has no type (a function gets that of the object it is assigned to), and an
 * attribute whose events are of a class of ours is read as a handler of any Event: so our classes are assignable to
 * lib.dom's types, whose events are not ours.
 */
export type EventHandler<E> = { handle(event: E): unknown }['handle'] | null

/** A class of ours that has event handlers. */
type Interface = { readonly prototype: EventTarget } & (abstract new (...args: never[]) => EventTarget)

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

const check = (target: unknown, type: Interface): EventTarget => {
  if (!(target instanceof type)) throw new TypeError('Illegal invocation')
  return target
}

/** What the attribute for the events `event` holds. Throws a TypeError on anything but an object of `type`. */
export const getEventHandler = (target: unknown, type: Interface, event: string): EventHandler<Event> =>
  (handlers.get(check(target, type))?.get(event)?.callback as EventHandler<Event> | undefined) ?? null

/** Sets the attribute. */
export const setEventHandler = (target: unknown, type: Interface, event: string, value: unknown): void =>
  setHandler(check(target, type), event, value)

/** Gives an interface its event handler attributes, one for each event type. */
export const defineEventHandlers = (type: Interface, events: readonly string[]): void => {
  for (const event of events) {
    const name = `on${event}`
    const accessors = {
      get [name](): unknown {
        return getEventHandler(this, type, event)
      },
      set [name](value: unknown) {
        setEventHandler(this, type, event, value)
      },
    }
    Object.defineProperty(type.prototype, name, Object.getOwnPropertyDescriptor(accessors, name) ?? {})
  }
}
