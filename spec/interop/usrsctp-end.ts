/**
 * Associations of ours over UDP (RFC 6951) with the programs that come with usrsctp, and what both sides have said.
 *
 * The programs bind the port of UDP on every address, so that it cannot be left to the platform: one that was free a
 * moment ago is named.
 */

import { existsSync, readFileSync } from 'node:fs'
import type { Test } from 'tap'
import {
  host,
  type RunningSctp,
  type RunSctpOptions,
  runSctp,
  type SctpEventHandler,
  type SctpMachineOptions,
  type SctpOverUdp,
} from '../../lib/net/index.ts'
import { Association, type AssociationEvent, type AssociationOptions } from '../../lib/sctp/index.ts'
import { nodeCrypto } from '../providers.ts'
import { CannotStart } from './drivers/driver.ts'
import { Program } from './drivers/program.ts'
import { Waiting } from './waiting.ts'

/** Where Debian's libusrsctp-examples puts them. */
const FOLDER = '/usr/lib/usrsctp'

/** They tell of each packet in lines of this kind, of which nothing is wanted, and of the rest at once only to a terminal. */
const WITHOUT_NOISE = String.raw`exec stdbuf -oL "$0" "$@" > >(grep --line-buffered -a -v '^\[S\]') 2>&1`

/** Why the programs cannot run here. */
export const unable = (): string | undefined => {
  if (existsSync(`${FOLDER}/tsctp`)) return undefined
  return new CannotStart('usrsctp', 'its programs are not installed').message
}

/** A port of UDP that nobody has. */
const freePort = async (): Promise<number> => {
  const socket = await host.openDatagram({ address: '0.0.0.0', receive: () => {} })
  const { port } = socket
  socket.close()
  return port
}

/** Starts a program, which ends with the test. */
const start = (t: Test, program: string, ...args: readonly (string | number)[]): Program => {
  const running = new Program('/bin/bash', ['-c', WITHOUT_NOISE, `${FOLDER}/${program}`, ...args.map(String)])
  t.teardown(() => running.kill())
  return running
}

type Message = Extract<AssociationEvent, { type: 'message' }>

/** An association of ours, and what it has told. */
export class SctpEnd {
  /** The types of its events, but for messages. */
  readonly events: string[] = []
  readonly messages: Message[] = []
  /** In messages. */
  bytes = 0
  error: { readonly code: string; readonly causeCode?: number | undefined } | undefined
  running!: RunningSctp<Association>
  readonly #waiting = new Waiting()
  readonly #keep: boolean

  constructor(keep = true) {
    this.#keep = keep
  }

  readonly event: SctpEventHandler<Association> = event => {
    if (event.type === 'message') {
      this.bytes += event.data.length
      if (this.#keep) this.messages.push(event)
    } else {
      this.events.push(event.type)
      if (event.type === 'closed') this.error = event.error
    }
    this.#waiting.wake()
  }

  input<R>(act: (sctp: Association, now: number) => R): R {
    return this.running.input(act)
  }

  send(streamId: number, data: Uint8Array, options: Parameters<Association['send']>[3] = {}): void {
    this.input((sctp, now) => sctp.send(streamId, 51, data, options, now))
  }

  until(condition: () => boolean): Promise<void> {
    const say = () => {
      const { machine } = this.running
      return JSON.stringify([machine.state, this.events, this.messages.length, this.bytes, machine.counters])
    }
    return this.#waiting.until(condition, say)
  }

  /** Waits for an event of this type. */
  told(type: AssociationEvent['type'], times = 1): Promise<void> {
    return this.until(() => this.events.filter(each => each === type).length >= times)
  }
}

export interface UsrsctpOptions {
  readonly association?: Partial<AssociationOptions>
  readonly listen?: RunSctpOptions<Association>['listen']
}

/** Our socket, and the port that a program of theirs is to take. */
export class Usrsctp {
  readonly #t: Test
  readonly ours: SctpOverUdp<Association>
  readonly theirPort: number

  private constructor(t: Test, ours: SctpOverUdp<Association>, theirPort: number) {
    this.#t = t
    this.ours = ours
    this.theirPort = theirPort
  }

  static async open(t: Test, { association, listen }: UsrsctpOptions = {}): Promise<Usrsctp> {
    const create = (options: SctpMachineOptions) => new Association({ crypto: nodeCrypto, ...options, ...association })
    const ours = await runSctp<Association>(create, { ...(listen && { listen }) })
    t.teardown(() => ours.close())
    return new Usrsctp(t, ours, await freePort())
  }

  /** Their server, which has taken its port when this resolves. */
  async server(program: string): Promise<Program> {
    const { ours, theirPort } = this
    const isTsctp = program === 'tsctp'
    const ports = isTsctp ? ['-E', theirPort, '-U', ours.port, '-p', 5001] : [theirPort, ours.port]
    const running = start(this.#t, program, ...ports)
    // Whether a port is taken cannot be tried without taking it.
    const bound = `:${theirPort.toString(16).toUpperCase().padStart(4, '0')} `
    while (!readFileSync('/proc/net/udp', 'latin1').includes(bound)) {
      if (running.exitCode !== undefined) throw new Error(`${program} ended: ${running.output}`)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    return running
  }

  /** An association of ours with their server. */
  async connect(remotePort: number, { keep = true, localPort }: { keep?: boolean; localPort?: number } = {}) {
    const to = { address: '127.0.0.1', port: this.theirPort, remotePort, ...(localPort && { localPort }) }
    for (;;) {
      const end = new SctpEnd(keep)
      end.running = this.ours.connect(to, end.event)
      await end.until(() => end.events.length > 0)
      if (end.events[0] === 'established') return end
      // It has its port of UDP a moment before it listens.
      if (end.error?.code !== 'aborted') throw new Error(`no association: ${end.error?.code}`)
    }
  }

  /** Their client, to a server of ours. */
  client(remotePort: number, localPort = 0): Program {
    return start(this.#t, 'client', '127.0.0.1', remotePort, localPort, this.theirPort, this.ours.port)
  }

  /** Their client for measurements. */
  tsctp(remotePort: number, ...options: readonly (string | number)[]): Program {
    const ports = ['-E', this.theirPort, '-U', this.ours.port, '-p', remotePort]
    return start(this.#t, 'tsctp', ...ports, ...options, '127.0.0.1')
  }
}
