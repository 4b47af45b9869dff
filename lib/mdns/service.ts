/**
 * Names in place of addresses, for a whole host: published for our candidates, resolved for a peer's
 * (draft-ietf-mmusic-mdns-ice-candidates-03).
 *
 * It opens sockets when there is something to publish or to ask, and closes them when there has been nothing for a while.
 */

import { Driver, type Host, type Random } from '../machine/index.ts'
import { MdnsLinks, type MdnsSink } from './links.ts'
import { canonicalAddress } from './message.ts'
import { canonicalName, concealingName, isConcealingName } from './name.ts'
import { MdnsResolver, MOST_QUERIES } from './resolver.ts'

/** Milliseconds without anything published or asked after which sockets are closed: candidates come in a trickle. */
const LINGER = 1000

const NONE: readonly string[] = []

export interface MdnsOptions {
  /** Milliseconds for which sockets stay open with nothing published and nothing asked. 1,000 by default. */
  readonly linger?: number
}

/** A caller's mistake. */
export class MdnsError extends Error {
  override readonly name = 'MdnsError'

  constructor(
    /** `closed`: the service is closed. */
    readonly code: 'closed',
    message: string,
  ) {
    super(message)
  }
}

interface Asked {
  readonly answer: Promise<readonly string[]>
  readonly settle: (addresses: readonly string[]) => void
}

export class MdnsService {
  readonly #host: Host
  readonly #random: Random
  readonly #linger: number
  readonly #links: MdnsLinks
  readonly #resolver: MdnsResolver
  readonly #driver: Driver
  /** By name; those included that wait for the links to open. */
  readonly #asked = new Map<string, Asked>()
  /** When there is nothing left to do, and the sockets are closed; Infinity while there is, or they are closed. */
  #idleAt = Number.POSITIVE_INFINITY
  #closed = false

  /** @param random Where names come from: they must not be guessed. */
  constructor(host: Host, random: Random = host.random, options: MdnsOptions = {}) {
    this.#host = host
    this.#random = random
    this.#linger = options.linger ?? LINGER
    this.#resolver = new MdnsResolver(message => this.#links.send(message))
    const receive: MdnsSink = (message, port, now) => {
      this.#resolver.receive(message, port, now)
      this.#driver.touch()
    }
    this.#links = new MdnsLinks(host, receive, () => this.#driver.touch())
    const deadline = (): number => Math.min(this.#resolver.deadline, this.#links.deadline, this.#idleAt)
    const machine = {
      get deadline() {
        return deadline()
      },
      advance: (now: number) => this.#advance(now),
    }
    this.#driver = new Driver(host, machine, () => this.#drain())
  }

  /** What happened so far: of the sockets and of the questions. */
  get counters(): Readonly<MdnsLinks['counters'] & MdnsResolver['counters']> {
    return { ...this.#links.counters, ...this.#resolver.counters }
  }

  /** How many sockets are open. */
  get openSockets(): number {
    return this.#links.open
  }

  /**
   * Publishes a fresh name for an address of this host, and returns it: a version 4 UUID and `.local`. It is announced
   * and answered for on the link of the address's interface, with this address only, until `withdraw` or `close`. Where
   * mDNS cannot be spoken there is a name all the same, which nobody resolves (draft, 3.1.1).
   *
   * Rejects with a TypeError when `address` is not an IP address in text, with an MdnsError when the service is closed.
   */
  async publish(address: string): Promise<string> {
    const canonical = canonicalAddress(address)
    if (canonical === undefined) throw new TypeError(`not an IP address: ${address}`)
    if (this.#closed) throw new MdnsError('closed', 'the mDNS service is closed')
    const name = concealingName(this.#random)
    this.#links.publish(name, canonical)
    this.#rest()
    await this.#links.follow()
    if (!this.#closed) this.#driver.touch()
    return name
  }

  /**
   * The address that a peer's name stands for, or none: when the name is not a UUID and `.local`, when nobody answers
   * within 10 s, when there are several addresses, when 64 other names have been asked for since, or within the second
   * before, when the service is closed. Never rejects. A name is asked for once, however often it is resolved at the same
   * time, and remembered for its time to live. Does not keep a process alive.
   */
  async resolve(name: string): Promise<readonly string[]> {
    const wanted = canonicalName(name)
    if (this.#closed || !isConcealingName(wanted)) return NONE
    const own = this.#links.published.get(wanted)
    if (own !== undefined) return [own]
    const asked = this.#asked.get(wanted)
    if (asked !== undefined) return asked.answer
    // Those that wait for sockets to open; the resolver bounds the others.
    if (this.#asked.size - this.#resolver.asking >= MOST_QUERIES) {
      this.#resolver.counters.refusedQueries++
      return NONE
    }
    return this.#ask(wanted)
  }

  /** Answers for a name no more, and tells those who may remember it. Does nothing when it is not published. */
  withdraw(name: string): void {
    if (this.#closed) return
    this.#links.withdraw([canonicalName(name)])
    this.#rest()
    this.#driver.touch()
  }

  /** Withdraws all names, resolves what is asked to none, and closes the sockets. Calling it again does nothing. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#driver.stop()
    this.#resolver.close()
    this.#drain()
    for (const { settle } of this.#asked.values()) settle(NONE)
    this.#asked.clear()
    this.#links.withdraw([...this.#links.published.keys()])
    this.#links.close()
  }

  async #ask(name: string): Promise<readonly string[]> {
    let settle: Asked['settle'] = () => {}
    const answer = new Promise<readonly string[]>(resolve => {
      settle = resolve
    })
    this.#asked.set(name, { answer, settle })
    this.#rest()
    await this.#links.follow()
    if (this.#closed) return answer
    if (this.#links.open === 0) this.#settle(name, NONE)
    else this.#resolver.resolve(name, this.#host.now())
    this.#driver.touch()
    return answer
  }

  #advance(now: number): void {
    this.#resolver.advance(now)
    this.#links.advance(now)
    if (now < this.#idleAt) return
    this.#idleAt = Number.POSITIVE_INFINITY
    this.#links.close()
  }

  #drain(): void {
    for (let event = this.#resolver.nextEvent(); event !== undefined; event = this.#resolver.nextEvent()) {
      this.#settle(event.name, event.addresses)
    }
  }

  #settle(name: string, addresses: readonly string[]): void {
    const asked = this.#asked.get(name)
    this.#asked.delete(name)
    asked?.settle(addresses)
    this.#rest()
  }

  /** Sets when the sockets are to be closed, by whether there is anything that needs them. */
  #rest(): void {
    const idle = this.#links.published.size === 0 && this.#asked.size === 0
    if (!idle) this.#idleAt = Number.POSITIVE_INFINITY
    else if (this.#idleAt === Number.POSITIVE_INFINITY) this.#idleAt = this.#host.now() + this.#linger
  }
}
