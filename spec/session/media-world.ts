/**
 * Whole sessions, two by two, on simulated pipes in virtual time: ICE, DTLS and SRTP are all there, and datagrams are lost,
 * overtaken and doubled by a seeded chance once a pair is connected.
 */

import { Packet } from '../../lib/bytes/index.ts'
import type { CryptoProvider } from '../../lib/crypto/index.ts'
import type { RtpSession } from '../../lib/flow/index.ts'
import { DEFAULT_CAPABILITIES, type MediaCapabilities, type Transceiver } from '../../lib/jsep/index.ts'
import { randomUnit } from '../../lib/machine/index.ts'
import { type EncodedFrame, encodeRtcp, encodingOf, type PayloadCodec, type RtcpPacket } from '../../lib/rtp/index.ts'
import { type CandidateInit, Session, type SessionEvent, type SessionOptions } from '../../lib/session/index.ts'
import { seededRandom } from '../../lib/sim/index.ts'
import { certificate as makeCertificate } from '../dtls/pair.ts'
import { nodeCrypto } from '../providers.ts'

const certificate = await makeCertificate('ec-p256')

export interface PipeOptions {
  /** Milliseconds one way; 20 unless said. */
  readonly delay?: number
  /** Up to so many milliseconds more: datagrams overtake each other. */
  readonly spread?: number
  /** Of 1, in each direction. */
  readonly loss?: number
  readonly duplicates?: number
}

/** What we can do, of one video codec alone, with retransmissions in a stream of their own or without. */
export const onlyVideo = (encoding: string, withRtx: boolean): MediaCapabilities => {
  const { audio, video } = DEFAULT_CAPABILITIES
  const codec = video.codecs.find(each => encodingOf(each) === encoding)!
  const rtx = video.codecs.find(({ sdpFmtpLine }) => sdpFmtpLine === `apt=${codec.payloadType}`)!
  const codecs: readonly PayloadCodec[] = withRtx ? [codec, rtx] : [codec]
  return { audio, video: { ...video, codecs } }
}

