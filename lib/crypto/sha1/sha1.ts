/**
 * The compression function of SHA-1 (FIPS 180-4, 6.1.2), plain: it says what the kernel must give, and takes its place where
 * there is no WebAssembly.
 */

const BLOCK = 64
const SCHEDULE = new Int32Array(80)

/** FIPS 180-4, 5.3.1. */
export const INITIAL_HASH: readonly number[] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/** Takes so many blocks of `bytes` from `at` on into the hash, the first five words of `state`. */
export const compressSha1 = (state: Int32Array, bytes: Uint8Array, at: number, blocks: number): void => {
  for (const last = at + BLOCK * blocks; at < last; at += BLOCK) {
    for (let i = 0; i < 16; i++) {
      const from = at + 4 * i
      SCHEDULE[i] = (bytes[from]! << 24) | (bytes[from + 1]! << 16) | (bytes[from + 2]! << 8) | bytes[from + 3]!
    }
    for (let i = 16; i < 80; i++) {
      SCHEDULE[i] = rotate(SCHEDULE[i - 3]! ^ SCHEDULE[i - 8]! ^ SCHEDULE[i - 14]! ^ SCHEDULE[i - 16]!, 1)
    }
    let a = state[0]!
    let b = state[1]!
    let c = state[2]!
    let d = state[3]!
    let e = state[4]!
    for (let i = 0; i < 80; i++) {
      let mixed: number
      if (i < 20) mixed = (d ^ (b & (c ^ d))) + 0x5a827999
      else if (i < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1
      else if (i < 60) mixed = ((b & c) | (d & (b | c))) + 0x8f1bbcdc
      else mixed = (b ^ c ^ d) + 0xca62c1d6
      const next = (rotate(a, 5) + mixed + e + SCHEDULE[i]!) | 0
      e = d
      d = c
      c = rotate(b, 30)
      b = a
      a = next
    }
    state[0] = (state[0]! + a) | 0
    state[1] = (state[1]! + b) | 0
    state[2] = (state[2]! + c) | 0
    state[3] = (state[3]! + d) | 0
    state[4] = (state[4]! + e) | 0
  }
}
