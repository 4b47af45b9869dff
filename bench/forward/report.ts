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
    const reached = ours?.summary('packetsPerSecond')
    if (reached !== undefined) {
      lines.push(
        `  target of ${grouped(TARGET)} packets/s: ${reached.median >= TARGET ? 'reached' : 'MISSED'} by the median, ${
          reached.highest >= TARGET ? 'reached' : 'MISSED'
        } by the best round`,
      )
    }
    lines.push('')
  }
  return lines
}
