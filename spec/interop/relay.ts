/** A TURN client of ours over a real socket, whichever way leads to the server, and a peer that it can talk to. */

import { Packet, utf8 } from '../../lib/bytes/index.ts'
import { EventQueue } from '../../lib/machine/index.ts'
import { type DatagramMachine, host, type Running, type RunningStream, run, runStream } from '../../lib/net/index.ts'
import { BindingQuery, decodeStun, StreamFramer } from '../../lib/stun/index.ts'
import { TurnClient, type TurnClientOptions, type TurnCredentials, type TurnEvent } from '../../lib/turn/index.ts'
import { nodeCrypto } from '../providers.ts'
import type { Coturn } from './drivers/coturn.ts'
import { Waiting } from './waiting.ts'

export const WAYS = ['udp', 'tcp', 'tls'] as const
export type Way = (typeof WAYS)[number]

interface Hooks<M extends DatagramMachine> {
  readonly create: (transmit: (packet: Packet) => void) => M
  readonly event: (event: object) => void
  readonly closed?: (code: string | undefined) => void
  /** The server's other address. */
  readonly ipv6?: boolean
}

/** Runs a machine towards the server. */
const runTo = async <M extends DatagramMachine>(
  { address, address6, port, tlsPort, ca, serverName }: Coturn,
  way: Way,
  { create, event, closed = () => {}, ipv6 = false }: Hooks<M>,
): Promise<Running<M> | RunningStream<M>> => {
  const to = ipv6 && address6 !== undefined ? address6 : address
  if (way === 'udp') return run<M>(create, { address: to, remote: { address: to, port }, event })
  const remote = { address: to, port: way === 'tls' ? tlsPort : port }
  const tls = way === 'tls' ? { tls: { serverName, ca } } : {}
  return runStream<M>(create, { remote, framer: new StreamFramer(), event, closed, ...tls })
}

export interface RelayOptions extends Partial<Pick<TurnClientOptions, 'families' | 'lifetime' | 'channelAfter'>> {
  /** The server's own user by default; undefined: none. */
  readonly credentials?: TurnCredentials | undefined
  readonly ipv6?: boolean
}

export class Relay {
  readonly events: TurnEvent[] = []
  readonly received: { readonly text: string; readonly address: string; readonly port: number }[] = []
  /** What the stream to the server ended with, each time. */
  readonly closings: (string | undefined)[] = []
  readonly #waiting = new Waiting()
  #running!: Running<TurnClient> | RunningStream<TurnClient>

  /** Opens the way, and asks for an allocation. */
  static async open(coturn: Coturn, way: Way, options: RelayOptions = {}): Promise<Relay> {
    const { families = [4], ipv6 = false, ...others } = options
    const { username, password } = coturn
    const credentials = 'credentials' in options ? options.credentials : { username, password }
    const relay = new Relay()
    relay.#running = await runTo<TurnClient>(coturn, way, {
      create: transmit =>
        new TurnClient({
          crypto: nodeCrypto,
          reliable: way !== 'udp',
          families,
          transmit,
          deliver: (data, address, port) => {
            relay.received.push({ text: new TextDecoder().decode(data), address, port })
            relay.#waiting.wake()
          },
          ...others,
          ...(credentials && { credentials }),
        } as TurnClientOptions),
      event: event => {
        relay.events.push(event as TurnEvent)
        relay.#waiting.wake()
      },
      closed: code => {
        relay.closings.push(code)
        relay.#waiting.wake()
      },
      ipv6,
    })
    relay.input((turn, now) => turn.allocate(now))
    return relay
  }

  get turn(): TurnClient {
    return this.#running.machine
  }

  /** Our end of the way to the server. */
  get local(): { readonly address: string; readonly port: number } {
    const { address, port } = this.#running
    return { address, port }
  }

  input(act: (turn: TurnClient, now: number) => void): void {
    this.#running.input(act)
  }

  send(text: string, to: { readonly address: string; readonly port: number }): void {
    this.input((turn, now) => turn.send(Packet.copy(utf8(text)), to.address, to.port, now))
  }

  async until(condition: () => boolean): Promise<void> {
    const { turn } = this
    await this.#waiting.until(condition, () => JSON.stringify([turn.state, this.events, this.received, turn.counters]))
  }

  /** The next event of this type. Rejects when the client fails instead. */
  async event<T extends TurnEvent['type']>(type: T): Promise<TurnEvent & { type: T }> {
    for (;;) {
      await this.until(() => this.events.length > 0)
      const event = this.events.shift()
      if (event?.type === type) return event as TurnEvent & { type: T }
      if (event?.type === 'failed') throw new Error(`${event.code} ${event.reason}`)
    }
  }

  /** Waits until the client has failed. */
  async failure(): Promise<TurnEvent & { type: 'failed' }> {
    await this.until(() => this.events.some(({ type }) => type === 'failed'))
    return this.events.find(event => event.type === 'failed')!
  }

  /** Sends, and waits for what the peer sends back. */
  async exchange(text: string, peer: Peer): Promise<void> {
    this.send(text, peer)
    await this.until(() => this.received.some(each => each.text === `${text} back` && each.port === peer.port))
  }

  close(): void {
    this.input((turn, now) => turn.close(now))
    this.#running.close()
  }
}

/** What a STUN server says of where a request came from, and where it did come from. */
export const bindingOver = async (coturn: Coturn, way: Way, ipv6 = false) => {
  const waiting = new Waiting()
  const running = await runTo(coturn, way, {
    create: transmit => {
      const events = new EventQueue<object>()
      const query = new BindingQuery(
        { crypto: nodeCrypto, reliable: way !== 'udp', transmit: bytes => transmit(Packet.copy(bytes)) },
        host.now(),
      )
      return {
        query,
        get deadline() {
          return query.deadline
        },
        advance: (now: number) => query.advance(now),
        receive: (bytes: Uint8Array, now: number) => {
          const message = decodeStun(bytes)
          if (message !== undefined && query.receive(message, now)) events.push({})
        },
        nextEvent: () => events.next(),
      }
    },
    event: () => waiting.wake(),
    ipv6,
  })
  const { query } = running.machine
  await waiting.until(
    () => query.state !== 'running',
    () => 'no answer to a Binding request',
  )
  running.close()
  return { mapped: query.mapped, local: { address: running.address, port: running.port } }
}

/** A UDP socket that answers all that it gets with the same and ` back`. */
export class Peer {
  readonly received: { readonly text: string; readonly address: string; readonly port: number }[] = []
  readonly #waiting = new Waiting()
  #close = (): void => {}

  private constructor(
    readonly address: string,
    public port: number,
  ) {}

  static async open(address = '127.0.0.1'): Promise<Peer> {
    const peer = new Peer(address, 0)
    const socket = await host.openDatagram({
      address,
      receive: (bytes, from, port) => {
        const text = new TextDecoder().decode(bytes)
        peer.received.push({ text, address: from, port })
        socket.send(Packet.copy(utf8(`${text} back`)), from, port)
        peer.#waiting.wake()
      },
    })
    peer.port = socket.port
    peer.#close = () => socket.close()
    return peer
  }

  async until(condition: () => boolean): Promise<void> {
    await this.#waiting.until(condition, () => JSON.stringify(this.received))
  }

  close(): void {
    this.#close()
  }
}
