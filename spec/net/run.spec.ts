/** One layer alone over a socket: `run` feeds a machine, keeps its deadlines, and gives its events. */

import t from 'tap'
import { Packet } from '../../lib/bytes/index.ts'
import { EventQueue, Timer } from '../../lib/machine/index.ts'
import { type Running, run } from '../../lib/net/index.ts'
import { Simulation } from '../../lib/sim/index.ts'

type EchoEvent = { readonly type: 'said'; readonly text: string } | { readonly type: 'tired' }

/** Sends back what it gets in capitals, says what it got, and is tired after a second of silence. */
class Echo {
  readonly #transmit: (packet: Packet) => void
  readonly #events = new EventQueue<EchoEvent>()
  readonly #patience = new Timer()
  readonly #waiting: string[] = []

  constructor(transmit: (packet: Packet) => void) {
    this.#transmit = transmit
  }

  get deadline(): number {
    return this.#patience.at
  }

  say(text: string, now: number): void {
    this.#patience.set(now + 1000)
    this.#waiting.push(text)
  }

  receive(datagram: Uint8Array, now: number): void {
    this.#patience.set(now + 1000)
    const text = String.fromCharCode(...datagram)
    this.#events.push({ type: 'said', text })
    if (text !== text.toUpperCase()) this.#waiting.push(text.toUpperCase())
  }

  flush(): void {
    for (const text of this.#waiting.splice(0)) this.#transmit(Packet.copy(new TextEncoder().encode(text)))
  }

  advance(now: number): void {
    if (this.#patience.expire(now)) this.#events.push({ type: 'tired' })
  }

  nextEvent(): EchoEvent | undefined {
    return this.#events.next()
  }
}

t.test('over real UDP: input, datagrams, events, close from within an event', async t => {
  const server = await run(transmit => new Echo(transmit))
  t.equal(server.address, '127.0.0.1')
  const said = await new Promise<string>((resolve, reject) => {
    const event = (event: EchoEvent, running: Running<Echo>): void => {
      running.close()
      if (event.type === 'said') resolve(event.text)
      else reject(new Error(event.type))
    }
    run(transmit => new Echo(transmit), { remote: server, event }).then(client => {
      client.input((echo, now) => echo.say('hello', now))
    }, reject)
  })
  t.equal(said, 'HELLO')
  t.match(server.counters, { packetsSent: 1, packetsReceived: 1, droppedForeign: 0 })
  server.close()
})

t.test('in virtual time: deadlines, the first sender is the peer, others are dropped', async t => {
  const sim = new Simulation({ seed: 1, network: { delay: 20 } })
  const events: string[] = []
  const server = await run(transmit => new Echo(transmit), {
    host: sim.createHost({ addresses: ['10.0.0.1'] }),
    address: '10.0.0.1',
    port: 7,
    event: event => events.push(`${sim.now()} ${event.type}`),
  })
  server.input((echo, now) => echo.say('anybody?', now))
  await sim.elapse(0)
  t.equal(server.counters.droppedUnaddressed, 1)
  sim.inject('10.0.0.3:9', '10.0.0.1:7', new Uint8Array([0x61]))
  sim.inject('10.0.0.4:9', '10.0.0.1:7', new Uint8Array([0x62]))
  await sim.elapse(5000)
  t.same(events, ['20 said', '1020 tired'])
  t.match(server.counters, { packetsSent: 1, packetsReceived: 1, droppedForeign: 1 })
  server.close()
  t.equal(sim.pending, 0)
})

t.test('a port that is taken rejects by code', async t => {
  const first = await run(transmit => new Echo(transmit))
  await t.rejects(
    run(transmit => new Echo(transmit), { port: first.port }),
    { code: 'EADDRINUSE' },
  )
  first.close()
})

t.test('what the making of a machine throws is told, and its port is free again', async t => {
  const host = new Simulation({ seed: 1 }).createHost({ addresses: ['10.0.0.1'] })
  const options = { host, address: '10.0.0.1', port: 7 }
  const create = () => {
    throw new RangeError('no such suite')
  }
  await t.rejects(run<Echo>(create, options), { message: 'no such suite' })
  const echo = await run(transmit => new Echo(transmit), options)
  t.equal(echo.port, 7)
  echo.close()
})
