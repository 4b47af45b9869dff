/**
 * What purertc is to reach beside the native stacks, each as a line that says whether this run's medians reach it.
 *
 * A target whose stacks were not measured has no line.
 */

import { MANY, type ManyName } from './many.ts'
import type { Outcomes } from './outcomes.ts'
import type { Results } from './results.ts'
import type { Throughput } from './round.ts'
import type { StackName } from './stacks/index.ts'

const BULK = [16_384, 65_536, 262_144]
const SMALL = 64
const NATIVE: readonly StackName[] = ['node-datachannel', 'wrtc']
/** Beside the faster of the two native stacks, with the datagrams that path discovery finds. */
const FASTER_THAN_NATIVE = 1.3
/** Of p99, beside node-datachannel. */
const TAIL = 2

/** Of what a message costs, when there are many channels or many messages: what falls within the spread of runs. */
const GROWTH = 1.2

type ByStack<T extends object> = ReadonlyMap<StackName, Outcomes<T>> | undefined

const median = <T extends object>(byStack: ByStack<T>, name: StackName, of: keyof T & string): number =>
  byStack?.get(name)?.summary(of as never)?.median ?? Number.NaN

/** @param most Whether the target is reached by what is smaller. */
function line(what: string, found: number, target: number, most = false): string[] {
  if (Number.isNaN(found)) return []
  const reached = most ? found <= target : found >= target
  return [
    `${reached ? 'reached' : 'MISSED '}  ${what}: ${found.toFixed(2)}x (${most ? '<=' : '>='} ${target.toFixed(1)}x)`,
  ]
}

/** The native stacks that the targets speak of and that have no figure: a target reached without them says less. */
function absent(results: Results): string[] {
  const measured = (name: StackName) =>
    BULK.some(
      size =>
        results.throughput.has(size) &&
        !Number.isNaN(median(results.throughput.get(size) as ByStack<Throughput>, name, 'megabytesPerSecond')),
    )
  const bulk = [...results.throughput.keys()].some(size => BULK.includes(size))
  if (!bulk || !measured('purertc')) return []
  const missing = NATIVE.filter(name => !measured(name))
  return missing.length === 0
    ? []
    : [`         without figures of ${missing.join(' and ')}: compared with the others alone`]
}

export function targets(results: Results): string[] {
  const lines: string[] = []
  for (const size of BULK) {
    const of = results.throughput.get(size) as ByStack<Throughput>
    const speed = (name: StackName) => median(of, name, 'megabytesPerSecond')
    const cpu = (name: StackName) =>
      median(of, name, 'senderCpuPerGigabyte') + median(of, name, 'receiverCpuPerGigabyte')
    const native = Math.max(...NATIVE.map(speed).filter(value => !Number.isNaN(value)))
    const name = `${size / 1024} KiB`
    const base = speed('purertc-1200') / speed('node-datachannel')
    lines.push(
      ...(Number.isFinite(native)
        ? line(`${name}, MB/s beside the faster native stack`, speed('purertc') / native, FASTER_THAN_NATIVE)
        : []),
      ...line(`${name}, CPU per GB beside node-datachannel`, cpu('purertc') / cpu('node-datachannel'), 1, true),
      ...line(`${name} in 1,200-byte datagrams, MB/s beside node-datachannel`, base, 1),
    )
  }
  const small = results.throughput.get(SMALL) as ByStack<Throughput>
  const messages = (name: StackName) => median(small, name, 'messagesPerSecond')
  const p50 = (name: StackName) => median(results.latency, name, 'roundTripP50')
  const p99 = (name: StackName) => median(results.latency, name, 'roundTripP99')
  lines.push(
    ...line('64 B, messages a second beside node-datachannel', messages('purertc') / messages('node-datachannel'), 1),
    ...line('round trip p50 beside node-datachannel', p50('purertc') / p50('node-datachannel'), 1, true),
    ...line('round trip p99 beside node-datachannel', p99('purertc') / p99('node-datachannel'), TAIL, true),
  )
  const cost = (name: ManyName) => median(results.many.get(name), 'purertc', 'cpuPerMessage')
  const [base, ...others] = MANY
  for (const { name } of others) {
    lines.push(...line(`64 B, ${name}, CPU a message beside ${base.name}`, cost(name) / cost(base.name), GROWTH, true))
  }
  lines.push(...absent(results))
  return lines.length === 0 ? [] : ['targets, by the medians above', ...lines, '']
}
