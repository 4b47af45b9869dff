/** Whether 32 bytes are the encoding of a point of edwards25519 (RFC 8032, 5.1.3). */

import { modPow, toBig } from './big.ts'

const P = 2n ** 255n - 19n
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n

export const isEd25519Point = (encoded: Uint8Array): boolean => {
  if (encoded.length !== 32) return false
  const reversed = encoded.slice().reverse()
  const negative = reversed[0]! >= 0x80
  reversed[0]! &= 0x7f
  const y = toBig(reversed)
  if (y >= P) return false
  const u = (y * y - 1n + P) % P
  const v = (D * y * y + 1n) % P
  // x^2 = u / v has a root when u v is a square (Euler); x = 0 has no negative.
  return u === 0n ? !negative : modPow(u * v, (P - 1n) / 2n, P) === 1n
}
