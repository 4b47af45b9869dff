/** AES in counter mode with HMAC-SHA1 for the packets of one stream (RFC 3711, 4.1.1 and 4.2.1). */

import type { BlockCipher, HmacSha1 } from '../crypto/index.ts'
import { blocksOf, CounterKeyStream } from './counter-key-stream.ts'
import type { RtpHeader } from './header.ts'
import type { Protection } from './protection.ts'

const FIXED_HEADER = 12

export class CounterModeProtection implements Protection {
  readonly #stream: CounterKeyStream
  readonly #mac: HmacSha1
  readonly #tagLength: number

  constructor(cipher: BlockCipher, salt: Uint8Array, mac: HmacSha1, tagLength: number, ssrc: number) {
    this.#stream = new CounterKeyStream(cipher, salt, ssrc)
    this.#mac = mac
    this.#tagLength = tagLength
  }

  seal(bytes: Uint8Array, start: number, header: RtpHeader, end: number, index: number): number {
    const mac = this.#mac
    mac.load(bytes, start, end)
    this.#mix(start, header, end, index)
    mac.authenticate(rollOverCounter(index))
    mac.store(bytes, start, this.#tagLength)
    return end + this.#tagLength
  }

  open(bytes: Uint8Array, start: number, header: RtpHeader, end: number, index: number): number {
    const mac = this.#mac
    const textEnd = end - this.#tagLength
    if (textEnd < header.end) return -1
    mac.load(bytes, start, textEnd)
    mac.authenticate(rollOverCounter(index))
    if (!mac.hasTag(bytes, textEnd, this.#tagLength)) return -1
    this.#mix(start, header, textEnd, index)
    mac.store(bytes, start)
    return textEnd
  }

  #mix(start: number, { textStart, hiddenSources }: RtpHeader, end: number, index: number): void {
    const stream = this.#stream
    stream.find(index, blocksOf(4 * hiddenSources + end - textStart))
    const { offset, words } = stream
    if (hiddenSources > 0) this.#mac.mix(FIXED_HEADER, FIXED_HEADER + 4 * hiddenSources, words, offset)
    this.#mac.mix(textStart - start, end - start, words, offset + hiddenSources)
  }
}

/** It is authenticated behind the packet (RFC 3711, 4.2). */
const rollOverCounter = (index: number): number => Math.floor(index / 0x1_0000)
