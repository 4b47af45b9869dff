/**
 * As much of a WebAssembly assembler as small kernels need: instructions as functions that nest like expressions, and one
 * module around them (WebAssembly core specification 2.0, 5: binary format).
 *
 * Each function returns the bytes of its instruction behind those of its operands, so that `add(get(a), constant(1))`
 * reads as what it does. Nothing is checked here; the platform's validator does that when the module is compiled.
 */

export type Code = readonly number[]

export const TYPE = { i32: 0x7f, i64: 0x7e, v128: 0x7b } as const
export type ValueType = (typeof TYPE)[keyof typeof TYPE]

/** LEB128, unsigned (5.2.2). */
const unsigned = (value: number): number[] => {
  const bytes: number[] = []
  do {
    const byte = value & 0x7f
    value >>>= 7
    bytes.push(value === 0 ? byte : byte | 0x80)
  } while (value !== 0)
  return bytes
}

/** LEB128, signed (5.2.2). */
const signed = (value: bigint): number[] => {
  const bytes: number[] = []
  for (;;) {
    const byte = Number(value & 0x7fn)
    value >>= 7n
    const done = (value === 0n && (byte & 0x40) === 0) || (value === -1n && (byte & 0x40) !== 0)
    bytes.push(done ? byte : byte | 0x80)
    if (done) return bytes
  }
}

const operation =
  (opcode: number) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), opcode]

/** A vector instruction (5.4.8): its number behind the prefix, and what else belongs to it. */
const vector =
  (number: number, immediate: readonly number[] = []) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), 0xfd, ...unsigned(number), ...immediate]

const access =
  (encode: (...operands: readonly Code[]) => Code, align: number) =>
  (offset: number, ...operands: readonly Code[]): Code => [
    ...encode(...operands),
    ...unsigned(align),
    ...unsigned(offset),
  ]

export const get = (local: number): Code => [0x20, ...unsigned(local)]
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)]

export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(BigInt(value | 0))],
  add: operation(0x6a),
  subtract: operation(0x6b),
  and: operation(0x71),
  xor: operation(0x73),
  shiftLeft: operation(0x74),
  shiftRight: operation(0x76),
  rotateLeft: operation(0x77),
  isLess: operation(0x49),
  load: access(operation(0x28), 0),
  store: access(operation(0x36), 0),
  loadByte: access(operation(0x2d), 0),
} as const

export const i64 = {
  constant: (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))],
  or: operation(0x84),
  xor: operation(0x85),
  shiftLeft: operation(0x86),
  shiftRight: operation(0x88),
} as const

export const v128 = {
  constant: (bytes: readonly number[]): Code => [0xfd, 0x0c, ...bytes],
  load: access(vector(0), 0),
  store: access(vector(11), 0),
  and: vector(78),
  or: vector(80),
  xor: vector(81),
  /** Bytes of both operands, by their places: those of the second are from 16 on. */
  shuffle: (places: readonly number[], first: Code, second: Code): Code => vector(13, places)(first, second),
  /** Bytes of a table of 16, by the values of the second operand. */
  lookUp: vector(14),
  shiftBytesRight: vector(109),
  shiftWordsLeft: vector(171),
  shiftWordsRight: vector(173),
  addWords: vector(174),
  addBytes: vector(110),
  subtractBytes: vector(113),
  /** All ones in each byte that is less, as a signed number, than that of the second operand. */
  areBytesLess: vector(37),
  splat: vector(18),
  lane: (lane: 0 | 1, value: Code): Code => vector(29, [lane])(value),
  replaceLane: (lane: 0 | 1, value: Code, by: Code): Code => vector(30, [lane])(value, by),
} as const

/** Repeats the body while its condition, an i32 at the end of it, is not zero. */
export const doWhile = (body: readonly Code[], condition: Code): Code => [
  0x03,
  0x40,
  ...body.flat(),
  ...condition,
  0x0d,
  0x00,
  0x0b,
]

/** Does the body if the condition is not zero. */
export const when = (condition: Code, body: readonly Code[]): Code => [...condition, 0x04, 0x40, ...body.flat(), 0x0b]

export interface FunctionBody {
  readonly name: string
  readonly parameters: readonly ValueType[]
  /** Numbered on from the parameters. */
  readonly locals: readonly ValueType[]
  /** What it leaves behind; nothing if what it computes is in memory. */
  readonly result?: ValueType
  readonly body: readonly Code[]
}

const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content]
const list = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()]
const name = (text: string): number[] => list([...text].map(character => [character.charCodeAt(0)]))

/** A module that exports its functions and its memory of so many pages of 64 KiB, as `memory`. */
export const assemble = (functions: readonly FunctionBody[], pages: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(
      1,
      list(
        functions.map(({ parameters, result }) => [
          0x60,
          ...list(parameters.map(type => [type])),
          ...list(result === undefined ? [] : [[result]]),
        ]),
      ),
    ),
    ...section(3, list(functions.map((_, index) => unsigned(index)))),
    ...section(5, list([[0x00, ...unsigned(pages)]])),
    ...section(
      7,
      list([
        ...functions.map((each, index) => [...name(each.name), 0x00, ...unsigned(index)]),
        [...name('memory'), 0x02, 0x00],
      ]),
    ),
    ...section(
      10,
      list(
        functions.map(({ locals, body }) => {
          const code = [...list(locals.map(type => [1, type])), ...body.flat(), 0x0b]
          return [...unsigned(code.length), ...code]
        }),
      ),
    ),
  ])

/** As much of the platform's WebAssembly as is used: the types of some platforms leave it out. */
declare const WebAssembly:
  | {
      readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
      readonly Instance: new (module: object) => { readonly exports: Record<string, unknown> }
    }
  | undefined

/** What a module exports; undefined where there is no WebAssembly, or none with vectors, or a policy forbids it. */
export const instantiate = (functions: readonly FunctionBody[], pages: number): Record<string, unknown> | undefined => {
  try {
    if (typeof WebAssembly === 'undefined') return undefined
    return new WebAssembly.Instance(new WebAssembly.Module(assemble(functions, pages))).exports
  } catch {
    return undefined
  }
}
