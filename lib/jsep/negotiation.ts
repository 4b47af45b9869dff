/**
 * Offer and answer (RFC 9429; webrtc-pc, section 4.4): makes descriptions, applies ours and the peer's, and tells the
 * owner what of them is to be built.
 *
 * A call that throws has changed nothing.
 */

import { hex } from '../bytes/index.ts'
import { type Random, randomBytes, randomU32 } from '../machine/index.ts'
import { attribute } from '../sdp/index.ts'
import { Agreement } from './agreement.ts'
import { composeAnswer } from './answer.ts'
import type { Applied, LocalContext, TransportDescription } from './applied.ts'
import type { BundlePolicy } from './bundle.ts'
import { DEFAULT_CAPABILITIES, type MediaCapabilities } from './capabilities.ts'
import { CodecTable } from './codec-table.ts'
import { Composer } from './compose.ts'
import { verifyCertificate, verifyRestart } from './continuity.ts'
import { dataForm } from './data-section.ts'
import { Description, type RenderedDescription } from './description.ts'
import { JsepError } from './error.ts'
import { mediaNeedsNegotiation } from './media-need.ts'
import { isMedia } from './media-section.ts'
import type { HeaderEncryptionPolicy, MediaSetup } from './media-setup.ts'
import { composeOffer, freshMid, type OfferComposition } from './offer.ts'
import { nextState, type SdpType, type Side, type SignalingState } from './signaling-state.ts'
import { NO_CHANGES, type Transceiver, type TransceiverChanges, type TransceiverInit } from './transceiver.ts'
import { Transceivers } from './transceivers.ts'
import { type CandidatePlace, type RemoteCandidate, Trickle } from './trickle.ts'
import { trickles, verifyAnswer, verifyHeaderEncryption, verifyOffer } from './verify.ts'

export interface NegotiationOptions {
  readonly random: Random
  /** The largest message that we take, in bytes, for `a=max-message-size`; 0 for any size. */
  readonly maxMessageSize: number
  /** Whether we are a lite implementation of ICE (RFC 8839, 5.3). False by default. */
  readonly iceLite?: boolean
  /** What we can send and receive: `DEFAULT_CAPABILITIES`, unless said. */
  readonly capabilities?: MediaCapabilities
  /** `balanced` by default (RFC 9429, 4.1.1). */
  readonly bundlePolicy?: BundlePolicy
  /** Header extensions are not encrypted by default. */
  readonly headerEncryption?: HeaderEncryptionPolicy
  /** The CNAME of our streams (RFC 7022); sixteen random digits by default. */
  readonly cname?: string
}

export class Negotiation {
  /** Whether a data channel has been created: the next offer then has an m-section for it. A rejection resets it. */
  dataWanted = false
  readonly #agreement: Agreement
  readonly #composer: Composer
  readonly #maxMessageSize: number
  readonly #trickle: Trickle
  readonly #transceivers: Transceivers
  readonly #media: Omit<MediaSetup, 'transceivers'>
  /** Of the offer that was made last: to whom its m-sections belong, and what transports they use. */
  #plan: Pick<OfferComposition, 'transceivers' | 'transports'> = { transceivers: [], transports: new Map() }
  #state: SignalingState = 'stable'
  #lastCreatedOffer = ''
  #lastCreatedAnswer = ''

