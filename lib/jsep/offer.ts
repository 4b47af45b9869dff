/**
 * What createOffer puts into an offer (RFC 9429, 5.2): the m-sections that stand, in their places; data where a channel
 * is wanted, in a rejected data m-section's place before a new one; everything else stays rejected.
 */

import type { MediaDescription } from '../sdp/index.ts'
import type { Agreement } from './agreement.ts'
import type { LocalContext } from './applied.ts'
import { dataSection, rejectedSection } from './compose.ts'
import { type DataForm, dataForm, MODERN_FORM } from './data-section.ts'

export interface Composition {
  readonly media: readonly MediaDescription[]
  readonly bundles: readonly (readonly string[])[]
}

export interface OfferWishes {
  readonly dataWanted: boolean
  readonly iceRestart: boolean
  readonly maxMessageSize: number
}

export const composeOffer = (agreement: Agreement, context: LocalContext, wishes: OfferWishes): Composition => {
  const media: MediaDescription[] = []
  const mids: string[] = []
  const { iceRestart, maxMessageSize } = wishes
  const put = (index: number, mid: string, form: DataForm): void => {
    const { fingerprints, snap, largestDatagram } = context
    // Always actpass, also when a role stands: the answerer keeps to it (RFC 8842, 5.5).
    const transport = context.transport(mid, iceRestart)
    media[index] = dataSection(mid, form, maxMessageSize, {
      transport,
      fingerprints,
      setup: 'actpass',
      init: snap?.init,
      largestDatagram,
    })
    mids.push(mid)
  }
  const base = agreement.newest('local')
  let vacant: number | undefined
  base?.mids.forEach((mid, index) => {
    const section = base.media(index)
    const form = dataForm(section)
    if (form !== undefined && mids.length === 0 && !isVacant(agreement, mid)) put(index, mid, form)
    else {
      media[index] = rejectedSection(section, mid)
      if (section.kind === 'application') vacant ??= index
    }
  })
  if (mids.length === 0 && wishes.dataWanted) put(vacant ?? media.length, freshMid(agreement), MODERN_FORM)
  return { media, bundles: mids.length === 0 ? [] : [mids] }
}

/** Whether a description has rejected the m-section, so that it may be used anew (RFC 9429, 5.2.2). */
const isVacant = (agreement: Agreement, mid: string): boolean =>
  agreement.all.some(description => {
    const index = description.indexOf(mid)
    return index !== undefined && description.rejected(index)
  })

/** The smallest number that is no mid yet: counting leaks nothing about the user (RFC 9429, 5.2.1). */
export const freshMid = (agreement: Agreement, taken?: ReadonlySet<string>): string => {
  const known = agreement.all
  for (let number = 0; ; number++) {
    const mid = String(number)
    if (!taken?.has(mid) && known.every(description => description.indexOf(mid) === undefined)) return mid
  }
}
