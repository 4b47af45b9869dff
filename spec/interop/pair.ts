/** Two ends of one connection, each driven through its agent, with their signals carried between them in order. */

import type { Driver } from './drivers/driver.ts'

export interface MessageSpec {
  readonly kind: 'text' | 'binary'
  /** In bytes: of UTF-8, for text. */
  readonly size: number
  readonly seed: number
}

export interface MessageDigest {
  readonly kind: 'text' | 'binary'
  readonly size: number
  readonly sha256: string
}

export interface ChannelInit {
  readonly ordered?: boolean
  readonly maxRetransmits?: number
  readonly maxPacketLifeTime?: number
  readonly protocol?: string
  readonly negotiated?: boolean
  readonly id?: number
  readonly priority?: 'very-low' | 'low' | 'medium' | 'high'
}

/** What came or went in bulk. The hash is over every message, in their order. */
export interface BulkDigest {
  readonly bytes: number
  readonly messages: number
  readonly sha256: string
}

export interface ChannelReport extends ChannelInit {
  readonly label: string
  readonly readyState: string
  readonly events: readonly string[]
}

export interface ConnectionReport {
  readonly connection: string
  readonly iceConnection: string
  readonly signaling: string
  readonly sctp: string | null
  readonly dtls: string | null
  readonly ice: string | null
  readonly maxMessageSize: number | null
  readonly states: readonly string[]
}

/** The ICE user-name fragments of the descriptions in force. */
export interface Fragments {
  readonly local: string
  readonly remote: string
}

interface Signal {
  readonly description?: { readonly type: string; readonly sdp: string }
  readonly connection: string
  readonly error?: string
}

type Listener = (signal: Signal) => void

/** Takes the signals of a driver's agent for as long as it lives, and hands each to its connection. */
export class SignalSource {
  readonly #listeners = new Map<string, Listener>()

  constructor(driver: Driver) {
    void this.#run(driver)
  }

  async #run(driver: Driver): Promise<void> {
    try {
      for (;;)
        for (const signal of (await driver.call('next')) as Signal[]) this.#listeners.get(signal.connection)?.(signal)
    } catch {
      // The stack or its page is closed: no more signals.
    }
  }

  on(connection: string, listener: Listener): void {
    this.#listeners.set(connection, listener)
  }
}

/** One end: the agent's methods for one connection, with their types. */
export class End {
  constructor(
    readonly driver: Driver,
    readonly id: string,
  ) {}

  #call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    return this.driver.call(method, this.id, ...args) as Promise<T>
  }

  create = (configuration: object = {}) => this.#call<void>('create', configuration)
  offer = (options: { readonly iceRestart?: boolean } = {}) => this.#call<void>('offer', options)
  signal = (signal: Signal) => this.#call<void>('signal', signal)
  close = () => this.#call<void>('close')
  report = () => this.#call<ConnectionReport>('report')
  stats = () => this.#call<Record<string, unknown>[]>('stats')
  connectionState = (...states: readonly string[]) => this.#call<string>('connectionState', ...states)
  transportsClosed = (dtls: boolean) => this.#call<void>('transportsClosed', dtls)
  fragments = () => this.#call<Fragments>('fragments')
  changedFragments = (before: Fragments) => this.#call<Fragments>('changedFragments', before)
  selectedFragment = (fragment: string) => this.#call<void>('selectedFragment', fragment)
  openChannel = (label: string, init: ChannelInit = {}) => this.#call<void>('openChannel', label, init)
  channel = (label: string, state = 'open') => this.#call<ChannelReport>('channel', label, state)
  closeChannel = (label: string) => this.#call<void>('closeChannel', label)
  echo = (label: string) => this.#call<void>('echo', label)
  send = (label: string, messages: readonly MessageSpec[]) => this.#call<MessageDigest[]>('send', label, messages)
  received = (label: string, count: number) => this.#call<MessageDigest[]>('received', label, count)
  sendTogether = (messages: readonly (MessageSpec & { readonly label: string })[]) =>
    this.#call<void>('sendTogether', messages)
  arrivals = () => this.#call<string[]>('arrivals')
  datagramSize = (least: number) => this.#call<void>('datagramSize', least)
  flow = (label: string, size: number) => this.#call<void>('flow', label, size)
  sink = (label: string) => this.#call<void>('sink', label)
  sunk = (label: string, bytes: number) => this.#call<BulkDigest>('sunk', label, bytes)
  bulk = (label: string, bytes: number, size: number) => this.#call<BulkDigest>('bulk', label, bytes, size)
  oblige = () => this.#call<void>('oblige')
  reopen = (times: number) => this.#call<number[]>('reopen', times)
  stopFlow = (label: string) => this.#call<MessageDigest[]>('stopFlow', label)
}

export class Pair {
  /** What went wrong in the signalling, on either side. */
  readonly errors: string[] = []
  #closing = false

  constructor(
    readonly ours: End,
    readonly peer: End,
    readonly offerer: End,
    /** The DTLS role that offers are made to name, on their way. */
    readonly offeredSetup?: 'active' | 'passive',
  ) {}

  get answerer(): End {
    return this.offerer === this.ours ? this.peer : this.ours
  }

  /** Carries the signals of `from` to `to`, one after another. */
  carry(source: SignalSource, from: End, to: End): void {
    let carried = Promise.resolve()
    source.on(from.id, signal => {
      if (signal.error !== undefined) {
        this.errors.push(`${from.driver.name}: ${signal.error}`)
        return
      }
      carried = carried
        .then(() => to.signal(this.#changed(signal)))
        .catch(error => {
          if (!this.#closing) this.errors.push(`${to.driver.name}: ${error} at ${JSON.stringify(signal)}`)
        })
    })
  }

  #changed(signal: Signal): Signal {
    const { description } = signal
    if (this.offeredSetup === undefined || description?.type !== 'offer') return signal
    const sdp = description.sdp.replaceAll('a=setup:actpass', `a=setup:${this.offeredSetup}`)
    return { ...signal, description: { ...description, sdp } }
  }

  /** Offers, with the first channel already made, and waits until that is open on both sides. */
  async connect(label = 'first', init: ChannelInit = {}): Promise<void> {
    await this.offerer.openChannel(label, init)
    if (init.negotiated) await this.answerer.openChannel(label, init)
    await this.offerer.offer()
    await Promise.all([this.offerer.channel(label), this.answerer.channel(label)])
  }

  /** Closes one end; what the signalling still carries to it is refused there, and no error any more. */
  async closeEnd(end: End): Promise<void> {
    this.#closing = true
    await end.close()
  }

  async close(): Promise<void> {
    await Promise.all([this.closeEnd(this.ours), this.closeEnd(this.peer)])
  }
}
