/**
 * Whether a description of the peer makes sense: in itself (RFC 9429, 5.8.3; RFC 9143, 7), as an offer after what was
 * agreed before, as an answer to our offer. Throws JsepError `InvalidAccessError` for the first thing that does not.
 */

import { attribute, attributes, type MediaDescription } from '../sdp/index.ts'
import type { Description } from './description.ts'
import { invalidContent } from './error.ts'
import { isMedia } from './media-section.ts'

/** Whether the m-section runs over DTLS, and so over ICE, as all of WebRTC does. */
const isSecure = ({ protocol }: MediaDescription): boolean => /TLS\//.test(protocol)

/** The family of protocols in which an answer may name another member (RFC 8841, 4.3, as default candidates change). */
const family = ({ protocol }: MediaDescription): string => protocol.replace(/^(?:UDP\/|TCP\/)(?=DTLS\/SCTP$)/, '')

export const verifyDescription = (description: Description): void => {
  verifyMids(description)
  description.mids.forEach((mid, index) => {
    if (description.rejected(index) || !isSecure(description.media(index))) return
    const { usernameFragment, password, fingerprints, setup } = description.stated(description.speaker(index))
    if (usernameFragment === undefined) throw invalidContent('no ice-ufrag', mid)
    if (password === undefined) throw invalidContent('no ice-pwd', mid)
    if (fingerprints.length === 0) throw invalidContent('no DTLS fingerprint', mid)
    if (setup === 'holdconn') throw invalidContent('a=setup:holdconn makes no connection', mid)
    if (setup === 'actpass' && description.type !== 'offer') {
      throw invalidContent('an answer takes a DTLS role, active or passive (RFC 8842, 5.3)', mid)
    }
  })
}

const verifyMids = (description: Description): void => {
  const seen = new Set<string>()
  for (const mid of description.mids) {
    if (seen.has(mid)) throw invalidContent('more than one m-section has this mid', mid)
    seen.add(mid)
  }
  const bundled = new Set<string>()
  for (const { semantics, mids } of attributes(description.session, 'group')) {
    if (semantics !== 'BUNDLE') continue
    for (const mid of mids) {
      if (!seen.has(mid)) throw invalidContent('a BUNDLE group names a mid that no m-section has', mid)
      if (bundled.has(mid)) throw invalidContent('BUNDLE groups name this mid more than once', mid)
      bundled.add(mid)
    }
  }
}

/** `before` is what the offer follows; an m-section that either side rejected there may be recycled (RFC 9429, 5.2.2). */
export const verifyOffer = (offer: Description, before: Description | undefined, answered?: Description): void => {
  verifyDescription(offer)
  if (before === undefined) return
  if (offer.length < before.length) {
    throw invalidContent(`the offer has ${offer.length} m-sections where there were ${before.length}`)
  }
  before.mids.forEach((mid, index) => {
    if (before.rejected(index) || (answered !== undefined && index < answered.length && answered.rejected(index)))
      return
    if (offer.mids[index] !== mid) throw invalidContent(`stands where ${mid} was agreed`, offer.mids[index])
    verifySameKind(offer, before, index)
  })
}

export const verifyAnswer = (answer: Description, offer: Description): void => {
  verifyDescription(answer)
  if (answer.length !== offer.length) {
    throw invalidContent(`the answer has ${answer.length} m-sections, the offer ${offer.length}`)
  }
  offer.mids.forEach((mid, index) => {
    if (answer.mids[index] !== mid) throw invalidContent(`stands where ${mid} was offered`, answer.mids[index])
    verifySameKind(answer, offer, index)
    const { protocol } = offer.media(index)
    if (family(answer.media(index)) !== family(offer.media(index))) throw invalidContent(`is not ${protocol}`, mid)
    if (answer.rejected(index)) return
    if (hasNoTransport(offer, index) && !answer.bundles.some(mids => mids.includes(mid))) {
      throw invalidContent('was offered to share a transport, and is in no BUNDLE group (RFC 9143, 7.2.1)', mid)
    }
    // We offer no other way (RFC 9429, 5.8.3).
    if (isMedia(answer.media(index)) && !answer.section(index).rtcpMux) throw invalidContent('no a=rtcp-mux', mid)
  })
  verifyAnsweredGroups(answer, offer)
}

/** Some mark what has a port all the same. */
const hasNoTransport = (offer: Description, index: number): boolean =>
  offer.bundleOnly(index) && offer.media(index).port === 0

/** An answer bundles what was offered to be bundled, and together (RFC 9143, 7.3). */
const verifyAnsweredGroups = (answer: Description, offer: Description): void => {
  const groups = new Map(offer.bundles.flatMap((mids, group) => mids.map(mid => [mid, group] as const)))
  for (const mids of answer.bundles) {
    const group = groups.get(mids[0]!)
    const tag = offer.indexOf(mids[0]!)
    if (tag !== undefined && hasNoTransport(offer, tag)) throw invalidContent('has no transport to carry', mids[0])
    for (const mid of mids) {
      if (group === undefined || groups.get(mid) !== group)
        throw invalidContent('was not offered to be bundled so', mid)
    }
  }
}

const verifySameKind = (description: Description, other: Description, index: number): void => {
  const { kind } = other.media(index)
  if (description.media(index).kind !== kind) throw invalidContent(`is not ${kind} as before`, description.mids[index])
}

/** For whoever sends no headers in the clear (webrtc-extensions, RTCRtpHeaderEncryptionPolicy). */
export const verifyHeaderEncryption = (description: Description): void => {
  description.mids.forEach((mid, index) => {
    if (description.rejected(index) || !isMedia(description.media(index))) return
    if (!description.section(index).cryptex) throw invalidContent('no a=cryptex', mid)
  })
}

/** Whether any m-section says that its ICE agent trickles (RFC 8840, 4.1.1). */
export const trickles = (description: Description): boolean =>
  description.mids.some((_, index) => description.stated(index).iceOptions.includes('trickle')) ||
  (attribute(description.session, 'ice-options')?.includes('trickle') ?? false)
