/**
 * One layer alone over a UDP socket: binds it, feeds what comes in to a machine, sends what the machine transmits, and
 * keeps its deadlines.
 *
 * It is what `peer/` does for a whole connection, for a machine that talks to one address: a DTLS connection, an SCTP
 * association in UDP.
 */

import type { Packet } from '../bytes/index.ts'
import { type DatagramSocket, type DrivenMachine, Driver, type Host } from '../machine/index.ts'
import { host as platform } from './host.ts'

/** A machine that takes datagrams of one peer. */
export interface DatagramMachine extends DrivenMachine {
  receive(datagram: Uint8Array, now: number): void
  nextEvent(): object | undefined
}

/** What `nextEvent` of a machine gives. */
export type EventOf<M extends DatagramMachine> = Exclude<ReturnType<M['nextEvent']>, undefined>

export interface RunOptions<M extends DatagramMachine> {
  /** The address to bind: 127.0.0.1 by default. */
  readonly address?: string
  /** The port to bind: any free one by default. */
  readonly port?: number
  /** Where the peer is. Without it, whoever sends the first datagram is the peer. */
  readonly remote?: { readonly address: string; readonly port: number }
  /** Takes the machine's events, in order; may put input into the machine, `close()` included. */
  readonly event?: (event: EventOf<M>, running: Running<M>) => void
  /** An error of the socket, by the platform's code (ECONNREFUSED, ENETUNREACH): told, never fatal. */
  readonly failed?: (code: string) => void
  /** The platform by default; a simulated host runs the same machine in virtual time. */
  readonly host?: Host
}

/** A machine that is running over a socket. */
export interface Running<M> {
  readonly machine: M
  /** The bound address and port. */
  readonly address: string
  readonly port: number
  readonly counters: {
    packetsSent: number
    packetsReceived: number
    /** Datagrams from elsewhere than the peer. */
    droppedForeign: number
    /** Datagrams that the machine sent before there was a peer. */
    droppedUnaddressed: number
  }
  /** Puts input into the machine, and then does what it asks for: `input((dtls, now) => dtls.start(now))`. */
  input<R>(act: (machine: M, now: number) => R): R
  /** Stops, and frees the socket. What the machine has to say at its end (close_notify) must be put in before. */
  close(): void
}

/** A driver that also stops giving events when it is stopped from within one. */
export interface EventDriver {
  touch(): void
  stop(): void
}

/** Keeps the deadlines of a machine, and gives its events. */
export const drive = <M extends DatagramMachine>(
  host: Host,
  machine: M,
  event: (event: EventOf<M>) => void,
): EventDriver => {
  let stopped = false
  const driver = new Driver(host, machine, () => {
    for (let next = machine.nextEvent(); next !== undefined && !stopped; next = machine.nextEvent()) {
      event(next as EventOf<M>)
    }
  })
  return {
    touch: () => driver.touch(),
    stop: () => {
      stopped = true
      driver.stop()
    },
  }
}

/** Makes a machine; when it throws, nobody else frees what it would have run on. */
export const createOr = <M>(free: () => void, create: () => M): M => {
  try {
    return create()
  } catch (error) {
    free()
    throw error
  }
}

/**
 * Runs the machine that `create` makes around the given `transmit`.
 *
 * @throws (rejects) the platform's error when the port cannot be bound: `code` EADDRINUSE, EADDRNOTAVAIL, EACCES; and what
 * `create` throws.
 */
export const run = async <M extends DatagramMachine>(
  create: (transmit: (packet: Packet) => void, host: Host) => M,
  options: RunOptions<M> = {},
): Promise<Running<M>> => {
  const host = options.host ?? platform
  const counters = { packetsSent: 0, packetsReceived: 0, droppedForeign: 0, droppedUnaddressed: 0 }
  let remote = options.remote

  const transmit = (packet: Packet): void => {
    if (remote === undefined) {
      counters.droppedUnaddressed++
      packet.release()
      return
    }
    counters.packetsSent++
    socket.send(packet, remote.address, remote.port)
  }

  const socket: DatagramSocket = await host.openDatagram({
    address: options.address ?? '127.0.0.1',
    port: options.port ?? 0,
    ...(options.failed && { failed: options.failed }),
    receive: (datagram, address, port, now) => {
      remote ??= { address, port }
      if (address !== remote.address || port !== remote.port) {
        counters.droppedForeign++
        return
      }
      counters.packetsReceived++
      machine.receive(datagram, now)
      driver.touch()
    },
  })

  const machine = createOr(
    () => socket.close(),
    () => create(transmit, host),
  )
  const driver = drive(host, machine, event => options.event?.(event, running))
  const running: Running<M> = {
    machine,
    address: socket.address,
    port: socket.port,
    counters,
    input: act => {
      const result = act(machine, host.now())
      driver.touch()
      return result
    },
    close: () => {
      driver.stop()
      socket.close()
    },
  }
  return running
}
