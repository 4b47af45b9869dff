/**
 * `npm run bench`: the same work on several stacks, side by side.
 *
 *   --stacks a,b   which stacks (purertc,node-datachannel,wrtc,werift; and to connect also pion,aiortc, where installed;
 *                  purertc-dtls1.2, which is purertc without DTLS 1.3, only where it is named)
 *   --sizes 64,1024   message sizes in bytes
 *   --rounds n     rounds of every case (3)
 *   --measure a,b  what is measured (throughput,many,latency,connect,forward,handshake,srtp,payload)
 *   --viewers 1,10   to how many connections a stream of video is forwarded
 *   --quick        short measurements
 *   --json path    where the JSON goes (bench/results/<date>.json)
 *
 * The rounds are interleaved, and each starts with another stack, so that what else the machine does falls on all
 * alike. Every measurement has two processes of its own, that of forwarding three, and those of handshakes, which both
 * ends share, and of SRTP one.
 */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { measureConnect } from './connect.ts'
import { measureForwarding } from './forward/measure.ts'
import { CASES } from './handshakes/cases.ts'
import { measureHandshakes } from './handshakes/measure.ts'
import { MANY, MANY_SIZE } from './many.ts'
import { SMALLEST } from './payload.ts'
import { report, sizeName } from './report.ts'
import { emptyResults, machine, summarizeLatency, writeJson } from './results.ts'
import { measureLatency, measureThroughput } from './round.ts'
import { measureSrtp } from './srtp/measure.ts'
import { srtpCases } from './srtp/results.ts'
import { installed, ON_REQUEST, type StackName, versionOf } from './stacks/index.ts'

/** Of `npm run bench:micro`: printed as they come, and not part of the JSON. */
const TABLES = ['payload']
const MEASURES = ['throughput', 'many', 'latency', 'connect', 'forward', 'handshake', 'srtp', ...TABLES]
const MICRO = fileURLToPath(new URL('micro/index.js', import.meta.url))
const VIEWERS = [1, 10, 50]
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
    viewers: { type: 'string', default: VIEWERS.join(',') },
    quick: { type: 'boolean', default: false },
    json: { type: 'string', default: `bench/results/${new Date().toISOString().replaceAll(':', '-')}.json` },
  },
})

const known: readonly StackName[] = [...installed, ...ON_REQUEST]
const stacks = values.stacks
  .split(',')
  .map(name => known.find(stack => stack === name) ?? usage(`no stack '${name}': there are ${known.join(', ')}`))
const sizes = values.sizes.split(',').map(Number)
for (const size of sizes) {
  if (!Number.isInteger(size) || size < SMALLEST || size > 262_144) usage(`sizes are from ${SMALLEST} to 262144 bytes`)
}
const viewers = values.viewers.split(',').map(Number)
if (!viewers.every(count => Number.isInteger(count) && count >= 1)) usage('viewers are at least 1')
const measures = values.measure.split(',')
for (const name of measures)
  if (!MEASURES.includes(name)) usage(`no measure '${name}': there are ${MEASURES.join(', ')}`)
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1) usage('rounds are at least 1')
const times = values.quick ? { warmUp: 400, measured: 800 } : { warmUp: 700, measured: 2500 }
const work = values.quick
  ? { connections: 4, firstTrips: 100, warmUp: 1000, roundTrips: 500 }
  : { connections: 10, firstTrips: 200, warmUp: 2500, roundTrips: 3000 }

const forwarding = values.quick ? { warmUp: 1000, step: 500 } : { warmUp: 2000, step: 1500 }
const handshakes = values.quick ? { warmUp: 150, measured: 100 } : { warmUp: 1500, measured: 600 }

/** Milliseconds of CPU. */
const protecting = values.quick ? 300 : 1000

const { node, platform, cpu, cores } = machine()
console.log(`node ${node}, ${platform}, ${cores} x ${cpu}`)
console.log(stacks.map(name => `${name} ${versionOf(name)}`).join(', '))
console.log(`${rounds} rounds: the median (lowest-highest)\n`)

const progress = (text: string) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

const cases = measures.includes('handshake') ? CASES : []
const results = emptyResults(stacks, sizes, cases, viewers, measures.includes('srtp'))
const protections = srtpCases(results.srtp)
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
      return summarizeLatency(await measureLatency(name, work))
    })
  }
  for (const each of [...cases.slice(round), ...cases.slice(0, round)]) {
    progress(`round ${round + 1}/${rounds}: handshakes, ${each.name}`)
    await results.handshake.get(each.name)?.add(() => measureHandshakes(each, handshakes))
  }
  for (const { which, outcomes } of [...protections.slice(round), ...protections.slice(0, round)]) {
    progress(`round ${round + 1}/${rounds}: ${which.profile}, ${which.way}`)
    await outcomes.add(() => measureSrtp(which, protecting))
  }
  for (const [count, byName] of measures.includes('forward') ? results.forward : []) {
    const names = [...byName.keys()]
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length]!
      const title = `round ${round + 1}/${rounds}: to ${count}, ${name}`
      progress(title)
      await byName
        .get(name)
        ?.add(() =>
          measureForwarding(name, count, forwarding, ({ packetsPerSecond }) =>
            progress(`${title}, ${Math.round(packetsPerSecond)}/s`),
          ),
        )
    }
  }
  for (const size of measures.includes('throughput') ? sizes : []) {
    for (const name of order) {
      progress(`round ${round + 1}/${rounds}: ${sizeName(size)}, ${name}`)
      await results.throughput
        .get(size)
        ?.get(name)
        ?.add(() => measureThroughput(name, { size }, times))
    }
  }
  for (const { name: title, channels, window } of measures.includes('many') ? MANY : []) {
    for (const name of order) {
      progress(`round ${round + 1}/${rounds}: ${title}, ${name}`)
      const outcomes = results.many.get(title)?.get(name)
      // A stack that cannot have so many is not asked again: it costs its patience each time.
      if (outcomes?.failures.length !== 0) continue
      await outcomes.add(() => measureThroughput(name, { size: MANY_SIZE, channels, window }, times))
    }
  }
}
progress('')
console.log(report(results))
for (const table of measures.filter(name => TABLES.includes(name))) {
  spawnSync(process.execPath, [MICRO, table], { stdio: 'inherit' })
}
writeJson(values.json, results, { rounds, ...times, ...work, handshakes, forwarding, protecting })
console.log(`written to ${values.json}`)
