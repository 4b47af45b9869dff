/** What a run of the bench found: every value of every round, and the machine it was found on. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname } from 'node:path'
import type { TimeToConnect } from './connect.ts'
import type { Throughput } from './round.ts'
import { STACKS, type StackName, versionOf } from './stacks/index.ts'
import { percentile, type Summary, summarize } from './statistics.ts'

export interface OpenAndRoundTrip {
  /** Milliseconds to open the first connection of a process, and the median of those after it. */
  readonly firstOpen: number
  readonly open: number
  /** Milliseconds for 64 bytes there and back. */
  readonly roundTripP50: number
  readonly roundTripP99: number
}

/** The outcomes of one case on one stack: a value for each round, or why there is none. */
export class Outcomes<T extends object> {
  readonly rounds: T[] = []
  readonly failures: string[] = []

  /** Over the rounds that did not fail; undefined when all did. */
  summary(of: keyof T): Summary | undefined {
    return this.rounds.length === 0 ? undefined : summarize(this.rounds.map(round => Number(round[of])))
  }

  async add(measure: () => Promise<T>): Promise<void> {
    try {
      this.rounds.push(await measure())
    } catch (error) {
      this.failures.push(error instanceof Error ? error.message : String(error))
    }
  }
}

export interface Results {
  readonly throughput: Map<number, Map<StackName, Outcomes<Throughput>>>
  readonly latency: Map<StackName, Outcomes<OpenAndRoundTrip>>
  readonly connect: Map<StackName, Outcomes<TimeToConnect>>
}

/** Of every stack that is given; those that are driven over a pipe are compared in the time to connect alone. */
export function emptyResults(stacks: readonly StackName[], sizes: readonly number[]): Results {
  const outcomes = <T extends object>(names: readonly StackName[]) =>
    new Map(names.map(name => [name, new Outcomes<T>()]))
  const inProcess = stacks.filter(name => STACKS.some(stack => stack === name))
  return {
    throughput: new Map(sizes.map(size => [size, outcomes<Throughput>(inProcess)])),
    latency: outcomes<OpenAndRoundTrip>(inProcess),
    connect: outcomes<TimeToConnect>(stacks),
  }
}

export const summarizeLatency = (opens: readonly number[], roundTrips: readonly number[]): OpenAndRoundTrip => ({
  firstOpen: opens[0] ?? Number.NaN,
  open: percentile(opens.slice(1), 0.5),
  roundTripP50: percentile(roundTrips, 0.5),
  roundTripP99: percentile(roundTrips, 0.99),
})

export const machine = () => ({
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memory: totalmem(),
})

export function writeJson(path: string, results: Results, options: object): void {
  const { throughput, latency, connect } = results
  const stacks = [...connect.keys()]
  const document = {
    date: new Date().toISOString(),
    machine: machine(),
    versions: Object.fromEntries(stacks.map(name => [name, versionOf(name)])),
    options,
    throughput: Object.fromEntries([...throughput].map(([size, byStack]) => [size, Object.fromEntries(byStack)])),
    latency: Object.fromEntries(latency),
    connect: Object.fromEntries(connect),
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`)
}
