/** The results as tables of text: medians with their spread, and purertc's ratio to each of the others. */

import { ROUND_TRIP } from './connect.ts'
import type { Stages } from './milestones.ts'
import type { Outcomes, Results } from './results.ts'
import type { StackName } from './stacks/index.ts'
import { type Summary, summarize } from './statistics.ts'

const OURS: StackName = 'purertc'

const digits = (value: number) => (value >= 100 ? 0 : value >= 10 ? 1 : 2)
const number = (value: number) => value.toFixed(digits(Math.abs(value)))
const grouped = (value: number) => Math.round(value).toLocaleString('en-US')
const megabytes = (bytes: number) => grouped(bytes / 1e6)

/** The median, and the lowest and the highest of the rounds. */
function spread(summary: Summary | undefined, show: (value: number) => string = number): string {
  if (summary === undefined) return '-'
  const { median, lowest, highest } = summary
  return `${show(median)} (${show(lowest)}-${show(highest)})`
}

const ratio = (ours: Summary | undefined, other: Summary | undefined) =>
  ours === undefined || other === undefined ? '-' : `${number(ours.median / other.median)}x`

export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows
    .map(row =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))),
    )
    .map(row => row.join('  ').trimEnd())
    .join('\n')
}

const failures = <T extends object>(byStack: Map<StackName, Outcomes<T>>): string[] =>
  [...byStack].flatMap(([name, { failures }]) =>
    failures.length === 0 ? [] : [`  ${name} fails (${failures.length} times): ${[...new Set(failures)].join('; ')}`],
  )

const measured = <T extends object>(byStack: Map<StackName, Outcomes<T>>): boolean =>
  [...byStack.values()].some(({ rounds, failures }) => rounds.length + failures.length > 0)

export const sizeName = (size: number) => (size < 1024 ? `${size} B` : `${size / 1024} KiB`)

function throughput(results: Results): string[] {
  const lines: string[] = []
  for (const [size, byStack] of results.throughput) {
    if (!measured(byStack)) continue
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
    ])
    lines.push(table([head, ...rows]), ...failures(byStack), '')
  }
  return lines
}

function latency(results: Results): string[] {
  if (!measured(results.latency)) return []
  const head = ['ms', 'to open', 'the first time', 'round trip p50', 'p99']
  const rows = [...results.latency].map(([name, outcomes]) => [
    name,
    spread(outcomes.summary('open')),
    spread(outcomes.summary('firstOpen')),
    spread(outcomes.summary('roundTripP50')),
    spread(outcomes.summary('roundTripP99')),
  ])
  return [table([head, ...rows]), ...failures(results.latency), '']
}

/** Medians over every connection of every round, with the fastest and the slowest of them. */
function connect(results: Results): string[] {
  if (!measured(results.connect)) return []
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
  return [table([head, ...rows]), '', table([stagesHead, ...stageRows]), ...failures(results.connect), '']
}

export const report = (results: Results): string =>
  [throughput, latency, connect].flatMap(section => section(results)).join('\n')
