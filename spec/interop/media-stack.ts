/** A connection of ours with another stack's: audio and video of it come to us, and go back or have others in their place. */

import type { Test } from 'tap'
import {
  EncodedFrameReader,
  type MediaStreamTrack,
  RTCPeerConnection,
  RTCRtpReceiver,
  type RTCRtpTransceiver,
} from '../../lib/index.ts'
import { CannotStart } from './drivers/driver.ts'
import type { Description, MediaProgram } from './drivers/media-program.ts'
import type { LossyPath } from './lossy-host.ts'
import { nameOf } from './media-fixture.ts'
import type { Waiting } from './waiting.ts'

export type Kind = 'audio' | 'video'

export type Codecs = Readonly<Record<Kind, string>>

/** What has come by the newest track of a kind. */
export interface Heard {
  readonly track: MediaStreamTrack
  readonly transceiver: RTCRtpTransceiver
  readonly frames: EncodedFrameReader
  /** Of each frame: what its bytes are known by, in order. */
  readonly contents: string[]
  keyFrames: number
  mimeType: string
  width: number
  height: number
}

export interface PairOptions {
  readonly codecs: Codecs
  /** A path of our own, in place of the platform's. */
  readonly path?: () => LossyPath
  /** What a transceiver that the peer sends by has back; what it brings, by default. */
  readonly answer?: (kind: Kind, transceiver: RTCRtpTransceiver) => MediaStreamTrack | null
  /** What the peer sends, where it encodes nothing. */
  readonly samples?: Readonly<Record<Kind, readonly Uint8Array[]>>
  /** Without packets on a stream of their own that repair losses (RFC 4588): what is sent again is the same packet. */
  readonly withoutRtx?: boolean
}

/** The codec, and what repairs its losses, of what we can receive. */
export const only = (kind: Kind, mimeType: string) =>
  RTCRtpReceiver.getCapabilities(kind)!.codecs.filter(codec =>
    [mimeType.toLowerCase(), `${kind}/rtx`].includes(codec.mimeType.toLowerCase()),
  )

/** Starts a peer; the reason when it cannot run on this machine, which is a failure where everything is installed. */
export const startPeer = async <T extends { close(): Promise<void> }>(
  t: Test,
  start: () => T | Promise<T>,
): Promise<T | undefined> => {
  try {
    const started = await start()
    t.teardown(() => started.close())
    // What is waited for is mostly the time that media takes.
    t.jobs = JOBS
    return started
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error
    if (process.env.PURERTC_REQUIRE_PEERS === '1') t.fail(error.message)
    else t.test('audio and video', { skip: error.message }, () => {})
    return undefined
  }
}

/** Connections at once. */
const JOBS = 2

let connections = 0

export class StackPair {
  readonly connection: RTCPeerConnection
  readonly heard = new Map<Kind, Heard>()
  readonly path: LossyPath | undefined
  readonly #id = `connection ${connections++}`
  readonly #peer: MediaProgram
  readonly #waiting: Waiting
  readonly #options: PairOptions

  private constructor(peer: MediaProgram, waiting: Waiting, options: PairOptions) {
    this.#peer = peer
    this.#waiting = waiting
    this.#options = options
    this.path = options.path?.()
    this.connection = new RTCPeerConnection(this.path?.configuration)
    this.connection.ontrack = ({ track, transceiver }) => this.#take(track, transceiver)
    this.connection.onconnectionstatechange = () => waiting.wake()
  }

  static async open(peer: MediaProgram, waiting: Waiting, options: PairOptions): Promise<StackPair> {
    const pair = new StackPair(peer, waiting, options)
    await pair.call('create')
    return pair
  }

