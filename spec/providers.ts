/** The crypto providers that specs run on, and a seeded one for runs that must repeat. */

import type { CryptoProvider } from '../lib/crypto/index.ts'
import { nodeCrypto } from '../lib/crypto/node.ts'
import { createPortableCrypto } from '../lib/crypto/portable.ts'
import type { Random } from '../lib/machine/index.ts'

export { nodeCrypto }

/** The same bytes for the same seed (splitmix32): good enough to test with, never for keys. */
const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  return {
    fill: target => {
      for (let i = 0; i < target.length; i++) {
        state = (state + 0x9e3779b9) >>> 0
        let z = state
        z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
        z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
        target[i] = (z ^ (z >>> 16)) & 0xff
      }
      return target
    },
  }
}

/** The portable provider, drawing from a seed: the same calls give the same bytes. */
export const seededCrypto = (seed: number): CryptoProvider => createPortableCrypto(seededRandom(seed))

/** Every provider, to run a spec once on each. */
export const providers: readonly { readonly name: string; readonly crypto: CryptoProvider }[] = [
  { name: 'node', crypto: nodeCrypto },
  { name: 'portable', crypto: createPortableCrypto(nodeCrypto.random) },
]
