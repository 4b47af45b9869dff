/**
 * A stack in another language: a program that speaks lines of JSON, with the W3C API made over it here, so that the
 * same agent drives it.
 *
 * To the program: `{ id, method, connection, ... }`, answered in order by `{ id, value }` or `{ id, error }`. The methods
 * are `create`, `createOffer { iceRestart }`, `createAnswer`, `setLocalDescription { description }` (its value is the
 * description as it is then), `setRemoteDescription { description }`, `addIceCandidate { candidate }`,
 * `createDataChannel { channel, label, init }`, `send { channel, text | base64 }`, `closeChannel { channel }`, `stats`,
 * `close`. From it, besides: `{ event, connection, ... }` with `candidate { candidate }`, `state { name, value }`,
 * `datachannel { channel, facts }`, and for a channel `open { facts }`, `message { text | base64 }`, `error { reason }`,
 * `close`. A channel is named by whoever made it, with a name that is unique in its connection.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { ChannelInit } from '../pair.ts'

type Fields = Readonly<Record<string, unknown>>

interface Line extends Fields {
  readonly id?: number
  readonly value?: unknown
  readonly error?: string
  readonly event?: string
  readonly connection?: string
  readonly channel?: string
  readonly facts?: Fields
  readonly text?: string
  readonly base64?: string
}

interface Description {
  readonly type: string
  readonly sdp: string
}

/** To the listeners, and to the handler that is set as an attribute. */
const dispatch = (target: EventTarget, type: string, fields: Fields = {}): void => {
  const event = Object.assign(new Event(type), fields)
  target.dispatchEvent(event)
  const handler = Reflect.get(target, `on${type}`)
  if (typeof handler === 'function') handler.call(target, event)
}

/** The program of one stack, and the connections in it. */
export class RemoteStack {
  /** Resolves when the program runs. */
  readonly started: Promise<unknown>
  readonly #child
  readonly #exited: Promise<void>
  readonly #pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  readonly #connections = new Map<string, RemotePeerConnection>()
  #over: Error | undefined
  #calls = 0

  constructor(name: string, command: string, args: readonly string[] = []) {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child = child
    this.started = once(child, 'spawn')
    // Whoever does not wait for it is told by the first call.
    this.started.catch(() => {})
    this.#exited = new Promise(resolve => {
      const end = (reason: string) => {
        this.#over ??= new Error(`the program of ${name} ended: ${reason}`)
        for (const { reject } of this.#pending.values()) reject(this.#over)
        this.#pending.clear()
        resolve()
      }
      child.once('error', error => end(error.message))
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`))
    })
    // What is written to a program that has ended is answered by its end.
    child.stdin.on('error', () => {})
    createInterface({ input: child.stdout }).on('line', line => this.#receive(JSON.parse(line)))
  }

  /** The constructor that the agent wants. */
  get RTCPeerConnection(): new () => RemotePeerConnection {
    const stack = this
    return class extends RemotePeerConnection {
      constructor() {
        super(stack)
      }
    }
  }

  add(connection: RemotePeerConnection): string {
    const id = `connection ${this.#connections.size}`
    this.#connections.set(id, connection)
    return id
  }

  call(method: string, fields: Fields): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) return reject(this.#over)
      const id = this.#calls++
      this.#pending.set(id, { resolve, reject })
      this.#child.stdin.write(`${JSON.stringify({ id, method, ...fields })}\n`)
    })
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #receive(line: Line): void {
    if (line.event !== undefined) {
      this.#connections.get(line.connection ?? '')?.receive(line.event, line)
      return
    }
    const caller = this.#pending.get(line.id ?? -1)
    this.#pending.delete(line.id ?? -1)
    if (line.error === undefined) caller?.resolve(line.value)
    else caller?.reject(new Error(line.error))
  }
}

/** A channel in the program, with what was last heard of it. */
class RemoteDataChannel extends EventTarget {
  readonly label: string = ''
  readyState = 'connecting'
  /** What the program has not taken over yet, in bytes. */
  bufferedAmount = 0
  readonly #call: RemoteStack['call']

