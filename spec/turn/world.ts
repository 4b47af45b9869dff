/** A client, a server and peers in virtual time, for the specs of TURN. */

import { Packet, utf8 } from '../../lib/bytes/index.ts'
import { type DatagramSocket, Driver, type StreamSocket } from '../../lib/machine/index.ts'
import { type SimulatedHost, Simulation, seededRandom } from '../../lib/sim/index.ts'
import { decodeStun, StreamFramer, type StunMessage } from '../../lib/stun/index.ts'
import { TurnClient, type TurnClientOptions, type TurnEvent } from '../../lib/turn/index.ts'
import { seededCrypto } from '../providers.ts'
import { createTurnServer, type TurnServer, type TurnServerOptions } from './server.ts'

export const SERVER = '198.51.100.1'
export const SERVER6 = '2001:db8:1::1'
export const PEER = '203.0.113.1'
export const PEER6 = '2001:db8:2::1'
/** Milliseconds from one host to another. */
export const DELAY = 20

export interface WorldOptions {
  readonly client?: Partial<TurnClientOptions>
  readonly server?: Partial<TurnServerOptions>
  /** TCP to the server, its bytes cut at random. */
  readonly stream?: boolean
  readonly seed?: number
  /** Addresses of the peers' host. */
  readonly peers?: readonly string[]
}

/** A socket of the peers' host, and what it has heard. */
export class PeerSocket {
  socket!: DatagramSocket
  readonly heard: { readonly text: string; readonly address: string; readonly port: number }[] = []

  static async open(host: SimulatedHost, address: string, port: number): Promise<PeerSocket> {
    const peer = new PeerSocket()
    peer.socket = await host.openDatagram({
      address,
      port,
      receive: (bytes, from, fromPort) => {
        peer.heard.push({ text: new TextDecoder().decode(bytes), address: from, port: fromPort })
      },
    })
    return peer
  }

  get texts(): string[] {
    return this.heard.map(({ text }) => text)
  }

  say(text: string, to: { readonly address: string; readonly port: number }): void {
    this.socket.send(Packet.copy(utf8(text)), to.address, to.port)
  }
}

export class World {
  readonly sim: Simulation
  readonly client: TurnClient
  readonly events: (TurnEvent & { readonly at: number })[] = []
  readonly heard: { readonly text: string; readonly address: string; readonly port: number }[] = []
  /** What the client has sent, and when. */
  readonly sent: { readonly at: number; readonly bytes: Uint8Array; readonly message: StunMessage | undefined }[] = []
  server!: TurnServer
  peerHost!: SimulatedHost
  readonly #driver: Driver
  #clientHost: SimulatedHost
  #socket: DatagramSocket | undefined
  #stream: StreamSocket | undefined

  constructor(options: WorldOptions) {
    const { seed = 1, stream = false } = options
    this.sim = new Simulation({ seed, network: { delay: DELAY } })
    this.#clientHost = this.sim.createHost({ addresses: ['192.0.2.1'] })
    const client = new TurnClient({
      crypto: seededCrypto(seed),
      credentials: { username: 'ada', password: 'secret' },
      families: [4],
      reliable: stream,
      transmit: packet => this.#transmit(packet),
      deliver: (data, address, port) => {
        this.heard.push({ text: new TextDecoder().decode(data), address, port })
        data.fill(0)
      },
      ...options.client,
    })
    this.client = client
    const machine = {
      get deadline() {
        return client.deadline
      },
      advance: (now: number) => client.advance(now),
      flush: () => {},
    }
    this.#driver = new Driver(this.#clientHost, machine, () => {
      for (let event = client.nextEvent(); event !== undefined; event = client.nextEvent())
        this.events.push({ ...event, at: this.sim.now() })
    })
  }

  static async create(options: WorldOptions = {}): Promise<World> {
    const world = new World(options)
    const { sim } = world
    const addresses = [SERVER, SERVER6]
    world.server = await createTurnServer(sim.createHost({ addresses }), {
      addresses,
      users: { ada: 'secret' },
      crypto: seededCrypto(99),
      tcp: options.stream ?? false,
      ...options.server,
    })
    world.peerHost = sim.createHost({ addresses: options.peers ?? [PEER, PEER6] })
    if (options.stream) await sim.run(world.#connect(options.seed ?? 1))
    else await world.#bind()
    return world
  }

  /** A world whose client has its allocation. */
  static async allocated(options: WorldOptions = {}): Promise<World> {
    const world = await World.create(options)
    world.act((client, now) => client.allocate(now))
    await world.until(() => client(world).state !== 'allocating')
    return world
  }

  /** Puts input into the client. */
  act<R>(input: (client: TurnClient, now: number) => R): R {
    const result = input(this.client, this.sim.now())
    this.#driver.touch()
    return result
  }

  say(text: string, address: string = PEER, port = 7000): void {
    this.act((turn, now) => turn.send(Packet.copy(utf8(text)), address, port, now))
  }

  /** Gives the client a frame as if the server had sent it. */
  receive(bytes: Uint8Array): void {
    this.act((turn, now) => turn.receive(bytes, now))
  }

  elapse(ms: number): Promise<void> {
    return this.sim.elapse(ms)
  }

  until(condition: () => boolean): Promise<void> {
    return this.sim.run(condition, { limit: 4_000_000 })
  }

  openPeer(address: string = PEER, port = 7000): Promise<PeerSocket> {
    return PeerSocket.open(this.peerHost, address, port)
  }

  /** Requests of a method that the client has sent, retransmissions included. */
  requests(method: number): { readonly at: number; readonly message: StunMessage }[] {
    const requests = []
    for (const { at, message } of this.sent)
      if (message?.kind === 'request' && message.method === method) requests.push({ at, message })
    return requests
  }

  /** What the server answered to requests of a method. */
  answers(method: number): number[] {
    return this.server.served.filter(served => served.method === method).map(({ code }) => code)
  }

  /** Ends what keeps the simulation busy, and tells how much is left to happen. */
  async end(): Promise<number> {
    this.act((turn, now) => turn.close(now))
    await this.elapse(1000)
    this.#driver.stop()
    this.#socket?.close()
    this.#stream?.close()
    this.server.close()
    await this.elapse(60_000)
    return this.sim.pending
  }

  async #bind(): Promise<void> {
    this.#socket = await this.#clientHost.openDatagram({
      address: '192.0.2.1',
      receive: (bytes, _address, _port, now) => {
        this.client.receive(bytes, now)
        this.#driver.touch()
      },
    })
  }

  async #connect(seed: number): Promise<void> {
    const random = seededRandom(seed)
    const framer = new StreamFramer()
    this.#stream = await this.#clientHost.openStream({
      remoteAddress: SERVER,
      remotePort: this.server.port,
      closed: () => {},
      receive: (bytes, now) => {
        for (let at = 0; at < bytes.length; ) {
          const end = at + 1 + (random.u32() % 40)
          const whole = framer.push(bytes.slice(at, end), frame => this.client.receive(frame, now))
          if (!whole) throw new Error('the stream is broken')
          at = end
        }
        this.#driver.touch()
      },
    })
  }

  #transmit(packet: Packet): void {
    const bytes = packet.view().slice()
    this.sent.push({ at: this.sim.now(), bytes, message: decodeStun(bytes) })
    if (this.#stream !== undefined) this.#stream.send(packet)
    else if (this.#socket !== undefined) this.#socket.send(packet, SERVER, this.server.port)
    else packet.release()
  }
}

const client = (world: World): TurnClient => world.client
