/**
 * What createOffer puts into an offer (RFC 9429, 5.2): the m-sections that stand, in their places; new ones in the places of
 * rejected ones before others; data where a channel is wanted, behind the media; everything else stays rejected.
 */

import type { MediaDescription } from '../sdp/index.ts'
import type { Agreement } from './agreement.ts'
import type { LocalContext } from './applied.ts'
import type { BundlePolicy } from './bundle.ts'
import { OfferedNumbers } from './codec-table.ts'
import { dataSection, rejectedSection } from './compose.ts'
import { type DataForm, dataForm, MODERN_FORM } from './data-section.ts'
import type { Description } from './description.ts'
import { MEDIA_PROTOCOL, mediaSection } from './media-compose.ts'
import { offeredTerms } from './media-negotiation.ts'
import { isMedia, type MediaSection } from './media-section.ts'
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

export interface OfferComposition extends Composition {
  /** The names of the transports that m-sections use, by mid. */
  readonly transports: ReadonlyMap<string, string>
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
): OfferComposition => {
  const slots = planSlots(agreement, wishes, setup)
  const base = agreement.newest('local')
  const group = groupOf(agreement, slots)
  const surroundings: SlotSurroundings = {
    agreement,
    context,
    wishes,
    setup,
    group,
    carriers: new Map(),
    transports: new Map(),
    numbers: new OfferedNumbers(setup.table, standingSections(base, slots)),
  }
  const media = slots.map((slot, index): MediaDescription => {
    if (slot === undefined) return rejectedSection(base!.media(index), base!.mids[index]!)
    return composeSlot(slot, surroundings)
  })
  const transceivers = slots.map(slot =>
    slot !== undefined && 'transceiver' in slot.content ? slot.content.transceiver : undefined,
  )
  return { media, bundles: group.length === 0 ? [] : [group], transceivers, transports: surroundings.transports }
}

/**
 * The mids of the one BUNDLE group. What shares the transport that was agreed on comes first, so that it goes on whatever is
 * rejected or takes the place of what was (RFC 9143, 7.5).
 */
const groupOf = (agreement: Agreement, slots: readonly (Slot | undefined)[]): string[] => {
  const mids = slots.flatMap(slot => (slot === undefined ? [] : [slot.mid]))
  const standing = agreement.bundleTransport()
  const shares = (mid: string): boolean => standing !== undefined && agreement.nameOf(mid)[0] === standing
  const tag = agreement.bundleTag()
  const sharing = mids.filter(shares)
  return [
    ...sharing.filter(mid => mid === tag),
    ...sharing.filter(mid => mid !== tag),
    ...mids.filter(mid => !shares(mid)),
  ]
}

/** What our m-sections said before that go on. */
const standingSections = (base: Description | undefined, slots: readonly (Slot | undefined)[]): MediaSection[] =>
  slots.flatMap((slot, index) => {
    const goesOn = slot !== undefined && 'transceiver' in slot.content && base?.mids[index] === slot.mid
    return goesOn ? [base!.section(index)] : []
  })

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
  const byMid = new Map(transceivers.map(transceiver => [transceiver.mid, transceiver]))
  const placed = new Set<Transceiver>()
  let hasData = false
  base?.mids.forEach((mid, index) => {
    const section = base.media(index)
    const form = dataForm(section)
    slots[index] = undefined
    if (agreement.isVacant(base, index)) return
    const transceiver = byMid.get(mid)
    if (form !== undefined && !hasData) {
      slots[index] = { mid, content: { form } }
      hasData = true
    } else if (transceiver?.mLineIndex === index && !transceiver.stopping && isMedia(section)) {
      slots[index] = { mid, content: { transceiver } }
      placed.add(transceiver)
    }
  })
  const vacancies = new Vacancies(agreement, base)
  const wantsData = !hasData && wishes.dataWanted
  const dataPlace = wantsData ? vacancies.take('application') : undefined
  for (const transceiver of transceivers) {
    if (transceiver.stopping || placed.has(transceiver)) continue
    const index = vacancies.take(transceiver.kind) ?? vacancies.take() ?? slots.length
    slots[index] = { mid: fresh(), content: { transceiver } }
  }
  if (wantsData) slots[dataPlace ?? slots.length] = { mid: fresh(), content: { form: MODERN_FORM } }
  return slots
}

