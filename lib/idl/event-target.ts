/** The platform's EventTarget and Event with the types of our events, and the conversion of EventInit (DOM, 2.2). */

import { boolean, type Conversion } from './conversion.ts'
import { defaulted, dictionary } from './dictionary.ts'

/** What `addEventListener` takes besides a function. */
export interface EventListenerObject<E> {
  handleEvent(event: E): unknown
}

export interface ListenerOptions {
  readonly capture?: boolean
  readonly once?: boolean
  readonly passive?: boolean
  readonly signal?: AbortSignal
}

/** An EventTarget whose events are those of `Events`, by their types. */
export interface TypedEventTarget<Events> extends EventTarget {
  addEventListener<K extends keyof Events & string>(
    type: K,
    listener: ((this: this, event: Events[K]) => unknown) | EventListenerObject<Events[K]> | null,
    options?: boolean | ListenerOptions,
  ): void
  addEventListener(
    type: string,
    listener: ((event: Event) => unknown) | EventListenerObject<Event> | null,
    options?: boolean | ListenerOptions,
  ): void
  removeEventListener<K extends keyof Events & string>(
    type: K,
    listener: ((this: this, event: Events[K]) => unknown) | EventListenerObject<Events[K]> | null,
    options?: boolean | { readonly capture?: boolean },
  ): void
  removeEventListener(
    type: string,
    listener: ((event: Event) => unknown) | EventListenerObject<Event> | null,
    options?: boolean | { readonly capture?: boolean },
  ): void
}

/** The platform's own class: only its type is narrowed, so that our prototypes inherit from EventTarget itself. */
export const TypedEventTarget = EventTarget as unknown as { new <Events>(): TypedEventTarget<Events> }

/** The first members of every event's dictionary. */
export interface EventInitMembers {
  bubbles?: boolean
  cancelable?: boolean
  composed?: boolean
}

const no = (): boolean => false

export const EventInitDictionary: Conversion<Required<EventInitMembers>> = dictionary('EventInit', {
  bubbles: defaulted(boolean, no),
  cancelable: defaulted(boolean, no),
  composed: defaulted(boolean, no),
})
