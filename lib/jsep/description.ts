/**
 * A description that has been applied, or is about to be: its text as a model, the mids of its m-sections, its BUNDLE
 * groups (RFC 9143), and the candidates that have come since.
 */

import {
  attribute,
  formatSdp,
  type MediaDescription,
  parseSdp,
  SdpError,
  type SessionDescription,
} from '../sdp/index.ts'
import type { TransportDescription } from './applied.ts'
import type { TrickledCandidates } from './candidates.ts'
import { JsepError } from './error.ts'
import { type MediaSection, readMediaSection } from './media-section.ts'
import { readSessionLevel, type SessionLevel } from './session-level.ts'
import type { SdpType, Side } from './signaling-state.ts'
import { candidateAttributes, defaultDestination, readTransport, type StatedTransport } from './transport-attributes.ts'

export type DescriptionType = Exclude<SdpType, 'rollback'>

export interface RenderedDescription {
  readonly type: DescriptionType
  readonly sdp: string
}

export class Description {
  readonly side: Side
  readonly type: DescriptionType
  readonly session: SessionDescription
  /** By index; generated where the description has none (RFC 9429, 5.10). */
  readonly mids: readonly string[]
  /** The tag and members of each BUNDLE group, rejected m-sections left out. */
  readonly bundles: readonly (readonly string[])[]
  readonly #indices: ReadonlyMap<string, number>
  readonly #groups = new Map<string, readonly string[]>()
  readonly #bundled: ReadonlySet<string>
  readonly #offer: Description | undefined
  readonly #trickled: TrickledCandidates
  readonly #level: SessionLevel
  readonly #stated: (StatedTransport | undefined)[] = []
  readonly #sections: (MediaSection | undefined)[] = []
  #rendered: RenderedDescription
  #renderedRevision: number

