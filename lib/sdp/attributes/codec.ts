/** How one attribute's value is read and written, and the small grammar that many of them share (RFC 8866, 9). */

/** `parse` returns undefined for a value that its grammar does not allow. */
export interface AttributeCodec<T> {
  readonly parse: (text: string) => T | undefined
  readonly format: (value: T) => string
}

/** The token of RFC 8866: visible ASCII without separators. */
const TOKEN = /^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+$/

export const isToken = (text: string): boolean => TOKEN.test(text)

/** The words of a line; more than one space between them, or at the ends, is forgiven. */
export const words = (text: string): string[] => text.split(' ').filter(word => word !== '')

/** An unsigned decimal number of at most `most`, or undefined. */
export const integer = (text: string | undefined, most: number): number | undefined => {
  if (text === undefined || text.length > 20 || !/^[0-9]+$/.test(text)) return undefined
  const value = Number(text)
  return value <= most ? value : undefined
}

export const PORTS = 65_535
/** RFC 3550, 5.1: seven bits. */
export const PAYLOAD_TYPES = 127
export const UINT32 = 0xffff_ffff

/** A word with what follows the first space, if anything does. */
export const split = (text: string, separator: string): [string, string | undefined] => {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)]
}

/** A value that is one token. */
export const token: AttributeCodec<string> = {
  parse: text => (isToken(text) ? text : undefined),
  format: value => value,
}

/** A value that is kept as it stands, but must be there. */
export const text: AttributeCodec<string> = {
  parse: value => (value === '' ? undefined : value),
  format: value => value,
}

/** A number of 0 to `most`. */
export const number = (most: number): AttributeCodec<number> => ({
  parse: value => integer(value, most),
  format: String,
})
