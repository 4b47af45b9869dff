/** Connections of ours with a peer over a path that is wanted: each end has a configuration, and not every candidate arrives. */

import type { Test } from 'tap'
import { CannotStart, type Driver, type PeerStarter } from './drivers/driver.ts'
import { startOurs } from './drivers/ours.ts'
import { End, type MessageSpec, Pair, SignalSource } from './pair.ts'

/** Set where everything is installed (`.ci/run`): what cannot start is then a failure. */
const required = process.env.PURERTC_REQUIRE_PEERS === '1'

/** What somebody starts; the reason when that cannot run on this machine. */
export const startIfPossible = async <T extends { close(): Promise<void> }>(
  t: Test,
  start: Promise<T>,
): Promise<T | string> => {
  try {
    const started = await start
    t.teardown(() => started.close())
    return started
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error
    if (required) t.fail(error.message)
    return error.message
  }
}

/** Of a candidate's line (RFC 8839, 5.1): whether the end that it is meant for shall learn of it, or of which in its place. */
export type CandidateFilter = (candidate: string) => boolean | string

export interface EndOptions {
  /** For its RTCPeerConnection. */
  readonly configuration?: object
  /** The candidates that it is told of; all by default. */
  readonly hears?: CandidateFilter
}

const CANDIDATE = /^a=(candidate:.*)\r\n/gm

class PathEnd extends End {
  constructor(driver: Driver, id: string, { configuration = {}, hears = () => true }: EndOptions) {
    super(driver, id)
    const deliver = this.signal
    this.create = () => driver.call('create', id, configuration) as Promise<void>
    this.signal = async signal => {
      const { candidate, description } = signal as {
        candidate?: { candidate: string } | null
        description?: { type: string; sdp: string }
      }
      if (candidate?.candidate) {
        const heard = hears(candidate.candidate)
        if (heard === false) return
        const line = heard === true ? candidate.candidate : heard
        return deliver({ ...signal, candidate: { ...candidate, candidate: line } } as typeof signal)
      }
      if (description === undefined) return deliver(signal)
      const sdp = description.sdp.replace(CANDIDATE, (line, candidate) => {
        const heard = hears(candidate)
        return heard === true ? line : heard === false ? '' : `a=${heard}\r\n`
      })
      await deliver({ ...signal, description: { ...description, sdp } } as typeof signal)
    }
  }
}

type Stat = Record<string, unknown>

/** The facts of the candidates of the pair in use, as the end's statistics have them. */
export const selectedCandidates = async (end: End): Promise<{ readonly local: Stat; readonly remote: Stat }> => {
  const stats = await end.stats()
  const find = (id: unknown) => stats.find(stat => stat.id === id)
  const chosen = stats.find(({ type }) => type === 'transport')?.selectedCandidatePairId
  // Firefox says it of the pair, the transport's member being younger.
  const pair =
    find(chosen) ??
    stats.find(({ type, selected, nominated, state }) => {
      return type === 'candidate-pair' && (selected ?? (nominated && state === 'succeeded'))
    })
  return { local: find(pair?.localCandidateId) ?? {}, remote: find(pair?.remoteCandidateId) ?? {} }
}

/** What the ICE transport of the end says of the same. */
export const selectedPair = (end: End): Promise<{ readonly local: Stat; readonly remote: Stat } | null> =>
  end.driver.call('selectedPair', end.id) as ReturnType<typeof selectedPair>

const MESSAGES: readonly MessageSpec[] = [
  { kind: 'text', size: 1, seed: 1 },
  { kind: 'binary', size: 1_000, seed: 2 },
  { kind: 'text', size: 20_000, seed: 3 },
  { kind: 'binary', size: 60_000, seed: 4 },
]

/** Sends messages of several sizes both ways at once: every one arrives, in order and as it was. */
export const exchange = async (t: Test, pair: Pair, label = 'first'): Promise<void> => {
  const ends = [pair.ours, pair.peer] as const
  const before = await Promise.all(ends.map(async end => (await end.received(label, 0)).length))
  const sent = await Promise.all(ends.map(end => end.send(label, MESSAGES)))
  for (const [i, end] of ends.entries()) {
    const received = await end.received(label, before[i]! + MESSAGES.length)
    t.same(received.slice(before[i]), sent[1 - i], `messages to ${end.driver.name} are intact`)
  }
}

/** Restarts ICE by an offer of ours: the new credentials come into use at both ends, and messages arrive. */
export const restartIce = async (t: Test, pair: Pair): Promise<void> => {
  const before = await pair.ours.fragments()
  await pair.ours.offer({ iceRestart: true })
  const after = await pair.ours.changedFragments(before)
  await pair.ours.selectedFragment(after.local)
  // A Chromium that is controlled stays on the old pair until data comes on the new one.
  await exchange(t, pair)
  await pair.peer.selectedFragment(after.remote)
}

/** One peer, and ours. */
export class Party {
  #connections = 0
  readonly #ours: { readonly driver: Driver; readonly signals: SignalSource }
  readonly #peer: { readonly driver: Driver; readonly signals: SignalSource } | string

  private constructor(ours: Driver, peer: Driver | string) {
    this.#ours = { driver: ours, signals: new SignalSource(ours) }
    this.#peer = typeof peer === 'string' ? peer : { driver: peer, signals: new SignalSource(peer) }
  }

  /** Starts the peer, which is closed when `t` is over. */
  static async start(t: Test, starter: PeerStarter): Promise<Party> {
    const peer = await startIfPossible(t, starter.start())
    if (typeof peer !== 'string') t.comment(`peer: ${peer.name}`)
    return new Party(await startOurs(), peer)
  }

  /** Why it cannot run here; undefined when it can. */
  get unable(): string | undefined {
    return typeof this.#peer === 'string' ? this.#peer : undefined
  }

  /** Makes the two ends of a connection, which are closed when the test is over. */
  async pair(t: Test, weOffer: boolean, ours: EndOptions, peer: EndOptions = {}): Promise<Pair> {
    if (typeof this.#peer === 'string') throw new Error(this.#peer)
    const id = `connection ${this.#connections++}`
    const ourEnd = new PathEnd(this.#ours.driver, id, ours)
    const peerEnd = new PathEnd(this.#peer.driver, id, peer)
    const pair = new Pair(ourEnd, peerEnd, weOffer ? ourEnd : peerEnd)
    await Promise.all([ourEnd.create(), peerEnd.create()])
    pair.carry(this.#ours.signals, ourEnd, peerEnd)
    pair.carry(this.#peer.signals, peerEnd, ourEnd)
    t.teardown(async () => {
      if (!t.passing()) {
        for (const end of [ourEnd, peerEnd]) {
          t.comment(`${end.driver.name}: ${JSON.stringify(await end.report().catch(String))}`)
        }
      }
      await pair.close()
    })
    return pair
  }
}
