/** What forwarding costs, as a table for each number of viewers, and whether it is as fast as we want. */

import { anyMeasured, failureLines, type Outcomes } from '../outcomes.ts'
import { grouped, ratio, spread, table } from '../table.ts'
import type { Forwarding } from './measure.ts'
import type { ForwarderName } from './roles.ts'

export type ForwardResults = ReadonlyMap<number, ReadonlyMap<ForwarderName, Outcomes<Forwarding>>>

const OURS: ForwarderName = 'purertc'
/** Packets a second that one core is to forward. */
const TARGET = 30_000

const percent = (value: number) => `${(100 * value).toFixed(2)} %`
const kilobytes = (value: number) => grouped(value / 1000)

const profiles = (byName: ReadonlyMap<ForwarderName, Outcomes<Forwarding>>): string =>
  [...byName].flatMap(([name, { rounds }]) => (rounds[0]?.profile ? [`${name} ${rounds[0].profile}`] : [])).join(', ')

/** The forwarder's own time is what says how much one core forwards: the camera and the viewers run beside it. */
function target(ours: Outcomes<Forwarding>): string[] {
  const core = ours.summary('packetsPerCore')
  const clock = ours.summary('packetsPerSecond')
  const load = ours.summary('forwarderLoad')
  if (core === undefined || clock === undefined || load === undefined) return []
  const verdict = (value: number) => (value >= TARGET ? 'reached' : 'MISSED')
  return [
    `  target of ${grouped(TARGET)} packets/s on one core: ${verdict(core.median)} (${grouped(core.median)}); by the clock, with ${load.median.toFixed(2)} cores: ${verdict(clock.median)} (${grouped(clock.median)}; the best round ${grouped(clock.highest)})`,
  ]
}

export function forwarding(results: ForwardResults): string[] {
  const lines: string[] = []
  for (const [viewers, byName] of results) {
    if (!anyMeasured(byName)) continue
    const ours = byName.get(OURS)
    const head = [
      `forwarded to ${viewers}`,
      'packets/s',
      `${OURS} is`,
      'CPU us a packet',
      'packets/s of a core',
      'cores: forwarder',
      'camera',
      'viewers',
      'lost',
      'heap, kB',
    ]
    const rows = [...byName].map(([name, outcomes]) => [
      name,
      spread(outcomes.summary('packetsPerSecond'), grouped),
      name === OURS ? '' : ratio(ours?.summary('packetsPerSecond'), outcomes.summary('packetsPerSecond')),
      spread(outcomes.summary('cpuPerPacket')),
      spread(outcomes.summary('packetsPerCore'), grouped),
      spread(outcomes.summary('forwarderLoad')),
      spread(outcomes.summary('cameraLoad')),
      spread(outcomes.summary('viewersLoad')),
      spread(outcomes.summary('lost'), percent),
      spread(outcomes.summary('heapGrowth'), kilobytes),
    ])
    lines.push(table([head, ...rows]), `  ${profiles(byName)}`, ...failureLines(byName))
    if (ours !== undefined) lines.push(...target(ours))
    lines.push('')
  }
  return lines
}
