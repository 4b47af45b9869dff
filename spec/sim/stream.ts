/** Streams for specifications: each end with what it was told. */

import { Packet } from '../../lib/bytes/index.ts'
import type { StreamHandlers, StreamListener, StreamOptions, StreamSocket } from '../../lib/machine/index.ts'
import type { SimulatedHost, SimulatedListenerOptions } from '../../lib/sim/index.ts'

/** One end of a stream. */
export class End {
  socket!: StreamSocket
  bytes = new Uint8Array(0)
  /** Pieces that came, each with its time. */
  readonly times: number[] = []
  /** Undefined while it is open. */
  over: { readonly code: string | undefined } | undefined
  readonly handlers: StreamHandlers = {
    receive: (bytes, now) => {
      const all = new Uint8Array(this.bytes.length + bytes.length)
      all.set(this.bytes)
      all.set(bytes, this.bytes.length)
      this.bytes = all
      // Borrowed: what is kept must be a copy.
      bytes.fill(0)
      this.times.push(now)
    },
    closed: code => {
      if (this.over !== undefined) throw new Error('told twice')
      this.over = { code }
    },
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes)
  }

  say(text: string | Uint8Array): void {
    this.socket.send(Packet.copy(typeof text === 'string' ? new TextEncoder().encode(text) : text))
  }
}

export interface Ear {
  readonly listener: StreamListener
  /** Who was accepted, in order. */
  readonly accepted: End[]
}

export const listen = async (host: SimulatedHost, options: Omit<SimulatedListenerOptions, 'accept'>): Promise<Ear> => {
  const accepted: End[] = []
  const accept = (socket: StreamSocket): StreamHandlers => {
    const end = new End()
    end.socket = socket
    accepted.push(end)
    return end.handlers
  }
  return { listener: await host.listenStream({ ...options, accept }), accepted }
}

export const connect = async (
  host: SimulatedHost,
  options: Omit<StreamOptions, keyof StreamHandlers>,
): Promise<End> => {
  const end = new End()
  end.socket = await host.openStream({ ...options, ...end.handlers })
  return end
}
