/**
 * AES (FIPS 197) for one block, in WebAssembly and in constant time: for the mask of a record number, where a call of the
 * platform's cipher costs many times its work. For many blocks at once the platform's is quicker.
 *
 * The S-box is looked up in vector registers, sixteen rows of sixteen: a look-up beyond its row gives zero, so that what
 * the rows give can be joined.
 */

import { wasm } from '../../bytes/index.ts'
import { GHASH_END } from './ghash-kernel.ts'

const { doWhile, get, i32, set, TYPE, v128 } = wasm
type Code = wasm.Code

const BLOCK = 16
/** Where round keys stand, as FIPS 197 makes them of the key: 15 at most. */
export const ROUND_KEYS_AT = GHASH_END
/** Where the block is that is encrypted in place. */
export const BLOCK_AT = ROUND_KEYS_AT + 15 * BLOCK
export const AES_END = BLOCK_AT + BLOCK

/** Times x in the field of 2^8 elements. */
const double = (value: number): number => ((value << 1) ^ (value & 0x80 ? 0x11b : 0)) & 0xff

/** The S-box (5.1.1): the inverse, which 3 as a generator gives by its powers, and an affine map. */
const substitutions = (): number[] => {
  const box = new Array<number>(256).fill(0x63)
  let power = 1
  let inverse = 1
  do {
    power ^= double(power)
    // Divided by 3.
    inverse ^= inverse << 1
    inverse ^= inverse << 2
    inverse ^= inverse << 4
    inverse &= 0xff
    if (inverse & 0x80) inverse ^= 0x09
    const turned = (by: number) => ((inverse << by) | (inverse >>> (8 - by))) & 0xff
    box[power] = 0x63 ^ inverse ^ turned(1) ^ turned(2) ^ turned(3) ^ turned(4)
  } while (power !== 1)
  return box
}

const SUBSTITUTIONS = substitutions()
const all = (value: number): number[] => new Array<number>(BLOCK).fill(value)
/** Byte r of column c comes from column c + r (5.1.2). */
const SHIFT_ROWS = Array.from({ length: BLOCK }, (_, i) => (4 * ((i >> 2) + (i & 3)) + (i & 3)) % BLOCK)
/** Each byte becomes that so many rows further down in its column. */
const downRows = (rows: number): number[] => Array.from({ length: BLOCK }, (_, i) => (i & ~3) | ((i + rows) & 3))

// Parameters and locals.
const KEY = 0
const LEFT = 1
const STATE = 2
const RESULT = 3

const substitute = (): Code[] => {
  const code: Code[] = []
  for (let row = 0; row < 16; row++) {
    const found = v128.lookUp(v128.constant(SUBSTITUTIONS.slice(16 * row, 16 * row + 16)), get(STATE))
    code.push(set(RESULT, row === 0 ? found : v128.or(get(RESULT), found)))
    if (row < 15) code.push(set(STATE, v128.subtractBytes(get(STATE), v128.constant(all(16)))))
  }
  return [...code, set(STATE, get(RESULT))]
}

const shiftRows = (): Code => set(STATE, v128.shuffle(SHIFT_ROWS, get(STATE), get(STATE)))

/** Each byte: the sum of its column, twice itself and its neighbour, and itself (5.1.3). */
const mixColumns = (): Code[] => [
  set(RESULT, v128.xor(get(STATE), v128.shuffle(downRows(1), get(STATE), get(STATE)))),
  set(STATE, v128.xor(get(STATE), v128.shuffle(downRows(2), get(RESULT), get(RESULT)))),
  set(STATE, v128.xor(get(STATE), get(RESULT))),
  set(
    RESULT,
    v128.xor(
      v128.addBytes(get(RESULT), get(RESULT)),
      v128.and(v128.areBytesLess(get(RESULT), v128.constant(all(0))), v128.constant(all(0x1b))),
    ),
  ),
  set(STATE, v128.xor(get(STATE), get(RESULT))),
]

const addRoundKey = (): Code[] => [
  set(STATE, v128.xor(get(STATE), v128.load(0, get(KEY)))),
  set(KEY, i32.add(get(KEY), i32.constant(BLOCK))),
]

/** Encrypts the block in place by the round keys at an address: so many rounds besides the last. */
export const aesFunction: wasm.FunctionBody = {
  name: 'encryptBlock',
  parameters: [TYPE.i32, TYPE.i32],
  locals: [TYPE.v128, TYPE.v128],
  body: [
    set(STATE, v128.load(BLOCK_AT, i32.constant(0))),
    ...addRoundKey(),
    doWhile(
      [
        ...substitute(),
        shiftRows(),
        ...mixColumns(),
        ...addRoundKey(),
        set(LEFT, i32.subtract(get(LEFT), i32.constant(1))),
      ],
      get(LEFT),
    ),
    ...substitute(),
    shiftRows(),
    ...addRoundKey(),
    v128.store(BLOCK_AT, i32.constant(0), get(STATE)),
  ],
}

/** Puts each byte of the block through the S-box: what the key schedule needs. */
export const substituteFunction: wasm.FunctionBody = {
  name: 'substitute',
  parameters: [TYPE.i32, TYPE.i32],
  locals: [TYPE.v128, TYPE.v128],
  body: [
    set(STATE, v128.load(BLOCK_AT, i32.constant(0))),
    ...substitute(),
    v128.store(BLOCK_AT, i32.constant(0), get(STATE)),
  ],
}