/** The places of m-sections that were rejected: new ones are put there before others, whatever they are for (RFC 9429, 5.2.2). */
class Vacancies {
  readonly #kinds: (string | undefined)[]

  constructor(agreement: Agreement, base: Description | undefined) {
    this.#kinds =
      base?.mids.map((_, index) => (agreement.isVacant(base, index) ? base.media(index).kind : undefined)) ?? []
  }

  /** The first place, of m-sections of this kind if one is said. */
  take(kind?: string): number | undefined {
    const index = this.#kinds.findIndex(each => each !== undefined && (kind === undefined || each === kind))
    if (index < 0) return undefined
    this.#kinds[index] = undefined
    return index
  }
}

interface SlotSurroundings {
  readonly agreement: Agreement
  readonly context: LocalContext
  readonly wishes: OfferWishes
  readonly setup: MediaSetup
  /** All that are offered to share one transport, the one that carries it first. */
  readonly group: readonly string[]
  /** The first m-section of each kind, which has a transport of its own, while nothing is agreed on. */
  readonly carriers: Map<string, string>
  readonly transports: Map<string, string>
  readonly numbers: OfferedNumbers
}

const composeSlot = ({ mid, content }: Slot, surroundings: SlotSurroundings): MediaDescription => {
  const { agreement, context, wishes, setup, numbers } = surroundings
  const { fingerprints, snap, largestDatagram } = context
  const kind = 'transceiver' in content ? content.transceiver.kind : 'application'
  const { transportMid, as } = placeOf(mid, kind, surroundings)
  surroundings.transports.set(mid, transportMid)
  // Always actpass, also when a role stands: the answerer keeps to it (RFC 8842, 5.5).
  const known = context.transport(transportMid, wishes.iceRestart)
  const hides = known.endOfCandidates && as === 'own' && agreement.isTakenOver(transportMid, mid)
  const transport = hides ? { ...known, candidates: [] } : known
  const carried = { transport, fingerprints, setup: 'actpass', init: snap?.init, largestDatagram } as const
  if ('form' in content) return dataSection(mid, content.form, wishes.maxMessageSize, carried, as)
  const { transceiver } = content
  const base = agreement.newest('local')
  const index = base?.indexOf(mid)
  const standing = base === undefined || index === undefined ? undefined : base.section(index)
  const answered = agreement.answered(mid)
  return mediaSection(
    mid,
    {
      ...offeredTerms(transceiver, setup.capabilities, numbers, standing, answered),
      kind: transceiver.kind,
      protocol: MEDIA_PROTOCOL,
      direction: transceiver.direction,
      mixedExtensions: false,
      reducedSize: true,
      cryptex: setup.headerEncryption !== undefined,
      receiverReferenceTime: true,
      transceiver,
      cname: setup.cname,
    },
    { carried, as, isFirst: answered === undefined },
  )
}

/** Which transport an m-section is offered with (RFC 9429, 4.1.1 and 5.2.2; RFC 9143, 7.2 and 7.5). */
const placeOf = (
  mid: string,
  kind: string,
  { agreement, wishes, group, carriers }: SlotSurroundings,
): { transportMid: string; as: 'own' | 'shared' | 'bundle-only' } => {
  const standing = agreement.bundleTransport()
  const own = agreement.nameOf(mid)[0]
  const tag = group[0]!
  // Once something is bundled, what is new shares its transport from the beginning.
  if (standing !== undefined && agreement.nameOf(tag)[0] === standing && (own === undefined || own === standing)) {
    return { transportMid: standing, as: mid === tag ? 'own' : 'shared' }
  }
  const policy = wishes.bundlePolicy
  const sharers = policy === 'max-compat' ? mid : policy === 'max-bundle' ? '' : kind
  const carrier = carriers.get(sharers)
  if (carrier === undefined) carriers.set(sharers, own ?? mid)
  if (own !== undefined || carrier === undefined) return { transportMid: own ?? mid, as: 'own' }
  return { transportMid: carrier, as: 'bundle-only' }
}

/** The smallest number that is no mid yet: counting leaks nothing about the user (RFC 9429, 5.2.1). */
export const freshMid = (agreement: Agreement, taken?: ReadonlySet<string>): string => {
  const known = agreement.all
  for (let number = 0; ; number++) {
    const mid = String(number)
    if (
      !taken?.has(mid) &&
      !agreement.isTransport(mid) &&
      known.every(description => description.indexOf(mid) === undefined)
    )
      return mid
  }
}
