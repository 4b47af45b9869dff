/** Two RTP sessions on a simulated pipe in virtual time, and what they send and tell. */

import { Packet } from '../../lib/bytes/index.ts'
import {
  createCname,
  type ReceiveParameters,
  type RtpEvent,
  type RtpReceiver,
  type RtpSender,
  RtpSession,
  type SendParameters,
} from '../../lib/flow/index.ts'
import { randomUnit } from '../../lib/machine/index.ts'
import {
  decodeRtcp,
  type EncodedFrame,
  encodeRtcp,
  type MediaKind,
  type NegotiatedExtension,
  type PayloadCodec,
  type RtcpPacket,
  RtpPacket,
} from '../../lib/rtp/index.ts'
import { seededRandom } from '../../lib/sim/index.ts'

export type Side = 'a' | 'b'

export interface PipeOptions {
  readonly seed?: number
  /** Milliseconds one way. */
  readonly delay?: number
  /** Up to so many milliseconds more: packets overtake each other. */
  readonly spread?: number
  /** Of 1. */
  readonly loss?: number
  readonly duplicates?: number
  /** Milliseconds at the beginning in which nothing of this happens: what begins with a loss nobody can know of. */
  readonly calm?: number
}

export const VIDEO_FEEDBACK = [
  { type: 'nack' },
  { type: 'nack', parameter: 'pli' },
  { type: 'ccm', parameter: 'fir' },
  { type: 'transport-cc' },
] as const

export const H264: PayloadCodec = {
  mimeType: 'video/H264',
  clockRate: 90_000,
  payloadType: 102,
  sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  feedback: VIDEO_FEEDBACK,
}
export const H264_RTX: PayloadCodec = {
  mimeType: 'video/rtx',
  clockRate: 90_000,
  payloadType: 103,
  sdpFmtpLine: 'apt=102',
  feedback: [],
}
export const OPUS: PayloadCodec = {
  mimeType: 'audio/opus',
  clockRate: 48_000,
  channels: 2,
  payloadType: 111,
  feedback: [],
}
export const RED: PayloadCodec = {
  mimeType: 'audio/red',
  clockRate: 48_000,
  channels: 2,
  payloadType: 63,
  sdpFmtpLine: '111/111',
  feedback: [],
}
export const TONES: PayloadCodec = {
  mimeType: 'audio/telephone-event',
  clockRate: 48_000,
  payloadType: 110,
  sdpFmtpLine: '0-15',
  feedback: [],
}

export const MID: NegotiatedExtension = { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 4 }
export const LEVEL: NegotiatedExtension = { uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: 1 }
export const SEND_TIME: NegotiatedExtension = {
  uri: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  id: 2,
}
export const TRANSPORT_NUMBER: NegotiatedExtension = {
  uri: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  id: 3,
}
export const EXTENSIONS = [LEVEL, SEND_TIME, TRANSPORT_NUMBER, MID]

export const sending = (more: Partial<SendParameters> = {}): SendParameters => ({
  mid: 'v',
  codecs: [H264, H264_RTX],
  extensions: EXTENSIONS,
  mixedExtensions: false,
  reducedSize: true,
  ...more,
})

export const receiving = (more: Partial<ReceiveParameters> = {}): ReceiveParameters => ({
  mid: 'v',
  codecs: [H264, H264_RTX],
  extensions: EXTENSIONS,
  reducedSize: true,
  ssrcs: [],
  ssrcGroups: [],
  ...more,
})

interface Flying {
  readonly to: Side
  readonly bytes: Uint8Array
  readonly isRtcp: boolean
  readonly at: number
}

