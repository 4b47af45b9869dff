/**
 * `npm run bench`: the same work on several stacks, side by side.
 *
 *   --stacks a,b   which stacks (purertc,node-datachannel,wrtc,werift; and to connect also pion,aiortc, where installed)
 *   --sizes 64,1024   message sizes in bytes
 *   --rounds n     rounds of every case (3)
 *   --measure a,b  what is measured (throughput,latency,connect)
 *   --quick        short measurements
 *   --json path    where the JSON goes (bench/results/<date>.json)
 *
 * The rounds are interleaved, and each starts with another stack, so that what else the machine does falls on all
 * alike. Every measurement has two processes of its own.
 */

import { parseArgs } from 'node:util'
import { measureConnect } from './connect.ts'
import { SMALLEST } from './payload.ts'
import { report, sizeName } from './report.ts'
import { emptyResults, machine, summarizeLatency, writeJson } from './results.ts'
import { measureLatency, measureThroughput } from './round.ts'
import { installed, type StackName, versionOf } from './stacks/index.ts'

const MEASURES = ['throughput', 'latency', 'connect']
const SIZES = [64, 1024, 16_384, 65_536, 262_144]

const usage = (problem: string): never => {
  console.error(problem)
  process.exit(2)
}

const { values } = parseArgs({
  options: {
    stacks: { type: 'string', default: installed.join(',') },
    sizes: { type: 'string', default: SIZES.join(',') },
    rounds: { type: 'string', default: '3' },
    measure: { type: 'string', default: MEASURES.join(',') },
    quick: { type: 'boolean', default: false },
    json: { type: 'string', default: `bench/results/${new Date().toISOString().replaceAll(':', '-')}.json` },
  },
})

const stacks = values.stacks.split(',').map(name => {
  const known = installed.find(stack => stack === name)
  return known ?? usage(`no stack '${name}': there are ${installed.join(', ')}`)
}) as StackName[]
const sizes = values.sizes.split(',').map(Number)
for (const size of sizes) {
  if (!Number.isInteger(size) || size < SMALLEST || size > 262_144) usage(`sizes are from ${SMALLEST} to 262144 bytes`)
}
const measures = values.measure.split(',')
for (const name of measures)
  if (!MEASURES.includes(name)) usage(`no measure '${name}': there are ${MEASURES.join(', ')}`)
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1) usage('rounds are at least 1')
const times = values.quick ? { warmUp: 400, measured: 800 } : { warmUp: 700, measured: 2500 }
const work = values.quick ? { connections: 4, roundTrips: 300 } : { connections: 10, roundTrips: 1000 }

const { node, platform, cpu, cores } = machine()
console.log(`node ${node}, ${platform}, ${cores} x ${cpu}`)
console.log(stacks.map(name => `${name} ${versionOf(name)}`).join(', '))
console.log(`${rounds} rounds: the median (lowest-highest)\n`)

const progress = (text: string) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

const results = emptyResults(stacks, sizes)
for (let round = 0; round < rounds; round++) {
  const first = round % stacks.length
  const order = [...stacks.slice(first), ...stacks.slice(0, first)]
  for (const name of measures.includes('connect') ? order : []) {
    progress(`round ${round + 1}/${rounds}: connect, ${name}`)
    await results.connect.get(name)?.add(() => measureConnect(name, work.connections))
  }
  for (const name of measures.includes('latency') ? order : []) {
    progress(`round ${round + 1}/${rounds}: open and round trip, ${name}`)
    await results.latency.get(name)?.add(async () => {
      const { opens, roundTrips } = await measureLatency(name, work)
      return summarizeLatency(opens, roundTrips)
    })
  }
  for (const size of measures.includes('throughput') ? sizes : []) {
    for (const name of order) {
      progress(`round ${round + 1}/${rounds}: ${sizeName(size)}, ${name}`)
      await results.throughput
        .get(size)
        ?.get(name)
        ?.add(() => measureThroughput(name, size, times))
    }
  }
}
progress('')
console.log(report(results))
writeJson(values.json, results, { rounds, ...times, ...work })
console.log(`written to ${values.json}`)
