/** An allocation at the TURN server of the specs: relay sockets, permissions, channels (RFC 8656, 5, 9 and 12). */

import { Packet } from '../../lib/bytes/index.ts'
import type { Cancellable, DatagramSocket, Host } from '../../lib/machine/index.ts'
import {
  Attribute,
  data,
  encodeStun,
  Method,
  readXorAddress,
  type StunAddress,
  type StunMessage,
  xorAddress,
} from '../../lib/stun/index.ts'

/** Where a client is, and the way to it. */
export interface ServerClient {
  readonly key: string
  readonly address: string
  readonly port: number
  readonly reliable: boolean
  send(bytes: Uint8Array): void
}

/** What went through. */
export interface RelayCounters {
  /** Bytes and datagrams of data from clients to peers, and from peers to clients. */
  bytesToPeers: number
  bytesToClients: number
  toPeers: number
  toClients: number
  /** How the data came from clients, and how it went to them. */
  sendIndications: number
  channelDataReceived: number
  dataIndications: number
  channelDataSent: number
  /** Data to or from addresses without permission, or on channels that are not bound. */
  dropped: number
}

export const createRelayCounters = (): RelayCounters => ({
  bytesToPeers: 0,
  bytesToClients: 0,
  toPeers: 0,
  toClients: 0,
  sendIndications: 0,
  channelDataReceived: 0,
  dataIndications: 0,
  channelDataSent: 0,
  dropped: 0,
})

/** The peers that a request names. */
export const peersOf = (message: StunMessage): StunAddress[] => {
  const peers: StunAddress[] = []
  for (const { type, value } of message.attributes) {
    const peer = type === Attribute.xorPeerAddress ? readXorAddress(value, message.transactionId) : undefined
    if (peer !== undefined) peers.push(peer)
  }
  return peers
}

const PERMISSION_LIFETIME = 300_000
const CHANNEL_LIFETIME = 600_000

export const familyOf = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4)

export class ServerAllocation {
  readonly relays = new Map<4 | 6, DatagramSocket>()
  /** Until when, by address. */
  readonly permissions = new Map<string, number>()
  readonly channels = new Map<number, { readonly address: string; readonly port: number; until: number }>()
  expiresAt = 0
  readonly #host: Host
  readonly #counters: RelayCounters
  #timer: Cancellable | undefined

  constructor(
    readonly client: ServerClient,
    readonly user: string,
    /** The transaction that made it: a retransmission gets the same answer. */
    readonly transaction: string,
    host: Host,
    counters: RelayCounters,
  ) {
    this.#host = host
    this.#counters = counters
  }

  /** Opens a relay socket on this address. Rejects as the host does. */
  async open(address: string): Promise<void> {
    const receive = (bytes: Uint8Array, from: string, port: number): void => this.#fromPeer(bytes, from, port)
    this.relays.set(familyOf(address), await this.#host.openDatagram({ address, port: 0, receive }))
  }

  /** @param seconds From now. */
  prolong(seconds: number, expired: () => void): void {
    this.#timer?.cancel()
    this.expiresAt = this.#host.now() + seconds * 1000
    this.#timer = this.#host.schedule(this.expiresAt, expired)
  }

  close(): void {
    this.#timer?.cancel()
    for (const socket of this.relays.values()) socket.close()
  }

  permit(address: string): void {
    this.permissions.set(address, this.#host.now() + PERMISSION_LIFETIME)
  }

  /** Binds, or returns false when the number or the peer is bound otherwise. */
  bind(number: number, address: string, port: number): boolean {
    const now = this.#host.now()
    for (const [other, channel] of this.channels) {
      if (channel.until <= now) continue
      const isSamePeer = channel.address === address && channel.port === port
      if ((other === number) !== isSamePeer) return false
    }
    this.channels.set(number, { address, port, until: now + CHANNEL_LIFETIME })
    this.permit(address)
    return true
  }

  isPermitted(address: string): boolean {
    return (this.permissions.get(address) ?? 0) > this.#host.now()
  }

  /** Relays data of the client's. */
  toPeer(bytes: Uint8Array, address: string, port: number): void {
    const socket = this.relays.get(familyOf(address))
    if (socket === undefined || !this.isPermitted(address)) {
      this.#counters.dropped++
      return
    }
    this.#counters.toPeers++
    this.#counters.bytesToPeers += bytes.length
    socket.send(Packet.copy(bytes), address, port)
  }

  channelToPeer(number: number, bytes: Uint8Array): void {
    const channel = this.channels.get(number)
    if (channel === undefined || channel.until <= this.#host.now()) this.#counters.dropped++
    else this.toPeer(bytes, channel.address, channel.port)
  }

  #fromPeer(bytes: Uint8Array, address: string, port: number): void {
    if (!this.isPermitted(address)) {
      this.#counters.dropped++
      return
    }
    this.#counters.toClients++
    this.#counters.bytesToClients += bytes.length
    const now = this.#host.now()
    for (const [number, channel] of this.channels) {
      if (channel.address !== address || channel.port !== port || channel.until <= now) continue
      this.#counters.channelDataSent++
      const padding = this.client.reliable ? -bytes.length & 3 : 0
      const frame = new Uint8Array(4 + bytes.length + padding)
      frame.set([number >> 8, number & 255, bytes.length >> 8, bytes.length & 255])
      frame.set(bytes, 4)
      this.client.send(frame)
      return
    }
    this.#counters.dataIndications++
    const transactionId = this.#host.random.fill(new Uint8Array(12))
    const peer = xorAddress(Attribute.xorPeerAddress, { address, port }, transactionId)
    this.client.send(
      encodeStun({ kind: 'indication', method: Method.data, transactionId, attributes: [peer, data(bytes)] }),
    )
  }
}