export class FlowPair {
  now = 1000
  readonly a: RtpSession
  readonly b: RtpSession
  readonly events: Record<Side, RtpEvent[]> = { a: [], b: [] }
  /** What each side has sent: RTP as it was, and RTCP decoded. */
  readonly sent: Record<Side, Uint8Array[]> = { a: [], b: [] }
  readonly rtcp: Record<
    Side,
    { readonly at: number; readonly size: number; readonly packets: readonly RtcpPacket[] }[]
  > = {
    a: [],
    b: [],
  }
  /** Whom unknown streams are for. */
  readonly routes: Record<Side, (packet: RtpPacket) => RtpReceiver | undefined> = {
    a: () => this.a.receivers[0],
    b: () => this.b.receivers[0],
  }
  /** Says whether a packet is lost, in place of chance. */
  loses: ((to: Side, bytes: Uint8Array, isRtcp: boolean) => boolean) | undefined
  readonly #options: PipeOptions
  readonly #random
  #flying: Flying[] = []
  readonly #tasks: { at: number; run: () => void }[] = []

  constructor(options: PipeOptions = {}) {
    this.#options = options
    this.#random = seededRandom(options.seed ?? 1)
    this.a = this.#session('a', 'b')
    this.b = this.#session('b', 'a')
  }

