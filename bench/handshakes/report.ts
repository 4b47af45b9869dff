/** What handshakes cost, as a table with what was agreed on, what was verified, and whether we are as fast as we want. */

import { anyMeasured, failureLines, type Outcomes } from '../outcomes.ts'
import { grouped, ratio, spread, table } from '../table.ts'
import { type CaseName, OURS } from './cases.ts'
import type { HandshakeCosts } from './measure.ts'
import { NOBLE } from './shaker.ts'

/** Milliseconds of CPU for both ends that a handshake of ours may take, warm, and with noble's ML-KEM in it. */
const TARGET = 2.5
const TARGET_WITH_NOBLE = 6

const target = (name: CaseName, outcomes: Outcomes<HandshakeCosts>): string => {
  const [round] = outcomes.rounds
  const median = outcomes.summary('cpu')?.median
  if (!name.startsWith('purertc') || round === undefined || median === undefined) return ''
  const most = round.agreed.includes(NOBLE) ? TARGET_WITH_NOBLE : TARGET
  return `${most} ${median <= most ? 'reached' : 'missed'}`
}

/** What a figure is of, where the numbers alone would not say it. */
const remarks = (name: CaseName, outcomes: Outcomes<HandshakeCosts>): string[] => {
  const [round] = outcomes.rounds
  if (round === undefined) return []
  const remarks = [round.agreed]
  const { passWithoutKey } = round
  if (passWithoutKey !== undefined && passWithoutKey.length > 0) {
    remarks.push(`a ${passWithoutKey.join(' or a ')} that does not have its certificate's key gets through`)
  }
  const library = outcomes.summary('libraryCpu')
  if (library !== undefined)
    remarks.push(`${spread(library)} ms of it inside SSL_do_handshake, the rest is Python's and the BIOs'`)
  return [`  ${name}: ${remarks.join('; ')}`]
}

export function handshakes(
  byCase: ReadonlyMap<CaseName, Outcomes<HandshakeCosts>>,
  skipped: ReadonlyMap<string, string>,
): string[] {
  if (!anyMeasured(byCase)) return []
  const ours = byCase.get(OURS)?.summary('cpu')
  const head = ['handshake, both ends', 'CPU ms', 'target', `to ${OURS}`, 'a second', 'first: CPU ms', 'ms']
  const rows = [...byCase].map(([name, outcomes]) => [
    name,
    spread(outcomes.summary('cpu')),
    target(name, outcomes),
    name === OURS ? '' : ratio(outcomes.summary('cpu'), ours),
    spread(outcomes.summary('perSecond'), grouped),
    spread(outcomes.summary('firstCpu')),
    spread(outcomes.summary('firstTime')),
  ])
  return [
    table([head, ...rows]),
    ...[...byCase].flatMap(([name, outcomes]) => remarks(name, outcomes)),
    ...[...skipped].map(([name, reason]) => `  ${name} is left out: ${reason}`),
    ...failureLines(byCase),
    '',
  ]
}
