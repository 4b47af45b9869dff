/**
 * The descriptions in force and under way, and what they mean together: which transport an m-section uses, what is
 * agreed, what the owner is told (RFC 9429, 3.2, 4.1.7 to 4.1.10, 5.11).
 */

import { equalBytes } from '../bytes/index.ts'
import type { AppliedMedia, DtlsRole } from './applied.ts'
import { answeredRole } from './continuity.ts'
import { dataForm, largestDatagram, readInit, readSctp, SCTP_PORT } from './data-section.ts'
import type { Description } from './description.ts'
import type { Side } from './signaling-state.ts'
import type { Transceiver } from './transceiver.ts'

/**
 * Whether both sides have shown an INIT. Ours come back is none: there are peers that answer with every attribute of an
 * offer that they do not know.
 */
const areInits = (inits: {
  local: Uint8Array | undefined
  remote: Uint8Array | undefined
}): inits is { local: Uint8Array; remote: Uint8Array } =>
  inits.local !== undefined && inits.remote !== undefined && !equalBytes(inits.local, inits.remote)

/** Whether an m-section that no answer knows yet says that it uses its group's transport (RFC 9143, 7.5.2). */
const sharesTransport = (description: Description, index: number, tag: string): boolean => {
  const tagIndex = description.indexOf(tag)
  if (tagIndex === undefined || tagIndex === index) return false
  const { usernameFragment } = description.stated(index)
  return usernameFragment === undefined || usernameFragment === description.stated(tagIndex).usernameFragment
}

export class Agreement {
  current: { local?: Description; remote?: Description } = {}
  pending: { local?: Description; remote?: Description } = {}
  /** Our DTLS role on each transport that an answer has named, by the mid of the transport. */
  readonly #roles = new Map<string, DtlsRole>()
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

  /** The mid of the transport that an m-section of `description` uses, or will unless the answer says otherwise. */
  transportMid(mid: string, description: Description | undefined): string {
    const answer = this.#answer
    const answered = answer?.indexOf(mid)
    if (answer !== undefined && answered !== undefined && !answer.rejected(answered)) return answer.tagOf(mid)
    const index = description?.indexOf(mid)
    if (description === undefined || index === undefined) return mid
    const tag = description.tagOf(mid)
    // In ours, what is not bundled yet has the same credentials and yet a transport of its own.
    const mayShare = tag === this.bundleTag() || !this.#isLocal(description)
    return description.bundleOnly(index) || (mayShare && sharesTransport(description, index, tag)) ? tag : mid
  }

  #isLocal(description: Description): boolean {
    return description === this.pending.local || description === this.current.local
  }

  /** The m-section that carries the transport of the group that was agreed on; undefined where nothing is bundled. */
  bundleTag(): string | undefined {
    return this.#answer?.bundles[0]?.[0]
  }

  /** Whether an answer has taken the m-section. */
  isAgreedOn(mid: string): boolean {
    const index = this.#answer?.indexOf(mid)
    return index !== undefined && !this.#answer!.rejected(index)
  }

  role(transportMid: string): DtlsRole | undefined {
    return this.#roles.get(transportMid)
  }

  /** Takes the roles from an answer of `side`: a transport that has one keeps it. */
  takeRoles(answer: Description, side: Side): void {
    answer.mids.forEach((mid, index) => {
      if (answer.rejected(index)) return
      const transportMid = answer.tagOf(mid)
      const transport = answer.transport(answer.indexOf(transportMid)!)
      if (transport !== undefined) {
        this.#roles.set(transportMid, answeredRole(transport, side, this.#roles.get(transportMid)))
      }
    })
  }

  /** A negotiation is over: forgets the transports that nothing uses any more. */
  dropUnused(): void {
    const inUse = new Set(this.media([]).flatMap(({ rejected, transportMid }) => (rejected ? [] : [transportMid])))
    for (const mid of this.#roles.keys()) if (!inUse.has(mid)) this.#roles.delete(mid)
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
    return newest.mids.map((mid, index) => {
      const transceiver = transceivers.find(each => each.mid === mid)
      const media = this.#mediaOf(newest, mid, index)
      return transceiver === undefined ? media : { ...media, transceiver }
    })
  }

  #mediaOf(newest: Description, mid: string, index: number): AppliedMedia {
    const rejected = this.#isRejected(mid, newest)
    const transportMid = this.transportMid(mid, newest)
    const { kind } = newest.media(index)
    if (rejected) return { mid, index, kind, rejected, transportMid }
    const local = this.#transport('local', transportMid)
    const remote = this.#transport('remote', transportMid)
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

  #transport(side: Side, transportMid: string) {
    const description = this.newest(side)
    const index = description?.indexOf(transportMid)
    if (description === undefined || index === undefined || description.rejected(index)) return undefined
    return description.transport(index)
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
