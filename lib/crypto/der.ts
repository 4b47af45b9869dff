/**
 * DER, the distinguished encoding of ASN.1 (ITU-T X.690, 8 and 10), as far as keys, certificates and signatures need.
 *
 * The reader is strict (definite, minimal lengths; minimal integers) and cannot throw: like `Reader` it goes on with
 * empty values after a fault, and says at the end that one was met.
 */

import { concatBytes } from '../bytes/index.ts'

export const BOOLEAN = 0x01
export const INTEGER = 0x02
export const BIT_STRING = 0x03
export const OCTET_STRING = 0x04
export const NULL = 0x05
export const OBJECT_IDENTIFIER = 0x06
export const UTF8_STRING = 0x0c
export const UTC_TIME = 0x17
export const GENERALIZED_TIME = 0x18
export const SEQUENCE = 0x30
export const SET = 0x31
/** The tag `[number]` around a whole value (EXPLICIT) or instead of its tag, when that is constructed. */
export const context = (number: number): number => 0xa0 | number

const EMPTY = new Uint8Array(0)
/** More than any object identifier in use; keeps the arcs exact as numbers. */
const MAX_ARC_BYTES = 5

export class DerReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  /** The reader that this one was entered from: a fault anywhere is a fault of the whole. */
  readonly #outer: DerReader | undefined
  #position: number
  #failed = false

  constructor(bytes: Uint8Array, outer?: DerReader) {
    this.#bytes = bytes
    this.#position = 0
    this.#end = bytes.length
    this.#outer = outer
  }

  /** Whether a value was not what was asked for, here or in a reader entered from here. */
  get failed(): boolean {
    return this.#failed
  }

  /** Whether nothing is left, or nothing can be read any more. */
  get done(): boolean {
    return this.#failed || this.#position >= this.#end
  }

  fail(): void {
    this.#failed = true
    this.#outer?.fail()
  }

  /** The tag of the next value; -1 when there is none. */
  peek(): number {
    return this.done ? -1 : this.#bytes[this.#position]!
  }

  /** The next value of any tag, header included. */
  element(): Uint8Array {
    const start = this.#position
    this.#content(-1)
    return this.#failed ? EMPTY : this.#bytes.subarray(start, this.#position)
  }

  /** The content of the next value, which must have this tag. */
  read(tag: number): Uint8Array {
    return this.#content(tag)
  }

  /** A reader of what the next value contains, which must have this tag. */
  enter(tag: number): DerReader {
    return new DerReader(this.#content(tag), this)
  }

  /** A reader of what a value with this tag contains, if it is the next one. */
  optional(tag: number): DerReader | undefined {
    return this.peek() === tag ? this.enter(tag) : undefined
  }

  /** The magnitude of an INTEGER that is not negative, without leading zeros (zero is one zero byte). */
  unsigned(): Uint8Array {
    const content = this.integer()
    if (this.#failed) return EMPTY
    if (content[0]! >= 0x80) {
      this.fail()
      return EMPTY
    }
    return content[0] === 0 && content.length > 1 ? content.subarray(1) : content
  }

  /** The two's complement of an INTEGER. */
  integer(): Uint8Array {
    const content = this.#content(INTEGER)
    const [first, second] = content
    const padded = second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))
    if (first !== undefined && !padded) return content
    this.fail()
    return EMPTY
  }

  /** An INTEGER from 0 to 127, as versions are; -1 when it is anything else. */
  small(): number {
    const content = this.unsigned()
    if (content.length === 1 && content[0]! < 0x80) return content[0]!
    this.fail()
    return -1
  }

  /** A BIT STRING of whole bytes. */
  bits(): Uint8Array {
    const content = this.#content(BIT_STRING)
    if (content[0] === 0) return content.subarray(1)
    this.fail()
    return EMPTY
  }

  /** An OBJECT IDENTIFIER in dotted form. */
  oid(): string {
    const content = this.#content(OBJECT_IDENTIFIER)
    const arcs: number[] = []
    let arc = 0
    let length = 0
    for (const byte of content) {
      if ((length === 0 && byte === 0x80) || length === MAX_ARC_BYTES) break
      arc = arc * 128 + (byte & 0x7f)
      length++
      if (byte >= 0x80) continue
      if (arcs.length === 0) arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)))
      else arcs.push(arc)
      arc = 0
      length = 0
    }
    if (arcs.length > 0 && length === 0 && encodedOid(arcs).length === content.length) return arcs.join('.')
    this.fail()
    return ''
  }

  /** A NULL. */
  null(): void {
    if (this.#content(NULL).length !== 0) this.fail()
  }

  /** Says that nothing more may follow. */
  finish(): void {
    if (this.#position < this.#end) this.fail()
  }

  /** Moves past the next value and returns its content; `tag` -1 takes any. */
  #content(tag: number): Uint8Array {
    const b = this.#bytes
    let at = this.#position
    const found = at + 2 > this.#end || this.#failed ? -1 : b[at]!
    // Tag numbers above 30 have further bytes; nothing that is read here uses them.
    if (found < 0 || (found & 0x1f) === 0x1f || (tag >= 0 && found !== tag)) return this.#bad()
    let length = b[at + 1]!
    at += 2
    if (length >= 0x80) {
      const count = length & 0x7f
      if (count === 0 || count > 4 || count > this.#end - at || b[at] === 0) return this.#bad()
      length = 0
      for (let i = 0; i < count; i++) length = length * 256 + b[at++]!
      if (length < 0x80) return this.#bad()
    }
    if (length > this.#end - at) return this.#bad()
    this.#position = at + length
    return b.subarray(at, at + length)
  }

  #bad(): Uint8Array {
    this.fail()
    return EMPTY
  }
}

/** A value: its tag, its length, and what it contains. */
export const der = (tag: number, ...contents: readonly Uint8Array[]): Uint8Array => {
  let length = 0
  for (const content of contents) length += content.length
  const header = [tag]
  if (length < 0x80) header.push(length)
  else {
    const octets: number[] = []
    for (let left = length; left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256)
    header.push(0x80 | octets.length, ...octets)
  }
  return concatBytes(Uint8Array.from(header), ...contents)
}

export const sequence = (...contents: readonly Uint8Array[]): Uint8Array => der(SEQUENCE, ...contents)

/** An INTEGER from its magnitude, in network byte order; leading zeros are left out. */
export const unsigned = (magnitude: Uint8Array): Uint8Array => {
  let at = 0
  while (at < magnitude.length - 1 && magnitude[at] === 0) at++
  const digits = magnitude.subarray(at)
  return digits.length === 0 || digits[0]! >= 0x80 ? der(INTEGER, Uint8Array.of(0), digits) : der(INTEGER, digits)
}

export const bits = (content: Uint8Array): Uint8Array => der(BIT_STRING, Uint8Array.of(0), content)

const encodedOid = (arcs: readonly number[]): Uint8Array => {
  const octets: number[] = []
  const [first = 0, second = 0, ...others] = arcs
  for (const arc of [first * 40 + second, ...others]) {
    const digits = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift(0x80 | (left % 128))
    octets.push(...digits)
  }
  return Uint8Array.from(octets)
}

/** An OBJECT IDENTIFIER from its dotted form. */
export const oid = (dotted: string): Uint8Array => der(OBJECT_IDENTIFIER, encodedOid(dotted.split('.').map(Number)))