  call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    return this.#peer.call<T>(this.#id, method, ...args)
  }

  fact<T>(name: string): T | undefined {
    return this.#peer.fact<T>(this.#id, name)
  }

  /** Everything of the peer's is sent from the next negotiation on; and if we are to offer, we offer to take it. */
  async send(kinds: readonly Kind[], weOffer: boolean): Promise<void> {
    for (const kind of kinds) {
      await this.call('send', kind, this.#options.codecs[kind], this.#samples(kind))
      if (weOffer) this.#prepare(kind, this.connection.addTransceiver(kind))
    }
  }

  #samples(kind: Kind): readonly string[] {
    return (this.#options.samples?.[kind] ?? []).map(sample => Buffer.from(sample).toString('base64'))
  }

  /** One offer and its answer. */
  async negotiate(weOffer: boolean): Promise<void> {
    const { connection } = this
    if (weOffer) {
      await connection.setLocalDescription()
      await connection.setRemoteDescription(await this.call<Description>('answer', await this.#described()))
    } else {
      await connection.setRemoteDescription(await this.call<Description>('offer'))
      await connection.setLocalDescription()
      await this.call('accept', await this.#described())
    }
  }

  /** Our description, when it has all of its candidates. */
  async #described(): Promise<unknown> {
    const { connection } = this
    if (connection.iceGatheringState !== 'complete') {
      await new Promise<void>(resolve => {
        connection.onicegatheringstatechange = () => {
          if (connection.iceGatheringState === 'complete') resolve()
        }
      })
    }
    return connection.localDescription?.toJSON()
  }

  /** Resolves when the condition holds; it is looked at when something new is known. */
  until(condition: () => boolean, what: string): Promise<void> {
    return this.#waiting.until(condition, () => `${what}: ${this.#standing()}`)
  }

  /** So many frames more than now come to us. */
  async frames(kind: Kind, more: number): Promise<Heard> {
    const before = this.heard.get(kind)?.contents.length ?? 0
    const count = () => this.heard.get(kind)?.contents.length ?? 0
    await this.until(() => count() >= before + more, `${more} frames of ${kind} from ${this.#peer.name}`)
    return this.heard.get(kind)!
  }

  /** The peer tells of a kind what satisfies the condition, so many times more than now. */
  async told<T extends { readonly frames: number }>(
    kind: Kind,
    more: number,
    condition: (fact: T) => boolean = () => true,
  ): Promise<T> {
    const before = this.fact<T>(kind)?.frames ?? 0
    const holds = () => {
      const fact = this.fact<T>(kind)
      return fact !== undefined && fact.frames >= before + more && condition(fact)
    }
    await this.until(holds, `${more} frames of ${kind} at ${this.#peer.name}`)
    return this.fact<T>(kind)!
  }

  async stats(type: string, kind: Kind): Promise<readonly Record<string, unknown>[]> {
    const report = await this.connection.getStats()
    const values = [...report.values()] as unknown as readonly Record<string, unknown>[]
    return values.filter(each => each.type === type && each.kind === kind)
  }

  async close(): Promise<void> {
    this.connection.close()
    await this.call('close')
  }

  #standing(): string {
    const heard = [...this.heard].map(([kind, { contents, keyFrames, track }]) => [
      kind,
      contents.length,
      keyFrames,
      track.muted,
    ])
    const told = ['state', 'video', 'audio'].map(name => this.fact(name))
    return JSON.stringify([this.connection.connectionState, heard, told, this.#peer.errors.slice(-1000)])
  }

  #prepare(kind: Kind, transceiver: RTCRtpTransceiver): void {
    const { codecs, answer, withoutRtx = false } = this.#options
    const repairs = (mimeType: string) => mimeType.endsWith('/rtx')
    const preferred = only(kind, codecs[kind]).filter(each => !withoutRtx || !repairs(each.mimeType))
    transceiver.setCodecPreferences(preferred)
    const track = answer === undefined ? transceiver.receiver.track : answer(kind, transceiver)
    transceiver.direction = track === null ? 'recvonly' : 'sendrecv'
    void transceiver.sender.replaceTrack(track)
  }

  #take(track: MediaStreamTrack, transceiver: RTCRtpTransceiver): void {
    const kind = track.kind as Kind
    if (this.heard.get(kind)?.track === track) return
    track.onmute = track.onunmute = track.onended = () => this.#waiting.wake()
    if (transceiver.currentDirection === null && transceiver.sender.track === null) this.#prepare(kind, transceiver)
    const heard: Heard = {
      track,
      transceiver,
      contents: [],
      keyFrames: 0,
      mimeType: '',
      width: 0,
      height: 0,
      frames: new EncodedFrameReader(track, {
        onframe: frame => {
          heard.contents.push(nameOf(new Uint8Array(frame.data)))
          heard.mimeType = frame.getMetadata().mimeType ?? ''
          if ('type' in frame && frame.type === 'key') {
            heard.keyFrames++
            const { width = 0, height = 0 } = frame.getMetadata()
            Object.assign(heard, { width, height })
          }
          this.#waiting.wake()
        },
      }),
    }
    this.heard.set(kind, heard)
  }
}
