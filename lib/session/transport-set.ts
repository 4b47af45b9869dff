/**
 * The transports of a session and their ICE credentials: made when a local description is applied, restarted when one
 * brings new credentials, dropped when none names them any more (RFC 9429, 5.9 to 5.11; webrtc-pc, 4.4.2 restartIce).
 */

import { createIceParameters, type IceParameters, type IceRole, type LocalCandidateInit } from '../ice/index.ts'
import type { AppliedMedia, LocalContext, Negotiation } from '../jsep/index.ts'
import type { EventQueue } from '../machine/index.ts'
import type { GatheringState, SessionEvent, SessionOptions } from './events.ts'
import { type AnnouncedCandidate, SessionTransport } from './session-transport.ts'

export class TransportSet {
  /** The role that a new transport's ICE agent takes: controlling for who offered first (RFC 8445, 6.1.1). */
  iceRole: IceRole = 'controlled'
  #list: SessionTransport[] = []
  readonly #options: SessionOptions & { readonly mtu: number }
  readonly #negotiation: Negotiation
  readonly #events: EventQueue<SessionEvent>
  readonly #deliver: (owner: SessionTransport, data: Uint8Array, now: number) => void
  readonly #deliverMedia: (owner: SessionTransport, packet: Uint8Array, isRtcp: boolean, now: number) => void
  /** Which transport a socket belongs to, by the owner's number. */
  readonly #bySocket: (SessionTransport | undefined)[] = []
  /** Credentials written into a description that is not applied yet, by the mid of their transport. */
  readonly #fresh = new Map<string, IceParameters>()
  /** User-name fragments that the next offer is to replace: [[LocalIceCredentialsToReplace]] of webrtc-pc. */
  readonly #toReplace = new Set<string>()

  constructor(
    options: SessionOptions & { readonly mtu: number },
    negotiation: Negotiation,
    events: EventQueue<SessionEvent>,
    deliver: (owner: SessionTransport, data: Uint8Array, now: number) => void,
    deliverMedia: (owner: SessionTransport, packet: Uint8Array, isRtcp: boolean, now: number) => void,
  ) {
    this.#options = options
    this.#negotiation = negotiation
    this.#events = events
    this.#deliver = deliver
    this.#deliverMedia = deliverMedia
  }

  get list(): readonly SessionTransport[] {
    return this.#list
  }

  find(mid: string): SessionTransport | undefined {
    return this.#list.find(owner => owner.mid === mid)
  }

  bySocket(socket: number): SessionTransport | undefined {
    return this.#bySocket[socket]
  }

  /** Whether `restartIce` waits for an offer. */
  get replacing(): boolean {
    return this.#toReplace.size > 0
  }

  restartIce(): void {
    for (const { ice } of this.#list) this.#toReplace.add(ice.localParameters.usernameFragment)
  }

  /** What a description that is being made needs to know of the transports. */
  context(fingerprints: LocalContext['fingerprints'], iceRestart: boolean): LocalContext {
    const isDistinct = this.#options.distinctIceCredentials === true
    let made: IceParameters | undefined
    const create = (): IceParameters => {
      if (made === undefined || isDistinct) made = this.#createParameters()
      return made
    }
    return {
      fingerprints,
      transport: mid => {
        const owner = this.find(mid)
        const dtlsRole = owner?.dtls?.role
        const role = dtlsRole === undefined ? {} : { dtlsRole }
        if (owner !== undefined && !iceRestart && !this.#restartDue(owner)) {
          const { usernameFragment, password } = owner.ice.localParameters
          const endOfCandidates = owner.gatheringState === 'complete'
          return { usernameFragment, password, candidates: owner.localCandidates, endOfCandidates, ...role }
        }
        let fresh = this.#fresh.get(mid)
        // Those of an offer that is applied already may be what a restart is to replace.
        if (fresh === undefined || iceRestart || this.#toReplace.has(fresh.usernameFragment)) {
          const isShared = owner === undefined && !iceRestart && !isDistinct
          fresh = (isShared ? this.#sharedParameters() : undefined) ?? create()
          this.#fresh.set(mid, fresh)
        }
        const { usernameFragment, password } = fresh
        return { usernameFragment, password, candidates: [], endOfCandidates: false, ...role }
      },
    }
  }

  /**
   * The transports of a session have the same credentials (RFC 8839, 5.4), as those of browsers have: Firefox takes what an
   * m-section shows of the transport that it was bundled onto for a restart, unless it showed that before.
   */
  #sharedParameters(): IceParameters | undefined {
    const known = [...this.#list.map(({ ice }) => ice.localParameters), ...this.#fresh.values()]
    return known.find(({ usernameFragment }) => !this.#toReplace.has(usernameFragment))
  }

  /** Credentials of the application's own are for the beginning: a restart asks for others. */
  #createParameters(): IceParameters {
    const { crypto, iceParameters } = this.#options
    const isFirst = this.#list.length === 0 && this.#fresh.size === 0
    return isFirst && iceParameters !== undefined ? iceParameters : createIceParameters(crypto.random)
  }

  /** Whether the next description needs new credentials: the application asked, or the peer's offer restarts. */
  #restartDue(owner: SessionTransport): boolean {
    if (this.#toReplace.has(owner.ice.localParameters.usernameFragment)) return true
    const offered = this.#negotiation.remoteTransport(owner.mid)
    const known = owner.ice.remoteParameters
    return (
      this.#negotiation.signalingState === 'have-remote-offer' &&
      offered !== undefined &&
      known !== undefined &&
      offered.usernameFragment !== known.usernameFragment
    )
  }

  /**
   * Makes, keeps or restarts the transports that these m-sections use, and tells of each.
   * @returns The mids of the transports in use.
   */
  applyAll(
    list: readonly AppliedMedia[],
    now: number,
    tell: (media: AppliedMedia, owner: SessionTransport) => void,
  ): ReadonlySet<string> {
    const used = new Set<string>()
    for (const media of list) {
      if (media.rejected || (media.kind !== 'application' && media.transceiver === undefined)) continue
      used.add(media.transportMid)
      if (media.local === undefined) continue
      const { usernameFragment, password } = media.local
      tell(media, this.apply(media, { usernameFragment, password }, now))
    }
    for (const owner of this.#list) this.#place(owner)
    return used
  }

  /** Another m-section may carry it than before. */
  #place(owner: SessionTransport): void {
    const carrier = this.#negotiation.carriedBy(owner.mid)
    if (carrier === undefined) return
    owner.sdpMid = carrier.mid
    owner.mLineIndex = carrier.index
  }

  /** The transport of an m-section whose local description has been applied: made, kept, or restarted. */
  apply(media: AppliedMedia, parameters: IceParameters, now: number): SessionTransport {
    const owner = this.find(media.transportMid)
    if (owner === undefined) return this.#make(media, parameters)
    if (parameters.usernameFragment === owner.ice.localParameters.usernameFragment) return owner
    this.#setGathering(owner, 'gathering')
    owner.restart(parameters, now)
    this.#events.push({ type: 'gather', mid: owner.mid })
    return owner
  }

  #make(media: AppliedMedia, iceParameters: IceParameters): SessionTransport {
    const { crypto, certificates, transmit, trace, mtu, iceLite, dtls } = this.#options
    const made: SessionTransport = new SessionTransport(media.transportMid, {
      crypto,
      certificate: certificates[0]!,
      iceRole: this.#roleTowards(media.remote?.iceLite === true),
      iceLite: iceLite === true,
      iceParameters,
      mtu,
      transmit,
      deliver: (data, now) => this.#deliver(made, data, now),
      deliverMedia: (packet, isRtcp, now) => this.#deliverMedia(made, packet, isRtcp, now),
      ...(dtls && { dtls }),
      ...(trace && { trace }),
    })
    this.#list.push(made)
    this.#place(made)
    this.#events.push({ type: 'transports' })
    this.#setGathering(made, 'gathering')
    this.#events.push({ type: 'gather', mid: made.mid })
    return made
  }

  /** RFC 8445, 6.1.1: a full implementation controls a lite one; of two alike, whoever offered first. */
  #roleTowards(isLitePeer: boolean): IceRole {
    const isLite = this.#options.iceLite === true
    if (isLite === isLitePeer) return this.iceRole
    return isLite ? 'controlled' : 'controlling'
  }

