/**
 * A long and lossy way between two ends on this machine: two sockets, each of which stands for one end towards the other.
 *
 * Either end is told one candidate, which is a socket here. What comes in on it waits as long as the way is long, after
 * it has passed the bottleneck, and goes on from the other socket; some datagrams are lost. Seeded: but for the time at
 * which datagrams come, a run is like the one before.
 */

import type { Test } from 'tap'
import { Packet } from '../../lib/bytes/index.ts'
import type { DatagramSocket } from '../../lib/machine/index.ts'
import { host } from '../../lib/net/index.ts'
import { seededRandom } from '../../lib/sim/index.ts'
import type { CandidateFilter, EndOptions } from './path.ts'

export interface WanOptions {
  /** This machine's, which both ends have candidates on. */
  readonly address: string
  /** Milliseconds each way. */
  readonly delay: number
  /** Of the datagrams, each way: 0 to 1. */
  readonly loss: number
  /** Bytes in a second, each way. */
  readonly rate: number
  /** Milliseconds that a datagram may wait at the bottleneck: what would wait longer is dropped. */
  readonly queue: number
  readonly seed: number
}

interface Waiting {
  readonly at: number
  readonly bytes: Uint8Array
}

/** One way: `receive` takes the datagrams of one end, and `socket` sends them to the `port` of the other. */
class Lane {
  /** Datagrams that the way has lost. */
  lost = 0
  port = 0
  socket: DatagramSocket | undefined
  readonly #options: WanOptions
  readonly #random
  #queue: Waiting[] = []
  #head = 0
  /** When the bottleneck has sent all that waits. */
  #free = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: WanOptions, stream: number) {
    this.#options = options
    this.#random = seededRandom(options.seed + stream)
  }

  readonly receive = (packet: Uint8Array): void => {
    const { delay, loss, rate, queue } = this.#options
    const now = host.now()
    const start = Math.max(now, this.#free)
    if (this.#random.u32() < loss * 2 ** 32 || start - now > queue) {
      this.lost++
      return
    }
    this.#free = start + (packet.length / rate) * 1000
    this.#queue.push({ at: this.#free + delay, bytes: packet.slice() })
    this.#wait(now)
  }

  #wait(now: number): void {
    const next = this.#queue[this.#head]
    if (next === undefined || this.#timer !== undefined) return
    this.#timer = setTimeout(this.#deliver, next.at - now)
  }

  readonly #deliver = (): void => {
    this.#timer = undefined
    const now = host.now()
    for (let next = this.#queue[this.#head]; next !== undefined && next.at <= now; next = this.#queue[++this.#head]) {
      if (this.port !== 0) this.socket?.send(Packet.copy(next.bytes), this.#options.address, this.port)
    }
    if (this.#head > 1024) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    this.#wait(now)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.socket?.close()
    this.#queue = []
  }
}

/** Foundation, component, protocol, priority; address; port; type. There are stacks that say more than the candidate. */
const HOST_OVER_UDP = /^((?:a=)?candidate:\S+ 1 udp \d+ )(\S+) (\d+)( typ host.*)$/i

export class Wan {
  /** By whose datagrams they carry. */
  readonly ours: Lane
  readonly peers: Lane
  readonly #address: string

  private constructor(options: WanOptions) {
    this.#address = options.address
    this.ours = new Lane(options, 1)
    this.peers = new Lane(options, 2)
  }

  /** Opens the way, which is closed with the test. */
  static async open(t: Test, options: WanOptions): Promise<Wan> {
    const wan = new Wan(options)
    const { address } = options
    // What comes in on a socket has been sent by the end that this socket faces.
    wan.ours.socket = await host.openDatagram({ address, receive: wan.peers.receive })
    wan.peers.socket = await host.openDatagram({ address, receive: wan.ours.receive })
    t.teardown(() => {
      wan.ours.close()
      wan.peers.close()
    })
    return wan
  }

  /** Datagrams that have been lost, both ways. */
  get lost(): number {
    return this.ours.lost + this.peers.lost
  }

  /** For the end of ours: it hears of the socket that stands for the peer. */
  our(configuration: object): EndOptions {
    return { configuration, hears: this.#standIn(this.ours, this.peers) }
  }

  their(): EndOptions {
    return { hears: this.#standIn(this.peers, this.ours) }
  }

  /** The lane `towards` leads to the candidate, in whose place the other end hears of the socket that `back` leaves by. */
  #standIn(towards: Lane, back: Lane): CandidateFilter {
    return line => {
      const [, head, address, port, tail] = HOST_OVER_UDP.exec(line) ?? []
      if (address !== this.#address || (towards.port !== 0 && towards.port !== Number(port))) return false
      towards.port = Number(port)
      return `${head}${address} ${back.socket?.port}${tail}`
    }
  }
}
