/**
 * Checks that came before the peer's credentials were known (RFC 8445, 7.3): the answer to our offer is still under way.
 *
 * They were authenticated with our own password and answered. They are kept until the credentials come, and then
 * become triggered checks; meanwhile what comes from there is let in.
 */

/** An authenticated check of the peer. */
export interface PeerCheck {
  /** Where it came in, and from where. */
  readonly socket: number
  readonly address: string
  readonly port: number
  /** What a peer-reflexive candidate that it discovers is to have. */
  readonly priority: number
  readonly useCandidate: boolean
  /** The number of the nomination, if it is one with a number. */
  readonly nomination: number | undefined
}

export interface EarlyCheck extends PeerCheck {
  /** Both halves of the user name: the generation that the check belongs to. */
  readonly localFragment: string
  readonly remoteFragment: string
  useCandidate: boolean
  nomination: number | undefined
  /** How many have been answered. */
  requests: number
}

/** One for each path and generation; a peer that sends from more places is not believed to need them all. */
const MOST_EARLY_CHECKS = 32

export class EarlyChecks {
  #checks: EarlyCheck[] = []

  /** Keeps a check; false when there is no room. */
  add(check: EarlyCheck): boolean {
    const known = this.#checks.find(
      other =>
        other.port === check.port &&
        other.socket === check.socket &&
        other.address === check.address &&
        other.localFragment === check.localFragment &&
        other.remoteFragment === check.remoteFragment,
    )
    if (known !== undefined) {
      known.useCandidate ||= check.useCandidate
      if ((check.nomination ?? 0) > (known.nomination ?? 0)) known.nomination = check.nomination
      known.requests += check.requests
      return true
    }
    if (this.#checks.length >= MOST_EARLY_CHECKS) return false
    this.#checks.push(check)
    return true
  }

  /** Whether a check has come this way. */
  has(socket: number, address: string, port: number): boolean {
    for (const check of this.#checks)
      if (check.port === port && check.socket === socket && check.address === address) return true
    return false
  }

  /**
   * Takes out those of a generation whose credentials are now known on both sides. Who else has seen our credentials (a
   * callee that did not become the peer) loses what it had by them.
   */
  take(localFragment: string, remoteFragment: string): EarlyCheck[] {
    const taken = this.#checks.filter(check => check.localFragment === localFragment)
    this.#checks = this.#checks.filter(check => check.localFragment !== localFragment)
    return taken.filter(check => check.remoteFragment === remoteFragment)
  }

  /** Forgets those for other credentials of ours. */
  keepOnly(localFragments: readonly string[]): void {
    this.#checks = this.#checks.filter(({ localFragment }) => localFragments.includes(localFragment))
  }

  clear(): void {
    this.#checks = []
  }
}
