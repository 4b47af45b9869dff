/**
 * Changes of this machine's addresses. No platform API tells of them, so they are looked at from time to time: one timer
 * for all who want to know, as long as there is one.
 */

import type { Cancellable } from '../machine/index.ts'
import { interfaces } from './interfaces.ts'

/** Milliseconds. A look costs some tens of microseconds; ICE takes seconds to miss a network that has gone. */
const INTERVAL = 2_000

const state = (): string =>
  interfaces()
    .map(({ name, address }) => `${name} ${address}`)
    .sort()
    .join()

class InterfaceWatch {
  readonly #listeners = new Set<{ readonly changed: () => void }>()
  #timer: NodeJS.Timeout | undefined
  #known = ''

  add(changed: () => void): Cancellable {
    // An object of its own, so that one function may be given twice.
    const listener = { changed }
    this.#listeners.add(listener)
    if (this.#timer === undefined) {
      this.#known = state()
      this.#timer = setInterval(this.#look, INTERVAL)
      this.#timer.unref()
    }
    return { cancel: () => this.#remove(listener) }
  }

  #remove(listener: { readonly changed: () => void }): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  readonly #look = (): void => {
    const now = state()
    if (now === this.#known) return
    this.#known = now
    for (const listener of [...this.#listeners]) listener.changed()
  }
}

const watch = new InterfaceWatch()

/** Calls `changed` after addresses have come or gone, until it is cancelled. Does not keep the process alive. */
export const watchInterfaces = (changed: () => void): Cancellable => watch.add(changed)
