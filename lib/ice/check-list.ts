/**
 * The check list (RFC 8445, 6.1.2 and 6.1.4): pairs in the order of their priority, which of them is checked next, and
 * the triggered-check queue that goes before the rest.
 *
 * There is one data stream with one component, hence one list; foundations still hold back pairs that would only learn
 * what another check is about to show.
 */

import type { IceRole } from './options.ts'
import type { CandidatePair } from './pair.ts'

/** RFC 8445, 6.1.2.5: an agent limits its checks to 100 by default. */
export const MOST_PAIRS = 100
/** Sent at 0, 500 and 1500 ms: what has not answered then keeps no other waiting. */
export const PATIENT_REQUESTS = 3

export class CheckList {
  /** Highest priority first. */
  pairs: CandidatePair[] = []
  /** A pair has been nominated: ordinary checks are over (RFC 8445, 8.1.2). */
  concluded = false
  #triggered: CandidatePair[] = []
  /** Pairs that came after the nomination and are checked all the same. The state does not wait for them. */
  #late: CandidatePair[] = []

  find(socket: number, address: string, port: number): CandidatePair | undefined {
    for (const pair of this.pairs) if (pair.isPath(socket, address, port)) return pair
    return undefined
  }

  /**
   * Adds a pair where there is room, or where a less useful one can make room.
   * @param wanted Whether the pair takes room from any unchecked pair.
   */
  add(pair: CandidatePair, wanted: boolean, now: number): boolean {
    if (this.pairs.length >= MOST_PAIRS && !this.#evict(pair, wanted, now)) return false
    this.#insert(pair)
    this.#setInitialState(pair)
    return true
  }

  /** A pair's priority has changed. */
  sort(): void {
    this.pairs.sort((a, b) => (a.priority === b.priority ? 0 : a.priority > b.priority ? -1 : 1))
  }

  /** Our role has changed, and so every priority. */
  refresh(role: IceRole): void {
    for (const pair of this.pairs) pair.refresh(role)
    this.sort()
  }

  /** Puts a pair into the triggered-check queue, once (RFC 8445, 6.1.4.1). */
  trigger(pair: CandidatePair): void {
    if (!this.#triggered.includes(pair)) this.#triggered.push(pair)
  }

  /** Has a pair checked although the list is concluded. */
  checkLate(pair: CandidatePair): void {
    if (!this.#late.includes(pair)) this.#late.push(pair)
  }

  isLate(pair: CandidatePair): boolean {
    return this.#late.includes(pair)
  }

  untrigger(pair: CandidatePair): void {
    this.#late = this.#late.filter(other => other !== pair)
    this.#triggered = this.#triggered.filter(other => other !== pair)
  }

  isTriggered(pair: CandidatePair): boolean {
    return this.#triggered.includes(pair)
  }

  /** The pair to check now (RFC 8445, 6.1.4.2), or undefined when nothing is to be done. */
  next(): CandidatePair | undefined {
    return this.#triggered.shift() ?? this.#late.shift() ?? this.#ordinary()
  }

  get hasNext(): boolean {
    return this.#triggered.length > 0 || this.#late.length > 0 || this.#ordinary() !== undefined
  }

  /** Whether a pair is yet to be checked, or a check to be answered that matters still. */
  get pending(): boolean {
    if (this.#triggered.length > 0) return true
    return !this.concluded && this.pairs.some(pair => pair.pending)
  }

  /** Pairs that wait for their check or its answer: the N of the retransmission timeout (RFC 8445, 14.3). */
  get active(): number {
    let count = 0
    for (const { state } of this.pairs) if (state === 'in-progress' || (state === 'waiting' && !this.concluded)) count++
    return count
  }

  /** A check has succeeded: pairs of the same foundation need not wait any longer (RFC 8445, 7.2.5.3.3). */
  unfreeze(foundation: string): void {
    for (const pair of this.pairs) if (pair.state === 'frozen' && pair.foundation === foundation) pair.state = 'waiting'
  }

  /** The socket beneath these pairs has gone. */
  removeSocket(socket: number): void {
    this.pairs = this.pairs.filter(pair => pair.socket !== socket)
  }

  /** A check of the pair has failed (RFC 8445, 7.2.5.2). */
  fail(pair: CandidatePair): void {
    pair.state = 'failed'
    pair.valid = false
    pair.nominating = false
    pair.nominated = false
    this.untrigger(pair)
  }

  /**
   * Ends the checks that have not begun, but for pairs that the peer has nominated as well. What it triggers afterwards
   * is checked still.
   */
  conclude(): void {
    this.concluded = true
    this.#triggered = this.#triggered.filter(pair => pair.nominateOnSuccess)
  }

  /**
   * Begins again after the nomination: with what was not checked, and with what has failed, but for connections that only
   * the peer can make (RFC 6544, 7.1). What carries data is left alone.
   */
  reopen(carrier: CandidatePair | undefined, now: number): void {
    this.concluded = false
    for (const pair of this.pairs) {
      if (pair === carrier || pair.mayCarry(now) || pair.pending || pair.local.tcpType === 'passive') continue
      pair.state = 'frozen'
    }
  }

  /** Makes room. */
  remove(pair: CandidatePair): void {
    this.untrigger(pair)
    this.pairs.splice(this.pairs.indexOf(pair), 1)
  }

  /** Ends all checks that have not begun. */
  clear(): void {
    this.concluded = true
    this.#triggered = []
    this.#late = []
  }

  #ordinary(): CandidatePair | undefined {
    if (this.concluded) return undefined
    for (const pair of this.pairs) if (pair.state === 'waiting') return pair
    for (const pair of this.pairs) if (pair.state === 'frozen' && !this.#underWay(pair.foundation)) return pair
    return undefined
  }

  /** Some peers give all their candidates one foundation: these cannot each wait for a whole failure of the one before. */
  #underWay(foundation: string): boolean {
    return this.pairs.some(
      ({ state, requestsSent, foundation: other }) =>
        other === foundation && (state === 'waiting' || (state === 'in-progress' && requestsSent < PATIENT_REQUESTS)),
    )
  }

  /** RFC 8445, 6.1.2.6, for one pair at a time as they trickle in (RFC 8838, 12). */
  #setInitialState(pair: CandidatePair): void {
    pair.state = 'waiting'
    const foundation = pair.foundation
    for (const other of this.pairs) {
      if (other === pair || other.foundation !== foundation) continue
      if (other.state === 'succeeded') {
        pair.state = 'waiting'
        return
      }
      if (other.state === 'in-progress') pair.state = 'frozen'
      if (other.state === 'waiting' && !this.isTriggered(other)) {
        if (other.priority < pair.priority) other.state = 'frozen'
        else pair.state = 'frozen'
      }
    }
  }

  #insert(pair: CandidatePair): void {
    const at = this.pairs.findIndex(other => other.priority < pair.priority)
    if (at < 0) this.pairs.push(pair)
    else this.pairs.splice(at, 0, pair)
  }

  /**
   * Drops the least useful pair: one that has failed or died, or an unchecked one. Which of these is left to the agent
   * (RFC 8445, 6.1.2.5). By priority alone, a dozen interfaces would leave the peer's relays without any pair: it is one
   * whose base and whose remote candidate have the most pairs, and among these the one of lowest priority.
   */
  #evict(pair: CandidatePair, wanted: boolean, now: number): boolean {
    const isDead = (other: CandidatePair) =>
      other.state === 'succeeded' && !other.nominated && now >= other.consentUntil
    const isUnchecked = (other: CandidatePair) =>
      (other.state === 'frozen' || other.state === 'waiting') && !this.isTriggered(other) && !this.isLate(other)
    let victim = this.pairs.findLast(({ state }) => state === 'failed') ?? this.pairs.findLast(isDead)
    if (victim === undefined) {
      const weight = this.#weigh(pair)
      let most = wanted ? Number.NEGATIVE_INFINITY : weight(pair)
      for (const other of this.pairs) {
        if (!isUnchecked(other) || weight(other) < most) continue
        if (!wanted && weight(other) === most && victim === undefined && other.priority >= pair.priority) continue
        victim = other
        most = weight(other)
      }
    }
    if (victim === undefined) return false
    this.remove(victim)
    return true
  }

  /** How many pairs share the base or the remote candidate of each. */
  #weigh(added: CandidatePair): (pair: CandidatePair) => number {
    const counts = new Map<unknown, number>()
    for (const { socket, remote } of [...this.pairs, added])
      for (const key of [socket, remote]) counts.set(key, (counts.get(key) ?? 0) + 1)
    return ({ socket, remote }) => counts.get(socket)! + counts.get(remote)!
  }
}
