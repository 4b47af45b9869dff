/**
 * Answers for names on one link: announcement, answers, goodbye (RFC 6762, 6, 8.3 and 10.1).
 *
 * A link is one interface with one address family, which is one socket. Names are UUIDs, so that they are not probed for
 * before they are announced (draft-ietf-mmusic-mdns-ice-candidates-03, 3.1.1), and nobody else answers for them: answers
 * go out without a delay (RFC 6762, 6).
 *
 * A name has an address of one family. Whoever asks for the other is told so by an NSEC record beside the address
 * (RFC 6762, 6.1): Chromium asks for both, and without it waits three seconds although it has the address.
 */

import type { Machine } from '../machine/index.ts'
import { type AddressRecord, asksFor, encodeMessage, type MdnsMessage, type Question } from './message.ts'

/** Where mDNS is spoken: the port of both ends of every message that is not to or from a simple resolver. */
export const MDNS_PORT = 5353
/** Seconds for which a host's address may be remembered (RFC 6762, 10). */
const TTL = 120
/** The same for whoever asks from another port and so knows nothing of goodbyes (RFC 6762, 6.7). */
const LEGACY_TTL = 10
/** Milliseconds between two multicasts of one record (RFC 6762, 6), and between announcements (8.3). */
const MULTICAST_INTERVAL = 1000
/** Announcements: two, for one may be lost (RFC 6762, 8.3). */
const ANNOUNCEMENTS = 2
/**
 * Milliseconds until the first. A peer that begins to listen when it gets the candidate asks a moment after the name was
 * published; an announcement before that would keep it from an answer for a second. The draft allows the delay (3.1.2.1).
 */
const ANNOUNCEMENT_DELAY = 1000
/** Milliseconds after which an answer is multicast although unicast would do, to keep others' caches (RFC 6762, 5.4). */
const REFRESH = (TTL / 4) * 1000
/** Addresses in one message: it stays below 1,280 bytes with any address family. */
const MOST_RECORDS = 12

interface Published {
  readonly name: string
  readonly address: string
  /** Announcements that are still to come. */
  announcements: number
  /** When it is to be multicast; Infinity when it is not. */
  due: number
  /** When it was multicast last; -Infinity when it never was. */
  multicastAt: number
}

/**
 * Sends a message on the link: to the group, or by unicast to where a question came from. The bytes are the receiver's
 * to keep.
 */
export type MdnsTransmit = (message: Uint8Array, address?: string, port?: number) => void

/** What a responder counts. */
export interface ResponderCounters {
  /** Messages to the group. */
  multicasts: number
  /** Messages to one who asked. */
  unicasts: number
  /** Records that another host claims for one of our names, with another address. */
  conflicts: number
}

export class MdnsResponder implements Machine {
  readonly #transmit: MdnsTransmit
  readonly #published = new Map<string, Published>()
  /** Those whose `due` is set. */
  readonly #waiting = new Set<Published>()
  readonly counters: ResponderCounters = { multicasts: 0, unicasts: 0, conflicts: 0 }

  constructor(transmit: MdnsTransmit) {
    this.#transmit = transmit
  }

  /** How many names it answers for. */
  get size(): number {
    return this.#published.size
  }

