/** Runs in a network namespace: opens sockets, sends, and reports what each receives (`../namespaces.ts`). */

import { readdirSync, readlinkSync } from 'node:fs'
import { Packet } from '../../../lib/bytes/index.ts'
import type { Cancellable, DatagramSocket, StreamSocket } from '../../../lib/machine/index.ts'
import { host } from '../../../lib/net/index.ts'

const sockets = new Map<string, DatagramSocket>()
const attempts = new Map<string, Promise<StreamSocket>>()

const watches = new Map<string, Cancellable>()

/** Milliseconds between two looks at what tells nobody when it changes. */
const LOOK_AGAIN = 5

const isSocket = (descriptor: string): boolean => {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:')
  } catch {
    // The one that the folder itself was read by.
    return false
  }
}

const methods: Readonly<Record<string, (...args: never[]) => unknown>> = {
  /** Waits until the platform lists these addresses: it does a moment after a link is up. */
  ready: async (...addresses: readonly string[]) => {
    const listed = (): string[] => host.interfaces().map(({ address }) => address)
    while (!addresses.every(address => listed().includes(address))) {
      await new Promise(resolve => setTimeout(resolve, LOOK_AGAIN))
    }
  },

  open: async (name: string, options: { group: string; port: number; address: string }) => {
    try {
      const socket = await host.openMulticast({
        ...options,
        receive: (bytes, address, port) => {
          process.send?.({ received: { name, text: String.fromCharCode(...bytes), address, port } })
        },
        failed: code => process.send?.({ received: { name, text: `failed ${code}`, address: '', port: 0 } }),
      })
      sockets.set(name, socket)
      return { address: socket.address, port: socket.port }
    } catch (error) {
      return { code: (error as { code?: string }).code }
    }
  },

  /** Tells how often the packet was released, a few turns after it was the first time. */
  send: async (name: string, text: string, address: string, port: number) => {
    let released = 0
    const packet = Packet.copy(new TextEncoder().encode(text))
    await new Promise<void>(resolve => {
      packet.release = () => {
        released++
        resolve()
      }
      sockets.get(name)?.send(packet, address, port)
    })
    for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve))
    return released
  },

  /** Reports the addresses whenever addresses have come or gone, until `unwatch`. */
  watch: (name: string) => {
    const watching = host.watchInterfaces(() => {
      const text = host.interfaces().map(({ address }) => address)
      process.send?.({ received: { name, text: text.sort().join(' '), address: '', port: 0 } })
    })
    watches.set(name, watching)
  },

  unwatch: (name: string) => watches.get(name)?.cancel(),

  /** Begins to connect; the first segment has left when it returns. */
  connect: (name: string, options: { address: string; port: number; remoteAddress: string; remotePort: number }) => {
    const report = (text: string): void => {
      process.send?.({ received: { name, text, address: options.remoteAddress, port: options.remotePort } })
    }
    const attempt = host.openStream({
      ...options,
      receive: bytes => report(String.fromCharCode(...bytes)),
      closed: code => report(`closed ${code}`),
    })
    attempt.catch(() => {})
    attempts.set(name, attempt)
  },

  /** Says something over the stream, once there is one: what it is, or the error's code. */
  say: async (name: string, text: string) => {
    try {
      const stream = await attempts.get(name)
      stream?.send(Packet.copy(new TextEncoder().encode(text)))
      return [stream?.address, stream?.port, stream?.remoteAddress, stream?.remotePort].join(' ')
    } catch (error) {
      return (error as { code?: string }).code
    }
  },

  end: async (name: string) => (await attempts.get(name))?.close(),

  close: (name: string) => sockets.get(name)?.close(),

  /** How many sockets this process has, once those that are closing have gone. */
  sockets: async () => {
    for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve))
    return readdirSync('/proc/self/fd').filter(isSocket).length
  },
}

process.on('message', async message => {
  const { id, method, args } = message as { id: number; method: string; args: never[] }
  process.send?.({ id, value: await methods[method]?.(...args) })
})

// Whoever started this is gone, perhaps without a word.
process.once('disconnect', () => process.exit())
