/** The products of a hash key, and of its powers, by every nibble, laid out as the kernel looks them up. */

import { type Block, multiplyBlocks } from './ghash.ts'
import { POWERS, ROWS, TABLE_LENGTH } from './ghash-kernel.ts'

const ROW_LENGTH = 16

/** Times x: one bit down, since the first bit is the coefficient of x^0 (SP 800-38D, 6.3). */
const timesX = ([a, b, c, d]: Block): Block => [
  (a >>> 1) ^ (-(d & 1) & 0xe1000000),
  (b >>> 1) | (a << 31),
  (c >>> 1) | (b << 31),
  (d >>> 1) | (c << 31),
]

/** The table for `H`, the cipher's output for a block of zeros. */
export const hashKeyTable = (key: Block): Uint8Array => {
  const table = new Uint8Array(TABLE_LENGTH)
  let power = key
  for (let i = 0; i < POWERS; i++) {
    let multiple = power
    for (let bit = 0; bit < 8; bit++) {
      // The first four bits of a byte are its upper nibble, whose highest bit is the first.
      const from = (i * ROWS + (bit < 4 ? 0 : 16)) * ROW_LENGTH
      const flag = 8 >>> (bit & 3)
      for (let row = 0; row < 16; row++) {
        const byte = multiple[row >>> 2]! >>> (24 - 8 * (row & 3))
        for (let nibble = 0; nibble < 16; nibble++) {
          if ((nibble & flag) !== 0) table[from + row * ROW_LENGTH + nibble]! ^= byte
        }
      }
      multiple = timesX(multiple)
    }
    power = multiplyBlocks(power, key)
  }
  return table
}
