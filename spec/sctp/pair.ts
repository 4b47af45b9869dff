/** Two associations on a wire, and what each of them told. */

import {
  Association,
  type AssociationEvent,
  type AssociationOptions,
  type AssociationState,
} from '../../lib/sctp/index.ts'
import { seededCrypto } from '../providers.ts'
import { type Side, Wire, type WireOptions } from './wire.ts'

export type Message = Extract<AssociationEvent, { type: 'message' }>

export class Pair {
  readonly wire: Wire
  readonly a: Association
  readonly b: Association
  readonly events: { readonly a: AssociationEvent[]; readonly b: AssociationEvent[] } = { a: [], b: [] }

  constructor(wire: WireOptions = {}, a: Partial<AssociationOptions> = {}, b: Partial<AssociationOptions> = a) {
    this.wire = new Wire(wire)
    const seed = wire.seed ?? 1
    this.a = new Association({ crypto: seededCrypto(seed), transmit: this.wire.transmit('a'), ...a })
    this.b = new Association({ crypto: seededCrypto(seed + 1000), transmit: this.wire.transmit('b'), ...b })
    this.wire.attach(this.a, this.b, () => this.drain())
  }

  /** Both sides begin, as WebRTC does, and are up when this returns. */
  static established(
    wire: WireOptions = {},
    a: Partial<AssociationOptions> = {},
    b: Partial<AssociationOptions> = a,
  ): Pair {
    const pair = new Pair(wire, a, b)
    pair.connect()
    return pair
  }

  connect(): void {
    this.a.connect(this.wire.now)
    this.b.connect(this.wire.now)
    if (!this.wire.run(() => this.a.state === 'established' && this.b.state === 'established')) {
      throw new Error(`not established: ${this.a.state}, ${this.b.state}`)
    }
  }

  get states(): [AssociationState, AssociationState] {
    return [this.a.state, this.b.state]
  }

  drain(): void {
    for (const side of ['a', 'b'] as const) {
      for (let event = this[side].nextEvent(); event !== undefined; event = this[side].nextEvent()) {
        this.events[side].push(event)
      }
    }
  }

  messages(side: Side): Message[] {
    return this.events[side].filter(event => event.type === 'message')
  }

  of<T extends AssociationEvent['type']>(side: Side, type: T): Extract<AssociationEvent, { type: T }>[] {
    return this.events[side].filter(event => event.type === type) as Extract<AssociationEvent, { type: T }>[]
  }
}

/** Bytes that differ from place to place, so that a mix-up shows. */
export const pattern = (length: number, seed = 0): Uint8Array => {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 17 + seed * 101) & 0xff
  return bytes
}

/** Whether two byte strings are the same; quicker on long ones than a deep comparison. */
export const same = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.compare(a, b) === 0