/** The seeded chance of node's provider: its ciphers are fast enough for thousands of packets. */
const cryptoOf = (seed: number): CryptoProvider => {
  const random = seededRandom(seed)
  return new Proxy(nodeCrypto, {
    get: (target, name) => {
      if (name === 'random') return random
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

export class End {
  readonly session: Session
  readonly events: SessionEvent[] = []
  peer!: End
  #candidates: CandidateInit[] = []

  constructor(
    readonly world: World,
    readonly address: string,
    seed: number,
    readonly pipe: PipeOptions,
    options: Partial<SessionOptions>,
  ) {
    this.session = new Session({
      crypto: cryptoOf(seed),
      certificates: [certificate],
      // There is one socket at each end.
      bundlePolicy: 'max-bundle',
      transmit: packet => {
        const bytes = packet.view().slice()
        packet.release()
        world.launch(this, bytes)
      },
      ...options,
    })
  }

  drain(): void {
    const { session, world, address } = this
    for (let event = session.nextEvent(); event !== undefined; event = session.nextEvent()) {
      this.events.push(event)
      if (event.type === 'gather') {
        session.addLocalCandidate(event.mid, { socket: 1, type: 'host', address, port: 5000 }, world.now)
        session.endOfLocalCandidates(event.mid, world.now)
      } else if (event.type === 'candidate') {
        const { text, sdpMid, mLineIndex, usernameFragment } = event
        this.#candidates.push({ candidate: text, sdpMid, sdpMLineIndex: mLineIndex, usernameFragment })
      }
    }
    if (this.peer.session.currentRemoteDescription ?? this.peer.session.pendingRemoteDescription) {
      for (const candidate of this.#candidates.splice(0)) this.peer.session.addIceCandidate(candidate, world.now)
    }
  }

  of<T extends SessionEvent['type']>(type: T): Extract<SessionEvent, { type: T }>[] {
    return this.events.filter(event => event.type === type) as Extract<SessionEvent, { type: T }>[]
  }

  /** @param change What signalling makes of it. */
  offer(change: (sdp: string) => string = sdp => sdp): void {
    const sdp = this.session.createOffer()
    this.session.setLocalDescription({ type: 'offer', sdp }, this.world.now)
    this.peer.session.setRemoteDescription({ type: 'offer', sdp: change(sdp) }, this.world.now)
  }

  /** Of an offer that is here: the peer takes it so many milliseconds later. */
  answer(later = 0): void {
    const sdp = this.session.createAnswer()
    this.session.setLocalDescription({ type: 'answer', sdp }, this.world.now)
    this.world.after(later, now => this.peer.session.setRemoteDescription({ type: 'answer', sdp }, now))
  }

  get transceiver(): Transceiver {
    return this.session.transceivers[0]!
  }

  get link() {
    return this.session.link(this.transceiver)
  }

  /** The RTP session of the only transport. */
  get rtp(): RtpSession {
    return this.link.rtp!
  }

  get isConnected(): boolean {
    return this.session.transports.some(({ dtlsState }) => dtlsState === 'connected')
  }

  /** Sends bytes as if they were RTP or RTCP of ours: protected, and so believed. */
  say(bytes: Uint8Array, isRtcp: boolean): void {
    this.session.transports[0]!.transport.sendMedia(Packet.copy(bytes), isRtcp, this.world.now)
  }

  tell(...packets: RtcpPacket[]): void {
    this.say(encodeRtcp(packets), true)
  }
}

interface Due {
  readonly at: number
  readonly run: () => void
}

export class World {
  now = 1000
  /** Every datagram that is sent, and whether it arrives: to be decided in place of chance. */
  loses: ((from: End, bytes: Uint8Array) => boolean | undefined) | undefined
  /** Nothing is lost or late while it is on. */
  calm = true
  readonly #ends: End[] = []
  readonly #random
  #due: Due[] = []

  constructor(readonly seed: number) {
    this.#random = seededRandom(seed)
  }

  pair(pipe: PipeOptions = {}, a: Partial<SessionOptions> = {}, b: Partial<SessionOptions> = a): [End, End] {
    const create = (options: Partial<SessionOptions>): End => {
      const number = this.#ends.length + 1
      const end = new End(this, `10.0.0.${number}`, this.seed * 100 + number, pipe, options)
      this.#ends.push(end)
      return end
    }
    const [first, second] = [create(a), create(b)]
    first.peer = second
    second.peer = first
    return [first, second]
  }

  launch(from: End, bytes: Uint8Array): void {
    const { delay = 20, spread = 0, loss = 0, duplicates = 0 } = from.pipe
    const lost = this.loses?.(from, bytes) ?? (!this.calm && randomUnit(this.#random) < loss)
    if (lost) return
    const copies = !this.calm && randomUnit(this.#random) < duplicates ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const late = this.calm ? 0 : spread * randomUnit(this.#random)
      this.after(delay + late, now => from.peer.session.receive(bytes.slice(), 1, from.address, 5000, now))
    }
  }

  after(milliseconds: number, act: (now: number) => void): void {
    const at = this.now + milliseconds
    let place = this.#due.length
    while (place > 0 && this.#due[place - 1]!.at > at) place--
    this.#due.splice(place, 0, { at, run: () => act(this.now) })
  }

  /** Does something every so many milliseconds, so many times. */
  every(interval: number, times: number, act: (index: number, now: number) => void): void {
    for (let index = 0; index < times; index++) this.after(index * interval, now => act(index, now))
  }

  /** Lets so many milliseconds pass, or fewer where something has come about. */
  run(milliseconds: number, until: () => boolean = () => false): this {
    const end = this.now + milliseconds
    this.#settle()
    for (let steps = 0; steps < 1_000_000 && !until(); steps++) {
      let at = Math.min(this.#due[0]?.at ?? end, end)
      for (const { session } of this.#ends) at = Math.min(at, Math.max(this.now, session.deadline))
      if (at >= end) {
        this.now = end
        break
      }
      this.now = at
      const due = this.#due.findIndex(each => each.at > at)
      for (const { run } of this.#due.splice(0, due < 0 ? this.#due.length : due)) run()
      for (const { session } of this.#ends) if (session.deadline <= at) session.advance(at)
      this.#settle()
    }
    this.#settle()
    return this
  }

  #settle(): void {
    for (const end of this.#ends) end.drain()
    for (const end of this.#ends) end.session.flush(this.now)
    for (const end of this.#ends) end.drain()
  }

  /** Agrees on what the offerer has, and connects. */
  connect(offerer: End, before: (answerer: End) => void = () => {}, change?: (sdp: string) => string): void {
    offerer.offer(change)
    before(offerer.peer)
    offerer.peer.answer()
    this.run(5000, () => offerer.isConnected && offerer.peer.isConnected)
    if (!offerer.isConnected) throw new Error('not connected')
    this.run(50)
  }
}

/** A picture of VP8, whose bytes are its number's. */
export const vp8Frame = (number: number, keyFrame: boolean, size: number, timestamp = number * 3000): EncodedFrame => {
  const data = new Uint8Array(size).fill(number)
  data.set(keyFrame ? [0x10, 2, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1] : [0x11, 2, 0])
  const fields = { payloadType: 0, ssrc: 0, csrcs: [] } as const
  return { kind: 'video', data, mimeType: 'video/VP8', keyFrame, timestamp: timestamp >>> 0, ...fields }
}
