/** Priorities of candidates and pairs, and foundations (RFC 8445, sections 5.1.2, 6.1.2.3 and 5.1.1.3). */

import type { CandidateType } from './candidate.ts'

/** RFC 8445, 5.1.2.2. */
export const TYPE_PREFERENCE: Readonly<Record<CandidateType, number>> = { host: 126, prflx: 110, srflx: 100, relay: 0 }

/**
 * The priority of a candidate of ours (RFC 8445, 5.1.2.1).
 * @param localPreference 0 to 65535, unique for each of our addresses.
 * @param component 1 to 256.
 */
export const candidatePriority = (type: CandidateType, localPreference: number, component: number): number =>
  TYPE_PREFERENCE[type] * 0x1000000 + localPreference * 0x100 + (256 - component)

/**
 * The priority of a pair, from the priorities of the controlling and the controlled agent's candidate (RFC 8445,
 * 6.1.2.3): 64 bits, so a bigint; both agents sort their lists alike by it.
 */
export const pairPriority = (controlling: number, controlled: number): bigint => {
  const g = BigInt(controlling)
  const d = BigInt(controlled)
  const [least, most] = g < d ? [g, d] : [d, g]
  return (least << 32n) + 2n * most + (g > d ? 1n : 0n)
}

/** Gives out foundations: one for each combination of type, base address, server and protocol. */
export class Foundations {
  readonly #known = new Map<string, string>()

  of(type: CandidateType, baseAddress: string, protocol: 'udp' | 'tcp', server = ''): string {
    const key = `${type} ${baseAddress} ${protocol} ${server}`
    let foundation = this.#known.get(key)
    if (foundation === undefined) {
      foundation = String(this.#known.size + 1)
      this.#known.set(key, foundation)
    }
    return foundation
  }
}
