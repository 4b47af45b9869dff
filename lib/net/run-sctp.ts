/**
 * SCTP over UDP (RFC 6951): the associations of one UDP socket, those that connect and those that are accepted.
 *
 * A packet of SCTP is the payload of a datagram. An association is found by the addresses and the ports of SCTP alone;
 * the port of UDP belongs to the path, on which a NAT may give another at any time, and is learned anew from each
 * packet that the association believes (5.4).
 *
 * Who listens keeps nothing of an INIT (RFC 9260 5.1): a machine is made, answers, and is forgotten. The key of its
 * cookies follows from the peer's address and ports and from a secret of the listener, so that the machine that is made
 * for the COOKIE ECHO knows the cookie again, and knows it only from where it was sent to.
 */

import { getU16, type Packet, utf8 } from '../bytes/index.ts'
import { type DatagramSocket, type Host, randomBytes, randomU32 } from '../machine/index.ts'
import { crypto, host as platform } from './host.ts'
import { type DatagramMachine, drive, type EventDriver, type EventOf } from './run.ts'

/** The port that IANA has assigned to SCTP in UDP. */
export const SCTP_OVER_UDP_PORT = 9899

const COMMON_HEADER = 12
const CHUNK_HEADER = 4
const INIT = 1
/** Ports that are anybody's: 49,152 to 65,535 (RFC 6335 6). */
const DYNAMIC_PORTS = 49_152

/** What `Association` of `purertc/sctp` is. */
export interface SctpMachine extends DatagramMachine {
  readonly state: string
  /** Of packets that were not believed. */
  readonly counters: { readonly badChecksum: number; readonly badTag: number; readonly malformed: number }
  connect(now: number): void
  abort(now: number): void
  transportClosed(): void
}

/** What the caller makes a machine with, besides its own options. */
export interface SctpMachineOptions {
  readonly transmit: (packet: Packet) => void
  readonly localPort: number
  readonly remotePort: number
  readonly cookieKey: Uint8Array
}

export type SctpEventHandler<M extends SctpMachine> = (event: EventOf<M>, running: RunningSctp<M>) => void

export interface RunSctpOptions<M extends SctpMachine> {
  /** The address to bind: 127.0.0.1 by default. */
  readonly address?: string
  /** The port of UDP to bind: any free one by default. */
  readonly port?: number
  /** Whom to answer. Without it, an INIT is answered with ABORT. */
  readonly listen?: {
    /** The port of SCTP. */
    readonly port: number
    /** A peer has proved its address. Gives what takes the events of its association, or undefined to abort it. */
    readonly accept: (running: RunningSctp<M>) => SctpEventHandler<M> | undefined
  }
  /** Associations at a time, beyond which nobody is answered: 1,024. */
  readonly maxAssociations?: number
  /** An error of the socket, by the platform's code: told, never fatal. */
  readonly failed?: (code: string) => void
  /** The platform by default; a simulated host runs the same in virtual time. */
  readonly host?: Host
}

/** An association that is running. */
export interface RunningSctp<M> {
  readonly machine: M
  /** Where the peer is, with its port of UDP as last seen. */
  readonly address: string
  readonly port: number
  /** The ports of SCTP. */
  readonly localPort: number
  readonly remotePort: number
  /** Puts input into the machine, and then does what it asks for: `input((sctp, now) => sctp.shutdown(now))`. */
  input<R>(act: (machine: M, now: number) => R): R
  /** Forgets it, without a word to the peer. It is forgotten by itself after its event `closed`. */
  close(): void
}

export interface SctpOverUdp<M extends SctpMachine> {
  /** The bound address and port of UDP. */
  readonly address: string
  readonly port: number
  readonly counters: {
    packetsSent: number
    packetsReceived: number
    /** Datagrams that are too short, or name no port of SCTP. */
    malformed: number
    /** Packets of no association, while there were as many as may be. */
    droppedFull: number
  }
  /** The associations that there are now. */
  readonly associations: number
  /**
   * Begins an association.
   * @param remote `port` is of UDP, 9899 by default; `remotePort` and `localPort` are of SCTP, the latter any free one by
   * default.
   * @throws RangeError when there is an association of these ports with this address already.
   */
  connect(
    remote: {
      readonly address: string
      readonly port?: number
      readonly remotePort: number
      readonly localPort?: number
    },
    event?: SctpEventHandler<M>,
  ): RunningSctp<M>
  /** Forgets all associations, without a word to their peers, and frees the socket. */
  close(): void
}

/** One association, and where its peer is. */
class Peer<M extends SctpMachine> implements RunningSctp<M> {
  readonly machine: M
  #driver: EventDriver | undefined
  readonly #now: () => number
  readonly #forget: () => void

  constructor(
    create: (transmit: (packet: Packet) => void) => M,
    readonly address: string,
    public port: number,
    readonly localPort: number,
    readonly remotePort: number,
    owner: {
      readonly send: (packet: Packet, peer: Peer<M>) => void
      readonly now: () => number
      readonly forget: (peer: Peer<M>) => void
    },
  ) {
    this.#now = owner.now
    this.#forget = () => owner.forget(this)
    this.machine = create(packet => owner.send(packet, this))
  }

