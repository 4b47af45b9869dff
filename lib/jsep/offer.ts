/**
 * What createOffer puts into an offer (RFC 9429, 5.2): the m-sections that stand, in their places; new ones in the places of
 * rejected ones before others; data where a channel is wanted, behind the media; everything else stays rejected.
 */

import type { MediaDescription } from '../sdp/index.ts'
import type { Agreement } from './agreement.ts'
import type { LocalContext } from './applied.ts'
import type { BundlePolicy } from './bundle.ts'
import { dataSection, rejectedSection } from './compose.ts'
import { type DataForm, dataForm, MODERN_FORM } from './data-section.ts'
import { MEDIA_PROTOCOL, mediaSection } from './media-compose.ts'
import { offeredTerms } from './media-negotiation.ts'
import { isMedia, readMediaSection } from './media-section.ts'
import type { MediaSetup } from './media-setup.ts'
import type { Transceiver } from './transceiver.ts'

export interface Composition {
  readonly media: readonly MediaDescription[]
  readonly bundles: readonly (readonly string[])[]
  /** By the index of the m-section. */
  readonly transceivers: readonly (Transceiver | undefined)[]
}

export interface OfferWishes {
  readonly dataWanted: boolean
  readonly iceRestart: boolean
  readonly maxMessageSize: number
  readonly bundlePolicy: BundlePolicy
}

/** An m-section to be: what is rejected needs no more than its place. */
interface Slot {
  readonly mid: string
  readonly content: { readonly form: DataForm } | { readonly transceiver: Transceiver }
}

export const composeOffer = (
  agreement: Agreement,
  context: LocalContext,
  wishes: OfferWishes,
  setup: MediaSetup,
): Composition => {
  const slots = planSlots(agreement, wishes, setup)
  const base = agreement.newest('local')
  const bundled = slots.flatMap(slot => (slot === undefined ? [] : [slot.mid]))
  const carriers = new Map<string, string>()
  const media = slots.map((slot, index): MediaDescription => {
    if (slot === undefined) return rejectedSection(base!.media(index), base!.mids[index]!)
    return composeSlot(slot, { agreement, context, wishes, setup, bundled, carriers })
  })
  const transceivers = slots.map(slot =>
    slot !== undefined && 'transceiver' in slot.content ? slot.content.transceiver : undefined,
  )
  return { media, bundles: bundled.length === 0 ? [] : [bundled], transceivers }
}

/** Which m-section is for what. */
const planSlots = (agreement: Agreement, wishes: OfferWishes, { transceivers }: MediaSetup): (Slot | undefined)[] => {
  const base = agreement.newest('local')
  const slots: (Slot | undefined)[] = []
  const taken = new Set<string>()
  const fresh = (): string => {
    const mid = freshMid(agreement, taken)
    taken.add(mid)
    return mid
  }
  let hasData = false
  base?.mids.forEach((mid, index) => {
    const section = base.media(index)
    const form = dataForm(section)
    const isFree = isVacant(agreement, mid)
    const transceiver = transceivers.find(each => each.mid === mid && each.mLineIndex === index)
    slots[index] = undefined
    if (form !== undefined && !hasData && !isFree) {
      slots[index] = { mid, content: { form } }
      hasData = true
    } else if (transceiver !== undefined && !isFree && !transceiver.stopping && isMedia(section)) {
      slots[index] = { mid, content: { transceiver } }
    }
  })
  const vacant = (kind: string): number | undefined => {
    const index = base?.mids.findIndex(
      (mid, at) => slots[at] === undefined && base.media(at).kind === kind && isVacant(agreement, mid),
    )
    return index === undefined || index < 0 ? undefined : index
  }
  for (const transceiver of transceivers) {
    if (
      transceiver.stopping ||
      slots.some(
        slot => slot !== undefined && 'transceiver' in slot.content && slot.content.transceiver === transceiver,
      )
    )
      continue
    // One whose offer waits for its answer has its mid already.
    slots[vacant(transceiver.kind) ?? slots.length] = { mid: fresh(), content: { transceiver } }
  }
  if (!hasData && wishes.dataWanted) {
    slots[vacant('application') ?? slots.length] = { mid: fresh(), content: { form: MODERN_FORM } }
  }
  return slots
}

interface SlotSurroundings {
  readonly agreement: Agreement
  readonly context: LocalContext
  readonly wishes: OfferWishes
  readonly setup: MediaSetup
  /** All that are offered to share one transport. */
  readonly bundled: readonly string[]
  /** The first m-section of each kind, which has a transport of its own, while nothing is agreed on. */
  readonly carriers: Map<string, string>
}

const composeSlot = ({ mid, content }: Slot, surroundings: SlotSurroundings): MediaDescription => {
  const { agreement, context, wishes, setup, bundled, carriers } = surroundings
  const { fingerprints, snap, largestDatagram } = context
  const kind = 'transceiver' in content ? content.transceiver.kind : 'application'
  const { transportMid, as } = placeOf(mid, kind, agreement, wishes.bundlePolicy, bundled, carriers)
  // Always actpass, also when a role stands: the answerer keeps to it (RFC 8842, 5.5).
  const transport = context.transport(transportMid, wishes.iceRestart)
  const carried = { transport, fingerprints, setup: 'actpass', init: snap?.init, largestDatagram } as const
  if ('form' in content) return dataSection(mid, content.form, wishes.maxMessageSize, carried, as)
  const { transceiver } = content
  const { capabilities, table, cname } = setup
  const standing = agreement.newest('local')
  const index = standing?.indexOf(mid)
  const section = standing !== undefined && index !== undefined ? readMediaSection(standing, index) : undefined
  return mediaSection(
    mid,
    {
      ...offeredTerms(transceiver, capabilities, table, section),
      kind: transceiver.kind,
      protocol: MEDIA_PROTOCOL,
      direction: transceiver.direction,
      reducedSize: true,
      receiverReferenceTime: true,
      transceiver,
      cname,
    },
    { carried, as },
  )
}

/** Which transport an m-section is offered with (RFC 9429, 4.1.1 and 5.2.2; RFC 9143, 7.2 and 7.5). */
const placeOf = (
  mid: string,
  kind: string,
  agreement: Agreement,
  policy: BundlePolicy,
  bundled: readonly string[],
  carriers: Map<string, string>,
): { transportMid: string; as: 'own' | 'shared' | 'bundle-only' } => {
  const standing = agreement.bundleTag()
  const isKnown = agreement.isAgreedOn(mid)
  if (
    standing !== undefined &&
    bundled.includes(standing) &&
    (!isKnown || agreement.transportMid(mid, undefined) === standing)
  ) {
    return { transportMid: standing, as: mid === standing ? 'own' : 'shared' }
  }
  const group = policy === 'max-compat' ? mid : policy === 'max-bundle' ? '' : kind
  const carrier = carriers.get(group)
  if (carrier === undefined || isKnown) {
    if (carrier === undefined) carriers.set(group, mid)
    return { transportMid: isKnown ? agreement.transportMid(mid, undefined) : mid, as: 'own' }
  }
  return { transportMid: carrier, as: 'bundle-only' }
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
