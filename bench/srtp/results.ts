/** The outcomes of SRTP's cases, by profile and way, and why some are not there. */

import { Outcomes } from '../outcomes.ts'
import { PROFILES, type Profile, type SrtpCase, unavailable, WAYS, type Way } from './cases.ts'
import type { SrtpSpeed } from './measure.ts'

export interface SrtpResults {
  readonly byProfile: ReadonlyMap<Profile, ReadonlyMap<Way, Outcomes<SrtpSpeed>>>
  /** Reasons, each once. */
  readonly skipped: ReadonlySet<string>
}

/** @param wanted Whether SRTP is measured at all. */
export const emptySrtpResults = (wanted: boolean, stacks: readonly string[]): SrtpResults => {
  const skipped = new Set<string>()
  const byProfile = new Map<Profile, Map<Way, Outcomes<SrtpSpeed>>>()
  for (const profile of wanted ? PROFILES : []) {
    const byWay = new Map<Way, Outcomes<SrtpSpeed>>()
    for (const way of WAYS) {
      // libsrtp is what all are measured by, whatever stacks are asked for.
      if (way !== 'libsrtp' && !stacks.includes(way.split(',')[0]!)) continue
      const reason = unavailable({ profile, way })
      if (reason === undefined) byWay.set(way, new Outcomes())
      else skipped.add(`${way}: ${reason}`)
    }
    byProfile.set(profile, byWay)
  }
  return { byProfile, skipped }
}

/** Every case that can be measured. */
export const srtpCases = ({ byProfile }: SrtpResults): { which: SrtpCase; outcomes: Outcomes<SrtpSpeed> }[] =>
  [...byProfile].flatMap(([profile, byWay]) =>
    [...byWay].map(([way, outcomes]) => ({ which: { profile, way }, outcomes })),
  )
