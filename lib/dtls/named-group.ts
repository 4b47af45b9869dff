/** The groups of the key exchange (RFC 8422, 5.1.1; RFC 8446, 4.2.7). */

import type { GroupName } from '../crypto/index.ts'

export interface NamedGroup {
  readonly id: number
  readonly name: GroupName
}

/** In the order of our preference. */
export const NAMED_GROUPS: readonly NamedGroup[] = [
  { id: 29, name: 'x25519' },
  { id: 23, name: 'secp256r1' },
  { id: 24, name: 'secp384r1' },
]
