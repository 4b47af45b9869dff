/**
 * `npm run bench:paths`: how the congestion controls use a long path, and share it. Two SCTP associations a transfer,
 * in virtual time over a simulated bottleneck of 20 Mbit/s and 100 ms of round trip, with a queue of 256 KiB: the figures
 * are the same on every machine.
 *
 *   --seconds n      how long each is measured, after 5 s of warm-up (60)
 *   --control a,b    which controls (standard,cubic,bbr)
 *   --packet n       the largest SCTP packet in bytes (1172)
 */

import { parseArgs } from 'node:util'
import type { CongestionControlName } from '../../lib/sctp/index.ts'
import { Bottleneck, type TransferOptions } from '../../spec/sctp/bottleneck.ts'
import { table } from '../table.ts'

const PATH = { delay: 50, rate: 2_500_000, queue: 256 << 10 }
const WARM_UP = 5000
const LOSSES = [0, 0.01, 0.02, 0.05, 0.1]
const CONTROLS: readonly CongestionControlName[] = ['standard', 'cubic', 'bbr']
/** Milliseconds by which the second of two flows begins later. */
const STARTS = [0, 10_000]

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    control: { type: 'string', default: CONTROLS.join(',') },
    packet: { type: 'string', default: '1172' },
  },
})
const time = Number(values.seconds) * 1000
const mtu = Number(values.packet)
const controls = CONTROLS.filter(name => values.control.split(',').includes(name))
if (!(time > 0) || !(mtu >= 600) || controls.length === 0) {
  console.error('--seconds n --control standard,cubic,bbr --packet bytes')
  process.exit(2)
}

const megabytes = (rate: number) => (rate / 1e6).toFixed(3)

/** Bytes a second that each of the transfers brings, once the last of them has begun. */
const measure = (loss: number, transfers: readonly TransferOptions[]) => {
  const network = new Bottleneck({ ...PATH, loss })
  for (const transfer of transfers) network.add({ mtu, ...transfer })
  const began = Math.max(...transfers.map(({ start = 0 }) => start)) + WARM_UP
  network.run(began)
  for (const transfer of network.transfers) transfer.longestRoundTrip = 0
  const rates = network.run(began + time)
  return { rates, roundTrip: Math.max(...network.transfers.map(({ longestRoundTrip }) => longestRoundTrip)) }
}

const goodput = [['control', ...LOSSES.map(loss => `${loss * 100} % loss`), 'longest round trip']]
for (const congestionControl of controls) {
  const results = LOSSES.map(loss => measure(loss, [{ congestionControl }]))
  goodput.push([
    congestionControl,
    ...results.map(({ rates }) => megabytes(rates[0] ?? 0)),
    `${Math.max(...results.map(({ roundTrip }) => roundTrip)).toFixed(0)} ms`,
  ])
}
console.log(`goodput in MB/s over ${values.seconds} s: 20 Mbit/s, 100 ms, packets of ${mtu} bytes, loss by chance\n`)
console.log(table(goodput))

const shares = [['first, second', 'second begins', 'first MB/s', 'second MB/s', 'ratio']]
const share = (first: CongestionControlName, second: CongestionControlName, start: number) => {
  const { rates } = measure(0, [{ congestionControl: first }, { congestionControl: second, start }])
  const [a = 0, b = 0] = rates
  const ratio = (Math.max(a, b) / Math.min(a, b)).toFixed(2)
  shares.push([`${first}, ${second}`, `${start / 1000} s later`, megabytes(a), megabytes(b), ratio])
}
for (const name of controls) for (const start of STARTS) share(name, name, start)
if (controls.includes('bbr')) for (const name of controls) if (name !== 'bbr') share('bbr', name, 0)
console.log('\ntwo transfers on one link\n')
console.log(table(shares))
