/** A text cut into its lines, `<type>=<value>` each, and the bounds on what is read at all (RFC 8866, section 5). */

import { SdpError } from './error.ts'

/** UTF-16 units. A browser's offer of fifty video m-lines has about 300,000. */
export const MAX_LENGTH = 2 ** 21
export const MAX_LINES = 65_536
/** What we say of as many m-lines is within the other two bounds, too. */
export const MAX_MEDIA = 384

export interface Line {
  /** The letter before the `=`. */
  readonly type: string
  readonly value: string
  /** From 1. */
  readonly number: number
}

/** Lines end in CRLF, or in LF alone (which 5 asks to be accepted). Empty lines at the end are no lines. */
export const parseLines = (text: string): Line[] => {
  if (text.length > MAX_LENGTH) throw new SdpError('too-large', `more than ${MAX_LENGTH} characters`, 1)
  let end = text.length
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end--
  const lines: Line[] = []
  for (let at = 0; at < end; ) {
    const feed = text.indexOf('\n', at)
    const next = feed < 0 || feed > end ? end : feed
    const number = lines.length + 1
    if (number > MAX_LINES) throw new SdpError('too-large', `more than ${MAX_LINES} lines`, number)
    lines.push(parseLine(text.slice(at, next > at && text[next - 1] === '\r' ? next - 1 : next), number))
    at = next + 1
  }
  return lines
}

const parseLine = (line: string, number: number): Line => {
  if (line.length < 2 || line[1] !== '=' || !/^[a-z]/.test(line)) {
    throw new SdpError('line', 'a line is a lower-case letter, "=" and a value', number)
  }
  if (line.includes('\r') || line.includes('\0')) {
    throw new SdpError('line', 'a value has neither carriage return nor NUL', number)
  }
  return { type: line[0]!, value: line.slice(2), number }
}