  get deadline(): number {
    let deadline = Number.POSITIVE_INFINITY
    for (const { due } of this.#waiting) deadline = Math.min(deadline, due)
    return deadline
  }

  /**
   * Answers for a name from now on, and announces it in a second and in two; an answer to the group counts as one of
   * them. A name that is published already stays as it is.
   * @param name In lower case.
   * @param address In canonical text; of either family, whatever the link's.
   */
  publish(name: string, address: string, now: number): void {
    if (this.#published.has(name)) return
    const published: Published = {
      name,
      address,
      announcements: ANNOUNCEMENTS,
      due: now + ANNOUNCEMENT_DELAY,
      multicastAt: Number.NEGATIVE_INFINITY,
    }
    this.#published.set(name, published)
    this.#waiting.add(published)
  }

  /** Answers for the names no more, and has others forget them, at once: they may not have another chance. */
  withdraw(names: readonly string[]): void {
    const gone: Published[] = []
    for (const name of names) {
      const published = this.#published.get(name)
      if (published === undefined) continue
      this.#published.delete(name)
      this.#waiting.delete(published)
      if (published.multicastAt !== Number.NEGATIVE_INFINITY) gone.push(published)
    }
    this.#multicast(gone, 0)
  }

  /**
   * Does what a message asks for. `address` and `port` are where it came from.
   * @param shared Whether that is this host, where several programs have port 5353 and a unicast message reaches one.
   */
  receive(message: MdnsMessage, address: string, port: number, now: number, shared = false): void {
    if (message.response) {
      this.#watch(message.records)
      return
    }
    const legacy = port !== MDNS_PORT
    const direct: Published[] = []
    for (const question of message.questions) {
      const published = this.#published.get(question.name)
      if (published === undefined) continue
      const asked = asksFor(question.type, published.address)
      // Whoever asks from another port hears no multicast, and says nothing of what it knows (RFC 6762, 6.7).
      if (legacy) {
        if (asked) direct.push(published)
      } else if (asked && knows(message.records, published)) continue
      else if (!question.unicast || now - published.multicastAt >= REFRESH) this.#again(published, now)
      else {
        direct.push(published)
        // Perhaps to the wrong one of them: all others get it as soon as they may (RFC 6762, 15.1).
        if (shared) this.#again(published, now)
      }
    }
    if (direct.length > 0) this.#answer(message, direct, address, port, legacy)
    this.advance(now)
  }

  advance(now: number): void {
    if (this.#waiting.size === 0) return
    const due: Published[] = []
    for (const published of this.#waiting) {
      if (published.due > now) continue
      published.multicastAt = now
      if (published.announcements > 0) published.announcements--
      if (published.announcements > 0) {
        published.due = now + MULTICAST_INTERVAL
      } else {
        published.due = Number.POSITIVE_INFINITY
        this.#waiting.delete(published)
      }
      due.push(published)
    }
    this.#multicast(due, TTL)
  }

  /** Multicasts it at once, or when a second has gone since the last time. */
  #again(published: Published, now: number): void {
    published.due = Math.min(published.due, Math.max(now, published.multicastAt + MULTICAST_INTERVAL))
    this.#waiting.add(published)
  }

  #multicast(list: readonly Published[], ttl: number): void {
    for (let i = 0; i < list.length; i += MOST_RECORDS) {
      const records = list.slice(i, i + MOST_RECORDS).map(({ name, address }) => ({ name, address, ttl, flush: true }))
      this.counters.multicasts++
      // The id of a multicast message says nothing, and is 0 (RFC 6762, 18.1).
      const message = { id: 0, response: true, truncated: false, questions: [], records }
      this.#transmit(encodeMessage(message, ttl > 0 ? records : []))
    }
  }

  /** Answers by unicast, with the id of the query (RFC 6762, 18.1). */
  #answer(query: MdnsMessage, list: readonly Published[], address: string, port: number, legacy: boolean): void {
    const distinct = [...new Set(list)].slice(0, MOST_RECORDS)
    const records = distinct.map(({ name, address }) => ({
      name,
      address,
      ttl: legacy ? LEGACY_TTL : TTL,
      // A resolver that knows nothing of mDNS would see a class that does not exist (RFC 6762, 6.7).
      flush: !legacy,
    }))
    // It expects its question back, without our meaning of the top bit.
    const asked = (question: Question): boolean => distinct.some(({ name }) => name === question.name)
    const questions = legacy ? query.questions.filter(asked).map(question => ({ ...question, unicast: false })) : []
    this.counters.unicasts++
    const message = { id: query.id, response: true, truncated: false, questions, records }
    this.#transmit(encodeMessage(message, legacy ? [] : records), address, port)
  }

  /** Somebody else who answers for one of our names errs or lies; a UUID is not given up for that, only counted. */
  #watch(records: readonly AddressRecord[]): void {
    for (const { name, address, ttl } of records) {
      const published = this.#published.get(name)
      if (published !== undefined && published.address !== address && ttl > 0) this.counters.conflicts++
    }
  }
}

/** Whether whoever asks knows the answer for at least half of its time to come (RFC 6762, 7.1). */
const knows = (known: readonly AddressRecord[], { name, address }: Published): boolean =>
  known.some(record => record.name === name && record.address === address && record.ttl >= TTL / 2)