  /**
   * Throws JsepError `sdp-syntax-error`. `generateMid` names m-sections without a mid, other than those in `taken`;
   * `trickled` holds the candidates of all descriptions of this side. What `offer` has rejected is rejected in its answer,
   * whatever that says: pion and libdatachannel go on with it.
   */
  constructor(
    side: Side,
    type: DescriptionType,
    sdp: string,
    trickled: TrickledCandidates,
    generateMid: (index: number, taken: ReadonlySet<string>) => string,
    offer?: Description,
  ) {
    this.side = side
    this.#offer = offer
    this.type = type
    this.session = parse(sdp)
    this.#level = readSessionLevel(this.session)
    this.#trickled = trickled
    this.#rendered = { type, sdp }
    this.#renderedRevision = -1
    const stated = this.session.media.map(media => attribute(media, 'mid'))
    const taken = new Set(stated.filter(mid => mid !== undefined))
    this.mids = stated.map((mid, index) => {
      if (mid !== undefined) return mid
      const generated = generateMid(index, taken)
      taken.add(generated)
      return generated
    })
    this.#indices = new Map(this.mids.map((mid, index) => [mid, index]))
    const groups = this.session.attributes.flatMap(each =>
      each.name === 'group' && each.value.semantics === 'BUNDLE' ? [each.value.mids] : [],
    )
    this.#bundled = new Set(groups.flat())
    this.bundles = groups.map(mids => mids.filter(mid => this.#isOpen(mid))).filter(mids => mids.length > 0)
    for (const mids of this.bundles) for (const mid of mids) this.#groups.set(mid, mids)
  }

  get length(): number {
    return this.mids.length
  }

  media(index: number): MediaDescription {
    return this.session.media[index]!
  }

  indexOf(mid: string): number | undefined {
    return this.#indices.get(mid)
  }

  /** A zero port rejects an m-section, unless it says that it has no address of its own (RFC 9143, 6). */
  rejected(index: number): boolean {
    if (this.#offer !== undefined && index < this.#offer.length && this.#offer.rejected(index)) return true
    const media = this.media(index)
    return media.port === 0 && !(this.bundleOnly(index) && this.#bundled.has(this.mids[index]!))
  }

  bundleOnly(index: number): boolean {
    return attribute(this.media(index), 'bundle-only') === true
  }

  /** The mid of the m-section whose transport the BUNDLE group of `mid` uses; `mid` where it is in none. */
  tagOf(mid: string): string {
    return this.#groups.get(mid)?.[0] ?? mid
  }

  /** The members of the BUNDLE group of `mid`, rejected m-sections left out; itself where it is in none. */
  groupOf(mid: string): readonly string[] {
    return this.#groups.get(mid) ?? [mid]
  }

  #isOpen(mid: string): boolean {
    const index = this.indexOf(mid)
    return index !== undefined && !this.rejected(index)
  }

  /** What the m-section says of a transport itself, session level included. */
  stated(index: number): StatedTransport {
    this.#stated[index] ??= readTransport(this.#level, this.media(index))
    return this.#stated[index]
  }

  /** What an audio or video m-section says. */
  section(index: number): MediaSection {
    const carrier = this.indexOf(this.tagOf(this.mids[index]!)) ?? index
    this.#sections[index] ??= readMediaSection(this.#level, this.media(index), this.media(carrier))
    return this.#sections[index]
  }

  /**
   * The m-section that speaks for the transport of this one: itself, or the tagged one of its group. One that names
   * credentials and no certificate does not speak for itself: libwebrtc answers so where an offer named none either.
   */
  speaker(index: number): number {
    const { usernameFragment, fingerprints } = this.stated(index)
    if (usernameFragment !== undefined && fingerprints.length > 0) return index
    return this.indexOf(this.tagOf(this.mids[index]!)) ?? index
  }

  /** The transport of an m-section, with what has trickled; undefined where credentials or fingerprints are missing. */
  transport(index: number): TransportDescription | undefined {
    const speaker = this.speaker(index)
    const { usernameFragment, password, setup, candidates, ...stated } = this.stated(speaker)
    if (usernameFragment === undefined || password === undefined || stated.fingerprints.length === 0) return undefined
    const later = this.#trickled.of(this.mids[speaker]!, usernameFragment)
    return {
      ...stated,
      usernameFragment,
      password,
      // RFC 4145, 4: what an offer and an answer mean that do not say.
      setup: setup ?? (this.type === 'offer' ? 'active' : 'passive'),
      candidates: [...new Set([...candidates, ...later.candidates])].map(value => `candidate:${value}`),
      endOfCandidates: stated.endOfCandidates || later.ended,
    }
  }

  /** The generation of an m-section. */
  usernameFragment(index: number): string | undefined {
    return this.stated(this.speaker(index)).usernameFragment
  }

  /** The description as webrtc-pc shows it: what was applied, with the candidates since (webrtc-pc, 4.4.2). */
  get rendered(): RenderedDescription {
    if (this.#renderedRevision === this.#trickled.revision) return this.#rendered
    this.#renderedRevision = this.#trickled.revision
    const media = this.session.media.map((_, index) => this.#withCandidates(index))
    if (media.some((each, index) => each !== this.media(index))) {
      const sdp = formatSdp({ ...this.session, media })
      if (sdp !== this.#rendered.sdp) this.#rendered = { type: this.type, sdp }
    }
    return this.#rendered
  }

  #withCandidates(index: number): MediaDescription {
    const media = this.media(index)
    const stated = this.stated(index)
    const later = this.#trickled.of(this.mids[index]!, this.usernameFragment(index))
    if (this.rejected(index) || (later.candidates.length === 0 && !later.ended)) return media
    const candidates = [...new Set([...stated.candidates, ...later.candidates])]
    const ended = stated.endOfCandidates || later.ended
    const others = media.attributes.filter(({ name }) => name !== 'candidate' && name !== 'end-of-candidates')
    const attributes = [...others, ...candidateAttributes({ candidates, ended })]
    if (this.side === 'remote' || media.port === 0) return { ...media, attributes }
    const { port, connection } = defaultDestination(candidates)
    return { ...media, port, connections: [connection], attributes }
  }
}

const parse = (sdp: string): SessionDescription => {
  try {
    return parseSdp(sdp)
  } catch (error) {
    if (error instanceof SdpError) throw new JsepError('sdp-syntax-error', error.message, error.line)
    throw error
  }
}
