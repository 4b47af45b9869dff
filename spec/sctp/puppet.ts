/** One association whose peer is played by hand. */

import type { Packet } from '../../lib/bytes/index.ts'
import type { CryptoProvider } from '../../lib/crypto/index.ts'
import { Association, type AssociationEvent, type AssociationOptions } from '../../lib/sctp/index.ts'
import { seededCrypto } from '../providers.ts'
import { type Chunk, chunk, chunksOf, init, packet, parameterOf, readSack, type SackFields, tagOf } from './craft.ts'

export const PEER_TAG = 0x11111111
/** The first TSN of the puppet. */
export const PEER_TSN = 1000

export class Puppet {
  now = 0
  /** What the association sent since `take` was last called. */
  sent: Uint8Array[] = []
  readonly events: AssociationEvent[] = []
  readonly association: Association
  /** The tag and the first TSN of the association. */
  tag = 0
  tsn = 0

  constructor(options: Partial<AssociationOptions> = {}) {
    const transmit = (out: Packet) => {
      this.sent.push(out.view().slice())
      out.release()
    }
    this.association = new Association({ crypto: seededCrypto(7), transmit, ...options })
  }

  /** The association begins, the puppet answers: it is up. */
  static established(options: Partial<AssociationOptions> = {}, peer: Parameters<typeof init>[1] = {}): Puppet {
    const puppet = new Puppet(options)
    puppet.association.connect(0)
    puppet.learn(puppet.take()[0]!)
    const extensions = peer.parameters ?? init(2).value.subarray(16)
    const answer = init(2, { ...peer, parameters: [0, 7, 0, 8, 1, 2, 3, 4, ...extensions] })
    puppet.deliver(answer)
    puppet.take()
    puppet.deliver(chunk(11, 0))
    puppet.take()
    return puppet
  }

  /** Takes tag and TSN from an INIT or INIT ACK. */
  learn(initChunk: Chunk): void {
    const fields = new DataView(initChunk.value.buffer, initChunk.value.byteOffset)
    this.tag = fields.getUint32(0)
    this.tsn = fields.getUint32(12)
  }

  /** Takes tag and TSN from the first packet, which stays in `sent`. */
  learnFirst(): this {
    this.learn(chunksOf(this.sent[0]!)[0]!)
    return this
  }

  /** Sends chunks under the right tag, and lets the turn end. */
  deliver(...chunks: readonly Chunk[]): void {
    this.deliverBytes(packet(this.tag, ...chunks))
  }

  deliverBytes(bytes: Uint8Array): void {
    this.association.receive(bytes.slice(), this.now)
    this.flush()
  }

  /** Chunks without the end of a turn. */
  pour(...chunks: readonly Chunk[]): void {
    this.association.receive(packet(this.tag, ...chunks), this.now)
  }

  flush(): void {
    this.association.flush(this.now)
    for (let event = this.association.nextEvent(); event !== undefined; event = this.association.nextEvent()) {
      this.events.push(event)
    }
  }

  /** Sends a message and lets the turn end. */
  send(data: Uint8Array, options: Parameters<Association['send']>[3] = {}, stream = 0): void {
    this.association.send(stream, 53, data, options, this.now)
    this.flush()
  }

  /** Lets time pass; whatever is due happens when it is due. */
  pass(milliseconds: number): void {
    const end = this.now + milliseconds
    while (this.association.deadline <= end) {
      this.now = Math.max(this.now, this.association.deadline)
      this.association.advance(this.now)
      this.flush()
    }
    this.now = end
  }

  /** The chunks that were sent since the last call. */
  take(): Chunk[] {
    const chunks = this.sent.flatMap(chunksOf)
    this.sent = []
    return chunks
  }

  /** The tags of the packets that were sent since the last call. */
  takeTags(): number[] {
    const tags = this.sent.map(tagOf)
    this.sent = []
    return tags
  }

  /** The SACKs among what was sent since the last call. */
  takeSacks(): SackFields[] {
    return this.take()
      .filter(({ type }) => type === 3)
      .map(readSack)
  }

  /** The DATA chunks sent since the last call, by their distance from the first TSN of the association. */
  takeData(): { readonly index: number; readonly flags: number; readonly ssn: number; readonly length: number }[] {
    return this.take()
      .filter(({ type }) => type === 0)
      .map(({ flags, value }) => {
        const fields = new DataView(value.buffer, value.byteOffset)
        return {
          index: (fields.getUint32(0) - this.tsn) | 0,
          flags,
          ssn: fields.getUint16(6),
          length: value.length - 12,
        }
      })
  }

  messages(): Uint8Array[] {
    return this.events.filter(event => event.type === 'message').map(event => event.data)
  }

  kinds(): string[] {
    return this.events.map(event => event.type)
  }

  cookie(initAck: Chunk): Uint8Array {
    return parameterOf(initAck, 7)!
  }
}

/** A provider whose random numbers all begin just before the wrap of 32 bits. */
export const wrappingCrypto = (): CryptoProvider => {
  const crypto = seededCrypto(1)
  const bytes = [0xff, 0xff, 0xff, 0xf0]
  return {
    ...crypto,
    random: {
      fill(target) {
        for (let i = 0; i < target.length; i++) target[i] = bytes[i % 4]!
        return target
      },
    },
  }
}
