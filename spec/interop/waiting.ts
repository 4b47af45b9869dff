/** Waiting for what others bring about, without looking at the clock: whoever changes something calls `wake`. */

/** Milliseconds that anything may take. */
const PATIENCE = 15_000

export class Waiting {
  readonly #sleepers = new Set<() => void>()

  wake(): void {
    for (const wake of [...this.#sleepers]) wake()
  }

  /** Resolves when `condition` holds; what it throws, it rejects with. Gives up in the end, and says `what` it waited for. */
  async until(condition: () => boolean, what: () => string): Promise<void> {
    let late = false
    const timer = setTimeout(() => {
      late = true
      this.wake()
    }, PATIENCE)
    try {
      while (!condition()) {
        if (late) throw new Error(`waited in vain: ${what()}`)
        await new Promise<void>(resolve => {
          const wake = () => {
            this.#sleepers.delete(wake)
            resolve()
          }
          this.#sleepers.add(wake)
        })
      }
    } finally {
      clearTimeout(timer)
    }
  }
}
