/**
 * Candidates that came after the description they belong to (RFC 8840): kept by m-section and generation, that is
 * user-name fragment, so that every description of the generation shows them, a pending and a current one alike.
 */

import { JsepError } from './error.ts'
import { MOST_CANDIDATES } from './limits.ts'

/** Characters; a candidate-attribute with a long host name has about 300. */
const LONGEST_CANDIDATE = 1024

export interface Trickled {
  /** Values of `a=candidate`. */
  readonly candidates: readonly string[]
  readonly ended: boolean
}

const NONE: Trickled = { candidates: [], ended: false }

/** The value of `a=candidate` in a text with or without `a=` and `candidate:`. Throws JsepError `OperationError`. */
export const candidateValue = (text: string): string => {
  const value = text
    .replace(/^a=/, '')
    .replace(/^candidate:/, '')
    .trim()
  if (value === '' || value.length > LONGEST_CANDIDATE || /[\r\n\0]/.test(value)) {
    throw new JsepError('OperationError', 'not a candidate-attribute (RFC 8839, 5.1)')
  }
  return value
}

/** The generation that a candidate says it is of, by the `ufrag` extension that browsers write. */
export const generationOf = (value: string): string | undefined => {
  const words = value.split(' ')
  const at = words.indexOf('ufrag', 6)
  return at < 0 ? undefined : words[at + 1]
}

export class TrickledCandidates {
  readonly #sections = new Map<string, Map<string, { candidates: string[]; ended: boolean }>>()
  /** Counts additions: what was rendered before has grown old. */
  revision = 0

  of(mid: string, usernameFragment: string | undefined): Trickled {
    if (usernameFragment === undefined) return NONE
    return this.#sections.get(mid)?.get(usernameFragment) ?? NONE
  }

  add(mid: string, usernameFragment: string, value: string): void {
    const { candidates } = this.#generation(mid, usernameFragment)
    if (candidates.length >= MOST_CANDIDATES || candidates.includes(value)) return
    candidates.push(value)
    this.revision++
  }

  end(mid: string, usernameFragment: string): void {
    const generation = this.#generation(mid, usernameFragment)
    if (generation.ended) return
    generation.ended = true
    this.revision++
  }

  /** Forgets the generations that no description has any more. */
  keep(inUse: (mid: string, usernameFragment: string) => boolean): void {
    for (const [mid, generations] of this.#sections) {
      for (const fragment of generations.keys()) if (!inUse(mid, fragment)) generations.delete(fragment)
      if (generations.size === 0) this.#sections.delete(mid)
    }
  }

  #generation(mid: string, usernameFragment: string): { candidates: string[]; ended: boolean } {
    let generations = this.#sections.get(mid)
    if (generations === undefined) {
      generations = new Map()
      this.#sections.set(mid, generations)
    }
    let generation = generations.get(usernameFragment)
    if (generation === undefined) {
      generation = { candidates: [], ended: false }
      generations.set(usernameFragment, generation)
    }
    return generation
  }
}
