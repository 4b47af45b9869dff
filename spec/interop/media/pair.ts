/** A page's end of audio and video and ours, with their signals carried between them. */

import type { Browser } from 'puppeteer-core'
import type { Test } from 'tap'
import { MediaPage } from '../drivers/media-page.ts'
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

export interface MediaPairOptions {
  readonly ours?: Parameters<typeof MediaEnd.create>[2]
  readonly theirs?: object
  /** Who gives way when both offer at once. */
  readonly politePage?: boolean
}

/** Something that is shown with a browser, in both roles. */
export interface Scenario {
  readonly title: string
  readonly options?: MediaPairOptions
  /** @param weOffer Whether the first offer is ours. */
  run(t: Test, pair: MediaPair, weOffer: boolean): Promise<void>
}

/** The mid of the page's first video that is not stopped. */
export const videoMid = async (pair: MediaPair): Promise<string> => {
  const { transceivers } = await pair.state()
  return transceivers.find(({ kind }) => kind === 'video')?.mid ?? ''
}

export class MediaPair {
  readonly page: MediaPage
  readonly ours: MediaEnd

  private constructor(page: MediaPage, ours: MediaEnd) {
    this.page = page
    this.ours = ours
  }

  static async open(browser: Browser, options: MediaPairOptions = {}): Promise<MediaPair> {
    const { politePage = false } = options
    const page = await MediaPage.open(browser)
    await page.create(politePage, options.theirs)
    const ours = await MediaEnd.create(
      !politePage,
      // What the page is told while it closes, it need not hear.
      signal => void page.call('receive', signal).catch(() => {}),
      options.ours,
    )
    page.onsignal = signal => void ours.receive(signal)
    return new MediaPair(page, ours)
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