  constructor(options: NegotiationOptions) {
    this.#maxMessageSize = options.maxMessageSize
    this.#agreement = new Agreement(options.maxMessageSize)
    this.#trickle = new Trickle(this.#agreement)
    this.#composer = new Composer(options.random, options.iceLite === true)
    const { random, capabilities = DEFAULT_CAPABILITIES, bundlePolicy = 'balanced' } = options
    const cname = options.cname ?? `${randomU32(random).toString(16)}${randomU32(random).toString(16)}`
    const { headerEncryption } = options
    this.#media = { capabilities, bundlePolicy, headerEncryption, cname, table: new CodecTable() }
    this.#transceivers = new Transceivers(
      () => this.#freshSsrc(random),
      () => hex(randomBytes(random, 16)),
    )
  }

  /** Never zero: some take that for none. */
  #freshSsrc(random: Random): number {
    for (;;) {
      const ssrc = randomU32(random)
      const isTaken = this.transceivers.some(each => each.ssrc === ssrc || each.rtxSsrc === ssrc)
      if (ssrc !== 0 && !isTaken) return ssrc
    }
  }

  /** In the order in which they were added; those that are stopped are gone once an answer has agreed with it. */
  get transceivers(): readonly Transceiver[] {
    return this.#transceivers.list
  }

  get capabilities(): MediaCapabilities {
    return this.#media.capabilities
  }

  /** The next offer has an m-section for it. */
  addTransceiver(init: TransceiverInit): Transceiver {
    return this.#transceivers.add(init)
  }

  get #setup(): MediaSetup {
    return { ...this.#media, transceivers: this.#transceivers.list }
  }

  get signalingState(): SignalingState {
    return this.#state
  }

  get currentLocalDescription(): RenderedDescription | undefined {
    return this.#agreement.current.local?.rendered
  }

  get pendingLocalDescription(): RenderedDescription | undefined {
    return this.#agreement.pending.local?.rendered
  }

  get currentRemoteDescription(): RenderedDescription | undefined {
    return this.#agreement.current.remote?.rendered
  }

  get pendingRemoteDescription(): RenderedDescription | undefined {
    return this.#agreement.pending.remote?.rendered
  }

  /** [[LastCreatedOffer]] and [[LastCreatedAnswer]] of webrtc-pc: empty when there is none. */
  get lastCreatedOffer(): string {
    return this.#lastCreatedOffer
  }

  get lastCreatedAnswer(): string {
    return this.#lastCreatedAnswer
  }

  /** Whether the peer says that it trickles (webrtc-pc, canTrickleIceCandidates); null before a remote description. */
  get canTrickle(): boolean | null {
    const remote = this.#agreement.newest('remote')
    return remote === undefined ? null : trickles(remote)
  }

  /** The peer's transport in its newest description, an offer that is not answered yet included. */
  remoteTransport(transportMid: string): TransportDescription | undefined {
    return this.#agreement.transportIn(this.#agreement.newest('remote'), transportMid)
  }

  /** Our m-section that carries a transport, as candidates name it; undefined where no description of ours has it. */
  carriedBy(transportMid: string): { readonly mid: string; readonly index: number } | undefined {
    return this.#agreement.carriedBy(transportMid)
  }

  /** Whether an offer of ours, which is not answered yet, has another m-section carry a transport. */
  changesCarrier(transportMid: string): boolean {
    return this.#agreement.changesCarrier(transportMid)
  }

  /** Whether what was agreed on lags behind what is asked for (webrtc-pc, 4.7.3). Of interest in the state `stable`. */
  negotiationNeeded(): boolean {
    if (this.dataWanted && this.#agreement.dataMid() === undefined) return true
    return mediaNeedsNegotiation(this.transceivers, this.#agreement.current)
  }

  // Making descriptions

  /** Throws JsepError `InvalidStateError` unless an offer may be made now (webrtc-pc, 4.4.2 createOffer). */
  createOffer(context: LocalContext, options: { readonly iceRestart?: boolean } = {}): string {
    if (this.#state !== 'stable' && this.#state !== 'have-local-offer') throw this.#wrongState('make an offer')
    const { dataWanted } = this
    const { bundlePolicy } = this.#media
    const iceRestart = options.iceRestart === true
    const wishes = { dataWanted, iceRestart, maxMessageSize: this.#maxMessageSize, bundlePolicy }
    const { media, bundles, ...plan } = composeOffer(this.#agreement, context, wishes, this.#setup)
    this.#plan = plan
    this.#lastCreatedOffer = this.#composer.compose(media, bundles)
    return this.#lastCreatedOffer
  }

  /** Throws JsepError `InvalidStateError` unless an offer of the peer waits. */
  createAnswer(context: LocalContext): string {
    const offer = this.#agreement.pending.remote
    const answerable = this.#state === 'have-remote-offer' || this.#state === 'have-local-pranswer'
    if (!answerable || offer === undefined) throw this.#wrongState('make an answer')
    const { media, bundles } = composeAnswer(this.#agreement, offer, context, this.#maxMessageSize, this.#setup)
    const offered = {
      iceOptions: offer.mids.flatMap((_, index) => offer.stated(index).iceOptions),
      mixedExtensions: attribute(offer.session, 'extmap-allow-mixed') === true,
    }
    this.#lastCreatedAnswer = this.#composer.compose(media, bundles, offered)
    return this.#lastCreatedAnswer
  }

  // Applying descriptions

  /**
   * Applies what `createOffer` or `createAnswer` made last; an empty `sdp` stands for it. Throws JsepError
   * `InvalidModificationError` for any other text, `InvalidStateError` for a type out of place.
   */
  setLocal(type: SdpType, sdp: string): Applied {
    if (type === 'rollback') return this.#rollback('local')
    const created = type === 'offer' ? this.#lastCreatedOffer : this.#lastCreatedAnswer
    if (sdp !== '' && sdp !== created) {
      throw new JsepError('InvalidModificationError', `not the ${type === 'offer' ? 'offer' : 'answer'} created last`)
    }
    const state = this.#stateAfter('local', type)
    if (created === '') throw new JsepError('InvalidModificationError', `no ${type} has been created`)
    const like = this.#agreement.pending.remote
    const description = new Description('local', type, created, this.#trickle.local, index => like!.mids[index]!)
    if (type !== 'offer') verifyAnswer(description, like!)
    return this.#apply(description, state)
  }

  /** Applies a description of the peer. Throws JsepError of any code but `InvalidModificationError`. */
  setRemote(type: SdpType, sdp: string): Applied {
    if (type === 'rollback') return this.#rollback('remote')
    const state = this.#stateAfter('remote', type)
    const { current, pending } = this.#agreement
    const before = type === 'offer' ? this.#agreement.newest('remote') : pending.local
    const generateMid = (index: number, taken: ReadonlySet<string>): string => {
      const same = before !== undefined && index < before.length ? before.mids[index]! : undefined
      return same === undefined || taken.has(same) ? freshMid(this.#agreement, taken) : same
    }
    const offer = type === 'offer' ? undefined : pending.local
    const description = new Description('remote', type, sdp, this.#trickle.remote, generateMid, offer)
    if (type === 'offer') verifyOffer(description, before, current.local)
    else verifyAnswer(description, pending.local!)
    if (this.#media.headerEncryption === 'require') verifyHeaderEncryption(description)
    this.#verifyContinuity(description)
    return this.#apply(description, state)
  }

  /** Compares each transport that stands, by a provisional answer too, with what the peer now says of it. */
  #verifyContinuity(description: Description): void {
    const agreement = this.#agreement
    const { current, pending } = agreement
    const names = new Set(description.mids.filter((_, index) => !description.rejected(index)).flatMap(agreement.nameOf))
    for (const name of names) {
      const local = agreement.transportIn(current.local, name)
      const remote = agreement.transportIn(current.remote, name)
      const stated = agreement.transportIn(description, name)
      if (!stated) continue
      // A provisional answer has begun the association already, whose peer is known by what that said.
      const provisional = description.type === 'offer' ? undefined : agreement.transportIn(pending.remote, name)
      if (provisional) verifyCertificate(name, stated, provisional)
      if (!local || !remote) continue
      verifyCertificate(name, stated, remote)
      const offered = agreement.transportIn(pending.local, name)
      if (description.type !== 'offer' && offered) verifyRestart(name, stated, { local, remote }, offered)
    }
  }

  #stateAfter(side: Side, type: SdpType): SignalingState {
    const state = nextState(this.#state, side, type)
    if (state === undefined) throw this.#wrongState(`apply a ${side} ${type}`)
    return state
  }

  #wrongState(what: string): JsepError {
    return new JsepError('InvalidStateError', `cannot ${what} in the state ${this.#state}`)
  }

  #apply(description: Description, state: SignalingState): Applied {
    const { side, type } = description
    const agreement = this.#agreement
    const transceivers = this.#applyMedia(description)
    agreement.pending = { ...agreement.pending, [side]: description }
    this.#state = state
    if (type !== 'offer') {
      agreement.takeAnswer(description, side)
      this.#transceivers.agree(agreement.pending.local!, agreement.pending.remote!)
    }
    let { stopped } = transceivers
    if (state === 'stable') {
      if (side === 'remote' && refusesData(description, agreement.pending.local!)) this.dataWanted = false
      agreement.settle()
      this.#lastCreatedOffer = ''
      this.#lastCreatedAnswer = ''
      stopped = this.#transceivers.settle(agreement.current.local, agreement.current.remote)
    }
    this.#trickle.drop()
    const media = agreement.media(this.transceivers)
    return { signalingState: state, media, rolledBack: false, transceivers: { ...transceivers, stopped } }
  }

  /** Whose the m-sections of media are, and what numbers stand for. */
  #applyMedia(description: Description): TransceiverChanges {
    const { side, type } = description
    this.#transceivers.remember()
    description.session.media.forEach((media, index) => {
      if (isMedia(media) && !description.rejected(index)) this.#media.table.learn(description.section(index))
    })
    if (type !== 'offer') return NO_CHANGES
    if (side === 'remote') {
      const stopped = this.#transceivers.stopRejected(description)
      return { ...NO_CHANGES, stopped, created: this.#transceivers.associateRemote(description) }
    }
    this.#transceivers.associateLocal(description, this.#plan.transceivers)
    this.#agreement.propose(this.#plan.transports)
    return NO_CHANGES
  }

  #rollback(side: Side): Applied {
    this.#state = this.#stateAfter(side, 'rollback')
    this.#agreement.rollBack()
    const removed = this.#transceivers.rollBack()
    this.#trickle.drop()
    const media = this.#agreement.media(this.transceivers)
    const transceivers = { ...NO_CHANGES, removed }
    return { signalingState: this.#state, media, rolledBack: true, transceivers }
  }

  // Candidates

  /** A candidate of ours, shown from now on by the local descriptions of its generation that have the m-section. */
  addLocalCandidate(mid: string, candidate: string): void {
    this.#trickle.addLocal(mid, candidate)
  }

  /** No candidate of ours is to come for the newest generation of the m-section. */
  endOfLocalCandidates(mid: string): void {
    this.#trickle.endLocal(mid)
  }

  /**
   * A candidate of the peer, or the end of them, shown from now on by its descriptions of that generation (webrtc-pc,
   * 4.4.2 addIceCandidate). Throws JsepError `InvalidStateError` before a remote description, and `OperationError` for
   * a place or a generation that no remote description has.
   */
  addRemoteCandidate(init: RemoteCandidate): CandidatePlace {
    return this.#trickle.addRemote(init)
  }
}

/** Whether an answer rejects the data m-section of our offer. */
const refusesData = (answer: Description, offer: Description): boolean =>
  offer.session.media.some((media, index) => dataForm(media) && !offer.rejected(index) && answer.rejected(index))
