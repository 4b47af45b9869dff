/** Runs in a network namespace: opens multicast sockets, sends, and reports what each receives (`../namespaces.ts`). */

import { readdirSync, readlinkSync } from 'node:fs'
import { Packet } from '../../../lib/bytes/index.ts'
import type { DatagramSocket } from '../../../lib/machine/index.ts'
import { host } from '../../../lib/net/index.ts'

const sockets = new Map<string, DatagramSocket>()

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
