/** Two sets of data channels on a wire, and what each of them told. */

import { fromUtf8, utf8 } from '../../lib/bytes/index.ts'
import {
  type Channel,
  type ChannelEvent,
  type ChannelOptions,
  DataChannels,
  type DataChannelsOptions,
} from '../../lib/channel/index.ts'
import { seededCrypto } from '../providers.ts'
import { type Side, Wire, type WireOptions } from '../sctp/wire.ts'

export const RELIABLE: ChannelOptions = { label: 'chat', protocol: '', ordered: true, negotiated: false }

export class ChannelPair {
  readonly wire: Wire
  readonly a: DataChannels
  readonly b: DataChannels
  readonly events: { readonly a: ChannelEvent[]; readonly b: ChannelEvent[] } = { a: [], b: [] }

  constructor(wire: WireOptions = {}, a: Partial<DataChannelsOptions> = {}, b: Partial<DataChannelsOptions> = a) {
    this.wire = new Wire(wire)
    this.a = new DataChannels({ crypto: seededCrypto(1), transmit: this.wire.transmit('a'), ...a })
    this.b = new DataChannels({ crypto: seededCrypto(2), transmit: this.wire.transmit('b'), ...b })
    this.wire.attach(this.a, this.b, () => this.drain())
  }

  /** `a` is the DTLS client. */
  connect(limits: { a?: number; b?: number } = {}): this {
    const ports = { localPort: 5000, remotePort: 5000 }
    this.a.connect({ role: 'client', ...ports, remoteMaxMessageSize: limits.b ?? 262_144 }, this.wire.now)
    this.b.connect({ role: 'server', ...ports, remoteMaxMessageSize: limits.a ?? 262_144 }, this.wire.now)
    this.wire.run(() => this.a.state === 'connected' && this.b.state === 'connected')
    return this
  }

  /** A channel made on `a`, and its other end. */
  open(options: Partial<ChannelOptions> = {}): { near: Channel; far: Channel } {
    const before = this.of('b', 'incoming').length
    const near = this.a.create({ ...RELIABLE, ...options })
    this.wire.run(() => this.of('b', 'incoming').length > before)
    return { near, far: this.of('b', 'incoming')[before]!.channel }
  }

  sendText(side: Side, channel: Channel, text: string): void {
    this[side].send(channel, utf8(text), true, this.wire.now)
  }

  drain(): void {
    for (const side of ['a', 'b'] as const) {
      for (let event = this[side].nextEvent(); event !== undefined; event = this[side].nextEvent()) {
        this.events[side].push(event)
      }
    }
  }

  of<T extends ChannelEvent['type']>(side: Side, type: T): Extract<ChannelEvent, { type: T }>[] {
    return this.events[side].filter(event => event.type === type) as Extract<ChannelEvent, { type: T }>[]
  }

  /** Messages that came to one side, as text. */
  texts(side: Side): string[] {
    return this.of(side, 'message').map(message => fromUtf8(message.data))
  }

  /** The kinds of events, in order. */
  kinds(side: Side): string[] {
    return this.events[side].map(event => (event.type === 'association' ? event.state : event.type))
  }
}
