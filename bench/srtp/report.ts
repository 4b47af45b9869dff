/** How fast SRTP is, as a table for each profile, and whether that is as fast as we want. */

import { anyMeasured, failureLines, type Outcomes } from '../outcomes.ts'
import { grouped, ratio, spread, table } from '../table.ts'
import type { Profile, Way } from './cases.ts'
import type { SrtpSpeed } from './measure.ts'
import { LENGTH } from './protector.ts'
import type { SrtpResults } from './results.ts'

const OURS: Way = 'purertc'
/** Packets a second of one core. GHASH is in constant time: there is none by tables, whose target it has to reach as well. */
const TARGETS: readonly { profile: Profile; what: string; rate: number }[] = [
  { profile: 'SRTP_AEAD_AES_128_GCM', what: 'of a GHASH in constant time', rate: 160_000 },
  { profile: 'SRTP_AEAD_AES_128_GCM', what: 'of one by tables, by ours in constant time', rate: 250_000 },
  { profile: 'SRTP_AES128_CM_HMAC_SHA1_80', what: '', rate: 120_000 },
]

const targetLines = (profile: Profile, ours: Outcomes<SrtpSpeed> | undefined): string[] =>
  TARGETS.filter(target => target.profile === profile).flatMap(({ what, rate }) =>
    (['protect', 'unprotect'] as const).flatMap(direction => {
      const found = ours?.summary(direction)?.median
      if (found === undefined) return []
      const name = ['target', what, `of ${grouped(rate)}/s to ${direction}`].filter(part => part !== '').join(' ')
      return [`  ${name}: ${found >= rate ? 'reached' : 'MISSED'} (${grouped(found)})`]
    }),
  )

export function srtp({ byProfile, skipped }: SrtpResults): string[] {
  const lines: string[] = []
  for (const [profile, byWay] of byProfile) {
    if (!anyMeasured(byWay)) continue
    const ours = byWay.get(OURS)
    const head = [`${profile}, ${LENGTH} bytes`, 'protect/s', `${OURS} is`, 'unprotect/s', `${OURS} is`]
    const rows = [...byWay].map(([way, outcomes]) => [
      way,
      ...(['protect', 'unprotect'] as const).flatMap(direction => [
        spread(outcomes.summary(direction), grouped),
        way === OURS ? '' : ratio(ours?.summary(direction), outcomes.summary(direction)),
      ]),
    ])
    lines.push(table([head, ...rows]), ...targetLines(profile, ours), ...failureLines(byWay), '')
  }
  if (lines.length > 0) lines.push(...[...skipped].map(reason => `  left out: ${reason}`), '')
  return lines
}
