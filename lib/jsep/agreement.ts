/**
 * The descriptions in force and under way, and what they mean together: which transport an m-section uses, what is
 * agreed, what the owner is told (RFC 9429, 3.2, 4.1.7 to 4.1.10, 5.11).
 */

import { equalBytes } from '../bytes/index.ts'
import type { AppliedMedia, DtlsRole, TransportDescription } from './applied.ts'
import { answeredRole } from './continuity.ts'
import { dataForm, largestDatagram, readInit, readSctp, SCTP_PORT } from './data-section.ts'
import type { Description } from './description.ts'
import type { MediaSection } from './media-section.ts'
import type { Side } from './signaling-state.ts'
import type { Transceiver } from './transceiver.ts'
import { TransportNames } from './transport-names.ts'

/**
 * Whether both sides have shown an INIT. Ours come back is none: there are peers that answer with every attribute of an
 * offer that they do not know.
 */
const areInits = (inits: {
  local: Uint8Array | undefined
  remote: Uint8Array | undefined
}): inits is { local: Uint8Array; remote: Uint8Array } =>
  inits.local !== undefined && inits.remote !== undefined && !equalBytes(inits.local, inits.remote)

/** Where candidates can be reached: those that only connect, by TCP, are alike in all transports of a machine (RFC 6544, 4.5). */
const destinations = (candidates: readonly string[]): string[] =>
  candidates.filter(each => !each.includes(' tcptype active')).map(each => each.split(' ').slice(2, 6).join(' '))

interface BothTransports {
  readonly local: TransportDescription | undefined
  readonly remote: TransportDescription | undefined
}

export class Agreement {
  current: { local?: Description; remote?: Description } = {}
  pending: { local?: Description; remote?: Description } = {}
  readonly #names = new TransportNames((...moved) => this.#continues(...moved))
  /** What carries each transport, as long as names stay. */
  #carriers = new WeakMap<Description, ReadonlyMap<string, number>>()
  /** Our DTLS role on each transport that an answer has named, by its name. */
  readonly #roles = new Map<string, DtlsRole>()
  /** The candidates that the peer has shown of a transport, by its name: what carries it now may not name them again. */
  readonly #shown = new Map<string, readonly string[]>()
  readonly #maxMessageSize: number

  constructor(maxMessageSize: number) {
    this.#maxMessageSize = maxMessageSize
  }

  /** The newest description of a side: a pending one, or the one in force. */
  newest(side: Side): Description | undefined {
    return this.pending[side] ?? this.current[side]
  }

  /** Pending ones first. */
  get all(): Description[] {
    const { current, pending } = this
    return [pending.local, pending.remote, current.local, current.remote].filter(each => each !== undefined)
  }

