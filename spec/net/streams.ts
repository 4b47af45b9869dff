/** What the specs of streams need: an end that remembers what it was told, and waits for it. */

import { Packet } from '../../lib/bytes/index.ts'
import type { StreamHandlers, StreamListener, StreamSocket } from '../../lib/machine/index.ts'
import { host } from '../../lib/net/index.ts'

export class StreamEnd implements StreamHandlers {
  socket!: StreamSocket
  text = ''
  length = 0
  /** What `closed` was called with, each time. */
  readonly closings: (string | undefined)[] = []
  onReceive: ((bytes: Uint8Array) => void) | undefined
  #wake = (): void => {}

  readonly receive = (bytes: Uint8Array): void => {
    this.length += bytes.length
    if (this.length < 10_000) this.text += new TextDecoder().decode(bytes)
    this.onReceive?.(bytes)
    this.#wake()
  }

  readonly closed = (code: string | undefined): void => {
    this.closings.push(code)
    this.#wake()
  }

  send(content: string): void {
    this.socket.send(Packet.copy(new TextEncoder().encode(content)))
  }

  /** Resolves when it holds; looked at whenever something was received or the stream has ended. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}

export interface Accepting {
  readonly listener: StreamListener
  readonly accepted: StreamEnd[]
  /** The next connection that is accepted. */
  next(): Promise<StreamEnd>
}

export const listen = async (address = '127.0.0.1', port = 0): Promise<Accepting> => {
  const accepted: StreamEnd[] = []
  let given = 0
  let wake = (): void => {}
  const listener = await host.listenStream({
    address,
    port,
    accept: socket => {
      const end = new StreamEnd()
      end.socket = socket
      accepted.push(end)
      wake()
      return end
    },
  })
  const next = async (): Promise<StreamEnd> => {
    while (accepted.length <= given) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
    return accepted[given++]!
  }
  return { listener, accepted, next }
}

/** Connects to a listener on its own address. */
export const connect = async (
  to: { readonly address: string; readonly port: number },
  options: Partial<Parameters<typeof host.openStream>[0]> = {},
): Promise<StreamEnd> => {
  const end = new StreamEnd()
  end.socket = await host.openStream({
    remoteAddress: to.address,
    remotePort: to.port,
    receive: end.receive,
    closed: end.closed,
    ...options,
  })
  return end
}

/** Both ends of a connection; the listener is closed. */
export const pair = async (address?: string): Promise<[StreamEnd, StreamEnd]> => {
  const { listener, next } = await listen(address)
  const [client, server] = await Promise.all([connect(listener), next()])
  listener.close()
  return [client, server]
}

/** Resolves when the condition holds; for what tells nobody (a descriptor that is freed). */
export const settled = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

/** How many TCP handles this process has. */
export const handles = (): number => process.getActiveResourcesInfo().filter(name => name.startsWith('TCP')).length
