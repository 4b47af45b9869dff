/** Which share of a port has which user-name fragments: by these, requests are led (RFC 8445, 7.2.2). */

export class FragmentTable<S> {
  readonly #shares = new Map<string, S>()
  readonly #claimed: (fragment: string) => void
  /** Fragments that were asked for while another share had them. */
  conflicts = 0

  /** @param claimed Told of each fragment that has just got a share. */
  constructor(claimed: (fragment: string) => void) {
    this.#claimed = claimed
  }

  get size(): number {
    return this.#shares.size
  }

  find(fragment: string): S | undefined {
    return this.#shares.get(fragment)
  }

  /**
   * Gives a share these fragments in place of its former ones.
   * @returns False when another share has one of them, and keeps it.
   */
  claim(share: S, fragments: readonly string[], former: readonly string[]): boolean {
    for (const fragment of former) {
      if (!fragments.includes(fragment) && this.#shares.get(fragment) === share) this.#shares.delete(fragment)
    }
    let all = true
    for (const fragment of fragments) {
      const holder = this.#shares.get(fragment)
      if (holder === share) continue
      if (holder !== undefined) {
        // Whoever comes later must not take away what a connection in use depends on.
        this.conflicts++
        all = false
        continue
      }
      this.#shares.set(fragment, share)
      this.#claimed(fragment)
    }
    return all
  }
}
