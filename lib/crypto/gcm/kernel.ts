/**
 * The one instance of the kernels: made when it is first needed, where the platform has what it takes. All keys share its
 * memory, and each puts there what it needs.
 */

import { wasm } from '../../bytes/index.ts'
import { AES_END, aesFunction, substituteFunction } from './aes-kernel.ts'
import { ghashFunction, mixFunction } from './ghash-kernel.ts'

/** Where what is hashed begins: additional data, then the text, both padded, then their lengths. */
export const INPUT_AT = (AES_END + 63) & ~63
/** Where the key stream begins. */
export const STREAM_AT = 0x10000
/** Bytes from either on that may be used. */
export const INPUT_LIMIT = STREAM_AT - INPUT_AT
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
  kernel = { ...functions, bytes: new Uint8Array(memory.buffer), hashOwner: undefined, keyOwner: undefined }
  return kernel
}
