/**
 * HMAC-SHA1 (RFC 2104; FIPS 180-4) of packets that are encrypted by a key stream: the packet is put into the kernel's memory,
 * where key stream is mixed in by whole words and the hash is made, and put back. What the key alone decides, the hash of the
 * first block of the inner and of the outer hash, is made once.
 *
 * The steps of a packet follow each other without anything between them: all keys share the memory.
 */

import { INPUT_AT, LONGEST_MESSAGE, OUTER_AT, type Sha1Kernel, sha1Kernel } from './kernel.ts'
import { INITIAL_HASH } from './sha1.ts'

const BLOCK = 64
export const TAG_LENGTH = 20
/** A buffer that is no longer is copied whole: cheaper than a view of a part of it. */
const COPIED_WHOLE = 4096
/** Views of the first bytes of a message that are kept, by their length. */
const MOST_VIEWS = 2048

const views = new WeakMap<Sha1Kernel, (Uint8Array | undefined)[]>()

const viewsOf = (kernel: Sha1Kernel): (Uint8Array | undefined)[] => {
  let found = views.get(kernel)
  if (found === undefined) {
    found = new Array<undefined>(MOST_VIEWS).fill(undefined)
    views.set(kernel, found)
  }
  return found
}

const writeWord = (bytes: Uint8Array, at: number, word: number): void => {
  bytes[at] = word >>> 24
  bytes[at + 1] = word >>> 16
  bytes[at + 2] = word >>> 8
  bytes[at + 3] = word
}

export class HmacSha1 {
  /** Bytes of a message, at most. */
  static readonly longest = LONGEST_MESSAGE
  readonly #kernel: Sha1Kernel
  readonly #views: (Uint8Array | undefined)[]
  readonly #inner: Int32Array
  readonly #outer: Int32Array
  readonly #tag = new Uint8Array(TAG_LENGTH)
  #length = 0

  /** @param key Of any length. */
  constructor(key: Uint8Array, kernel = sha1Kernel()) {
    this.#kernel = kernel
    this.#views = viewsOf(kernel)
    let block = key
    if (key.length > BLOCK) {
      this.load(key, 0, key.length)
      this.#hash(Int32Array.from(INITIAL_HASH), 0)
      this.#writeState(this.#tag)
      block = this.#tag
    }
    this.#inner = this.#prepare(block, 0x36)
    this.#outer = this.#prepare(block, 0x5c)
  }

  #prepare(key: Uint8Array, pad: number): Int32Array {
    const { bytes, state } = this.#kernel
    state.set(Int32Array.from(INITIAL_HASH))
    for (let i = 0; i < BLOCK; i++) bytes[INPUT_AT + i] = (key[i] ?? 0) ^ pad
    this.#kernel.compress(INPUT_AT, 1)
    return state.slice()
  }

  /** Takes the message `source[start, end)` in. A RangeError when it is longer than `longest`. */
  load(source: Uint8Array, start: number, end: number): void {
    const { bytes } = this.#kernel
    const length = end - start
    if (length > LONGEST_MESSAGE) throw new RangeError(`a message has ${LONGEST_MESSAGE} bytes at most`)
    if (source.length <= COPIED_WHOLE && start <= INPUT_AT - OUTER_AT - BLOCK) bytes.set(source, INPUT_AT - start)
    else bytes.set(source.subarray(start, end), INPUT_AT)
    this.#length = length
  }

  /**
   * Mixes key stream into the message from `at` to `end`.
   * @param at A multiple of four.
   * @param from The word of the stream to begin with.
   */
  mix(at: number, end: number, stream: Uint32Array, from: number): void {
    const { bytes, words } = this.#kernel
    const rest = INPUT_AT + (end & ~3)
    let word = from
    for (let i = (INPUT_AT + at) >> 2; i < rest >> 2; i++, word++) words[i]! ^= stream[word]!
    if ((end & 3) === 0) return
    // Nothing behind `end` may change.
    const behind = words[rest >> 2]!
    words[rest >> 2] = behind ^ stream[word]!
    const mixed = this.#tag
    for (let i = 0; i < (end & 3); i++) mixed[i] = bytes[rest + i]!
    words[rest >> 2] = behind
    for (let i = 0; i < (end & 3); i++) bytes[rest + i] = mixed[i]!
  }

  /** Makes the tag of the message, and of a word behind it that belongs to it unsent, if one is given. */
  authenticate(word?: number): void {
    let end = INPUT_AT + this.#length
    if (word !== undefined) {
      writeWord(this.#kernel.bytes, end, word)
      end += 4
    }
    this.#hash(this.#inner, BLOCK, end)
    this.#writeState(this.#kernel.bytes, OUTER_AT)
    this.#finish(this.#outer, OUTER_AT, OUTER_AT + TAG_LENGTH, BLOCK)
    this.#writeState(this.#tag)
  }

  /** Hashes what is loaded, from a state that has taken so many bytes in. */
  #hash(state: Int32Array, before: number, end = INPUT_AT + this.#length): void {
    this.#finish(state, INPUT_AT, end, before)
  }

  /** Pads `[at, end)` (FIPS 180-4, 5.1.1), and takes it in. */
  #finish(from: Int32Array, at: number, end: number, before: number): void {
    const { bytes, state } = this.#kernel
    const blocks = (end - at + 9 + BLOCK - 1) >> 6
    const lengthAt = at + BLOCK * blocks - 4
    bytes[end] = 0x80
    for (let i = end + 1; i < lengthAt; i++) bytes[i] = 0
    writeWord(bytes, lengthAt, 8 * (before + end - at))
    for (let i = 0; i < 5; i++) state[i] = from[i]!
    this.#kernel.compress(at, blocks)
  }

  #writeState(target: Uint8Array, at = 0): void {
    const { state } = this.#kernel
    for (let i = 0; i < 5; i++) writeWord(target, at + 4 * i, state[i]!)
  }

  /** Whether the first `length` bytes of the tag are at `bytes[at]`: in the same time wherever they differ. */
  hasTag(bytes: Uint8Array, at: number, length: number): boolean {
    const tag = this.#tag
    let difference = 0
    for (let i = 0; i < length; i++) difference |= bytes[at + i]! ^ tag[i]!
    return difference === 0
  }

  /** Puts the message to `target[start]` and on, and behind it so many bytes of the tag. */
  store(target: Uint8Array, start: number, tagLength = 0): void {
    const { bytes } = this.#kernel
    const tag = this.#tag
    const tagAt = INPUT_AT + this.#length
    for (let i = 0; i < tagLength; i++) bytes[tagAt + i] = tag[i]!
    target.set(this.#view(this.#length + tagLength), start)
  }

  #view(length: number): Uint8Array {
    const { bytes } = this.#kernel
    if (length >= MOST_VIEWS) return bytes.subarray(INPUT_AT, INPUT_AT + length)
    const kept = this.#views
    let view = kept[length]
    if (view === undefined) {
      view = bytes.subarray(INPUT_AT, INPUT_AT + length)
      kept[length] = view
    }
    return view
  }
}
