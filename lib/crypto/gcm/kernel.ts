/** The one instance of the kernel: made when it is first needed, where the platform has what it takes. */

import { type GhashKernel, ghashModule } from './ghash-kernel.ts'

/** As much of the platform's WebAssembly as is used: the types of some platforms leave it out. */
declare const WebAssembly:
  | {
      readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
      readonly Instance: new (module: object) => { readonly exports: unknown }
    }
  | undefined

export interface Kernel extends GhashKernel {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Whose table of products is in its memory. */
  owner: unknown
}

let kernel: Kernel | undefined
let tried = false

/** Undefined where there is no WebAssembly with vectors, or where it is forbidden (a content security policy). */
export const gcmKernel = (): Kernel | undefined => {
  if (tried) return kernel
  tried = true
  try {
    if (typeof WebAssembly === 'undefined') return undefined
    const exports = new WebAssembly.Instance(new WebAssembly.Module(ghashModule())).exports as GhashKernel
    const { ghash, mix, memory } = exports
    kernel = { ghash, mix, memory, bytes: new Uint8Array(memory.buffer), owner: undefined }
  } catch {
    // Then every record takes a cipher object of its own.
  }
  return kernel
}
