/**
 * GHASH (SP 800-38D, 6.3 and 6.4) bit by bit, in constant time: slow, and plain to see that it is right. It makes the powers
 * of the hash key, and says what the kernel must give.
 *
 * A block is four words of 32 bits, the most significant first; its first bit is the coefficient of x^0.
 */

export type Block = readonly [number, number, number, number]

const ZERO: Block = [0, 0, 0, 0]

/** The product in the field of 2^128 elements. */
export const multiplyBlocks = (x: Block, y: Block): Block => {
  let [z0, z1, z2, z3] = ZERO
  let [v0, v1, v2, v3] = y
  for (let i = 0; i < 128; i++) {
    // All ones where the bit is set.
    const mask = -((x[i >>> 5]! >>> (31 - (i & 31))) & 1)
    z0 ^= v0 & mask
    z1 ^= v1 & mask
    z2 ^= v2 & mask
    z3 ^= v3 & mask
    const carry = -(v3 & 1)
    v3 = (v3 >>> 1) | (v2 << 31)
    v2 = (v2 >>> 1) | (v1 << 31)
    v1 = (v1 >>> 1) | (v0 << 31)
    v0 = (v0 >>> 1) ^ (carry & 0xe1000000)
  }
  return [z0 >>> 0, z1 >>> 0, z2 >>> 0, z3 >>> 0]
}

/** The 16 bytes at `at`. */
export const readBlock = (bytes: Uint8Array, at: number): Block => {
  const word = (i: number) =>
    ((bytes[at + i]! << 24) | (bytes[at + i + 1]! << 16) | (bytes[at + i + 2]! << 8) | bytes[at + i + 3]!) >>> 0
  return [word(0), word(4), word(8), word(12)]
}

/** The hash of whole blocks under a hash key. */
export const ghash = (key: Block, bytes: Uint8Array): Block => {
  let hash = ZERO
  for (let at = 0; at < bytes.length; at += 16) {
    const [a, b, c, d] = readBlock(bytes, at)
    hash = multiplyBlocks([hash[0] ^ a, hash[1] ^ b, hash[2] ^ c, hash[3] ^ d], key)
  }
  return hash
}
