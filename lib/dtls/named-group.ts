/** The groups of the key exchange (RFC 8422, 5.1.1; RFC 8446, 4.2.7; the hybrid of draft-ietf-tls-ecdhe-mlkem). */

import type { ClassicalGroupName, GroupName } from '../crypto/index.ts'

/** A group of both versions. */
export interface ClassicalGroup {
  readonly id: number
  readonly name: ClassicalGroupName
}

/** A group of DTLS 1.3 alone: its two sides send different things, and only a key_share carries them. */
export interface HybridGroup {
  readonly id: number
  readonly name: Exclude<GroupName, ClassicalGroupName>
}

export type NamedGroup = ClassicalGroup | HybridGroup

/** In the order of our preference. */
export const NAMED_GROUPS: readonly NamedGroup[] = [
  { id: 0x11ec, name: 'x25519mlkem768' },
  { id: 29, name: 'x25519' },
  { id: 23, name: 'secp256r1' },
  { id: 24, name: 'secp384r1' },
]

/** Whether DTLS 1.2 can use the group. */
export const isClassical = (group: NamedGroup): group is ClassicalGroup => group.name !== 'x25519mlkem768'
