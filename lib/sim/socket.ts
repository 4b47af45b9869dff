/** UDP sockets of a simulated host, unicast and multicast. */

import type { Packet } from '../bytes/index.ts'
import type { DatagramOptions, DatagramSocket, MulticastOptions } from '../machine/index.ts'

/** What a socket asks of its host. */
export interface SocketHost {
  /** Sends, or returns the platform's error code. */
  send(socket: SimulatedSocket, bytes: Uint8Array, to: string, toPort: number): string | undefined
  queueTask(task: () => void): void
  forget(socket: SimulatedSocket): void
}

export class SimulatedSocket implements DatagramSocket {
  readonly address: string
  readonly #host: SocketHost
  readonly #options: DatagramOptions | MulticastOptions
  #closed = false

  constructor(
    host: SocketHost,
    options: DatagramOptions | MulticastOptions,
    readonly port: number,
    /** The multicast group that it has joined. */
    readonly group?: string,
  ) {
    this.address = options.address
    this.#host = host
    this.#options = options
  }

  send(packet: Packet, address: string, port: number): void {
    if (!this.#closed) {
      const code = this.#host.send(this, packet.view().slice(), address, port)
      // As on a real platform, the error comes after the call.
      if (code !== undefined) this.#host.queueTask(() => this.#closed || this.#options.failed?.(code))
    }
    packet.release()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#host.forget(this)
  }

  /** For the host only. */
  receive(bytes: Uint8Array, address: string, port: number, now: number): void {
    if (!this.#closed) this.#options.receive(bytes, address, port, now)
  }
}
