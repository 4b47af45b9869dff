/**
 * What a message of 64 bytes costs when there is much beside it: a thousand channels that take turns, ten thousand
 * messages under way. Neither may make a message dearer than it is on one channel with a hundred under way.
 */

import { anyMeasured, failureLines, type Outcomes } from './outcomes.ts'
import type { Throughput } from './round.ts'
import type { StackName } from './stacks/index.ts'
import { grouped, ratio, spread, table } from './table.ts'

export const MANY_SIZE = 64

/** How many channels, and how many messages under way; the first is what the others are compared with. */
export const MANY = [
  { name: '1 channel, 100 in flight', channels: 1, window: 100 },
  { name: '1,000 channels, 1,000 in flight', channels: 1000, window: 1000 },
  { name: '1 channel, 10,000 in flight', channels: 1, window: 10_000 },
] as const

export type ManyName = (typeof MANY)[number]['name']
export type ManyResults = ReadonlyMap<ManyName, ReadonlyMap<StackName, Outcomes<Throughput>>>

/** Whose cost for each message is measured: those whose own code it is that ours is compared with. */
export const MANY_STACKS: readonly StackName[] = ['purertc', 'node-datachannel']

export function manyTables(results: ManyResults): string[] {
  const lines: string[] = []
  const base = results.get(MANY[0].name)
  for (const [name, byStack] of results) {
    if (!anyMeasured(byStack)) continue
    const head = [`64 B, ${name}`, 'messages/s', 'CPU us a message', 'of the first case']
    const rows = [...byStack].map(([stack, outcomes]) => {
      const cost = outcomes.summary('cpuPerMessage')
      return [
        stack,
        spread(outcomes.summary('messagesPerSecond'), grouped),
        spread(cost),
        byStack === base ? '' : ratio(cost, base?.get(stack)?.summary('cpuPerMessage')),
      ]
    })
    lines.push(table([head, ...rows]), ...failureLines(byStack), '')
  }
  return lines
}
