/** A peer made by hand: checks as a spec wants them, right or wrong, and a look at what comes back. */

import { type Packet, utf8 } from '../../lib/bytes/index.ts'
import { IceAgent, type IceAgentOptions, type IceRole } from '../../lib/ice/index.ts'
import {
  Attribute,
  decodeStun,
  encodeStun,
  iceControlled,
  iceControlling,
  Method,
  priority,
  readErrorCode,
  type StunAttribute,
  type StunMessage,
  useCandidate,
  username,
  xorAddress,
} from '../../lib/stun/index.ts'
import { nodeCrypto, seededCrypto } from '../providers.ts'
import { advance } from './advance.ts'

export const LOCAL = { usernameFragment: 'ours', password: 'ourpasswordourpassword' }
export const REMOTE = { usernameFragment: 'them', password: 'theirpasswordtheirpass' }
export const PEER = { address: '192.0.2.2', port: 1002 }
export const SOCKET = { socket: 7, address: '192.0.2.1', port: 1001 }

export interface CheckOptions {
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly role?: IceRole
  readonly tieBreaker?: bigint
  readonly useCandidate?: boolean
  readonly fingerprint?: boolean
  readonly priority?: number | undefined
  readonly more?: readonly StunAttribute[]
  readonly id?: Uint8Array
}

let serial = 0

/** A check of the peer's; members that are given as undefined are left out of it. */
export const encodeCheck = (options: CheckOptions = {}): Uint8Array => {
  const name = 'username' in options ? options.username : `${LOCAL.usernameFragment}:${REMOTE.usernameFragment}`
  const password = 'password' in options ? options.password : LOCAL.password
  const value = 'priority' in options ? options.priority : 0x6e7f00ff
  const { role = 'controlling', tieBreaker = 1n, more = [] } = options
  serial++
  return encodeStun({
    kind: 'request',
    method: Method.binding,
    transactionId: options.id ?? Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, serial >> 8, serial),
    attributes: [
      ...(name === undefined ? [] : [username(name)]),
      role === 'controlling' ? iceControlling(tieBreaker) : iceControlled(tieBreaker),
      ...(value === undefined ? [] : [priority(value)]),
      ...(options.useCandidate ? [useCandidate()] : []),
      ...more,
    ],
    fingerprint: options.fingerprint ?? true,
    ...(password !== undefined && { integrity: nodeCrypto.createMac('sha-1', utf8(password)) }),
  })
}

/** What the peer answers to a check. */
export const encodeAnswer = (
  request: Pick<StunMessage, 'transactionId'>,
  options: {
    password?: string
    mapped?: { address: string; port: number }
    error?: StunAttribute
  } = {},
): Uint8Array => {
  const { transactionId } = request
  const { password = REMOTE.password, mapped = SOCKET, error } = options
  return encodeStun({
    kind: error ? 'error' : 'success',
    method: Method.binding,
    transactionId,
    attributes: [error ?? xorAddress(Attribute.xorMappedAddress, mapped, transactionId)],
    integrity: nodeCrypto.createMac('sha-1', utf8(password)),
    fingerprint: true,
  })
}

export interface Sent {
  readonly message: StunMessage
  readonly bytes: Uint8Array
  readonly socket: number
  readonly address: string
  readonly port: number
}

/** An agent with one socket whose peer is the spec itself. */
export class Alone {
  readonly agent: IceAgent
  now = 0
  /** STUN messages that the agent has sent. */
  readonly sent: Sent[] = []
  /** Packets other than STUN. */
  readonly data: Uint8Array[] = []
  readonly events: unknown[] = []

  constructor(role: IceRole, options: Partial<IceAgentOptions> = {}) {
    this.agent = new IceAgent({
      crypto: seededCrypto(1),
      role,
      parameters: LOCAL,
      ...options,
      transmit: (packet: Packet, socket, address, port) => {
        const bytes = packet.view().slice()
        packet.release()
        const message = decodeStun(bytes)
        if (message === undefined) this.data.push(bytes)
        else this.sent.push({ message, bytes, socket, address, port })
      },
    })
    this.agent.addHostCandidate(SOCKET, 0)
  }

  /** Gives it the peer's credentials and one candidate. */
  meet(candidate: 'host' | 'none' = 'host'): this {
    this.agent.setRemoteParameters(REMOTE, this.now)
    if (candidate === 'host')
      this.agent.addRemoteCandidate(
        { foundation: '1', component: 1, protocol: 'udp', priority: 0x7e7fffff, type: 'host', ...PEER },
        this.now,
      )
    this.agent.advance(this.now)
    return this
  }

  receive(bytes: Uint8Array, from: { address: string; port: number } = PEER, socket = SOCKET.socket): void {
    this.agent.receive(bytes.slice(), socket, from.address, from.port, this.now)
  }

  admits(from: { address: string; port: number } = PEER, socket = SOCKET.socket): boolean {
    return this.agent.admit(socket, from.address, from.port, 100, this.now)
  }

  /** Lets time pass, with nobody answering. */
  pass(milliseconds: number): void {
    const end = this.now + milliseconds
    for (let step = 0; this.agent.deadline <= end; step++) {
      if (step > 100_000) throw new Error('the agent does not come to rest')
      this.now = Math.max(this.now, this.agent.deadline)
      advance(this.agent, this.now)
    }
    this.now = end
  }

  /** Takes the messages sent so far away. */
  take(): Sent[] {
    return this.sent.splice(0)
  }

  /** Takes the requests sent so far away, and answers the last of them. */
  answerLast(options: Parameters<typeof encodeAnswer>[1] & { from?: { address: string; port: number } } = {}): Sent {
    const last = this.take().findLast(({ message }) => message.kind === 'request')
    if (last === undefined) throw new Error('no request was sent')
    this.receive(encodeAnswer(last.message, options), options.from ?? { address: last.address, port: last.port })
    return last
  }

  /** The codes of the errors among what was sent, and 200 for each success. */
  takeCodes(): number[] {
    return this.take().flatMap(({ message }) => {
      if (message.kind === 'success') return [200]
      const error = message.find(Attribute.errorCode)
      return message.kind === 'error' && error ? [readErrorCode(error)!.code] : []
    })
  }

  /** Brings it to a valid pair by its own check. */
  connect(): this {
    this.meet()
    this.answerLast()
    return this
  }

  states(): string[] {
    const states: string[] = []
    for (let event = this.agent.nextEvent(); event; event = this.agent.nextEvent())
      if (event.type === 'state') states.push(event.state)
    return states
  }
}
