/**
 * What createAnswer puts into an answer (RFC 9429, 5.3; RFC 9143, 7.3): m-sections of media with their transceivers, the first
 * data m-section that can be had in the form in which it was offered, and everything else rejected in its place.
 */

import { attribute, type Direction, type MediaDescription, type Setup } from '../sdp/index.ts'
import type { Agreement } from './agreement.ts'
import type { LocalContext } from './applied.ts'
import type { BundlePolicy } from './bundle.ts'
import { dataSection, rejectedSection } from './compose.ts'
import { answerSetup } from './continuity.ts'
import { dataForm, readInit, readSctp } from './data-section.ts'
import type { Description } from './description.ts'
import { intersection, reversed } from './direction.ts'
import { mediaSection } from './media-compose.ts'
import { answeredTerms, type MediaTerms } from './media-negotiation.ts'
import { isMedia, type MediaSection } from './media-section.ts'
import type { MediaSetup } from './media-setup.ts'
import type { Composition } from './offer.ts'
import type { Transceiver } from './transceiver.ts'

interface AcceptedMedia {
  readonly transceiver: Transceiver
  readonly offered: MediaSection
  readonly terms: MediaTerms
}

export const composeAnswer = (
  agreement: Agreement,
  offer: Description,
  context: LocalContext,
  maxMessageSize: number,
  setup: MediaSetup,
): Composition => {
  const data = acceptedData(agreement, offer)
  const able = offer.mids.map((_, index) => acceptedMedia(offer, index, setup))
  const isWanted = (index: number): boolean => index === data || able[index] !== undefined
  const tags = acceptedTags(offer, isWanted, setup)
  const wanted = withoutCollisions(able, offer, tags)
  const media = offer.session.media.map((offered, index): MediaDescription => {
    // A mid that we had to make up is not told (RFC 9429, 5.3.1).
    const mid = offered.attributes.some(({ name }) => name === 'mid') ? offer.mids[index]! : undefined
    const transportMid = tags.get(offer.mids[index]!)
    const theirs = transportMid === undefined ? undefined : offer.transport(offer.indexOf(transportMid)!)
    if (transportMid === undefined || theirs === undefined) return rejectedSection(offered, mid)
    const name = agreement.carriedByAnswer(transportMid, offer)
    const transport = context.transport(name, false)
    const standing = transport.dtlsRole ?? agreement.role(name)
    const role: Setup = answerSetup(theirs, standing)
    const { fingerprints, largestDatagram } = context
    const as = transportMid === offer.mids[index] ? 'own' : 'shared'
    const accepted = wanted[index]
    if (accepted !== undefined) {
      const { transceiver, offered: section, terms } = accepted
      return mediaSection(
        mid,
        {
          ...terms,
          kind: section.kind,
          protocol: offered.protocol,
          direction: intersection(wantedDirection(transceiver), reversed(section.direction)),
          mixedExtensions: section.mixedExtensions && attribute(offer.session, 'extmap-allow-mixed') !== true,
          reducedSize: section.reducedSize,
          cryptex: setup.headerEncryption !== undefined && section.cryptex,
          receiverReferenceTime: section.receiverReferenceTime,
          transceiver,
          cname: setup.cname,
        },
        { carried: { transport, fingerprints, setup: role }, as, isFirst: false },
      )
    }
    // It is answered, never begun by an answer.
    const theirInit = readInit(offered)
    const init = theirInit !== undefined && context.snap?.accepts(theirInit) ? context.snap.init : undefined
    const carried = { transport, fingerprints, setup: role, init, largestDatagram }
    return dataSection(mid, dataForm(offered)!, maxMessageSize, carried, as)
  })
  const bundles = offer.bundles.map(mids => {
    const taken = mids.filter(mid => tags.has(mid))
    // The one that carries the transport is named first (RFC 9143, 7.3.1).
    return [...taken.filter(mid => tags.get(mid) === mid), ...taken.filter(mid => tags.get(mid) !== mid)]
  })
  const transceivers = wanted.map((each, index) => (tags.has(offer.mids[index]!) ? each?.transceiver : undefined))
  return { media, bundles: bundles.filter(mids => mids.length > 0), transceivers }
}

const wantedDirection = ({ stopping, direction }: Transceiver): Direction => (stopping ? 'inactive' : direction)

