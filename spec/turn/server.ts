/**
 * A TURN and STUN server for specs (RFC 8656), over any `Host`: UDP, and TCP or TLS where the host listens.
 *
 *     const server = await createTurnServer(host, { addresses: ['198.51.100.1'], users: { ada: 'secret' } })
 *     server.refuse(486, { method: Method.allocate })   // the next Allocate
 *     server.expireNonce()                              // 438 to whatever comes next
 *     server.counters.bytesToPeers
 *
 * It follows the RFC where a client can tell, and does as it is scripted where a client must cope.
 */

import { hex, Packet } from '../../lib/bytes/index.ts'
import type { DatagramSocket, Host, StreamHandlers, StreamListener, StreamSocket } from '../../lib/machine/index.ts'
import {
  Attribute,
  addressErrorCode,
  decodeStun,
  errorCode,
  lifetime,
  Method,
  readAddressFamily,
  readChannelNumber,
  readRequestedTransport,
  readU32,
  readXorAddress,
  StreamFramer,
  type StunAttribute,
  type StunMessage,
  xorAddress,
} from '../../lib/stun/index.ts'
import { nodeCrypto } from '../providers.ts'
import { createRelayCounters, familyOf, peersOf, ServerAllocation, type ServerClient } from './server-allocation.ts'
import { type Proof, ServerAuth, sealedReply } from './server-auth.ts'
import {
  type PendingRefusal,
  type Refusal,
  Refusals,
  type Served,
  type TurnServer,
  type TurnServerOptions,
} from './server-options.ts'

export type { Refusal, Served, TurnServer, TurnServerOptions } from './server-options.ts'

const NONE = new Uint8Array(0)

/** Starts a server. Rejects as the host does when an address cannot be bound. */
export const createTurnServer = async (host: Host, options: TurnServerOptions): Promise<TurnServer> => {
  const server = new Server(host, options)
  await server.open()
  return server
}

class Server implements TurnServer {
  readonly counters = { requests: 0, malformed: 0, ...createRelayCounters() }
  readonly served: Served[] = []
  readonly allocations = new Map<string, ServerAllocation>()
  readonly users: Map<string, string>
  readonly forbidden = new Set<string>()
  mute = false
  alter: TurnServer['alter']
  readonly #host: Host
  readonly #options: TurnServerOptions
  readonly #auth: ServerAuth
  readonly #sockets: DatagramSocket[] = []
  readonly #listeners: StreamListener[] = []
  readonly #streams = new Set<StreamSocket>()
  readonly #refusals = new Refusals()
  /** Clients whose sockets are being opened. */
  readonly #opening = new Set<string>()

