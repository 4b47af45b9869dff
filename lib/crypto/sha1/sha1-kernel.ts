/**
 * The compression function of SHA-1 (FIPS 180-4, 6.1.2) in WebAssembly: for HMACs of packets, where a hash object of the
 * platform costs more than its work. It takes the same time whatever the bytes are.
 *
 * The message schedule is made four words at a time in vector registers, some rounds ahead of its use, with the round's
 * constant added. From word 32 on the recurrence is applied to itself: W(t) = ROTL2(W(t-6) ^ W(t-16) ^ W(t-28) ^ W(t-32)),
 * in which no word depends on one of the same four.
 */

import { wasm } from '../../bytes/index.ts'

const { doWhile, get, i32, set, TYPE, v128 } = wasm
type Code = wasm.Code

/** Where the hash is: five words in the platform's order. */
export const STATE_AT = 0
const SCHEDULE_AT = 64
const ROUNDS = 80
export const SHA1_END = SCHEDULE_AT + 4 * ROUNDS

/** FIPS 180-4, 4.2.1. */
const CONSTANTS = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6]

// Parameters and locals.
const AT = 0
const LEFT = 1
/** a to e, which change places from round to round in place of being moved. */
const variable = (place: number, round: number) => 2 + ((place + 5 * ROUNDS - round) % 5)
/** The last 32 words of the schedule, four each. */
const words = (group: number) => 7 + (group & 7)
const NEW = 15

const BIG_ENDIAN = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]
/** The upper two words of the first operand, then the lower two of the second. */
const MIDDLE = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
/** All but the first word of the first operand, then the first of the second. */
const UP_ONE_WORD = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]
/** Three words of the second operand, then the first of the first. */
const FIRST_TO_LAST = [16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 0, 1, 2, 3]
const ZERO = v128.constant(new Array<number>(16).fill(0))
const constantOf = (group: number): Code => {
  const constant = CONSTANTS[Math.floor(group / 5)]!
  return v128.constant(Array.from({ length: 16 }, (_, i) => (constant >>> (8 * (i & 3))) & 0xff))
}

const rotateWords = (value: Code, by: number): Code =>
  v128.or(v128.shiftWordsLeft(value, i32.constant(by)), v128.shiftWordsRight(value, i32.constant(32 - by)))

const xorAll = (...values: readonly Code[]): Code => values.reduce((sum, value) => v128.xor(sum, value))

/** Four words of the schedule. */
const schedule = (group: number): Code[] => {
  const before = (groups: number) => get(words(group - groups))
  const store = v128.store(
    SCHEDULE_AT + 16 * group,
    i32.constant(0),
    v128.addWords(get(words(group)), constantOf(group)),
  )
  if (group < 4) {
    const loaded = v128.load(16 * group, get(AT))
    return [set(words(group), v128.shuffle(BIG_ENDIAN, loaded, loaded)), store]
  }
  if (group < 8) {
    return [
      set(
        NEW,
        xorAll(
          before(4),
          v128.shuffle(MIDDLE, before(4), before(3)),
          before(2),
          v128.shuffle(UP_ONE_WORD, before(1), ZERO),
        ),
      ),
      // The last word depends on the first: rotated once as that, and once more as this.
      set(
        words(group),
        v128.xor(rotateWords(get(NEW), 1), rotateWords(v128.shuffle(FIRST_TO_LAST, get(NEW), ZERO), 2)),
      ),
      store,
    ]
  }
  return [
    set(NEW, xorAll(before(8), before(7), before(4), v128.shuffle(MIDDLE, before(2), before(1)))),
    set(words(group), rotateWords(get(NEW), 2)),
    store,
  ]
}

/** FIPS 180-4, 4.1.1. */
const mixed = (round: number, b: Code, c: Code, d: Code): Code => {
  const kind = Math.floor(round / 20)
  if (kind === 0) return i32.xor(d, i32.and(b, i32.xor(c, d)))
  // No bit is in both parts of the majority.
  if (kind === 2) return i32.add(i32.and(b, c), i32.and(d, i32.xor(b, c)))
  return i32.xor(i32.xor(b, c), d)
}

const doRound = (round: number): Code[] => {
  const [a, b, c, d, e] = [0, 1, 2, 3, 4].map(place => variable(place, round)) as [
    number,
    number,
    number,
    number,
    number,
  ]
  const known = i32.add(i32.load(SCHEDULE_AT + 4 * round, i32.constant(0)), mixed(round, get(b), get(c), get(d)))
  return [
    set(e, i32.add(i32.add(get(e), known), i32.rotateLeft(get(a), i32.constant(5)))),
    set(b, i32.rotateLeft(get(b), i32.constant(30))),
  ]
}

const PLACES = [0, 1, 2, 3, 4]
/** Groups of the schedule that are made before they are used. */
const AHEAD = 4

const compress = (): Code[] => [
  ...PLACES.map(place => set(variable(place, 0), i32.load(STATE_AT + 4 * place, i32.constant(0)))),
  ...Array.from({ length: AHEAD }, (_, group) => schedule(group)).flat(),
  ...Array.from({ length: ROUNDS / 4 }, (_, group) => [
    ...(group + AHEAD < ROUNDS / 4 ? schedule(group + AHEAD) : []),
    ...PLACES.slice(0, 4).flatMap(step => doRound(4 * group + step)),
  ]).flat(),
  ...PLACES.map(place => {
    const at = STATE_AT + 4 * place
    return i32.store(at, i32.constant(0), i32.add(i32.load(at, i32.constant(0)), get(variable(place, ROUNDS))))
  }),
]

/** Takes so many blocks of 64 bytes at an address into the hash; there is at least one. */
export const sha1Function: wasm.FunctionBody = {
  name: 'compress',
  parameters: [TYPE.i32, TYPE.i32],
  locals: [...new Array<typeof TYPE.i32>(5).fill(TYPE.i32), ...new Array<typeof TYPE.v128>(9).fill(TYPE.v128)],
  body: [
    doWhile(
      [...compress(), set(AT, i32.add(get(AT), i32.constant(64))), set(LEFT, i32.subtract(get(LEFT), i32.constant(1)))],
      get(LEFT),
    ),
  ],
}
