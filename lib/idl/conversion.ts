/**
 * Conversions of what a script passes into IDL types (Web IDL, section 3.2): the same values are taken, coerced and
 * refused as in a browser.
 *
 * A conversion gets the value and a context, the beginning of the message of a TypeError ("Failed to execute 'send' on
 * 'RTCDataChannel'"). It may run script (getters, `toString`, iterators), so a method converts its arguments before it
 * looks at its own state.
 */

export type Conversion<T> = (value: unknown, context: string) => T

/** Takes the value as it is: the IDL type `any`. */
export const any: Conversion<unknown> = value => value

export const boolean: Conversion<boolean> = value => Boolean(value)

export const DOMString: Conversion<string> = (value, context) => {
  if (typeof value === 'string') return value
  if (typeof value === 'symbol') throw new TypeError(`${context}: Cannot convert a Symbol value to a string.`)
  return `${value as object}`
}

/** A DOMString without lone surrogates: each becomes U+FFFD. */
export const USVString: Conversion<string> = (value, context) =>
  DOMString(value, context).replace(/\p{Surrogate}/gu, '\ufffd')

/** How an integer conversion treats numbers outside its range (Web IDL, 3.2.4.9). */
type Range = 'modulo' | 'enforce' | 'clamp'

const integer =
  (type: string, lower: number, upper: number, range: Range): Conversion<number> =>
  (value, context) => {
    if (typeof value === 'symbol' || typeof value === 'bigint') {
      throw new TypeError(`${context}: Cannot convert a ${typeof value} value to a number.`)
    }
    const number = Number(value)
    if (range === 'enforce') {
      if (!Number.isFinite(number)) throw new TypeError(`${context}: Value is not of type '${type}'.`)
      const whole = Math.trunc(number) + 0
      if (whole < lower || whole > upper) {
        throw new TypeError(`${context}: Value is outside the '${type}' value range.`)
      }
      return whole
    }
    if (range === 'clamp') {
      if (Number.isNaN(number)) return 0
      const bounded = Math.min(Math.max(number, lower), upper)
      const floor = Math.floor(bounded)
      const fraction = bounded - floor
      // Halfway goes to the even integer.
      return (fraction > 0.5 || (fraction === 0.5 && floor % 2 !== 0) ? floor + 1 : floor) + 0
    }
    if (!Number.isFinite(number)) return 0
    const span = upper - lower + 1
    const remainder = Math.trunc(number) % span
    if (remainder > upper) return remainder - span
    return (remainder < lower ? remainder + span : remainder) + 0
  }

export const unsignedShort = integer('unsigned short', 0, 0xffff, 'modulo')
export const unsignedLong = integer('unsigned long', 0, 0xffff_ffff, 'modulo')
export const long = integer('long', -0x8000_0000, 0x7fff_ffff, 'modulo')
export const clampedUnsignedLong = integer('unsigned long', 0, 0xffff_ffff, 'clamp')
export const clampedUnsignedShort = integer('unsigned short', 0, 0xffff, 'clamp')
export const enforcedOctet = integer('octet', 0, 0xff, 'enforce')
export const enforcedUnsignedShort = integer('unsigned short', 0, 0xffff, 'enforce')
export const enforcedUnsignedLong = integer('unsigned long', 0, 0xffff_ffff, 'enforce')
/** Up to 2^53 - 1, as Web IDL has it for 64-bit types with [EnforceRange]. */
export const enforcedUnsignedLongLong = integer('unsigned long long', 0, Number.MAX_SAFE_INTEGER, 'enforce')

/** A `long long` with [EnforceRange]. */
export const enforcedLongLong = integer('long long', -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 'enforce')

/** A number that is neither infinite nor NaN. */
export const double: Conversion<number> = (value, context) => {
  if (typeof value === 'symbol' || typeof value === 'bigint') {
    throw new TypeError(`${context}: Cannot convert a ${typeof value} value to a number.`)
  }
  const number = Number(value)
  if (!Number.isFinite(number)) throw new TypeError(`${context}: The provided double value is non-finite.`)
  return number
}

/** One of the values of an enumeration, by its exact name. */
export const enumeration = <const T extends string>(type: string, values: readonly T[]): Conversion<T> => {
  const known = new Set<string>(values)
  return (value, context) => {
    const text = DOMString(value, context)
    if (!known.has(text)) {
      throw new TypeError(
        `${context}: The provided value '${text.slice(0, 100)}' is not a valid enum value of type ${type}.`,
      )
    }
    return text as T
  }
}

/** `T?`: null and undefined are null. */
export const nullable =
  <T>(convert: Conversion<T>): Conversion<T | null> =>
  (value, context) =>
    value === null || value === undefined ? null : convert(value, context)

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'

/** The elements of any iterable object. */
export const sequence =
  <T>(convert: Conversion<T>): Conversion<T[]> =>
  (value, context) => {
    const iterate: unknown = isObject(value) ? (value as Partial<Iterable<unknown>>)[Symbol.iterator] : undefined
    if (typeof iterate !== 'function') {
      throw new TypeError(`${context}: The provided value cannot be converted to a sequence.`)
    }
    const elements: T[] = []
    for (const element of { [Symbol.iterator]: () => iterate.call(value) as Iterator<unknown> }) {
      elements.push(convert(element, `${context}: Failed to convert the element at index ${elements.length}`))
    }
    return elements
  }

/** `(T or sequence<T>)` for a string type: an object with an iterator is the sequence. */
export const stringOrSequence = (convert: Conversion<string>): Conversion<string | string[]> => {
  const many = sequence(convert)
  return (value, context) =>
    isObject(value) && (value as Partial<Iterable<unknown>>)[Symbol.iterator] != null
      ? many(value, context)
      : convert(value, context)
}

/** An object of one of our interfaces. */
export const interfaceType =
  <T>(name: string, type: { readonly prototype: T; [Symbol.hasInstance](value: unknown): boolean }): Conversion<T> =>
  (value, context) => {
    if (!(value instanceof type)) throw new TypeError(`${context}: The value is not of type '${name}'.`)
    return value as T
  }

/** A callback function. */
export const callback: Conversion<(...args: unknown[]) => unknown> = (value, context) => {
  if (typeof value !== 'function') throw new TypeError(`${context}: The callback provided is not a function.`)
  return value as (...args: unknown[]) => unknown
}
