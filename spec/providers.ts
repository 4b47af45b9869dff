/** The crypto providers that specs run on, and a seeded one for runs that must repeat. */

import type { CryptoProvider } from '../lib/crypto/index.ts'
import { nodeCrypto } from '../lib/crypto/node.ts'
import { createPortableCrypto } from '../lib/crypto/portable.ts'
import { seededRandom } from '../lib/sim/index.ts'

export { nodeCrypto }

/** The portable provider, drawing from a seed: the same calls give the same bytes. */
export const seededCrypto = (seed: number): CryptoProvider => createPortableCrypto(seededRandom(seed))

/** Every provider, to run a spec once on each. */
export const providers: readonly { readonly name: string; readonly crypto: CryptoProvider }[] = [
  { name: 'node', crypto: nodeCrypto },
  { name: 'portable', crypto: createPortableCrypto(nodeCrypto.random) },
]
