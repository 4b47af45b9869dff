/** What SCTP itself costs: two associations in memory, messages from one to the other; each figure covers both sides. */

import type { Packet } from '../../lib/bytes/index.ts'
import { nodeCrypto } from '../../lib/crypto/node.ts'
import { Association } from '../../lib/sctp/index.ts'
import { suite } from './suite.ts'

/** Bytes sent in one round. */
const ROUND = 1 << 19

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

  round(message: Uint8Array, count: number, owned: boolean): void {
    const options = { owned }
    for (let i = 0; i < count; i++) this.a.send(0, 53, message, options, this.now)
    const goal = this.received + count
    while (this.received < goal) this.turn()
  }
}

for (const size of [64, 1024, 16_384, 65_536, 262_144]) {
  const pair = new InMemory()
  const message = new Uint8Array(size).fill(0x55)
  const count = Math.max(1, Math.ceil(ROUND / size))
  suite(`${count} messages of ${size} bytes over SCTP`, count * size, {
    'handed over, nothing copied on the way in': () => pair.round(message, count, true),
    'copied by send': () => pair.round(message, count, false),
  })
}