  /**
   * Closes the transports that no description names any more, and returns them. Without a word: Firefox, while it moves what it
   * sends to another transport, never sends again once it is told that the one of before is closed.
   */
  keep(mids: ReadonlySet<string>, now: number): readonly SessionTransport[] {
    const dropped = this.#list.filter(({ mid }) => !mids.has(mid))
    if (dropped.length > 0) {
      this.#list = this.#list.filter(({ mid }) => mids.has(mid))
      for (const { transport } of dropped) transport.close(now, true)
      for (const [socket, owner] of this.#bySocket.entries()) {
        if (owner !== undefined && dropped.includes(owner)) this.#bySocket[socket] = undefined
      }
      this.#events.push({ type: 'transports' })
    }
    return dropped
  }

  /** The negotiation is over: credentials that were written but not used are void. */
  settled(rolledBack: boolean): void {
    this.#fresh.clear()
    if (rolledBack) return
    const inUse = new Set(this.#list.map(({ ice }) => ice.localParameters.usernameFragment))
    for (const fragment of this.#toReplace) if (!inUse.has(fragment)) this.#toReplace.delete(fragment)
  }

  addLocal(owner: SessionTransport, init: LocalCandidateInit, now: number): void {
    this.#bySocket[init.socket] = owner
    const announced = owner.addLocal(init, now)
    if (announced !== undefined) this.#tell(owner, announced)
  }

  /** A base is no more. */
  removeSocket(socket: number, now: number): void {
    this.#bySocket[socket]?.ice.removeSocket(socket, now)
    this.#bySocket[socket] = undefined
  }

  endGathering(owner: SessionTransport, now: number): void {
    if (owner.gatheringState === 'gathering') this.#endGathering(owner, now)
  }

  #tell(owner: SessionTransport, announced: AnnouncedCandidate): void {
    const { mid, sdpMid, mLineIndex } = owner
    const { usernameFragment } = owner.ice.localParameters
    this.#negotiation.addLocalCandidate(mid, announced.text)
    this.#events.push({ type: 'candidate', mid, sdpMid, mLineIndex, usernameFragment, ...announced })
  }

  #endGathering(owner: SessionTransport, now: number): void {
    const { mid, sdpMid, mLineIndex } = owner
    const { usernameFragment } = owner.ice.localParameters
    owner.ice.endOfLocalCandidates(now)
    this.#negotiation.endOfLocalCandidates(mid)
    this.#events.push({ type: 'end-of-candidates', mid, sdpMid, mLineIndex, usernameFragment })
    this.#setGathering(owner, 'complete')
  }

  #setGathering(owner: SessionTransport, state: GatheringState): void {
    owner.gatheringState = state
    this.#events.push({ type: 'gathering', mid: owner.mid, state })
  }
}
