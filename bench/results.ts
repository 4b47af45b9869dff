/** What a run of the bench found: every value of every round, and the machine it was found on. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname } from 'node:path'
import type { TimeToConnect } from './connect.ts'
import type { Forwarding } from './forward/measure.ts'
import type { ForwardResults } from './forward/report.ts'
import { FORWARDERS, type ForwarderName } from './forward/roles.ts'
import { type CaseName, type HandshakeCase, unavailable } from './handshakes/cases.ts'
import type { HandshakeCosts } from './handshakes/measure.ts'
import { MANY, MANY_STACKS, type ManyResults } from './many.ts'
import { Outcomes } from './outcomes.ts'
import type { Latency, Throughput } from './round.ts'
import { emptySrtpResults, type SrtpResults } from './srtp/results.ts'
import { CONNECTING, type StackName, versionOf } from './stacks/index.ts'
import { percentile } from './statistics.ts'

export interface OpenAndRoundTrip {
  /** Milliseconds to open the first connection of a process, and the median of those after it. */
  readonly firstOpen: number
  readonly open: number
  /** Milliseconds for 64 bytes there and back: the median of the first after the connection was open, and later ones. */
  readonly firstTripP50: number
  readonly roundTripP50: number
  readonly roundTripP99: number
}

export interface Results {
  readonly throughput: Map<number, Map<StackName, Outcomes<Throughput>>>
  readonly many: ManyResults
  readonly latency: Map<StackName, Outcomes<OpenAndRoundTrip>>
  readonly connect: Map<StackName, Outcomes<TimeToConnect>>
  /** By the number of viewers. */
  readonly forward: ForwardResults
  readonly handshake: Map<CaseName, Outcomes<HandshakeCosts>>
  /** Why a case of those is not there. */
  readonly skipped: Map<CaseName, string>
  readonly srtp: SrtpResults
}

/**
 * Of every stack that is given; those that are driven over a pipe are compared in the time to connect alone. To the
 * handshakes of those stacks come OpenSSL's, the measure of all.
 */
export function emptyResults(
  stacks: readonly StackName[],
  sizes: readonly number[],
  cases: readonly (HandshakeCase & { readonly name: CaseName })[],
  viewers: readonly number[],
  protects: boolean,
): Results {
  const outcomes = <T extends object>(names: readonly StackName[]) =>
    new Map(names.map(name => [name, new Outcomes<T>()]))
  const skipped = new Map<CaseName, string>()
  const measurable = cases.filter(each => {
    if ((each.way === 'purertc' || each.way === 'werift') && !stacks.includes(each.way)) return false
    const reason = unavailable(each)
    if (reason !== undefined) skipped.set(each.name, reason)
    return reason === undefined
  })
  // Plain sockets are beside the others always: what they do is the most that there is.
  const forwarders = FORWARDERS.filter(name => name === 'dgram' || stacks.includes(name))
  const inProcess = stacks.filter(name => !CONNECTING.some(stack => stack === name))
  return {
    throughput: new Map(sizes.map(size => [size, outcomes<Throughput>(inProcess)])),
    many: new Map(
      MANY.map(({ name }) => [name, outcomes<Throughput>(inProcess.filter(stack => MANY_STACKS.includes(stack)))]),
    ),
    latency: outcomes<OpenAndRoundTrip>(inProcess),
    connect: outcomes<TimeToConnect>(stacks),
    forward: new Map(
      viewers.map(count => [
        count,
        new Map<ForwarderName, Outcomes<Forwarding>>(forwarders.map(name => [name, new Outcomes()])),
      ]),
    ),
    handshake: new Map(measurable.map(({ name }) => [name, new Outcomes<HandshakeCosts>()])),
    skipped,
    srtp: emptySrtpResults(protects, stacks),
  }
}

export const summarizeLatency = ({ opens, firstTrips, roundTrips }: Latency): OpenAndRoundTrip => ({
  firstOpen: opens[0] ?? Number.NaN,
  open: percentile(opens.slice(1), 0.5),
  firstTripP50: percentile(firstTrips, 0.5),
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
  const { throughput, many, latency, connect, forward, handshake, skipped, srtp } = results
  const stacks = [...connect.keys()]
  const document = {
    date: new Date().toISOString(),
    machine: machine(),
    versions: Object.fromEntries(stacks.map(name => [name, versionOf(name)])),
    options,
    throughput: Object.fromEntries([...throughput].map(([size, byStack]) => [size, Object.fromEntries(byStack)])),
    many: Object.fromEntries([...many].map(([name, byStack]) => [name, Object.fromEntries(byStack)])),
    latency: Object.fromEntries(latency),
    connect: Object.fromEntries(connect),
    forward: Object.fromEntries([...forward].map(([viewers, byName]) => [viewers, Object.fromEntries(byName)])),
    handshake: Object.fromEntries(handshake),
    skipped: Object.fromEntries(skipped),
    srtp: Object.fromEntries([...srtp.byProfile].map(([profile, byWay]) => [profile, Object.fromEntries(byWay)])),
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`)
}
