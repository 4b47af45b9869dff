/**
 * The one instance of the kernels: made when it is first needed, where the platform has what it takes. All keys share its
 * memory, and each puts there what it needs.
 */

import { wasm } from '../../bytes/index.ts'
import { AES_END, aesFunction, substituteFunction } from './aes-kernel.ts'
import { ghashFunction, mixFunction } from './ghash-kernel.ts'

/** From where on additional data may be, which ends, padded, where the text begins; behind it, padded too, are their lengths. */
export const INPUT_AT = (AES_END + 63) & ~63
/** Where the text is. In front of it is room for what stands before it in its buffer. */
export const TEXT_AT = INPUT_AT + 1024
/** Where the key stream begins. */
export const STREAM_AT = 0x10000
/** Bytes from the text on that may be used, and as many of key stream. */
export const TEXT_LIMIT = STREAM_AT - TEXT_AT
/** Views of the text that are kept are shorter. */
export const MOST_TEXTS = 2048
const PAGES = 2

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  /** Takes so many blocks at that address into the hash. */
  ghash(at: number, blocks: number): void
  /** Mixes so many blocks of the key stream at `stream` into those at `at`. There is at least one. */
  mix(at: number, stream: number, blocks: number): void
  /** Encrypts the block by the round keys at that address: 9 or 13 rounds besides the last. */
  encryptBlock(keys: number, rounds: number): void
  substitute(): void
}

export interface Kernel extends Omit<Exports, 'memory'> {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Views of the text that were made, by their length. */
  readonly texts: (Uint8Array | undefined)[]
  /** Whose table of products is in its memory. */
  hashOwner: unknown
  /** Whose round keys are. */
  keyOwner: unknown
}

let kernel: Kernel | undefined
let tried = false

/** Undefined where there is no WebAssembly with vectors, or where it is forbidden (a content security policy). */
export const gcmKernel = (): Kernel | undefined => {
  if (tried) return kernel
  tried = true
  const exports = wasm.instantiate([ghashFunction, mixFunction, aesFunction, substituteFunction], PAGES)
  if (exports === undefined) return undefined
  // Without it every record takes a cipher object of its own.
  const { memory, ...functions } = exports as unknown as Exports
  const texts = new Array<undefined>(MOST_TEXTS).fill(undefined)
  kernel = { ...functions, bytes: new Uint8Array(memory.buffer), texts, hashOwner: undefined, keyOwner: undefined }
  return kernel
}
