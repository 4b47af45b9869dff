/** One layer alone over a stream: `runStream` connects, cuts, feeds a machine, keeps its deadlines, and gives its events. */

import t from 'tap'
import { Packet, utf8 } from '../../lib/bytes/index.ts'
import { EventQueue, Timer } from '../../lib/machine/index.ts'
import { type Framer, type RunningStream, runStream } from '../../lib/net/index.ts'
import { listen } from './streams.ts'

interface Said {
  readonly type: 'said' | 'tired'
  readonly text: string
}

/** Says what it gets, answers questions, and is tired after some silence. */
class Listener {
  readonly #events = new EventQueue<Said>()
  readonly #patience = new Timer()
  readonly #transmit: (packet: Packet) => void

  constructor(transmit: (packet: Packet) => void) {
    this.#transmit = transmit
  }

  get deadline(): number {
    return this.#patience.at
  }

  ask(text: string, now: number): void {
    this.#patience.set(now + 30)
    this.#transmit(Packet.copy(utf8(`${text}\n`)))
  }

  receive(message: Uint8Array, _now: number): void {
    const text = new TextDecoder().decode(message)
    this.#events.push({ type: 'said', text })
    if (text.endsWith('?')) this.#transmit(Packet.copy(utf8('yes\n')))
  }

  advance(now: number): void {
    if (this.#patience.expire(now)) this.#events.push({ type: 'tired', text: '' })
  }

  nextEvent(): Said | undefined {
    return this.#events.next()
  }
}

/** Lines; one that begins with `!` is none. */
const lines = (): Framer => {
  let held = ''
  return {
    push: (bytes, deliver) => {
      const [last = '', ...whole] = (held + new TextDecoder().decode(bytes)).split('\n').reverse()
      held = last
      for (const line of whole.reverse()) {
        if (line.startsWith('!')) return false
        deliver(utf8(line))
      }
      return true
    },
  }
}

/** A running machine and the other end of its stream. */
const start = async (event: (event: Said, running: RunningStream<Listener>) => void = () => {}) => {
  const { listener, next } = await listen()
  const closings: (string | undefined)[] = []
  let wake = (): void => {}
  const told: string[] = []
  const running = await runStream(transmit => new Listener(transmit), {
    remote: listener,
    framer: lines(),
    event: (each, self) => {
      told.push(each.type === 'said' ? each.text : each.type)
      event(each, self)
      wake()
    },
    closed: code => {
      closings.push(code)
      wake()
    },
  })
  const server = await next()
  listener.close()
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  return { running, server, told, closings, until }
}

t.test('messages are cut, answered, and told in order; deadlines are kept', async t => {
  const { running, server, told, until } = await start()
  t.equal(running.port, server.socket.remotePort)
  running.input((machine, now) => machine.ask('who?', now))
  await server.until(() => server.text === 'who?\n')
  server.send('me\nin pie')
  await until(() => told.length === 1)
  server.send('ces\nright?\n')
  await server.until(() => server.text === 'who?\nyes\n')
  await until(() => told.includes('tired'))
  t.same(
    told.filter(text => text !== 'tired'),
    ['me', 'in pieces', 'right?'],
  )
  t.match(running.counters, { packetsSent: 2, messagesReceived: 3 })
  running.close()
  await server.until(() => server.closings.length > 0)
})

t.test('closed from within an event, it tells nothing more', async t => {
  const { server, told, closings } = await start((_event, running) => running.close())
  server.send('one\ntwo\n')
  await server.until(() => server.closings.length > 0)
  t.same([told, closings], [['one'], []])
})

t.test('the end of the stream is told, and so is what is no message', async t => {
  const ended = await start()
  ended.server.socket.close()
  await ended.until(() => ended.closings.length > 0)
  t.same(ended.closings, [undefined])

  const broken = await start()
  broken.server.send('one\n!\ntwo\n')
  await broken.until(() => broken.closings.length > 0)
  t.same([broken.told, broken.closings], [['one'], ['EBADMSG']])
  await broken.server.until(() => broken.server.closings.length > 0)
})

t.test('it rejects by code when nobody listens', async t => {
  const { listener } = await listen()
  listener.close()
  await t.rejects(
    runStream(transmit => new Listener(transmit), { remote: listener, framer: lines() }),
    { code: 'ECONNREFUSED' },
  )
})
