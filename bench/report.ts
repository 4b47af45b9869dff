/** The results as tables of text: medians with their spread, and purertc's ratio to each of the others. */

import { ROUND_TRIP } from './connect.ts'
import { forwarding } from './forward/report.ts'
import { handshakes } from './handshakes/report.ts'
import { manyTables } from './many.ts'
import type { Stages } from './milestones.ts'
import { anyMeasured, failureLines, type Outcomes } from './outcomes.ts'
import type { OpenAndRoundTrip, Results } from './results.ts'
import { srtp } from './srtp/report.ts'
import type { StackName } from './stacks/index.ts'
import { summarize } from './statistics.ts'
import { grouped, ratio, spread, table } from './table.ts'
import { targets } from './targets.ts'

const OURS: StackName = 'purertc'

const megabytes = (bytes: number) => grouped(bytes / 1e6)

export const sizeName = (size: number) => (size < 1024 ? `${size} B` : `${size / 1024} KiB`)

function throughput(results: Results): string[] {
  const lines: string[] = []
  for (const [size, byStack] of results.throughput) {
    if (!anyMeasured(byStack)) continue
    const ours = byStack.get(OURS)
    const head = [
      sizeName(size),
      'MB/s',
      `${OURS} is`,
      'messages/s',
      'CPU s/GB sender',
      'receiver',
      'peak MB sender',
      'receiver',
      'datagram',
      'SACKs/packet',
    ]
    const rows = [...byStack].map(([name, outcomes]) => [
      name,
      spread(outcomes.summary('megabytesPerSecond')),
      name === OURS ? '' : ratio(ours?.summary('megabytesPerSecond'), outcomes.summary('megabytesPerSecond')),
      spread(outcomes.summary('messagesPerSecond'), grouped),
      spread(outcomes.summary('senderCpuPerGigabyte')),
      spread(outcomes.summary('receiverCpuPerGigabyte')),
      spread(outcomes.summary('senderMaxRss'), megabytes),
      spread(outcomes.summary('receiverMaxRss'), megabytes),
      ...[outcomes.summary('datagramSize')].map(size => (size === undefined ? '-' : grouped(size.median))),
      spread(outcomes.summary('sacksPerPacket')),
    ])
    lines.push(table([head, ...rows]), ...failureLines(byStack), '')
  }
  return lines
}

function latency(results: Results): string[] {
  if (!anyMeasured(results.latency)) return []
  const head = [
    'ms',
    'to open',
    'the first time',
    'first round trips',
    `${OURS} is`,
    'round trip p50',
    `${OURS} is`,
    'p99',
    `${OURS} is`,
  ]
  const ours = results.latency.get(OURS)
  const beside = (name: StackName, outcomes: Outcomes<OpenAndRoundTrip>, of: keyof OpenAndRoundTrip) => [
    spread(outcomes.summary(of)),
    name === OURS ? '' : ratio(ours?.summary(of), outcomes.summary(of)),
  ]
  const rows = [...results.latency].map(([name, outcomes]) => [
    name,
    spread(outcomes.summary('open')),
    spread(outcomes.summary('firstOpen')),
    ...beside(name, outcomes, 'firstTripP50'),
    ...beside(name, outcomes, 'roundTripP50'),
    ...beside(name, outcomes, 'roundTripP99'),
  ])
  return [table([head, ...rows]), ...failureLines(results.latency), '']
}

/** Medians over every connection of every round, with the fastest and the slowest of them. */
function connect(results: Results): string[] {
  if (!anyMeasured(results.connect)) return []
  const times = (values: readonly number[]) => spread(values.length === 0 ? undefined : summarize(values))
  const head = ['to connect', 'loopback, ms', `RTT of ${ROUND_TRIP} ms, ms`]
  const rows = [...results.connect].map(([name, { rounds }]) => [
    name,
    times(rounds.flatMap(({ loopback }) => loopback)),
    times(rounds.flatMap(({ delayed }) => delayed.map(({ total }) => total))),
  ])
  const stages = (rounds: readonly Stages[], of: keyof Stages) => {
    const seen = rounds.map(stage => stage[of] / ROUND_TRIP).filter(value => !Number.isNaN(value))
    return times(seen)
  }
  const stagesHead = [
    'round trips',
    'to connect',
    'until ICE checks',
    'ICE',
    'DTLS',
    'SCTP, DCEP',
    'check to nomination',
  ]
  const columns = ['total', 'start', 'ice', 'dtls', 'sctp', 'nomination'] as const
  const stageRows = [...results.connect].map(([name, { rounds }]) => {
    const delayed = rounds.flatMap(round => round.delayed)
    return [name, ...columns.map(column => stages(delayed, column))]
  })
  return [table([head, ...rows]), '', table([stagesHead, ...stageRows]), ...failureLines(results.connect), '']
}

export const report = (results: Results): string =>
  [
    ...throughput(results),
    ...manyTables(results.many),
    ...latency(results),
    ...connect(results),
    ...forwarding(results.forward),
    ...targets(results),
    ...handshakes(results.handshake, results.skipped),
    ...srtp(results.srtp),
  ].join('\n')
