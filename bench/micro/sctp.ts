/**
 * What SCTP itself costs: two associations in memory, messages of one size from one to the other, no network between.
 *
 * `node dist/bench/micro/sctp.js [bytes ...]`; each figure covers both sides.
 */

import Benchmark from 'benchmark'
import type { Packet } from '../../lib/bytes/index.ts'
import { nodeCrypto } from '../../lib/crypto/node.ts'
import { Association } from '../../lib/sctp/index.ts'

/** How much is sent in one round, at least. */
const ROUND = 1 << 20

class InMemory {
  received = 0
  now = 0
  readonly a: Association
  readonly b: Association
  #toA: Packet[] = []
  #toB: Packet[] = []

  constructor() {
    this.a = new Association({ crypto: nodeCrypto, transmit: packet => this.#toB.push(packet) })
    this.b = new Association({ crypto: nodeCrypto, transmit: packet => this.#toA.push(packet) })
    this.a.connect(0)
    this.b.connect(0)
    while (this.a.state !== 'established' || this.b.state !== 'established') this.turn()
  }

  /** A turn of the event loop on each side: what has arrived, then what there is to send. */
  turn(): void {
    const toB = this.#toB
    this.#toB = []
    for (const packet of toB) {
      this.b.receive(packet.view(), this.now)
      packet.release()
    }
    this.b.flush(this.now)
    for (let event = this.b.nextEvent(); event !== undefined; event = this.b.nextEvent()) {
      if (event.type === 'message') this.received++
    }
    const toA = this.#toA
    this.#toA = []
    for (const packet of toA) {
      this.a.receive(packet.view(), this.now)
      packet.release()
    }
    this.now += 0.1
    this.a.advance(this.now)
    this.b.advance(this.now)
    this.a.flush(this.now)
  }

  round(message: Uint8Array, count: number): void {
    for (let i = 0; i < count; i++) this.a.send(0, 53, message, {}, this.now)
    const goal = this.received + count
    while (this.received < goal) this.turn()
  }
}

const messagesPerRound = (size: number): number => Math.max(1, Math.ceil(ROUND / size / (size < 1024 ? 8 : 1)))

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [64, 1024, 16_384, 65_536, 262_144]
const suite = new Benchmark.Suite()
for (const size of sizes) {
  const pair = new InMemory()
  const message = new Uint8Array(size).fill(0x55)
  const count = messagesPerRound(size)
  suite.add(`${size} bytes`, () => pair.round(message, count))
}
suite.on('cycle', (event: Benchmark.Event) => {
  const { name, hz = 0, stats } = event.target
  const size = Number.parseInt(name ?? '0', 10)
  const count = messagesPerRound(size)
  const megabytes = (hz * size * count) / 1e6
  const spread = stats === undefined ? '' : ` ±${stats.rme.toFixed(1)} %`
  console.log(`${name}: ${megabytes.toFixed(1)} MB/s, ${Math.round(hz * count)} messages/s${spread}`)
})
suite.run()
