/** Two DTLS connections wired to each other in virtual time, over a path that a spec can disturb. */

import { Packet } from '../../lib/bytes/index.ts'
import {
  type Certificate,
  type CryptoProvider,
  createSelfSignedCertificate,
  fingerprint,
  type KeyType,
} from '../../lib/crypto/index.ts'
import { DtlsConnection, type DtlsEvent, type DtlsOptions, type DtlsRole } from '../../lib/dtls/index.ts'
import type { DtlsVersion } from '../../lib/dtls/options.ts'
import { nodeCrypto } from '../providers.ts'

const YEAR_2026 = Date.UTC(2026, 0, 1)
const made = new Map<string, Promise<Certificate>>()

/** A certificate with a key of that type: one a name, made once, because RSA keys take their time. */
export const certificate = (type: KeyType, name = 'a', crypto: CryptoProvider = nodeCrypto): Promise<Certificate> => {
  const id = `${crypto.name} ${type} ${name}`
  const known = made.get(id)
  if (known !== undefined) return known
  const made1 = (async () => {
    // The portable provider would search for primes for seconds; the key is the same, whoever found it.
    const key = await nodeCrypto.generateKey(type)
    const own = crypto.importPrivateKey(key.pkcs8)
    if (own === undefined) throw new Error(`no ${type} key`)
    return createSelfSignedCertificate(crypto, own, { notBefore: YEAR_2026, notAfter: YEAR_2026 + 3e10 })
  })()
  made.set(id, made1)
  return made1
}

export const sha256Of = (certificate: Certificate) => ({
  algorithm: 'sha-256',
  value: fingerprint(nodeCrypto, 'sha-256', certificate.der),
})

/** What becomes of a datagram: the datagrams to deliver in its place, each after a delay in milliseconds. */
export type Path = (
  datagram: Uint8Array,
  from: DtlsRole,
  index: number,
) => readonly { bytes: Uint8Array; delay: number }[]

export const DELAY = 10
export const clear: Path = bytes => [{ bytes, delay: DELAY }]

export interface PairOptions {
  readonly client: Certificate
  readonly server: Certificate
  readonly clientOptions?: Partial<DtlsOptions>
  readonly serverOptions?: Partial<DtlsOptions>
  readonly path?: Path
  /** What both sides speak, unless their options say otherwise: DTLS 1.2 by default. */
  readonly version?: DtlsVersion
}

export class End {
  readonly events: DtlsEvent[] = []
  readonly received: Uint8Array[] = []
  readonly sent: Uint8Array[] = []
  readonly dtls: DtlsConnection

  constructor(
    options: Omit<DtlsOptions, 'transmit' | 'deliver'> & Partial<DtlsOptions>,
    transmit: (b: Uint8Array) => void,
  ) {
    this.dtls = new DtlsConnection({
      transmit: packet => {
        const bytes = packet.view().slice()
        packet.release()
        this.sent.push(bytes)
        transmit(bytes)
      },
      deliver: data => this.received.push(data.slice()),
      ...options,
    })
  }

  get texts(): string[] {
    return this.received.map(bytes => String.fromCharCode(...bytes))
  }

  get error() {
    for (const event of this.events) if (event.type === 'failed') return event.error
    return undefined
  }

  send(text: string, now: number): boolean {
    return this.dtls.send(Packet.copy(Uint8Array.from(text, c => c.charCodeAt(0))), now)
  }

  drain(): void {
    for (let event = this.dtls.nextEvent(); event !== undefined; event = this.dtls.nextEvent()) this.events.push(event)
  }
}

interface Arrival {
  readonly at: number
  readonly order: number
  readonly to: DtlsRole
  readonly bytes: Uint8Array
}

export class Pair {
  now = 0
  readonly client: End
  readonly server: End
  path: Path
  #arrivals: Arrival[] = []
  #order = 0
  readonly #counts = { client: 0, server: 0 }

  constructor(options: PairOptions) {
    const { version = '1.2' } = options
    this.path = options.path ?? clear
    const end = (role: DtlsRole, own: Certificate, peer: Certificate, more: Partial<DtlsOptions> | undefined): End =>
      new End(
        { crypto: nodeCrypto, role, certificate: own, fingerprints: [sha256Of(peer)], versions: [version], ...more },
        bytes => this.#carry(bytes, role),
      )
    this.client = end('client', options.client, options.server, options.clientOptions)
    this.server = end('server', options.server, options.client, options.serverOptions)
  }

  get ends(): readonly [End, End] {
    return [this.client, this.server]
  }

  get connected(): boolean {
    return this.client.dtls.state === 'connected' && this.server.dtls.state === 'connected'
  }

  #carry(bytes: Uint8Array, from: DtlsRole): void {
    const to = from === 'client' ? 'server' : 'client'
    for (const copy of this.path(bytes, from, this.#counts[from]++)) this.inject(copy.bytes, to, copy.delay)
  }

  /** Puts a datagram on its way that nobody sent. */
  inject(bytes: Uint8Array, to: DtlsRole, delay = DELAY): void {
    this.#arrivals.push({ at: this.now + delay, order: this.#order++, to, bytes: bytes.slice() })
  }

  start(): void {
    this.server.dtls.start(this.now)
    this.client.dtls.start(this.now)
  }

  /** Runs in virtual time until nothing is pending, `until` says so, or `limit` milliseconds have passed. */
  run(until: () => boolean = () => false, limit = 1e9): void {
    const end = this.now + limit
    for (let step = 0; step < 100_000 && !until(); step++) {
      for (const { drain } of this.ends.map(e => ({ drain: () => e.drain() }))) drain()
      const next = this.#next()
      const timers = Math.min(this.client.dtls.deadline, this.server.dtls.deadline)
      const at = Math.min(next?.at ?? Number.POSITIVE_INFINITY, timers)
      if (at === Number.POSITIVE_INFINITY || at > end) return
      this.now = Math.max(this.now, at)
      if (next !== undefined && next.at <= timers) {
        this.#arrivals.splice(this.#arrivals.indexOf(next), 1)
        this[next.to].dtls.receive(next.bytes, this.now)
      } else {
        for (const { dtls } of this.ends) if (dtls.deadline <= this.now) dtls.advance(this.now)
      }
    }
    for (const e of this.ends) e.drain()
  }

  #next(): Arrival | undefined {
    let first: Arrival | undefined
    for (const arrival of this.#arrivals) {
      if (first === undefined || arrival.at < first.at || (arrival.at === first.at && arrival.order < first.order)) {
        first = arrival
      }
    }
    return first
  }
}

/** A pair that has shaken hands over a clear path. */
export const connectedPair = (options: PairOptions): Pair => {
  const pair = new Pair(options)
  pair.start()
  pair.run(() => pair.connected)
  pair.run(() => false, 100)
  if (!pair.connected) throw new Error(`not connected: ${pair.client.error ?? pair.server.error ?? 'no error'}`)
  return pair
}
