/**
 * What createAnswer puts into an answer (RFC 9429, 5.3; RFC 9143, 7.3): the first data m-section that can be had is
 * accepted in the form in which it was offered, all others are rejected in their places.
 */

import type { MediaDescription } from '../sdp/index.ts'
import type { Agreement } from './agreement.ts'
import type { LocalContext } from './applied.ts'
import { dataSection, rejectedSection } from './compose.ts'
import { answerSetup } from './continuity.ts'
import { dataForm, readInit, readSctp } from './data-section.ts'
import type { Description } from './description.ts'
import type { Composition } from './offer.ts'

export const composeAnswer = (
  agreement: Agreement,
  offer: Description,
  context: LocalContext,
  maxMessageSize: number,
): Composition => {
  const accepted = acceptedData(agreement, offer)
  const media = offer.session.media.map((offered, index): MediaDescription => {
    // A mid that we had to make up is not told (RFC 9429, 5.3.1).
    const mid = offered.attributes.some(({ name }) => name === 'mid') ? offer.mids[index]! : undefined
    const form = dataForm(offered)
    const theirs = offer.transport(index)
    if (index !== accepted || form === undefined || theirs === undefined) return rejectedSection(offered, mid)
    const transportMid = offer.mids[index]!
    const transport = context.transport(transportMid, false)
    const standing = transport.dtlsRole ?? agreement.role(transportMid)
    const setup = answerSetup(theirs, standing)
    // It is answered, never begun by an answer.
    const theirInit = readInit(offered)
    const init = theirInit !== undefined && context.snap?.accepts(theirInit) ? context.snap.init : undefined
    const { fingerprints, largestDatagram } = context
    return dataSection(mid, form, maxMessageSize, { transport, fingerprints, setup, init, largestDatagram })
  })
  const bundles = offer.bundles.map(mids => mids.filter(mid => accepted !== undefined && mid === offer.mids[accepted]))
  return { media, bundles: bundles.filter(mids => mids.length > 0) }
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
  // Bundled into an m-section that is rejected, it has no address to reach (RFC 9143, 7.3.3).
  const hasAddress = media.port !== 0 && offer.stated(index).usernameFragment !== undefined
  return offer.transport(index) !== undefined && (hasAddress || offer.tagOf(offer.mids[index]!) === offer.mids[index])
}
