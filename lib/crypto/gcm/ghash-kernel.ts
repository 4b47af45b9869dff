/**
 * GHASH (SP 800-38D, 6.4) and the XOR of counter mode in WebAssembly, in constant time: what is looked up is in a vector
 * register, where it takes as long whatever is asked for, and no branch depends on a key or a text.
 *
 * A block is 32 nibbles, and its product with H the sum of the products of H by each of them, at its place (the way of
 * Käsper and Schwabe, and of what BoringSSL does with SSSE3). The table has these products by bytes: a row has byte j of
 * all sixteen. One look-up then gives byte j of the products of the same nibble of all sixteen bytes of the block, each of
 * which belongs one byte further up than the one before; so the rows are summed from the last to the first, the sum one byte
 * up before each.
 *
 * Three blocks are taken at once, by three powers of H: the sums are shifted, and reduced, once for them all. The rows are a
 * loop, since V8 would load every row of an unrolled one first, for want of anything that holds it back, and put them all
 * aside on the stack; and with four blocks their nibbles and sums would not fit into the sixteen registers of x64.
 */

import { wasm } from '../../bytes/index.ts'

const { doWhile, get, i32, i64, set, TYPE, v128, when } = wasm
type Code = wasm.Code

/** Blocks taken at once: as many powers of H are in the table. */
export const POWERS = 3
/** Rows of a power: 16 for the upper nibbles, then 16 for the lower ones, of 16 bytes each. */
export const ROWS = 32
const ROW_LENGTH = 16
export const TABLE_AT = 0
export const TABLE_LENGTH = POWERS * ROWS * ROW_LENGTH
/** Where the hash is, to be zeroed to begin with. */
export const HASH_AT = TABLE_LENGTH
export const GHASH_END = HASH_AT + 16

const REVERSED_BYTES = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
/** The last byte of the first operand, then all but the last of the second. */
const UP_ONE_BYTE = [15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]
const LOW_BITS = new Array<number>(16).fill(0x0f)

// Parameters and locals of `ghash`.
const AT = 0
const BLOCKS = 1
const HASH = 2
/** The sum: bytes 0 to 15, and what has gone beyond. */
const SUM = 3
const BEYOND = 4
const ZERO = 5
const upperNibbles = (block: number) => 6 + 2 * block
const lowerNibbles = (block: number) => 7 + 2 * block
const LOW = 6 + 2 * POWERS
const HIGH = LOW + 1
/** Where the row is in the table of a power. */
const ROW = HIGH + 1

const readBlock = (block: number): Code[] => {
  const [upper, lower] = [upperNibbles(block), lowerNibbles(block)]
  const loaded = v128.load(ROW_LENGTH * block, get(AT))
  return [
    set(lower, block === 0 ? v128.xor(loaded, get(HASH)) : loaded),
    set(upper, v128.shiftBytesRight(get(lower), i32.constant(4))),
    set(lower, v128.and(get(lower), v128.constant(LOW_BITS))),
  ]
}

/** Adds what a row of each power gives for its block: the first block of a group has the highest power. */
const addRow = (group: number): Code[] =>
  Array.from({ length: group }, (_, block) => {
    const at = TABLE_AT + (group - 1 - block) * ROWS * ROW_LENGTH
    const upper = v128.lookUp(v128.load(at, get(ROW)), get(upperNibbles(block)))
    const lower = v128.lookUp(v128.load(at + 16 * ROW_LENGTH, get(ROW)), get(lowerNibbles(block)))
    return set(SUM, v128.xor(get(SUM), v128.xor(upper, lower)))
  })

/** The number in `HIGH` and `LOW`, so many bits down: in the reflected order of GCM, times that power of x. */
const timesPowerOfX = (power: bigint): Code => {
  const low = i64.or(i64.shiftRight(get(LOW), i64.constant(power)), i64.shiftLeft(get(HIGH), i64.constant(64n - power)))
  return v128.replaceLane(1, v128.splat(low), i64.shiftRight(get(HIGH), i64.constant(power)))
}

/**
 * What has gone beyond byte 15 comes back in by x^128 = x^7 + x^2 + x + 1. It is 15 bytes at most, so that nothing goes
 * beyond a second time.
 */
const reduce = (): Code[] => [
  set(SUM, v128.xor(get(SUM), get(BEYOND))),
  set(BEYOND, v128.shuffle(REVERSED_BYTES, get(BEYOND), get(BEYOND))),
  set(LOW, v128.lane(0, get(BEYOND))),
  set(HIGH, v128.lane(1, get(BEYOND))),
  set(BEYOND, v128.xor(v128.xor(timesPowerOfX(1n), timesPowerOfX(2n)), timesPowerOfX(7n))),
  set(HASH, v128.xor(get(SUM), v128.shuffle(REVERSED_BYTES, get(BEYOND), get(BEYOND)))),
]

const takeGroup = (group: number): Code[] => [
  ...Array.from({ length: group }, (_, block) => readBlock(block)).flat(),
  set(SUM, get(ZERO)),
  set(BEYOND, get(ZERO)),
  set(ROW, i32.constant(16 * ROW_LENGTH)),
  doWhile(
    [
      set(ROW, i32.subtract(get(ROW), i32.constant(ROW_LENGTH))),
      set(BEYOND, v128.shuffle(UP_ONE_BYTE, get(SUM), get(BEYOND))),
      set(SUM, v128.shuffle(UP_ONE_BYTE, get(ZERO), get(SUM))),
      ...addRow(group),
    ],
    get(ROW),
  ),
  ...reduce(),
  set(AT, i32.add(get(AT), i32.constant(ROW_LENGTH * group))),
  set(BLOCKS, i32.subtract(get(BLOCKS), i32.constant(group))),
]

const isAtLeast = (value: number): Code => i32.isLess(i32.constant(value - 1), get(BLOCKS))

/** Takes so many blocks at an address into the hash. */
export const ghashFunction: wasm.FunctionBody = {
  name: 'ghash',
  parameters: [TYPE.i32, TYPE.i32],
  locals: [...new Array<typeof TYPE.v128>(4 + 2 * POWERS).fill(TYPE.v128), TYPE.i64, TYPE.i64, TYPE.i32],
  body: [
    set(HASH, v128.load(HASH_AT, i32.constant(0))),
    when(isAtLeast(POWERS), [doWhile(takeGroup(POWERS), isAtLeast(POWERS))]),
    when(isAtLeast(1), [doWhile(takeGroup(1), isAtLeast(1))]),
    v128.store(HASH_AT, i32.constant(0), get(HASH)),
  ],
}

// Parameters of `mix`, behind AT.
const STREAM = 1
const LEFT = 2

/** Mixes so many blocks of the key stream into those at an address. */
export const mixFunction: wasm.FunctionBody = {
  name: 'mix',
  parameters: [TYPE.i32, TYPE.i32, TYPE.i32],
  locals: [],
  body: [
    doWhile(
      [
        v128.store(0, get(AT), v128.xor(v128.load(0, get(AT)), v128.load(0, get(STREAM)))),
        set(AT, i32.add(get(AT), i32.constant(ROW_LENGTH))),
        set(STREAM, i32.add(get(STREAM), i32.constant(ROW_LENGTH))),
        set(LEFT, i32.subtract(get(LEFT), i32.constant(1))),
      ],
      get(LEFT),
    ),
  ],
}