/** What of an m-section of media is accepted; undefined where it is rejected (RFC 9429, 5.3.1). */
const acceptedMedia = (offer: Description, index: number, setup: MediaSetup): AcceptedMedia | undefined => {
  if (offer.rejected(index) || !isMedia(offer.media(index))) return undefined
  const mid = offer.mids[index]!
  const transceiver = setup.transceivers.find(each => each.mid === mid)
  // One that is to stop goes on, inactive, until an offer of ours rejects it (webrtc-pc, 5.4 stop).
  if (transceiver === undefined || transceiver.stopped) return undefined
  const offered = offer.section(index)
  // There is no RTCP on a port of its own (RFC 8834, 4.5).
  if (!offered.rtcpMux) return undefined
  const terms = answeredTerms(transceiver, setup, offered)
  return terms && { transceiver, offered, terms }
}

/**
 * Without the extensions whose id stands for another one earlier in the same BUNDLE group: who takes packets apart by one table
 * for the whole transport would find something else in them. Nobody should offer it so; aiortc does.
 */
const withoutCollisions = (
  able: readonly (AcceptedMedia | undefined)[],
  offer: Description,
  tags: ReadonlyMap<string, string>,
): readonly (AcceptedMedia | undefined)[] => {
  const meanings = new Map<string, string>()
  return able.map((accepted, index) => {
    if (accepted === undefined) return undefined
    const extensions = accepted.terms.extensions.filter(({ id, uri }) => {
      const key = `${tags.get(offer.mids[index]!)} ${id}`
      if (!meanings.has(key)) meanings.set(key, uri)
      return meanings.get(key) === uri
    })
    return { ...accepted, terms: { ...accepted.terms, extensions } }
  })
}

/**
 * By the mid of each m-section that is accepted, the mid of the one that carries its transport: of a group the first that is
 * accepted and says where it can be reached (RFC 9143, 7.3.1).
 */
const acceptedTags = (
  offer: Description,
  isWanted: (index: number) => boolean,
  { bundlePolicy }: MediaSetup,
): ReadonlyMap<string, string> => {
  const tags = new Map<string, string>()
  const hasAddress = (index: number): boolean =>
    offer.media(index).port !== 0 && offer.stated(index).usernameFragment !== undefined
  const bundled = new Set<string>()
  for (const mids of offer.bundles) {
    const members = mids.filter(mid => isWanted(offer.indexOf(mid)!))
    const tag = mids.find(mid => {
      const index = offer.indexOf(mid)!
      return isWanted(index) && offer.transport(index) !== undefined && (hasAddress(index) || mid === mids[0])
    })
    for (const mid of mids) bundled.add(mid)
    if (tag === undefined) continue
    for (const mid of members) tags.set(mid, tag)
  }
  offer.mids.forEach((mid, index) => {
    if (!bundled.has(mid) && isWanted(index) && offer.transport(index) !== undefined) tags.set(mid, mid)
  })
  return withinPolicy(tags, offer, bundlePolicy)
}

/**
 * Of what is not bundled, as much as the policy takes (RFC 9429, 4.1.1 and 5.3.1): by `balanced` the first m-section of each kind
 * and what shares its transport, by `max-bundle` the first of all and what shares its transport.
 */
const withinPolicy = (
  tags: ReadonlyMap<string, string>,
  offer: Description,
  policy: BundlePolicy,
): ReadonlyMap<string, string> => {
  if (policy === 'max-compat') return tags
  const transports = new Map<string, string>()
  const kept = new Map<string, string>()
  offer.mids.forEach((mid, index) => {
    const tag = tags.get(mid)
    if (tag === undefined) return
    const kind = policy === 'max-bundle' ? '' : offer.media(index).kind
    const first = transports.get(kind) ?? tag
    transports.set(kind, first)
    if (tag === first) kept.set(mid, tag)
  })
  return kept
}

/** The index of the data m-section to accept: the one that stands, or else the first. */
const acceptedData = (agreement: Agreement, offer: Description): number | undefined => {
  const able = offer.mids.flatMap((_, index) => (isAcceptable(offer, index) ? [index] : []))
  const standing = agreement.dataMid()
  return able.find(index => offer.mids[index] === standing) ?? able[0]
}

const isAcceptable = (offer: Description, index: number): boolean => {
  const media = offer.media(index)
  if (offer.rejected(index) || dataForm(media) === undefined || readSctp(media).port === 0) return false
  return offer.transport(index) !== undefined
}