  #session(side: Side, to: Side): RtpSession {
    const random = seededRandom((this.#options.seed ?? 1) * 10 + (side === 'a' ? 1 : 2))
    return new RtpSession({
      random,
      cname: createCname(random),
      timeOrigin: Date.UTC(2026, 0, 1),
      transmit: (packet, isRtcp) => {
        const bytes = packet.view().slice()
        packet.release()
        if (isRtcp) this.rtcp[side].push({ at: this.now, size: bytes.length, packets: decodeRtcp(bytes).packets })
        else this.sent[side].push(bytes)
        this.#launch(to, bytes, isRtcp)
      },
      route: packet => this.routes[side](packet),
    })
  }

  #launch(to: Side, bytes: Uint8Array, isRtcp: boolean): void {
    const { delay = 20, spread = 0, loss = 0, duplicates = 0, calm = 0 } = this.#options
    const isCalm = this.now < 1000 + calm
    const lost = this.loses?.(to, bytes, isRtcp) ?? (!isCalm && randomUnit(this.#random) < loss)
    if (lost) return
    const copies = randomUnit(this.#random) < duplicates ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const at = this.now + delay + (isCalm ? 0 : spread * randomUnit(this.#random))
      this.#flying.push({ to, bytes: bytes.slice(), isRtcp, at })
    }
    this.#flying.sort((x, y) => x.at - y.at)
  }

  /** A sender on one side and a receiver on the other. */
  stream(
    kind: MediaKind,
    send: SendParameters,
    receive: ReceiveParameters,
    from: Side = 'a',
  ): { sender: RtpSender; receiver: RtpReceiver } {
    const [near, far] = from === 'a' ? [this.a, this.b] : [this.b, this.a]
    const sender = near.createSender(kind, {
      ssrc: 0x1000 + near.senders.length,
      rtxSsrc: 0x2000 + near.senders.length,
    })
    const receiver = far.createReceiver(kind)
    sender.configure(send)
    receiver.configure(receive)
    near.configured(this.now)
    far.configured(this.now)
    return { sender, receiver }
  }

  /** Does something every so many milliseconds, so many times. */
  every(interval: number, times: number, act: (index: number, now: number) => void): void {
    for (let index = 0; index < times; index++) {
      this.#tasks.push({ at: this.now + index * interval, run: () => act(index, this.now) })
    }
    this.#tasks.sort((x, y) => x.at - y.at)
  }

  /** Lets so many milliseconds pass. */
  run(milliseconds: number): this {
    const end = this.now + milliseconds
    for (let steps = 0; steps < 1_000_000; steps++) {
      const at = Math.min(
        this.#flying[0]?.at ?? end,
        this.#tasks[0]?.at ?? end,
        Math.max(this.now, this.a.deadline),
        Math.max(this.now, this.b.deadline),
      )
      if (at >= end) break
      this.now = at
      while (this.#tasks[0] !== undefined && this.#tasks[0].at <= at) this.#tasks.shift()!.run()
      while (this.#flying[0] !== undefined && this.#flying[0].at <= at) this.#arrive(this.#flying.shift()!)
      for (const session of [this.a, this.b]) {
        session.advance(at)
        session.flush(at)
      }
      this.drain()
    }
    this.now = end
    this.drain()
    return this
  }

  #arrive({ to, bytes, isRtcp }: Flying): void {
    if (isRtcp) this[to].receiveRtcp(bytes, this.now)
    else this[to].receiveRtp(bytes, this.now)
  }

  drain(): void {
    for (const side of ['a', 'b'] as const) {
      for (let event = this[side].nextEvent(); event !== undefined; event = this[side].nextEvent()) {
        this.events[side].push(event)
      }
    }
  }

  /** Feeds RTCP to a side, as if the peer had sent it. */
  tell(to: Side, ...packets: RtcpPacket[]): void {
    this[to].receiveRtcp(encodeRtcp(packets), this.now)
    this[to].flush(this.now)
    this.drain()
  }

  /** RTCP packets of one type that a side has sent. */
  told<T extends RtcpPacket['type']>(side: Side, type: T): Extract<RtcpPacket, { type: T }>[] {
    const all = this.rtcp[side].flatMap(({ packets }) => packets)
    return all.filter(packet => packet.type === type) as Extract<RtcpPacket, { type: T }>[]
  }

  of<T extends RtpEvent['type']>(side: Side, type: T): Extract<RtpEvent, { type: T }>[] {
    return this.events[side].filter(event => event.type === type) as Extract<RtpEvent, { type: T }>[]
  }

  /** The headers of the RTP that a side has sent. */
  headers(side: Side): RtpPacket[] {
    return this.sent[side].map(bytes => parsed(bytes))
  }
}

export const parsed = (bytes: Uint8Array): RtpPacket => {
  const packet = new RtpPacket()
  if (!packet.parse(bytes)) throw new Error('no RTP')
  return packet
}

/** An access unit in Annex B: of a key frame with its parameter sets; `number` is in its bytes. */
export const h264Frame = (number: number, keyFrame: boolean, size: number, timestamp = number * 3000): EncodedFrame => {
  const slice = new Uint8Array(size).fill(0x80)
  slice.set([0, 0, 0, 1, keyFrame ? 0x65 : 0x41, 0x80 | (number >> 7), 0x80 | (number & 0x7f)])
  const sets = keyFrame
    ? [0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe9, 0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80]
    : []
  const data = new Uint8Array(sets.length + size)
  data.set(sets)
  data.set(slice, sets.length)
  return {
    kind: 'video',
    data,
    mimeType: 'video/H264',
    payloadType: 0,
    timestamp: timestamp >>> 0,
    keyFrame,
    ssrc: 0,
    csrcs: [],
  }
}

/** 20 ms of Opus, in whose bytes `number` is. */
export const opusFrame = (number: number, timestamp = number * 960): EncodedFrame => ({
  kind: 'audio',
  data: Uint8Array.of(0x78, number >> 8, number & 0xff, 1, 2, 3, 4, 5, 6, 7),
  mimeType: 'audio/opus',
  payloadType: 0,
  timestamp: timestamp >>> 0,
  keyFrame: true,
  ssrc: 0,
  csrcs: [],
})

/** The bytes of an RTP packet without extensions. */
export const rtpBytes = (
  fields: { ssrc: number; sequenceNumber: number; timestamp?: number; payloadType?: number; marker?: boolean },
  payload: ArrayLike<number> = [0x41, 1, 2, 3],
): Uint8Array => {
  const { ssrc, sequenceNumber, timestamp = 0, payloadType = 102, marker = true } = fields
  const bytes = new Uint8Array(12 + payload.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = 0x80
  bytes[1] = (marker ? 0x80 : 0) | payloadType
  view.setUint16(2, sequenceNumber & 0xffff)
  view.setUint32(4, timestamp >>> 0)
  view.setUint32(8, ssrc)
  bytes.set(payload, 12)
  return bytes
}

/** A packet by itself, around bytes. */
export const packetOf = (bytes: Uint8Array): Packet => Packet.of(bytes)
