/**
 * One layer alone over a stream, TCP or TLS: connects, cuts what comes into the messages that the machine takes, sends
 * what it transmits, and keeps its deadlines. For a TURN client whose server is reached by a stream, with the framer of
 * `stun/`.
 */

import type { Packet } from '../bytes/index.ts'
import type { Host, StreamSocket, TlsOptions } from '../machine/index.ts'
import { host as platform } from './host.ts'
import { createOr, type DatagramMachine, drive, type EventOf } from './run.ts'

/** What cuts a stream into messages. */
export interface Framer {
  /** Gives each message that the bytes complete to `deliver`, borrowed. False when this is no such stream. */
  push(bytes: Uint8Array, deliver: (message: Uint8Array) => void): boolean
}

export interface RunStreamOptions<M extends DatagramMachine> {
  readonly remote: { readonly address: string; readonly port: number }
  readonly framer: Framer
  /** TLS on top, with the certificate verified. */
  readonly tls?: TlsOptions
  /** The address to connect from: the platform's choice by default. */
  readonly address?: string
  /** Milliseconds until the attempt to connect is given up with ETIMEDOUT. 10,000 by default. */
  readonly timeout?: number
  /** Takes the machine's events, in order; may put input into the machine, `close()` included. */
  readonly event?: (event: EventOf<M>, running: RunningStream<M>) => void
  /**
   * The stream is over: ended by the other side (undefined), by an error of the platform, or because what came was no
   * message (EBADMSG). The machine is not run any more. Not told after `close`.
   */
  readonly closed?: (code: string | undefined) => void
  /** The platform by default; a simulated host runs the same machine in virtual time. */
  readonly host?: Host
}

/** A machine that is running over a stream. */
export interface RunningStream<M> {
  readonly machine: M
  readonly address: string
  readonly port: number
  readonly counters: {
    packetsSent: number
    /** Messages, not segments. */
    messagesReceived: number
  }
  /** Puts input into the machine, and then does what it asks for. */
  input<R>(act: (machine: M, now: number) => R): R
  /** Stops, and ends the stream behind what was sent. */
  close(): void
}

/**
 * Connects, and runs the machine that `create` makes around the given `transmit`.
 *
 * @throws (rejects) as `Host.openStream` does, by `code`; and what `create` throws.
 */
export const runStream = async <M extends DatagramMachine>(
  create: (transmit: (packet: Packet) => void, host: Host) => M,
  options: RunStreamOptions<M>,
): Promise<RunningStream<M>> => {
  const { host = platform, remote, framer, tls, address, timeout } = options
  const counters = { packetsSent: 0, messagesReceived: 0 }

  const over = (code: string | undefined): void => {
    driver.stop()
    options.closed?.(code)
  }

  const socket: StreamSocket = await host.openStream({
    remoteAddress: remote.address,
    remotePort: remote.port,
    ...(tls && { tls }),
    ...(address !== undefined && { address }),
    ...(timeout !== undefined && { timeout }),
    receive: (bytes, now) => {
      const isStream = framer.push(bytes, message => {
        counters.messagesReceived++
        machine.receive(message, now)
      })
      driver.touch()
      if (isStream || stopped) return
      running.close()
      over('EBADMSG')
    },
    closed: over,
  })

  let stopped = false
  const transmit = (packet: Packet): void => {
    counters.packetsSent++
    socket.send(packet)
  }
  const machine = createOr(
    () => socket.close(),
    () => create(transmit, host),
  )
  const driver = drive(host, machine, event => options.event?.(event, running))
  const running: RunningStream<M> = {
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
      stopped = true
      driver.stop()
      socket.close()
    },
  }
  return running
}