  /** From now on its deadlines are kept and its events given, those that wait first. */
  start(host: Host, event: SctpEventHandler<M>): void {
    this.#driver = drive<M>(host, this.machine, each => {
      event(each, this)
      if ('type' in each && each.type === 'closed') this.close()
    })
    this.#driver.touch()
  }

  receive(datagram: Uint8Array, port: number, now: number): void {
    const { counters } = this.machine
    // Anybody can send an INIT, which has no tag.
    const untagged = datagram[COMMON_HEADER] === INIT
    const before = counters.badChecksum + counters.badTag + counters.malformed
    const known = this.port
    // What answers the packet at once goes where the packet came from.
    this.port = port
    this.machine.receive(datagram, now)
    const believed = counters.badChecksum + counters.badTag + counters.malformed === before
    if (!believed || untagged) this.port = known
    this.#driver?.touch()
  }

  input<R>(act: (machine: M, now: number) => R): R {
    const result = act(this.machine, this.#now())
    this.#driver?.touch()
    return result
  }

  close(): void {
    this.#driver?.stop()
    this.#forget()
  }
}

/**
 * Runs associations over one socket of UDP. `create` makes each: `options => new Association({ crypto, ...options })`.
 *
 * @throws (rejects) the platform's error when the port cannot be bound: `code` EADDRINUSE, EADDRNOTAVAIL, EACCES.
 */
export const runSctp = async <M extends SctpMachine>(
  create: (options: SctpMachineOptions, host: Host) => M,
  options: RunSctpOptions<M> = {},
): Promise<SctpOverUdp<M>> => {
  const host = options.host ?? platform
  const { listen, maxAssociations = 1024 } = options
  const counters = { packetsSent: 0, packetsReceived: 0, malformed: 0, droppedFull: 0 }
  const cookieKeys = crypto.createMac('sha-256', randomBytes(host.random, 32))
  /** By address, and by both ports as one number: nothing is made to find one. */
  const peers = new Map<string, Map<number, Peer<M>>>()
  let count = 0

  const bothPorts = (localPort: number, remotePort: number): number => remotePort * 0x1_0000 + localPort
  const find = (address: string, localPort: number, remotePort: number): Peer<M> | undefined =>
    peers.get(address)?.get(bothPorts(localPort, remotePort))

  const keep = (peer: Peer<M>): void => {
    const ofAddress = peers.get(peer.address) ?? new Map<number, Peer<M>>()
    peers.set(peer.address, ofAddress)
    ofAddress.set(bothPorts(peer.localPort, peer.remotePort), peer)
    count++
  }
  const forget = (peer: Peer<M>): void => {
    if (find(peer.address, peer.localPort, peer.remotePort) !== peer) return
    const ofAddress = peers.get(peer.address)
    ofAddress?.delete(bothPorts(peer.localPort, peer.remotePort))
    if (ofAddress?.size === 0) peers.delete(peer.address)
    count--
  }
  const send = (packet: Packet, peer: Peer<M>): void => {
    counters.packetsSent++
    socket.send(packet, peer.address, peer.port)
  }
  const owner = { send, forget, now: () => host.now() }

  const make = (address: string, port: number, localPort: number, remotePort: number): Peer<M> => {
    const cookieKey = cookieKeys.compute(utf8(`${address} ${remotePort} ${localPort}`))
    return new Peer<M>(
      transmit => create({ transmit, localPort, remotePort, cookieKey }, host),
      address,
      port,
      localPort,
      remotePort,
      owner,
    )
  }

  /** A packet of no association: begins one, or is answered as RFC 9260 8.4 says. */
  const meet = (datagram: Uint8Array, address: string, port: number, now: number): void => {
    if (count >= maxAssociations) {
      counters.droppedFull++
      return
    }
    const [remotePort, localPort] = [getU16(datagram, 0), getU16(datagram, 2)]
    const peer = make(address, port, localPort, remotePort)
    const listening = listen !== undefined && listen.port === localPort
    // What has ended answers an INIT with ABORT.
    if (!listening) peer.machine.transportClosed()
    peer.receive(datagram, port, now)
    if (!listening || peer.machine.state === 'closed') return
    peer.port = port
    keep(peer)
    const event = listen.accept(peer)
    if (event === undefined) {
      peer.machine.abort(now)
      peer.close()
      return
    }
    peer.start(host, event)
  }

  const socket: DatagramSocket = await host.openDatagram({
    address: options.address ?? '127.0.0.1',
    port: options.port ?? 0,
    ...(options.failed && { failed: options.failed }),
    receive: (datagram, address, port, now) => {
      counters.packetsReceived++
      if (datagram.length < COMMON_HEADER + CHUNK_HEADER || getU16(datagram, 0) === 0 || getU16(datagram, 2) === 0) {
        counters.malformed++
        return
      }
      const peer = find(address, getU16(datagram, 2), getU16(datagram, 0))
      if (peer === undefined) meet(datagram, address, port, now)
      else peer.receive(datagram, port, now)
    },
  })

  const freePort = (address: string, remotePort: number): number => {
    for (;;) {
      const port = DYNAMIC_PORTS + (randomU32(host.random) % (0x1_0000 - DYNAMIC_PORTS))
      if (find(address, port, remotePort) === undefined) return port
    }
  }

  return {
    address: socket.address,
    port: socket.port,
    counters,
    get associations() {
      return count
    },
    connect: ({ address, port = SCTP_OVER_UDP_PORT, remotePort, localPort }, event = () => {}) => {
      if (localPort !== undefined && find(address, localPort, remotePort) !== undefined) {
        throw new RangeError(`There is an association from port ${localPort} to port ${remotePort} of ${address}`)
      }
      const peer = make(address, port, localPort ?? freePort(address, remotePort), remotePort)
      keep(peer)
      peer.start(host, event)
      peer.input((sctp, now) => sctp.connect(now))
      return peer
    },
    close: () => {
      for (const ofAddress of [...peers.values()]) for (const peer of [...ofAddress.values()]) peer.close()
      socket.close()
    },
  }
}
