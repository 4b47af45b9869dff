/**
 * EncodedVideoChunk and EncodedAudioChunk (WebCodecs, 5): a frame with a presentation timestamp. Of the same shape as a
 * browser's, whose decoders take them only where they are its own: `new` one there from what is here.
 */

import {
  any,
  type Conversion,
  defaulted,
  defineInterface,
  dictionary,
  enforcedLongLong,
  enforcedUnsignedLongLong,
  enumeration,
  optional,
  requireArguments,
  required,
  sequence,
} from '../idl/index.ts'

export type EncodedChunkType = 'key' | 'delta'
type Bytes = ArrayBufferLike | ArrayBufferView

export interface EncodedChunkInit {
  type: EncodedChunkType
  /** Microseconds. */
  timestamp: number
  /** Microseconds. */
  duration?: number
  /** Copied. */
  data: ArrayBufferLike | ArrayBufferView
  /** Buffers that are the caller's no longer: taken as WebCodecs has it, and copied all the same. */
  transfer?: ArrayBuffer[]
}

const isBuffer = (value: unknown): value is ArrayBufferLike =>
  /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value))

/** The bytes of a BufferSource, as a view. */
export const bytesOf: Conversion<Uint8Array> = (value, context) => {
  if (value instanceof Uint8Array) return value
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (isBuffer(value)) return new Uint8Array(value)
  throw new TypeError(`${context}: The value is neither an ArrayBuffer nor a view of one.`)
}

const EncodedChunkInitDictionary = dictionary('EncodedChunkInit', {
  data: required(bytesOf),
  duration: optional(enforcedUnsignedLongLong),
  timestamp: required(enforcedLongLong),
  transfer: defaulted(sequence(any), () => []),
  type: required(enumeration<EncodedChunkType>('EncodedChunkType', ['key', 'delta'])),
})

/** A chunk of bytes that nobody changes: they need no copy. */
export class ChunkSlots {
  readonly type: EncodedChunkType
  readonly timestamp: number
  readonly duration: number | null
  readonly bytes: Uint8Array

  constructor(type: EncodedChunkType, timestamp: number, duration: number | null, bytes: Uint8Array) {
    this.type = type
    this.timestamp = timestamp
    this.duration = duration
    this.bytes = bytes
  }
}

const slotsFor = (init: unknown, context: string): ChunkSlots => {
  if (init instanceof ChunkSlots) return init
  requireArguments(context, 1, init === undefined ? 0 : 1)
  const { type, timestamp, duration, data } = EncodedChunkInitDictionary(init, context)
  return new ChunkSlots(type, timestamp, duration ?? null, new Uint8Array(data))
}

const copyTo = ({ bytes }: ChunkSlots, destination: Bytes, context: string): void => {
  const into = bytesOf(destination, context)
  if (into.byteLength < bytes.byteLength) {
    throw new TypeError(`${context}: ${into.byteLength} bytes have no room for ${bytes.byteLength}.`)
  }
  into.set(bytes)
}

export class EncodedVideoChunk {
  readonly #slots: ChunkSlots

  constructor(init: EncodedChunkInit | ChunkSlots) {
    this.#slots = slotsFor(init, "Failed to construct 'EncodedVideoChunk'")
  }

  /** `key`: can be decoded without another. */
  get type(): EncodedChunkType {
    return this.#slots.type
  }

  /** Microseconds. */
  get timestamp(): number {
    return this.#slots.timestamp
  }

  /** Microseconds; null where it is not known. */
  get duration(): number | null {
    return this.#slots.duration
  }

  get byteLength(): number {
    return this.#slots.bytes.byteLength
  }

  /** @throws TypeError when there is no room. */
  copyTo(destination: Bytes): void {
    copyTo(this.#slots, destination, "Failed to execute 'copyTo' on 'EncodedVideoChunk'")
  }

  static {
    defineInterface(EncodedVideoChunk, 'EncodedVideoChunk', { constructor: 1 })
  }
}

export class EncodedAudioChunk {
  readonly #slots: ChunkSlots

  constructor(init: EncodedChunkInit | ChunkSlots) {
    this.#slots = slotsFor(init, "Failed to construct 'EncodedAudioChunk'")
  }

  get type(): EncodedChunkType {
    return this.#slots.type
  }

  /** Microseconds. */
  get timestamp(): number {
    return this.#slots.timestamp
  }

  /** Microseconds; null where it is not known. */
  get duration(): number | null {
    return this.#slots.duration
  }

  get byteLength(): number {
    return this.#slots.bytes.byteLength
  }

  /** @throws TypeError when there is no room. */
  copyTo(destination: Bytes): void {
    copyTo(this.#slots, destination, "Failed to execute 'copyTo' on 'EncodedAudioChunk'")
  }

  static {
    defineInterface(EncodedAudioChunk, 'EncodedAudioChunk', { constructor: 1 })
  }
}
