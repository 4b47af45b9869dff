/** One side of a negotiation with the credentials that a session would keep for it, for the specs of this folder. */

import {
  type Applied,
  type BundlePolicy,
  type HeaderEncryptionPolicy,
  type LocalContext,
  type MediaCapabilities,
  Negotiation,
  type SdpType,
} from '../../lib/jsep/index.ts'
import { fixtureText } from '../fixture.ts'
import { seededCrypto } from '../providers.ts'

/** Of a side that does no media: it rejects it in its place. */
const NOTHING: MediaCapabilities = {
  audio: { codecs: [], headerExtensions: [] },
  video: { codecs: [], headerExtensions: [] },
}

const password = 'aVeryLongIcePasswordForTests'

interface Fingerprint {
  readonly algorithm: string
  readonly value: string
}

interface SideOptions {
  readonly data?: boolean
  readonly maxMessageSize?: number
  readonly iceLite?: boolean
  /** None by default: these are sides that do data alone. */
  readonly capabilities?: MediaCapabilities
  readonly bundlePolicy?: BundlePolicy
  readonly headerEncryption?: HeaderEncryptionPolicy
  /** Announced, in bytes. */
  readonly largestDatagram?: number
  /** An INIT chunk to show; whatever the peer shows is taken. */
  readonly init?: Uint8Array
  /** One that is made up of the name by default. */
  readonly fingerprints?: readonly Fingerprint[]
}

export class Side {
  readonly negotiation: Negotiation
  readonly fingerprints: readonly Fingerprint[]
  /** Part of the user-name fragment: goes up at each restart. */
  generation = 0
  /** What the context says that was gathered so far. */
  candidates: string[] = []
  ended = false
  readonly name: string
  readonly #init: Uint8Array | undefined
  readonly #largestDatagram: number | undefined

  constructor(name: string, options: SideOptions = {}) {
    this.name = name
    this.#init = options.init
    this.#largestDatagram = options.largestDatagram
    const seed = name.charCodeAt(0)
    this.negotiation = new Negotiation({
      random: seededCrypto(seed).random,
      maxMessageSize: options.maxMessageSize ?? 262_144,
      iceLite: options.iceLite === true,
      capabilities: options.capabilities ?? NOTHING,
      ...(options.headerEncryption && { headerEncryption: options.headerEncryption }),
      ...(options.bundlePolicy && { bundlePolicy: options.bundlePolicy }),
    })
    this.negotiation.dataWanted = options.data === true
    const byte = seed.toString(16).padStart(2, '0').toUpperCase()
    this.fingerprints = options.fingerprints ?? [{ algorithm: 'sha-256', value: Array(32).fill(byte).join(':') }]
  }

  get state() {
    return this.negotiation.signalingState
  }

  get context(): LocalContext {
    return {
      fingerprints: this.fingerprints,
      ...(this.#largestDatagram && { largestDatagram: this.#largestDatagram }),
      ...(this.#init && { snap: { init: this.#init, accepts: (init: Uint8Array) => init[0] !== 0xff } }),
      transport: (mid, iceRestart) => {
        if (iceRestart) this.generation++
        return {
          usernameFragment: `${this.name}${mid}gen${this.generation}`,
          password,
          candidates: this.candidates,
          endOfCandidates: this.ended,
        }
      },
    }
  }

  offer(options: { iceRestart?: boolean } = {}): string {
    return this.negotiation.createOffer(this.context, options)
  }

  answer(): string {
    return this.negotiation.createAnswer(this.context)
  }

  setLocal(type: SdpType, sdp = ''): Applied {
    return this.negotiation.setLocal(type, sdp)
  }

  setRemote(type: SdpType, sdp = ''): Applied {
    return this.negotiation.setRemote(type, sdp)
  }

  /** Offers, and applies it. */
  sendOffer(options: { iceRestart?: boolean } = {}): string {
    const sdp = this.offer(options)
    this.setLocal('offer', sdp)
    return sdp
  }

  /** Takes an offer, answers it, and applies that. */
  sendAnswer(offer: string, type: 'answer' | 'pranswer' = 'answer'): string {
    this.setRemote('offer', offer)
    const sdp = this.answer()
    this.setLocal(type, sdp)
    return sdp
  }
}

/** Two sides that have agreed on data: the first one offered. */
export const agreed = (): [Side, Side] => {
  const offerer = new Side('offerer', { data: true })
  const answerer = new Side('answerer')
  offerer.setRemote('answer', answerer.sendAnswer(offerer.sendOffer()))
  return [offerer, answerer]
}

/** `first` offers again and `second` answers. */
export const again = (first: Side, second: Side, options: { iceRestart?: boolean } = {}): [Applied, Applied] => {
  second.setRemote('offer', first.sendOffer(options))
  if (options.iceRestart) second.generation++
  const sdp = second.answer()
  const there = second.setLocal('answer', sdp)
  return [first.setRemote('answer', sdp), there]
}

export const sample = (name: string): string => fixtureText(`sdp/${name}.sdp`)

/** The lines of a description that begin so, without their ends. */
export const linesOf = (sdp: string | undefined, start: string): string[] =>
  (sdp ?? '').split('\r\n').filter(line => line.startsWith(start))
