/** Whose the streams of a transport are, by SSRC: the way of every packet but a stream's first. */

import type { ReceiveStream } from './receive-stream.ts'
import type { RtpReceiver } from './receiver.ts'

/** Streams that are looked up at a time; those that gave way are swept off beyond twice as many. */
const MOST = 256

export class KnownStreams {
  readonly #receivers = new Map<number, RtpReceiver>()

  find(ssrc: number): RtpReceiver | undefined {
    return this.#receivers.get(ssrc)
  }

  stream(ssrc: number): ReceiveStream | undefined {
    return this.#receivers.get(ssrc)?.stream(ssrc)
  }

  add(ssrc: number, receiver: RtpReceiver): void {
    this.#receivers.set(ssrc, receiver)
    // Those that gave way to others are known no longer.
    if (this.#receivers.size > 2 * MOST) this.sweep()
  }

  delete(ssrc: number): void {
    this.#receivers.delete(ssrc)
  }

  /** Forgets what its receivers have forgotten. */
  sweep(): void {
    for (const [ssrc, receiver] of this.#receivers) if (!receiver.has(ssrc)) this.#receivers.delete(ssrc)
  }

  /** The streams of a receiver are known there from now on, and here no longer. */
  move(receiver: RtpReceiver, to: KnownStreams): void {
    for (const [ssrc, known] of this.#receivers) {
      if (known !== receiver) continue
      this.#receivers.delete(ssrc)
      to.add(ssrc, receiver)
    }
  }
}
