/**
 * Asks for names, and remembers what was answered (RFC 6762, 5.2 and 10; draft-ietf-mmusic-mdns-ice-candidates-03, 3.2).
 *
 * One resolver serves all links of a host: a question goes out on each of them, an answer may come from any.
 */

import { EventQueue, type Machine } from '../machine/index.ts'
import { type AddressRecord, encodeMessage, isDestination, type MdnsMessage, recordType } from './message.ts'
import { isConcealingName } from './name.ts'
import { MDNS_PORT } from './responder.ts'

/** Milliseconds behind the first at which a question is asked again: at least a second, then doubling (RFC 6762, 5.2). */
const REPEATS = [1000, 3000, 7000] as const
/** Milliseconds after which nobody is expected to answer any more. */
const PATIENCE = 10_000
/** Names asked for at a time. Each may come from a peer, and costs messages on the link. */
export const MOST_QUERIES = 64
/** Milliseconds after which a name without an answer makes room for another: who is on the link answers within a few. */
const RESERVED = 1000
/** Names remembered; the one learnt first is forgotten first. */
const MOST_REMEMBERED = 256
/** Seconds for which an address is remembered at most, whatever it says: what RFC 6762, 10 recommends for a host's. */
const LONGEST_TTL = 120
/** Milliseconds for which an address is remembered after the goodbye for it (RFC 6762, 10.1). */
const GOODBYE = 1000

export interface ResolverEvent {
  readonly type: 'resolved'
  readonly name: string
  /** The address, or none: nobody answered in time, or there were more than one. */
  readonly addresses: readonly string[]
}

interface Query {
  readonly name: string
  readonly begun: number
  /** How often it was asked. */
  asked: number
  due: number
}

interface Remembered {
  /** One address, and until when it holds. */
  address: string
  until: number
  /** Until when another address of this name, which makes it good for nothing, holds. */
  otherUntil: number
}

/** What a resolver counts. */
export interface ResolverCounters {
  /** Questions sent, each on all links. */
  questions: number
  /** Names that were not asked for, because too many others were. */
  refusedQueries: number
  /** Names that had more than one address. */
  ambiguous: number
  /** Responses from another port than 5353 (RFC 6762, 6). */
  droppedWrongPort: number
}

const NONE: readonly string[] = []

export class MdnsResolver implements Machine {
  readonly #transmit: (message: Uint8Array) => void
  readonly #queries = new Map<string, Query>()
  /** In the order in which they were learnt. */
  readonly #remembered = new Map<string, Remembered>()
  readonly #events = new EventQueue<ResolverEvent>()
  readonly counters: ResolverCounters = { questions: 0, refusedQueries: 0, ambiguous: 0, droppedWrongPort: 0 }

  /** @param transmit Sends a message to the group on every link. The bytes are the receiver's to keep. */
  constructor(transmit: (message: Uint8Array) => void) {
    this.#transmit = transmit
  }

  /** How many names are asked for. */
  get asking(): number {
    return this.#queries.size
  }

  /** How many names are remembered. */
  get remembered(): number {
    return this.#remembered.size
  }

