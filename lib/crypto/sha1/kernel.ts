/**
 * The one instance of the SHA-1 kernel, and the memory that messages are hashed in: WebAssembly's where the platform has
 * it, plain memory and plain TypeScript where it has not. All keys share it; nothing stays there from call to call.
 */

import { wasm } from '../../bytes/index.ts'
import { compressSha1 } from './sha1.ts'
import { SHA1_END, STATE_AT, sha1Function } from './sha1-kernel.ts'

/** Where the one block of the outer hash is. */
export const OUTER_AT = (SHA1_END + 63) & ~63
/** Where a message begins. In front of it is room for what stands before the message in its buffer. */
export const INPUT_AT = 1024
const PAGES = 2
const PAGE = 0x10000
/** What a message may have at most, in bytes: any datagram fits. Its padding stands behind it. */
export const LONGEST_MESSAGE = PAGES * PAGE - INPUT_AT - 128

export interface Sha1Kernel {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The same by words, in the platform's order. */
  readonly words: Uint32Array<ArrayBuffer>
  /** The hash so far. */
  readonly state: Int32Array<ArrayBuffer>
  /** Takes so many blocks at that address into the hash; there is at least one. */
  compress(at: number, blocks: number): void
}

const overMemory = (memory: ArrayBuffer, compress?: Sha1Kernel['compress']): Sha1Kernel => {
  const bytes = new Uint8Array(memory)
  const state = new Int32Array(memory, STATE_AT, 5)
  return {
    bytes,
    words: new Uint32Array(memory),
    state,
    compress: compress ?? ((at, blocks) => compressSha1(state, bytes, at, blocks)),
  }
}

/** Without WebAssembly. */
export const plainSha1Kernel = (): Sha1Kernel => overMemory(new ArrayBuffer(PAGES * PAGE))

/** In WebAssembly; undefined where there is none with vectors, or where it is forbidden (a content security policy). */
export const wasmSha1Kernel = (): Sha1Kernel | undefined => {
  const exports = wasm.instantiate([sha1Function], PAGES)
  if (exports === undefined) return undefined
  const { memory, compress } = exports as unknown as {
    readonly memory: { readonly buffer: ArrayBuffer }
    readonly compress: Sha1Kernel['compress']
  }
  return overMemory(memory.buffer, compress)
}

let kernel: Sha1Kernel | undefined

export const sha1Kernel = (): Sha1Kernel => {
  kernel ??= wasmSha1Kernel() ?? plainSha1Kernel()
  return kernel
}