  constructor(call: RemoteStack['call'], facts: Fields) {
    super()
    this.#call = call
    Object.assign(this, facts)
  }

  send(data: string | Uint8Array | ArrayBuffer): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data as ArrayBuffer)
    this.bufferedAmount += bytes.length
    const content = typeof data === 'string' ? { text: data } : { base64: bytes.toString('base64') }
    this.#call('send', content)
      .catch(error => dispatch(this, 'error', { error }))
      .finally(() => {
        this.bufferedAmount -= bytes.length
      })
  }

  close(): void {
    if (this.readyState !== 'closed') this.readyState = 'closing'
    this.#call('closeChannel', {}).catch(error => dispatch(this, 'error', { error }))
  }

  receive(event: string, { facts, text, base64 }: Line): void {
    if (event === 'open') Object.assign(this, facts, { readyState: 'open' })
    if (event === 'close') this.readyState = 'closed'
    dispatch(this, event, event === 'message' ? { data: text ?? Buffer.from(base64 ?? '', 'base64') } : {})
  }
}

/** A connection in the program, with what was last heard of it. */
class RemotePeerConnection extends EventTarget {
  connectionState = 'new'
  iceConnectionState = 'new'
  signalingState = 'stable'
  localDescription: Description | null = null
  remoteDescription: Description | null = null
  readonly #call: RemoteStack['call']
  readonly #channels = new Map<string, RemoteDataChannel>()

  constructor(stack: RemoteStack) {
    super()
    const connection = stack.add(this)
    this.#call = (method, fields) => stack.call(method, { connection, ...fields })
    // Its errors come out at the next call too.
    this.#call('create', {}).catch(() => {})
  }

  createOffer({ iceRestart = false } = {}): Promise<unknown> {
    return this.#call('createOffer', { iceRestart })
  }

  createAnswer(): Promise<unknown> {
    return this.#call('createAnswer', {})
  }

  async setLocalDescription(description: Description): Promise<void> {
    this.localDescription = (await this.#call('setLocalDescription', { description })) as Description
  }

  async setRemoteDescription(description: Description): Promise<void> {
    await this.#call('setRemoteDescription', { description })
    this.remoteDescription = description
  }

  async addIceCandidate(candidate: Fields): Promise<void> {
    await this.#call('addIceCandidate', { candidate })
  }

  async getStats(): Promise<Map<string, Fields>> {
    const stats = (await this.#call('stats', {})) as readonly (Fields & { readonly id: string })[]
    return new Map(stats.map(stat => [stat.id, stat]))
  }

  createDataChannel(label: string, init: ChannelInit = {}): RemoteDataChannel {
    const channel = `ours ${this.#channels.size}`
    const made = this.#adopt(channel, { label, ...init })
    this.#call('createDataChannel', { channel, label, init }).catch(error => dispatch(made, 'error', { error }))
    return made
  }

  close(): void {
    this.connectionState = this.iceConnectionState = this.signalingState = 'closed'
    for (const channel of this.#channels.values()) channel.readyState = 'closed'
    // A program that has ended has closed it.
    this.#call('close', {}).catch(() => {})
  }

  receive(event: string, line: Line): void {
    if (event === 'datachannel') {
      dispatch(this, event, { channel: this.#adopt(line.channel ?? '', line.facts ?? {}) })
    } else if (line.channel !== undefined) {
      this.#channels.get(line.channel)?.receive(event, line)
    } else if (event === 'candidate') {
      dispatch(this, 'icecandidate', { candidate: line.candidate })
    } else if (event === 'state') {
      const { name, value } = line as Line & { readonly name: string }
      Object.assign(this, { [`${name}State`]: value })
      dispatch(this, `${name.toLowerCase()}statechange`)
    }
  }

  #adopt(channel: string, facts: Fields): RemoteDataChannel {
    const made = new RemoteDataChannel((method, fields) => this.#call(method, { channel, ...fields }), facts)
    this.#channels.set(channel, made)
    return made
  }
}