  constructor(host: Host, options: TurnServerOptions) {
    this.#host = host
    this.#options = options
    this.users = new Map(Object.entries(options.users ?? {}))
    this.#auth = new ServerAuth({
      crypto: options.crypto ?? nodeCrypto,
      realm: options.realm ?? 'example.org',
      users: this.users,
      algorithms: options.algorithms ?? [],
      anonymous: options.anonymous ?? false,
    })
  }

  get address(): string {
    return this.#options.addresses[0]!
  }

  get port(): number {
    return this.#sockets[0]?.port ?? 0
  }

  async open(): Promise<void> {
    const { addresses, port = 3478, tcp = false, tls } = this.#options
    for (const address of addresses) {
      const socket: DatagramSocket = await this.#host.openDatagram({
        address,
        port,
        receive: (bytes, from, fromPort) => {
          const client = {
            key: `udp ${address} ${from} ${fromPort}`,
            address: from,
            port: fromPort,
            reliable: false,
            send: (reply: Uint8Array) => socket.send(Packet.copy(reply), from, fromPort),
          }
          this.#receive(bytes, client)
        },
      })
      this.#sockets.push(socket)
      const accept = (stream: StreamSocket): StreamHandlers => this.#accept(stream)
      if (tcp) this.#listeners.push(await this.#host.listenStream({ address, port: socket.port, accept }))
      if (tls !== undefined) {
        const secured = { address, port: tls.port, accept, certificate: tls }
        this.#listeners.push(await this.#host.listenStream(secured))
      }
    }
  }

  refuse(code: number, refusal: Refusal = {}): void {
    this.#refusals.add(code, refusal)
  }

  expireNonce(): void {
    this.#auth.expire()
  }

  restart(): void {
    this.expireNonce()
    for (const allocation of this.allocations.values()) allocation.close()
    this.allocations.clear()
    for (const stream of this.#streams) stream.close()
    this.#streams.clear()
  }

  close(): void {
    this.restart()
    for (const socket of this.#sockets) socket.close()
    for (const listener of this.#listeners) listener.close()
  }

  #accept(stream: StreamSocket): StreamHandlers {
    this.#streams.add(stream)
    const framer = new StreamFramer()
    const client = {
      key: `tcp ${stream.port} ${stream.remoteAddress} ${stream.remotePort}`,
      address: stream.remoteAddress,
      port: stream.remotePort,
      reliable: true,
      send: (bytes: Uint8Array) => stream.send(Packet.copy(bytes)),
    }
    const forget = (): void => {
      this.#streams.delete(stream)
      this.#end(client.key)
    }
    return {
      receive: bytes => {
        if (framer.push(bytes, frame => this.#receive(frame, client))) return
        forget()
        stream.close()
      },
      closed: forget,
    }
  }

  #end(key: string): void {
    this.allocations.get(key)?.close()
    this.allocations.delete(key)
  }

  #send(client: ServerClient, bytes: Uint8Array): void {
    const altered = this.alter === undefined ? bytes : this.alter(bytes, client)
    if (altered !== undefined) client.send(altered)
  }

  #receive(bytes: Uint8Array, client: ServerClient): void {
    const allocation = this.allocations.get(client.key)
    if (bytes[0]! >> 6 === 1) {
      this.counters.channelDataReceived++
      const length = (bytes[2]! << 8) | bytes[3]!
      allocation?.channelToPeer((bytes[0]! << 8) | bytes[1]!, bytes.subarray(4, 4 + length))
      return
    }
    const message = decodeStun(bytes.slice())
    if (message === undefined) {
      this.counters.malformed++
    } else if (message.kind === 'indication' && message.method === Method.send) {
      this.counters.sendIndications++
      const peer = readXorAddress(message.find(Attribute.xorPeerAddress) ?? NONE, message.transactionId)
      const data = message.find(Attribute.data)
      if (peer !== undefined && data !== undefined) allocation?.toPeer(data, peer.address, peer.port)
    } else if (message.kind === 'request' && !this.mute) {
      this.counters.requests++
      this.#request(message, client)
    }
  }

  #request(message: StunMessage, client: ServerClient): void {
    const { method } = message
    const refused = this.#refusals.find(method)
    if (refused?.refusal.bare) {
      this.#refuse(message, client, refused, undefined)
      return
    }
    if (method === Method.binding) {
      this.#succeed(message, client, [this.#mapped(message, client)], undefined)
      return
    }
    let proof: Proof | undefined
    if (this.users.size > 0) {
      const result = this.#auth.check(message)
      if (!result.ok) {
        this.#fail(message, client, result.code, '', result.attributes, undefined)
        return
      }
      proof = result.proof
    }
    if (refused !== undefined) this.#refuse(message, client, refused, proof)
    else if (method === Method.allocate) void this.#allocate(message, client, proof)
    else this.#manage(message, client, proof)
  }

  #refuse(message: StunMessage, client: ServerClient, refused: PendingRefusal, proof: Proof | undefined): void {
    const { code, refusal } = refused
    this.#refusals.use(refused)
    const isChallenge = code === 401 || code === 438
    const attributes = refusal.attributes?.(message.transactionId) ?? (isChallenge ? this.#auth.challenge() : [])
    this.#fail(message, client, code, refusal.reason ?? '', attributes, proof)
  }

  async #allocate(message: StunMessage, client: ServerClient, proof: Proof | undefined): Promise<void> {
    const transaction = hex(message.transactionId)
    const known = this.allocations.get(client.key)
    if (known !== undefined) {
      if (known.transaction === transaction) this.#allocated(message, client, known, proof)
      else this.#fail(message, client, 437, 'Allocation Mismatch', [], proof)
      return
    }
    if (this.#opening.has(client.key)) return
    if (readRequestedTransport(message.find(Attribute.requestedTransport) ?? NONE) !== 17) {
      this.#fail(message, client, 442, 'Unsupported Transport Protocol', [], proof)
      return
    }
    const additional = message.find(Attribute.additionalAddressFamily)
    const requested = message.find(Attribute.requestedAddressFamily)
    const families: (4 | 6)[] = [(requested && readAddressFamily(requested)) ?? 4]
    if (additional !== undefined) families.push(6)
    const relays = this.#options.relayAddresses ?? this.#options.addresses
    const addresses = families.map(family => relays.find(address => familyOf(address) === family))
    if (addresses.every(address => address === undefined)) {
      this.#fail(message, client, 440, 'Address Family not Supported', [], proof)
      return
    }
    const allocation = new ServerAllocation(client, proof?.user ?? '', transaction, this.#host, this.counters)
    this.#opening.add(client.key)
    for (const address of addresses) if (address !== undefined) await allocation.open(address)
    this.#opening.delete(client.key)
    this.allocations.set(client.key, allocation)
    this.#prolong(allocation, message)
    this.#allocated(message, client, allocation, proof)
  }

  #prolong(allocation: ServerAllocation, message: StunMessage): void {
    const { lifetime = 600, longestLifetime = 3600 } = this.#options
    const asked = readU32(message.find(Attribute.lifetime) ?? NONE) ?? lifetime
    const seconds = Math.min(Math.max(asked, lifetime), longestLifetime)
    allocation.prolong(seconds, () => this.#end(allocation.client.key))
  }

  #allocated(message: StunMessage, client: ServerClient, allocation: ServerAllocation, proof: Proof | undefined): void {
    const attributes = [...allocation.relays.values()].map(({ address, port }) =>
      xorAddress(Attribute.xorRelayedAddress, { address, port }, message.transactionId),
    )
    if (message.has(Attribute.additionalAddressFamily)) {
      for (const family of [4, 6] as const)
        if (!allocation.relays.has(family)) attributes.push(addressErrorCode(family, 440, ''))
    }
    const mapped = this.#mapped(message, client)
    this.#succeed(message, client, [...attributes, this.#lifetime(allocation), mapped], proof)
  }

  #lifetime(allocation: ServerAllocation): StunAttribute {
    return lifetime(Math.round((allocation.expiresAt - this.#host.now()) / 1000))
  }

  #mapped(message: StunMessage, { address, port }: ServerClient): StunAttribute {
    return xorAddress(Attribute.xorMappedAddress, { address, port }, message.transactionId)
  }

  /** Refresh, CreatePermission, ChannelBind. */
  #manage(message: StunMessage, client: ServerClient, proof: Proof | undefined): void {
    const allocation = this.allocations.get(client.key)
    const fail = (code: number): void => this.#fail(message, client, code, '', [], proof)
    if (allocation === undefined) {
      fail(437)
      return
    }
    if (allocation.user !== (proof?.user ?? '')) {
      fail(441)
      return
    }
    if (message.method === Method.refresh) {
      const isEnd = readU32(message.find(Attribute.lifetime) ?? NONE) === 0
      if (isEnd) this.#end(client.key)
      else this.#prolong(allocation, message)
      this.#succeed(message, client, [isEnd ? lifetime(0) : this.#lifetime(allocation)], proof)
      return
    }
    const peers = peersOf(message)
    if (peers.length === 0) fail(400)
    else if (peers.some(({ address }) => this.forbidden.has(address))) fail(403)
    else if (peers.some(({ address }) => !allocation.relays.has(familyOf(address)))) fail(443)
    else if (message.method === Method.createPermission) {
      for (const { address } of peers) allocation.permit(address)
      this.#succeed(message, client, [], proof)
    } else {
      const number = readChannelNumber(message.find(Attribute.channelNumber) ?? NONE)
      const { address, port } = peers[0]!
      if (number !== undefined && allocation.bind(number, address, port)) this.#succeed(message, client, [], proof)
      else fail(400)
    }
  }

  #succeed(
    message: StunMessage,
    client: ServerClient,
    attributes: readonly StunAttribute[],
    proof: Proof | undefined,
  ): void {
    this.#answer(message, client, 0, sealedReply(message, 'success', attributes, proof))
  }

  #fail(
    message: StunMessage,
    client: ServerClient,
    code: number,
    reason: string,
    attributes: readonly StunAttribute[],
    proof: Proof | undefined,
  ): void {
    const all = [errorCode(code, reason), ...attributes]
    this.#answer(message, client, code, sealedReply(message, 'error', all, proof))
  }

  #answer(message: StunMessage, client: ServerClient, code: number, bytes: Uint8Array): void {
    const { method } = message
    this.served.push({ at: this.#host.now(), method, code, from: client.key, message })
    this.#send(client, bytes)
  }
}
