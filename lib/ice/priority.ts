/**
 * Priorities of candidates and pairs, and foundations (RFC 8445, sections 5.1.2, 6.1.2.3 and 5.1.1.3; for TCP RFC 6544,
 * 4.2).
 */

import type { CandidateType, IceCandidate, TcpType } from './candidate.ts'

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
 * Of TCP candidates: below those of UDP that need no relay, since whatever runs over both runs better over UDP (RFC 6544,
 * 4.2, leaves the choice). The figures for host and peer-reflexive ones are libwebrtc's.
 */
const TCP_TYPE_PREFERENCE: Readonly<Record<CandidateType, number>> = { host: 90, prflx: 80, srflx: 70, relay: 0 }
/** A relay that is spoken to over a stream delays and retransmits what should be lost. libwebrtc's figures too. */
const RELAY_PREFERENCE = { udp: 2, tcp: 1, tls: 0 } as const

/** RFC 6544, 4.2: who connects is preferred to who waits; behind a NAT, both at once are. */
const DIRECTION: Readonly<Record<TcpType, number>> = { active: 6, passive: 4, so: 2 }
const REFLEXIVE_DIRECTION: Readonly<Record<TcpType, number>> = { so: 6, active: 4, passive: 2 }

/**
 * The priority of a candidate of ours of any kind, with component 1.
 * @param localPreference 0 to 65535, for TCP to 8191: the other-pref of RFC 6544, 4.2.
 */
export const localPriority = (
  kind: Pick<IceCandidate, 'type' | 'protocol' | 'tcpType' | 'relayProtocol'>,
  localPreference: number,
): number => {
  const { type, tcpType } = kind
  if (type === 'relay')
    return RELAY_PREFERENCE[kind.relayProtocol ?? 'udp'] * 0x1000000 + candidatePriority('relay', localPreference, 1)
  if (kind.protocol === 'udp') return candidatePriority(type, localPreference, 1)
  const direction = (type === 'srflx' ? REFLEXIVE_DIRECTION : DIRECTION)[tcpType ?? 'passive']
  const preference = direction * 0x2000 + Math.min(0x1fff, localPreference)
  return TCP_TYPE_PREFERENCE[type] * 0x1000000 + preference * 0x100 + 255
}

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
