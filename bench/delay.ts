/**
 * A network between two processes of this machine on which everything takes its time: each end's addresses are hidden
 * behind sockets here, whose addresses go into its candidates instead, and each datagram is held before it goes on.
 *
 * Every address of either end has a socket of its own. What comes to that socket goes to that address, and comes there
 * from the socket that stands for its sender: to ICE, the two ends simply have other addresses. No root is needed.
 */

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { monotonic } from './messages.ts'
import type { Signal } from './stacks/index.ts'

/** An address of one of the ends, and the socket that stands for it, once that is bound. */
interface Endpoint {
  readonly address: string
  readonly port: number
  readonly socket: Promise<Socket>
}

interface Held {
  readonly due: number
  readonly bytes: Uint8Array
  readonly from: Endpoint
  readonly to: Endpoint
}

/** Timers come up to this much late, in milliseconds: the rest is waited for turn by turn. */
const TIMER_SLACK = 2

const bound = async (address: string): Promise<Socket> => {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  return socket
}

export class DelayedNetwork {
  readonly #delay: number
  readonly #observe: (bytes: Uint8Array, now: number) => void
  readonly #endpoints = new Map<string, Endpoint>()
  /** In the order in which they came, which is that in which they are due. */
  readonly #held: Held[] = []
  #timer: NodeJS.Timeout | undefined
  #turn: NodeJS.Immediate | undefined

  /**
   * @param delay One way, in milliseconds.
   * @param observe Told of each datagram when it comes, with the time by `monotonic`.
   */
  constructor(delay: number, observe: (bytes: Uint8Array, now: number) => void) {
    this.#delay = delay
    this.#observe = observe
  }

  /** The signal with the addresses here; undefined when it has nothing left: what is not a host's over UDP is left out. */
  async translate({ description, candidate }: Signal): Promise<Signal | undefined> {
    if (description !== undefined) {
      const lines: string[] = []
      for (const line of description.sdp.split('\r\n')) {
        const kept = line.startsWith('a=candidate:') ? await this.#translate(line) : line
        if (kept !== undefined) lines.push(kept)
      }
      return { description: { ...description, sdp: lines.join('\r\n') } }
    }
    const text = await this.#translate(String(candidate?.candidate))
    return text === undefined ? undefined : { candidate: { ...candidate, candidate: text } }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    clearImmediate(this.#turn)
    this.#held.length = 0
    for (const outcome of await Promise.allSettled([...this.#endpoints.values()].map(({ socket }) => socket))) {
      if (outcome.status === 'fulfilled') outcome.value.close()
    }
  }

  async #translate(candidate: string): Promise<string | undefined> {
    const fields = candidate.split(' ')
    const [, , transport, , address, port, , type] = fields
    if (transport?.toLowerCase() !== 'udp' || type !== 'host' || address === undefined) return undefined
    try {
      const socket = await this.#endpoint(address, Number(port)).socket
      fields[5] = String(socket.address().port)
      return fields.join(' ')
    } catch {
      // Not an address of this machine as it stands: a name, or one that is good on one link only.
      this.#endpoints.delete(`${address} ${port}`)
      return undefined
    }
  }

  #endpoint(address: string, port: number): Endpoint {
    const key = `${address} ${port}`
    const known = this.#endpoints.get(key)
    if (known !== undefined) return known
    const endpoint = { address, port, socket: bound(address) }
    this.#endpoints.set(key, endpoint)
    endpoint.socket.then(
      socket => {
        socket.on('message', (bytes, from) => this.#hold(bytes, this.#endpoint(from.address, from.port), endpoint))
        // A datagram that cannot be sent on is lost, as anywhere.
        socket.on('error', () => {})
      },
      () => {},
    )
    return endpoint
  }

  #hold(bytes: Uint8Array, from: Endpoint, to: Endpoint): void {
    const now = monotonic()
    this.#observe(bytes, now)
    this.#held.push({ due: now + this.#delay, bytes, from, to })
    if (this.#held.length === 1) this.#wait()
  }

  #wait(): void {
    const [next] = this.#held
    if (next === undefined) return
    const left = next.due - monotonic()
    if (left > TIMER_SLACK) this.#timer = setTimeout(() => this.#wait(), left - TIMER_SLACK)
    else this.#turn = setImmediate(() => this.#deliver())
  }

  #deliver(): void {
    for (let next = this.#held[0]; next !== undefined && next.due <= monotonic(); next = this.#held[0]) {
      const { bytes, from, to } = next
      this.#held.shift()
      from.socket.then(
        socket => socket.send(bytes, to.port, to.address),
        () => {},
      )
    }
    this.#wait()
  }
}
