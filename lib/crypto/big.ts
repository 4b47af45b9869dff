/**
 * Arithmetic on large integers, for what the providers have no primitive for: RSA on the portable one, the check of an
 * Ed25519 point. BigInt arithmetic takes a time that depends on its numbers: see `rsa.ts` for what that means there.
 */

import { fromHex, hex } from '../bytes/index.ts'

/** The number that these bytes write, most significant first. */
export const toBig = (bytes: Uint8Array): bigint => (bytes.length === 0 ? 0n : BigInt(`0x${hex(bytes)}`))

/** A non-negative number as `length` bytes, most significant first; it must fit. */
export const fromBig = (value: bigint, length: number): Uint8Array =>
  fromHex(value.toString(16).padStart(2 * length, '0')) ?? new Uint8Array(length)

/** `base ** exponent % modulus`, for a non-negative exponent, by a window of four bits. */
export const modPow = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  const powers = [1n % modulus]
  for (let i = 1; i < 16; i++) powers.push((powers[i - 1]! * base) % modulus)
  let result = powers[0]!
  for (const digit of exponent.toString(16)) {
    result = (result * result) % modulus
    result = (result * result) % modulus
    result = (result * result) % modulus
    result = (result * result) % modulus
    result = (result * powers[Number.parseInt(digit, 16)]!) % modulus
  }
  return result
}

/** The inverse of `value` modulo `modulus`, or undefined when it has none. */
export const modInverse = (value: bigint, modulus: bigint): bigint | undefined => {
  let [a, b] = [value % modulus, modulus]
  let [x, y] = [1n, 0n]
  while (b !== 0n) {
    const quotient = a / b
    ;[a, b] = [b, a - quotient * b]
    ;[x, y] = [y, x - quotient * y]
  }
  return a === 1n ? ((x % modulus) + modulus) % modulus : undefined
}
