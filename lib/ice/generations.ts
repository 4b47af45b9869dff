/**
 * The generations of an agent (RFC 8445, 9): the present one, and before it those that are still needed.
 *
 * The one that carries data stays until another has a nominated pair, and for a while after that. One that the peer has
 * answered stays as long as the restart that follows it is not answered: that may yet be taken back.
 */

import type { EarlyChecks } from './early-checks.ts'
import { Generation } from './generation.ts'
import type { GenerationContext } from './generation-context.ts'
import type { CandidatePair } from './pair.ts'
import { areSameParameters, areValidParameters, type IceParameters } from './parameters.ts'
import { carrierOf } from './selection.ts'

const NEVER = Number.POSITIVE_INFINITY

export class Generations {
  /** The present one first, then from newest to oldest; at most three. */
  all: readonly Generation[]
  /** When those that have been replaced are dropped. */
  drainUntil = NEVER
  readonly #context: GenerationContext
  readonly #early: EarlyChecks
  #leaving: readonly Generation[] = []

  constructor(context: GenerationContext, early: EarlyChecks, parameters: IceParameters) {
    this.#context = context
    this.#early = early
    this.all = [this.#create(parameters)]
  }

  get current(): Generation {
    return this.all[0]!
  }

  /** The one that checks and nominates: before the peer has answered a restart, the one before. */
  get proceeding(): Generation {
    return this.all.find(({ remote }) => remote !== undefined) ?? this.current
  }

  /** A restart: starts a generation on the same sockets. Throws a RangeError for credentials that are none. */
  begin(parameters: IceParameters, carrier: CandidatePair | undefined): void {
    const next = this.#create(parameters)
    for (const local of this.current.locals.all) next.addLocal(local)
    const [last, ...earlier] = this.all
    const carries = ({ pairs }: Generation) => carrier !== undefined && pairs.includes(carrier)
    // What the peer has not answered has nothing to give up its place for.
    if (last!.remote === undefined && earlier.length > 0) this.#keep([next, ...earlier])
    else this.#keep([next, last!, ...earlier.filter(carries)])
    this.#stay()
  }

  /** Takes a restart back; false when the credentials are of no generation that could be reinstated. */
  reinstate(parameters: IceParameters): boolean {
    const [current, ...earlier] = this.all
    const at = earlier.findIndex(({ local }) => areSameParameters(local, parameters))
    if (current!.remote !== undefined || at < 0) return false
    for (const local of current!.locals.all) earlier[at]!.addLocal(local)
    this.#keep(earlier.slice(at))
    this.#stay()
    return true
  }

  /**
   * The peer's credentials for the present generation. It is its turn to check: those before only go on to answer, and
   * without credentials of the peer they could only go on to believe whoever has seen ours.
   */
  answer(parameters: IceParameters, now: number): void {
    const { current } = this
    current.setRemote(parameters, this.#early.take(current.localFragment, parameters.usernameFragment), now)
    this.#keep(this.all.filter(generation => generation.remote !== undefined))
    for (const generation of this.all) if (generation !== current) generation.retire()
    this.#forgetEarly()
  }

  /** Another peer than the one before has answered the same credentials of ours: that one is let in no longer. */
  leaveOtherPeer(): void {
    const { current } = this
    this.#keep(this.all.filter(other => other === current || other.localFragment !== current.localFragment))
  }

  /** The pair to send on. A generation takes over from those before it when it has a nominated pair. */
  carrier(now: number): CandidatePair | undefined {
    const taken = this.#takenOver
    for (let at = taken < 0 ? this.all.length - 1 : taken; at >= 0; at--) {
      const pair = carrierOf(this.all[at]!, this.#context.timing, now)
      if (pair !== undefined) return pair
    }
    return undefined
  }

  /**
   * Those before one that has taken over are needed until the peer has surely noticed. Their time runs on when the pair
   * that took over fails.
   */
  drain(now: number): void {
    const taken = this.#takenOver
    if (taken >= 0 && taken < this.all.length - 1 && this.#leaving.length === 0) {
      this.#leaving = this.all.slice(taken + 1)
      for (const generation of this.#leaving) generation.retire()
      this.drainUntil = now + this.#context.timing.drainTime
    }
    if (now < this.drainUntil) return
    this.#keep(this.all.filter(generation => !this.#leaving.includes(generation)))
    this.#stay()
  }

  /** Drops all but the present one. */
  leaveEarlier(): void {
    this.#keep([this.current])
    this.#stay()
  }

  /** The newest with a nominated pair. */
  get #takenOver(): number {
    return this.all.findIndex(({ nominated }) => nominated)
  }

  #create(parameters: IceParameters): Generation {
    if (!areValidParameters(parameters)) throw new RangeError('ICE credentials are ice-chars, 4 to 256 and 22 to 256')
    return new Generation(this.#context, parameters)
  }

  #stay(): void {
    this.#leaving = []
    this.drainUntil = NEVER
  }

  #keep(kept: readonly Generation[]): void {
    for (const generation of this.all) if (!kept.includes(generation)) generation.stop()
    this.all = kept
    this.#leaving = this.#leaving.filter(generation => kept.includes(generation))
    if (this.#leaving.length === 0) this.drainUntil = NEVER
    this.#forgetEarly()
  }

  /** Keeps only those early checks whose generation still waits for the peer's credentials. */
  #forgetEarly(): void {
    const waiting = this.all.filter(({ remote }) => remote === undefined)
    this.#early.keepOnly(waiting.map(({ localFragment }) => localFragment))
  }
}
