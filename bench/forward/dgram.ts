/** Plain UDP in each of the roles: what sockets of Node cost when nothing is done with the packets. */

import { createSocket, type Socket } from 'node:dgram'
import type { Link } from '../stacks/index.ts'
import { type Camera, type Forwarder, PACKET, type Viewers } from './roles.ts'

const ADDRESS = '127.0.0.1'
const BUFFER = 4 << 20
/** The tag of AES-GCM, so that datagrams are as long as those of the others. */
const TAG = 16

const open = (): Promise<Socket> =>
  new Promise(resolve => {
    const socket = createSocket({ type: 'udp4', lookup: (name, _options, found) => found(null, name, 4) })
    socket.bind(0, ADDRESS, () => {
      socket.setRecvBufferSize(BUFFER)
      socket.setSendBufferSize(BUFFER)
      resolve(socket)
    })
  })

/** A candidate says the port where packets are wanted. */
const portOf = (link: Link): Promise<number> =>
  new Promise(resolve => link.listen(({ candidate }) => resolve(Number(candidate?.['port']))))

const tellPort = (link: Link, socket: Socket): void => link.tell({ candidate: { port: socket.address().port } })

export function camera(): Camera {
  const packet = new Uint8Array(PACKET + TAG)
  let socket: Socket
  let port = 0
  let sent = 0
  return {
    connect: async link => {
      socket = await open()
      port = await portOf(link)
    },
    send: () => {
      sent++
      socket.send(packet, port, ADDRESS)
    },
    sent: async () => sent,
  }
}

export function forwarder(): Forwarder {
  const ports: number[] = []
  const sockets: Socket[] = []
  return {
    receive: async link => {
      const socket = await open()
      socket.on('message', bytes => {
        for (let i = 0; i < ports.length; i++) sockets[i]!.send(bytes, ports[i]!, ADDRESS)
      })
      tellPort(link, socket)
    },
    // A socket for each, as each connection has its own.
    addViewer: async link => {
      sockets.push(await open())
      ports.push(await portOf(link))
    },
  }
}

export function viewers(): Viewers {
  let received = 0
  return {
    add: async link => {
      const socket = await open()
      socket.on('message', () => {
        received++
      })
      tellPort(link, socket)
    },
    received: async () => received,
    profile: async () => '',
  }
}
