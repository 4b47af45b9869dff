/** The program of `mdns.spec.ts` on our side: the mDNS service of this package and its connections, in a namespace of its own. */

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { RTCPeerConnection } from '../../../lib/index.ts'
import { MdnsService } from '../../../lib/mdns/index.ts'
import { host } from '../../../lib/net/index.ts'
import { createAgent } from '../drivers/driver.ts'
import { serveCalls } from '../namespaces.ts'

const agent = await createAgent(RTCPeerConnection)
const service = new MdnsService(host)
const socket = createSocket('udp4')
const heard = once(socket, 'message')

serveCalls(
  {
    publish: (address: string) => service.publish(address),
    resolve: (name: string) => service.resolve(name),
    withdraw: (name: string) => service.withdraw(name),
    agent: (method: string, ...args: readonly unknown[]) => agent[method]?.(...args),
    counters: () => service.counters,
    /** Waits for datagrams on a port of this address, and returns it. */
    listen: async (address: string) => {
      socket.bind(0, address)
      await once(socket, 'listening')
      return socket.address().port
    },
    /** The first datagram: its first byte and where it came from. */
    heard: async () => {
      const [bytes, { address }] = await heard
      return { first: bytes[0], address }
    },
  },
  () => {
    // Ends when nothing of it is left, and not before.
    service.close()
    socket.close()
  },
)