  get deadline(): number {
    let deadline = Number.POSITIVE_INFINITY
    for (const { due } of this.#queries.values()) deadline = Math.min(deadline, due)
    return deadline
  }

  /**
   * Asks for a name, in lower case. The answer comes as an event: at once when it is remembered, or when it is not asked for because of
   * its form or because 64 others are, all of the last second; after 10 s when nobody answers, or earlier when 64 others
   * have come. A name that is asked for already gives one event.
   */
  resolve(name: string, now: number): void {
    if (this.#queries.has(name)) return
    const known = isConcealingName(name) ? this.#recall(name, now) : NONE
    if (known !== undefined || !this.#makeRoom(now)) {
      if (known === undefined) this.counters.refusedQueries++
      this.#events.push({ type: 'resolved', name, addresses: known ?? NONE })
      return
    }
    const query: Query = { name, begun: now, asked: 0, due: now }
    this.#queries.set(name, query)
    this.#ask(query)
  }

  /** Takes a message that came to the group or to us. `port` is where it came from. */
  receive(message: MdnsMessage, port: number, now: number): void {
    if (!message.response) return
    if (port !== MDNS_PORT) {
      this.counters.droppedWrongPort++
      return
    }
    for (const record of message.records) this.#learn(record, now)
    // All of a message counts before an answer is told, so that a second address in it is seen.
    for (const { name } of message.records) {
      if (!this.#queries.has(name)) continue
      const addresses = this.#recall(name, now)
      if (addresses !== undefined) this.#end(name, addresses)
    }
  }

  advance(now: number): void {
    for (const query of this.#queries.values()) {
      if (query.due > now) continue
      if (now - query.begun >= PATIENCE) this.#end(query.name, NONE)
      else this.#ask(query)
    }
  }

  /** The oldest event, or undefined when there is none. */
  nextEvent(): ResolverEvent | undefined {
    return this.#events.next()
  }

  /** Gives up on all names: each is told as having none. Forgets what was answered. */
  close(): void {
    for (const name of [...this.#queries.keys()]) this.#end(name, NONE)
    this.#remembered.clear()
  }

  /** Whether there is room for one more name; the one asked for longest gives way, if it had its chance. */
  #makeRoom(now: number): boolean {
    if (this.#queries.size < MOST_QUERIES) return true
    const [oldest] = this.#queries.values()
    if (oldest === undefined || now - oldest.begun < RESERVED) return false
    this.#end(oldest.name, NONE)
    return true
  }

  #ask(query: Query): void {
    query.due = query.begun + (REPEATS[query.asked] ?? PATIENCE)
    query.asked++
    for (const type of [recordType.A, recordType.AAAA]) {
      // Two facts of Chromium (156), which most names come from, speak here: it drops a query with several questions, and
      // one whose top bit asks for unicast. The draft would like that bit set (3.2.1), to spare the others on the link; a
      // second is too much for it. And where programs share port 5353, a unicast answer reaches one (RFC 6762, 15.1).
      const questions = [{ name: query.name, type, unicast: false }]
      this.counters.questions++
      this.#transmit(encodeMessage({ id: 0, response: false, truncated: false, questions, records: [] }))
    }
  }

  #end(name: string, addresses: readonly string[]): void {
    if (this.#queries.delete(name)) this.#events.push({ type: 'resolved', name, addresses })
  }

  /**
   * Names that nobody asked for are kept as well, if they have the form: a peer's announcement mostly comes before its
   * candidate does, and then the name is known at once.
   */
  #learn({ name, address, ttl }: AddressRecord, now: number): void {
    if (!isDestination(address)) return
    const known = this.#remembered.get(name)
    if (ttl === 0) {
      if (known === undefined) return
      if (known.address === address) known.until = Math.min(known.until, now + GOODBYE)
      else known.otherUntil = Math.min(known.otherUntil, now + GOODBYE)
      return
    }
    const until = now + Math.min(ttl, LONGEST_TTL) * 1000
    if (known === undefined || (known.until <= now && known.otherUntil <= now)) {
      if (known === undefined && !isConcealingName(name)) return
      this.#remembered.delete(name)
      this.#remembered.set(name, { address, until, otherUntil: Number.NEGATIVE_INFINITY })
      this.#forget()
    } else if (known.address === address) {
      known.until = until
    } else {
      if (known.otherUntil <= now) this.counters.ambiguous++
      known.otherUntil = until
    }
  }

  /** What is remembered of a name: its address, or none when it has more than one; undefined when nothing is. */
  #recall(name: string, now: number): readonly string[] | undefined {
    const known = this.#remembered.get(name)
    if (known === undefined) return undefined
    // A name stands for one address. With a second one somebody lies, and who does cannot be told (draft, 3.2.2).
    if (known.otherUntil > now) return NONE
    if (known.until > now) return [known.address]
    this.#remembered.delete(name)
    return undefined
  }

  #forget(): void {
    for (const name of this.#remembered.keys()) {
      if (this.#remembered.size <= MOST_REMEMBERED) return
      this.#remembered.delete(name)
    }
  }
}
