/** A page's end of audio and video and ours, with their signals carried between them. */

import type { Browser } from 'puppeteer-core'
import type { Test } from 'tap'
import { MediaPage, type Signal } from '../drivers/media-page.ts'
import { MediaEnd } from './end.ts'

/** How often a condition is looked at, and for how long, in milliseconds. */
const INTERVAL = 50
const PATIENCE = 30_000
/** Of audio that are counted as a frame: a tenth of a second at the lowest rate, of PCMU and PCMA. */
const SAMPLES = 800

/** Resolves with what `look` finds, once it is neither undefined nor false; gives up in the end, and says `what` and `how` things stand. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  how: () => Promise<unknown> | unknown = () => '',
): Promise<T> {
  const end = Date.now() + PATIENCE
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`waited in vain for ${what}: ${JSON.stringify(await how())}`)
    await new Promise(resolve => setTimeout(resolve, INTERVAL))
  }
}

export interface TransceiverState {
  readonly mid: string | null
  readonly kind: string
  readonly direction: string
  readonly currentDirection: string | null
  readonly muted: boolean
  readonly readyState: string
}

export interface PageState {
  readonly connectionState: string
  readonly signalingState: string
  readonly transceivers: readonly TransceiverState[]
}

/** Who tells the other something. */
export type Side = 'ours' | 'theirs'

export interface MediaPairOptions {
  readonly ours?: Parameters<typeof MediaEnd.create>[2]
  readonly theirs?: object
  /** Who gives way when both offer at once: whoever did not offer first. */
  readonly politePage?: boolean
  /** What becomes of a description on its way. `isFirst`: it is of who offered first. */
  readonly alter?: (sdp: string, isFirst: boolean) => string
}

/** Something that is shown with a browser, in both roles. */
export interface Scenario {
  readonly title: string
  readonly options?: MediaPairOptions
  /** Why it does not work with a browser: undefined where it does. */
  readonly fails?: (browser: string, weOffer: boolean) => string | undefined
  /** @param weOffer Whether the first offer is ours. */
  run(t: Test, pair: MediaPair, weOffer: boolean): Promise<void>
}

/** The mid of the page's first video that is not stopped. */
export const videoMid = async (pair: MediaPair): Promise<string> => {
  const { transceivers } = await pair.state()
  return transceivers.find(({ kind }) => kind === 'video')?.mid ?? ''
}

const isDescription = (signal: Signal): boolean => signal.description !== undefined

const alterSignal = (signal: Signal, alter: (sdp: string) => string): Signal => {
  const description = signal.description as { type: string; sdp: string } | undefined
  return description === undefined ? signal : { description: { ...description, sdp: alter(description.sdp) } }
}

export class MediaPair {
  readonly page: MediaPage
  readonly ours: MediaEnd
  /** Signals that wait, while they are held back. */
  #held: { readonly from: Side; readonly signal: Signal }[] | undefined

  private constructor(page: MediaPage, ours: MediaEnd) {
    this.page = page
    this.ours = ours
  }

  static async open(browser: Browser, options: MediaPairOptions = {}): Promise<MediaPair> {
    const { politePage = false } = options
    const page = await MediaPage.open(browser)
    await page.create(politePage, options.theirs)
    let carry: (from: Side, signal: Signal) => void = () => {}
    const ours = await MediaEnd.create(!politePage, signal => carry('ours', signal), options.ours)
    const pair = new MediaPair(page, ours)
    const first: Side = politePage ? 'ours' : 'theirs'
    carry = (from, signal) => {
      const altered =
        options.alter === undefined ? signal : alterSignal(signal, sdp => options.alter!(sdp, from === first))
      if (pair.#held === undefined) pair.#deliver(from, altered)
      else pair.#held.push({ from, signal: altered })
    }
    page.onsignal = signal => carry('theirs', signal)
    return pair
  }

  #deliver(from: Side, signal: Signal): void {
    if (from === 'theirs') void this.ours.receive(signal)
    // What the page is told while it closes, it need not hear.
    else void this.page.call('receive', signal).catch(() => {})
  }

  /** Holds back whatever one tells the other, until `release`. */
  hold(): void {
    this.#held ??= []
  }

  /** How many descriptions of one end wait. */
  held(from: Side): number {
    return this.#held?.filter(each => each.from === from && isDescription(each.signal)).length ?? 0
  }

  /** Lets go what is held back: of each end what it told last, since it has taken back what was before. */
  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    held.forEach(({ from, signal }, at) => {
      const isOld = held.some((later, index) => index > at && later.from === from && isDescription(later.signal))
      if (!isOld) this.#deliver(from, signal)
    })
  }

  state(): Promise<PageState> {
    return this.page.call<PageState>('state')
  }

  /** Statistics of the page's: of one type, of one kind of media. */
  stats(type: string, kind?: string): Promise<readonly Record<string, number>[]> {
    return this.page.call('stats', type, kind)
  }

  /** Everything agreed on, at both ends. */
  settled(): Promise<true> {
    return until(
      'both ends to be stable',
      async () => {
        const { connectionState, signalingState } = await this.state()
        const { connection } = this.ours
        return (
          connectionState === 'connected' &&
          signalingState === 'stable' &&
          connection.signalingState === 'stable' &&
          connection.connectionState === 'connected'
        )
      },
      async () => [await this.state(), this.ours.connection.connectionState, this.ours.errors, this.ours.events],
    )
  }

  /** So many frames more than now come to us. */
  async heard(kind: 'audio' | 'video', more: number): Promise<void> {
    const before = this.ours.of(kind)?.frames ?? 0
    await until(
      `${more} frames of ${kind} from the page`,
      () => (this.ours.of(kind)?.frames ?? 0) >= before + more,
      async () => [this.ours.of(kind)?.frames, await this.stats('outbound-rtp', kind), this.ours.errors],
    )
  }

  /** So many frames more than now are decoded in the page; of audio, samples are counted that were not made up. */
  async played(kind: 'audio' | 'video', more: number): Promise<void> {
    const count = async () => {
      const all = await this.stats('inbound-rtp', kind)
      return all.reduce((sum, each) => {
        const { framesDecoded = 0, totalSamplesReceived = 0, concealedSamples = 0 } = each
        return sum + (kind === 'video' ? framesDecoded : (totalSamplesReceived - concealedSamples) / SAMPLES)
      }, 0)
    }
    const before = await count()
    await until(
      `${more} frames of ${kind} in the page`,
      async () => (await count()) >= before + more,
      async () => [
        await this.stats('inbound-rtp', kind),
        await this.stats('outbound-rtp', kind),
        await this.ours.stats('inbound-rtp', kind),
        await this.ours.stats('outbound-rtp', kind),
      ],
    )
  }

  async errors(): Promise<readonly string[]> {
    return [...(await this.page.call<string[]>('errors')), ...this.ours.errors]
  }

  async close(): Promise<void> {
    this.ours.close()
    await this.page.call('close')
    await this.page.close()
  }
}