  /** The latest answer, final or not: BUNDLE is what it says. */
  get #answer(): Description | undefined {
    return this.all.find(({ type }) => type !== 'offer')
  }

  /** Whether the newest descriptions answer each other. */
  get #isAgreed(): boolean {
    const { local, remote } = this.pending
    return local === undefined ? remote === undefined : remote !== undefined
  }

  /** The name of the transport that an m-section of `description` uses, or will unless the answer says otherwise. */
  transportMid(mid: string, description: Description | undefined): string {
    const known = this.#names.of(mid)
    if (known !== undefined || description === undefined || description.type !== 'offer') return known ?? mid
    return this.#names.offered(mid, description, this.current[description.side])
  }

  /** The name of the transport that an m-section of the peer's offer carries if our answer has it do so. */
  carriedByAnswer(tag: string, offer: Description): string {
    return this.#names.carried(tag, offer, this.current[offer.side])
  }

  /** The m-section of `description` that speaks for a transport: the tagged one of its group, or the only one that uses it. */
  carrier(transportMid: string, description: Description | undefined): number | undefined {
    return description === undefined ? undefined : this.#carriersOf(description).get(transportMid)
  }

  /**
   * Whether our m-section comes to carry a transport that another carried. It names no candidate of before, once all are known:
   * Firefox, which begins another transport then, would take them for candidates of that, and fail.
   */
  isTakenOver(transportMid: string, mid: string): boolean {
    const { local } = this.current
    const index = this.carrier(transportMid, local)
    return local !== undefined && index !== undefined && local.mids[index] !== mid
  }

  /**
   * Whether the peer goes on with a transport that `tag` is to carry: it shows a candidate that it showed before, or says that
   * there are none but those, as we do.
   */
  #continues(name: string, tag: string, remote: Description): boolean {
    const { remote: before } = this.current
    const index = this.carrier(name, before)
    if (before === undefined || index === undefined || before.mids[index] === tag) return true
    const known = new Set(
      destinations([...(this.#shown.get(name) ?? []), ...(before.transport(index)?.candidates ?? [])]),
    )
    const { candidates = [], endOfCandidates = false } = remote.transport(remote.indexOf(tag)!) ?? {}
    if (candidates.length === 0) return endOfCandidates
    return destinations(candidates).some(destination => known.has(destination))
  }

  /** By the name of each transport in a description. */
  #carriersOf(description: Description): ReadonlyMap<string, number> {
    const known = this.#carriers.get(description)
    if (known !== undefined) return known
    const carriers = new Map<string, number>()
    description.mids.forEach((mid, index) => {
      const name = description.rejected(index) ? undefined : this.#nameIn(description, mid)
      if (name === undefined || carriers.has(name)) return
      const tag = description.tagOf(mid)
      carriers.set(name, this.#nameIn(description, tag) === name ? description.indexOf(tag)! : index)
    })
    this.#carriers.set(description, carriers)
    return carriers
  }

  /** In a description that is in force, what no answer has taken uses no transport. */
  #nameIn(description: Description, mid: string): string | undefined {
    const { local, remote } = this.current
    return description === local || description === remote ? this.#names.of(mid) : this.transportMid(mid, description)
  }

  /** Whether an offer of ours, which is not answered yet, has another m-section carry a transport. */
  changesCarrier(transportMid: string): boolean {
    const { pending, current } = this
    return (
      pending.local !== undefined &&
      this.carrier(transportMid, pending.local) !== this.carrier(transportMid, current.local)
    )
  }

  /** Our m-section that carries a transport, as its candidates name it; undefined where no description of ours has it. */
  carriedBy(transportMid: string): { readonly mid: string; readonly index: number } | undefined {
    const local = this.newest('local')
    const index = this.carrier(transportMid, local)
    return local === undefined || index === undefined ? undefined : { mid: local.mids[index]!, index }
  }

  /** The transport of the group that was agreed on; undefined where nothing is bundled. */
  bundleTransport(): string | undefined {
    const tag = this.#answer?.bundles[0]?.[0]
    return tag === undefined ? undefined : this.#names.of(tag)
  }

  /** The m-section that carries the transport of the group that was agreed on; undefined where nothing is bundled. */
  bundleTag(): string | undefined {
    return this.#answer?.bundles[0]?.[0]
  }

  /** The transport that an answer has given an m-section, if any has. */
  readonly nameOf = (mid: string): readonly string[] => {
    const name = this.#names.of(mid)
    return name === undefined ? [] : [name]
  }

  /** Our offer is applied, in which m-sections use these transports, by mid. */
  propose(names: ReadonlyMap<string, string>): void {
    this.#names.propose(names)
    this.#carriers = new WeakMap()
  }

  /** Whether a transport has this name, though the m-section that gave it may be gone. */
  isTransport(name: string): boolean {
    return this.#names.has(name)
  }

  /** Whether an answer has taken the m-section. */
  isAgreedOn(mid: string): boolean {
    return this.#names.of(mid) !== undefined
  }

  /** The m-section of the latest answer. */
  answered(mid: string): MediaSection | undefined {
    const index = this.#answer?.indexOf(mid)
    return index === undefined ? undefined : this.#answer!.section(index)
  }

  /** Whether the m-section of `base` is rejected in a description in force: its place may be used anew (RFC 9429, 5.2.2). */
  isVacant(base: Description, index: number): boolean {
    return [this.current.local, this.current.remote].some(
      description =>
        description !== undefined &&
        index < description.length &&
        description.mids[index] === base.mids[index] &&
        description.rejected(index),
    )
  }

  role(transportMid: string): DtlsRole | undefined {
    return this.#roles.get(transportMid)
  }

  /** An answer of `side` is pending: names its transports, and takes our roles on them. A transport that has one keeps it. */
  takeAnswer(answer: Description, side: Side): void {
    const offer = this.pending[side === 'local' ? 'remote' : 'local']!
    this.#names.answered(answer, offer, this.current[offer.side])
    this.#carriers = new WeakMap()
    answer.mids.forEach((mid, index) => {
      if (answer.rejected(index)) return
      const transport = answer.transport(answer.indexOf(answer.tagOf(mid))!)
      const name = this.#names.of(mid)
      if (transport !== undefined && name !== undefined) {
        this.#roles.set(name, answeredRole(transport, side, this.#roles.get(name)))
      }
    })
  }

  /** A negotiation is over: forgets the transports that nothing uses any more. */
  settle(): void {
    const { remote } = this.current
    for (const [name, index] of remote === undefined ? [] : this.#carriersOf(remote)) {
      const { candidates = [] } = remote!.transport(index) ?? {}
      if (candidates.length > 0) this.#shown.set(name, candidates)
    }
    this.current = this.pending
    this.pending = {}
    this.#names.settle()
    this.#carriers = new WeakMap()
    for (const byName of [this.#roles, this.#shown]) {
      for (const name of byName.keys()) if (!this.#names.has(name)) byName.delete(name)
    }
  }

  rollBack(): void {
    this.pending = {}
    this.#names.rollBack()
    this.#carriers = new WeakMap()
  }

  /** Whether an m-section is rejected in the newest description, or by either side of what is agreed. */
  #isRejected(mid: string, newest: Description): boolean {
    const sides = this.#isAgreed ? [this.newest('local'), this.newest('remote')] : [newest]
    return sides.some(description => {
      const index = description?.indexOf(mid)
      return description !== undefined && index !== undefined && description.rejected(index)
    })
  }

  /** What the owner is told: every m-section of the newest description. */
  media(transceivers: readonly Transceiver[]): AppliedMedia[] {
    const { pending } = this
    const newest = (this.#isAgreed ? this.newest('local') : (pending.local ?? pending.remote)) ?? undefined
    if (newest === undefined) return []
    const byMid = new Map(transceivers.map(transceiver => [transceiver.mid, transceiver]))
    const transports = new Map<string, BothTransports>()
    return newest.mids.map((mid, index) => {
      const transceiver = byMid.get(mid)
      const media = this.#mediaOf(newest, mid, index, transports)
      return transceiver === undefined ? media : { ...media, transceiver }
    })
  }

  /** @param transports What was read already: many m-sections may use one transport. */
  #mediaOf(newest: Description, mid: string, index: number, transports: Map<string, BothTransports>): AppliedMedia {
    const rejected = this.#isRejected(mid, newest)
    const { kind } = newest.media(index)
    if (rejected) return { mid, index, kind, rejected, transportMid: mid }
    const transportMid = this.transportMid(mid, newest)
    const known = transports.get(transportMid) ?? {
      local: this.transportIn(this.newest('local'), transportMid),
      remote: this.transportIn(this.newest('remote'), transportMid),
    }
    transports.set(transportMid, known)
    const { local, remote } = known
    const dtlsRole = this.#roles.get(transportMid)
    const sctp = this.#sctp(mid)
    return {
      mid,
      index,
      kind,
      rejected,
      transportMid,
      ...(local && { local }),
      ...(remote && { remote }),
      ...(dtlsRole && { dtlsRole }),
      ...(sctp && { sctp }),
    }
  }

  /** What a description says of a transport. */
  transportIn(description: Description | undefined, transportMid: string): TransportDescription | undefined {
    const index = this.carrier(transportMid, description)
    return index === undefined ? undefined : description!.transport(index)
  }

  #sctp(mid: string): AppliedMedia['sctp'] {
    const remote = this.newest('remote')
    const index = remote?.indexOf(mid)
    const local = this.newest('local')
    const here = local?.indexOf(mid)
    if (remote === undefined || index === undefined || local === undefined || here === undefined) return undefined
    if (dataForm(remote.media(index)) === undefined || remote.rejected(index)) return undefined
    const { port, maxMessageSize } = readSctp(remote.media(index))
    const remoteLargestDatagram = largestDatagram(remote.media(index), remote.usernameFragment(index))
    const inits = { local: readInit(local.media(here)), remote: readInit(remote.media(index)) }
    return {
      localPort: SCTP_PORT,
      remotePort: port,
      localMaxMessageSize: this.#maxMessageSize,
      remoteMaxMessageSize: maxMessageSize,
      ...(remoteLargestDatagram !== undefined && { remoteLargestDatagram }),
      ...(areInits(inits) && { inits }),
    }
  }

  /** The m-section of the agreed data channels: its mid, or undefined when there is none or it was rejected. */
  dataMid(): string | undefined {
    const { local, remote } = this.current
    return local?.mids.find((mid, index) => {
      const there = remote?.indexOf(mid)
      if (remote === undefined || there === undefined) return false
      return dataForm(local.media(index)) !== undefined && !local.rejected(index) && !remote.rejected(there)
    })
  }
}
