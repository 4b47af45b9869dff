/**
 * What the transports of a negotiation are called. A transport has the mid of the m-section that carried it first, and keeps that
 * name for as long as any m-section uses it: when the tagged m-section of a BUNDLE group is rejected, its transport goes on, and
 * another m-section carries it (RFC 9143, 7.5; RFC 9429, 5.11), if the peer sees it so. Browsers do not: they begin another
 * transport, with the same credentials. Who goes on shows candidates of the transport that goes on.
 */

import type { Description } from './description.ts'

/** Whether the peer goes on with a transport under another tag, as its description shows it. */
export type Continues = (name: string, tag: string, remote: Description) => boolean

export class TransportNames {
  readonly #continues: Continues
  /** By mid, of the descriptions in force. */
  #settled: ReadonlyMap<string, string> = new Map()
  /** The names that are in use in them. */
  #standing: ReadonlySet<string> = new Set()
  /** Of our offer that is pending: which m-sections have transports of their own, only we know. */
  #proposed: ReadonlyMap<string, string> = new Map()
  /** Of a provisional answer. */
  #provisional: ReadonlyMap<string, string> | undefined

  constructor(continues: Continues) {
    this.#continues = continues
  }

  /** The transport of an m-section that an answer has taken; undefined where none has. */
  of(mid: string): string | undefined {
    return this.#provisional?.get(mid) ?? this.#settled.get(mid)
  }

  /** Whether the name belongs to a transport that stands. */
  has(name: string): boolean {
    return this.#standing.has(name)
  }

  /** Our offer is applied, in which m-sections use these transports, by mid. */
  propose(names: ReadonlyMap<string, string>): void {
    this.#proposed = names
  }

  /**
   * The transport that an m-section will use if what an offer proposes is agreed on.
   * @param inForce What `offer` follows, of the same side.
   */
  offered(mid: string, offer: Description, inForce: Description | undefined): string {
    const known = this.of(mid) ?? this.#proposedIn(offer, mid)
    if (known !== undefined) return known
    const index = offer.indexOf(mid)
    if (index === undefined) return mid
    const tag = offer.tagOf(mid)
    if (tag === mid) return this.carried(mid, offer, inForce)
    const shares = offer.bundleOnly(index) || sharesTransport(offer, index, tag)
    return shares ? this.offered(tag, offer, inForce) : this.#unused(mid)
  }

  /** The transport that an m-section carries, if an answer to `offer` has it do so. */
  carried(mid: string, offer: Description, inForce: Description | undefined): string {
    return this.#carried(mid, offer, inForce, offer)
  }

  /** @param remote What the peer says of it. */
  #carried(mid: string, offer: Description, inForce: Description | undefined, remote: Description): string {
    const standing = this.of(mid) ?? this.#continued(mid, offer, inForce)
    if (standing !== undefined && (remote.side === 'local' || this.#continues(standing, mid, remote))) return standing
    const proposed = standing === undefined ? this.#proposedIn(offer, mid) : undefined
    return proposed ?? this.#unused(mid)
  }

  /** An answer to `offer` holds. `inForce` is what the offer follows, of the same side. */
  answered(answer: Description, offer: Description, inForce: Description | undefined): void {
    this.#provisional = undefined
    const names = new Map<string, string>()
    const given = new Set<string>()
    answer.mids.forEach((mid, index) => {
      if (answer.rejected(index)) return
      const tag = answer.tagOf(mid)
      let name = names.get(tag)
      if (name === undefined) {
        name = this.#carried(tag, offer, inForce, answer.side === 'remote' ? answer : offer)
        // Whoever takes an m-section out of its group gives it a transport of its own.
        while (given.has(name)) name += '+'
        given.add(name)
      }
      names.set(tag, name)
      names.set(mid, name)
    })
    this.#provisional = names
  }

  /** The negotiation is over. */
  settle(): void {
    this.#settled = this.#provisional ?? this.#settled
    this.#standing = new Set(this.#settled.values())
    this.rollBack()
  }

  rollBack(): void {
    this.#provisional = undefined
    this.#proposed = new Map()
  }

  #proposedIn({ side }: Description, mid: string): string | undefined {
    return side === 'local' ? this.#proposed.get(mid) : undefined
  }

  /** A new m-section that heads a group may carry the transport that others of the group have: it shows the same credentials. */
  #continued(tag: string, offer: Description, inForce: Description | undefined): string | undefined {
    const member = offer.groupOf(tag).find(mid => this.#settled.has(mid))
    const before = member === undefined ? undefined : inForce?.indexOf(member)
    if (member === undefined || inForce === undefined || before === undefined) return undefined
    const same = offer.usernameFragment(offer.indexOf(tag)!) === inForce.usernameFragment(before)
    return same ? this.#settled.get(member) : undefined
  }

  /** A mid may come again while the transport that it once named is still there. */
  #unused(mid: string): string {
    let name = mid
    while (this.has(name)) name += '+'
    return name
  }
}

/** Whether an m-section that no answer knows yet says that it uses its group's transport (RFC 9143, 7.5.2). */
const sharesTransport = (description: Description, index: number, tag: string): boolean => {
  const tagIndex = description.indexOf(tag)
  if (tagIndex === undefined || tagIndex === index) return false
  const { usernameFragment } = description.stated(index)
  return usernameFragment === undefined || usernameFragment === description.stated(tagIndex).usernameFragment
}
