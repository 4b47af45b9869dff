/**
 * Reads a session description (RFC 8866, sections 5 and 9): the lines in the one order that the grammar has, each by
 * its own grammar. The first line that is wrong ends it, with its number: what is half understood is not used
 * (RFC 9429, section 5.8).
 */

import { integer, isToken, PORTS, words } from './attributes/codec.ts'
import { parseAttribute } from './attributes/table.ts'
import type {
  Attribute,
  Bandwidth,
  Connection,
  MediaDescription,
  Origin,
  SessionDescription,
  Timing,
} from './description.ts'
import { SdpError, type SdpErrorCode } from './error.ts'
import { type Line, MAX_MEDIA, parseLines } from './lines.ts'

export interface ParseOptions {
  /**
   * Take the lines of the session in any order, and do without `t=`: descriptions outside WebRTC are often so. False by
   * default.
   */
  readonly anyOrder?: boolean
}

/** Reads a text; throws SdpError. Linear in the length of the text, which is bounded. */
export const parseSdp = (text: string, options: ParseOptions = {}): SessionDescription =>
  new Parser(parseLines(text), options.anyOrder === true).description()

/** The order of the session's lines; `e` and `p`, `t` `r` and `z`, may repeat (RFC 8866, 9). */
const SESSION_ORDER = 'vosiuepcbtka'

class Parser {
  readonly #lines: readonly Line[]
  readonly #anyOrder: boolean
  #at = 0

  constructor(lines: readonly Line[], anyOrder: boolean) {
    this.#lines = lines
    this.#anyOrder = anyOrder
  }

  description(): SessionDescription {
    this.#version()
    const before = this.#anyOrder ? this.#lines.findIndex(({ type }) => type === 'm') : -1
    const session = this.#anyOrder ? this.#inOrder(before < 0 ? this.#lines.length : before) : this
    const head = session.#session()
    if (session !== this) this.#at = before < 0 ? this.#lines.length : before
    const media: MediaDescription[] = []
    while (this.#at < this.#lines.length) {
      if (media.length === MAX_MEDIA) throw this.#error('too-large', `more than ${MAX_MEDIA} m-sections`)
      media.push(this.#media())
    }
    return { ...head, media }
  }

  /** A parser of the session's lines, sorted into the order of the grammar. */
  #inOrder(end: number): Parser {
    const rank = ({ type }: Line) => SESSION_ORDER.indexOf(type === 'r' || type === 'z' ? 't' : type)
    const sorted = this.#lines.slice(this.#at, end).sort((a, b) => rank(a) - rank(b))
    return new Parser(sorted, true)
  }

  #version(): void {
    if (this.#required('v') !== '0') throw this.#error('value', 'the version is 0', this.#at - 1)
  }

  #session(): Omit<SessionDescription, 'media'> {
    const origin = this.#origin()
    const sessionName = this.#required('s')
    const information = this.#optional('i')
    const uri = this.#optional('u')
    const emails = this.#all('e')
    const phones = this.#all('p')
    const connection = this.#connections(1)[0]
    const bandwidths = this.#bandwidths()
    const timings = this.#timings()
    const key = this.#optional('k')
    const attributes = this.#attributes()
    this.#expectEnd()
    return {
      origin,
      sessionName,
      ...(information !== undefined && { information }),
      ...(uri !== undefined && { uri }),
      emails,
      phones,
      ...(connection && { connection }),
      bandwidths,
      timings,
      ...(key !== undefined && { key }),
      attributes,
    }
  }

  #media(): MediaDescription {
    const { number: line } = this.#lines[this.#at]!
    const [kind, ports = '', protocol, ...formats] = words(this.#required('m'))
    const slash = ports.indexOf('/')
    const port = integer(slash < 0 ? ports : ports.slice(0, slash), PORTS)
    const portCount = slash < 0 ? undefined : integer(ports.slice(slash + 1), PORTS)
    const numbered = port !== undefined && (slash < 0 || portCount !== undefined)
    if (kind === undefined || !isToken(kind) || !numbered || protocol === undefined || formats.length === 0) {
      throw this.#error('value', 'm= is a medium, a port, a protocol and formats', this.#at - 1)
    }
    const title = this.#optional('i')
    const connections = this.#connections(Number.POSITIVE_INFINITY)
    const bandwidths = this.#bandwidths()
    const key = this.#optional('k')
    const attributes = this.#attributes()
    this.#expectEnd()
    return {
      kind,
      port,
      ...(portCount !== undefined && { portCount }),
      protocol,
      formats,
      ...(title !== undefined && { title }),
      connections,
      bandwidths,
      ...(key !== undefined && { key }),
      attributes,
      line,
    }
  }

  #origin(): Origin {
    const [username, sessionId, sessionVersion, networkType, addressType, address, more] = words(this.#required('o'))
    const numbers = [sessionId, sessionVersion]
    if (address === undefined || more !== undefined || !numbers.every(digits => /^[0-9]{1,40}$/.test(digits ?? ''))) {
      throw this.#error('value', 'o= is a user name, two numbers, a network type and an address', this.#at - 1)
    }
    return {
      username: username!,
      sessionId: sessionId!,
      sessionVersion: sessionVersion!,
      networkType: networkType!,
      addressType: addressType!,
      address,
    }
  }

  #connections(most: number): Connection[] {
    const found: Connection[] = []
    while (found.length < most && this.#here === 'c') {
      const [networkType, addressType, address, more] = words(this.#next())
      if (networkType === undefined || addressType === undefined || address === undefined || more !== undefined) {
        throw this.#error('value', 'c= is a network type, an address type and an address', this.#at - 1)
      }
      found.push({ networkType, addressType, address })
    }
    return found
  }

  #bandwidths(): Bandwidth[] {
    return this.#all('b').map((text, index, { length }) => {
      const colon = text.indexOf(':')
      const type = text.slice(0, Math.max(0, colon))
      const value = integer(text.slice(colon + 1), Number.MAX_SAFE_INTEGER)
      if (!isToken(type) || value === undefined) {
        throw this.#error('value', 'b= is a type, ":" and a number', this.#at - length + index)
      }
      return { type, value }
    })
  }

  #timings(): Timing[] {
    const found: Timing[] = []
    if (this.#here !== 't' && !this.#anyOrder) throw this.#missing('t')
    while (this.#here === 't') {
      const [start, stop, more] = words(this.#next())
      if (
        start === undefined ||
        stop === undefined ||
        more !== undefined ||
        !/^[0-9]{1,20} [0-9]{1,20}$/.test(`${start} ${stop}`)
      ) {
        throw this.#error('value', 't= is two numbers', this.#at - 1)
      }
      const repeats = this.#all('r')
      const zone = this.#optional('z')
      found.push(zone === undefined ? { start, stop, repeats } : { start, stop, repeats, zone })
    }
    return found
  }

  #attributes(): Attribute[] {
    const found: Attribute[] = []
    while (this.#here === 'a') {
      const attribute = parseAttribute(this.#next())
      if (typeof attribute === 'string') throw this.#error('attribute', attribute, this.#at - 1)
      found.push(attribute)
    }
    return found
  }

  // The lines

  /** The type of the line to come. */
  get #here(): string | undefined {
    return this.#lines[this.#at]?.type
  }

  #next(): string {
    return this.#lines[this.#at++]!.value
  }

  #required(type: string): string {
    if (this.#here !== type) throw this.#missing(type)
    return this.#next()
  }

  #optional(type: string): string | undefined {
    return this.#here === type ? this.#next() : undefined
  }

  #all(type: string): string[] {
    const values: string[] = []
    while (this.#here === type) values.push(this.#next())
    return values
  }

  /** A section is over: its end, or the next m-line, is here. */
  #expectEnd(): void {
    const type = this.#here
    if (type === undefined || type === 'm') return
    const known = SESSION_ORDER.includes(type) || type === 'r' || type === 'z'
    throw this.#error('order', known ? `"${type}=" may not stand here` : `a description has no "${type}="`)
  }

  #missing(type: string): SdpError {
    return this.#error('order', `"${type}=" is expected here`)
  }

  #error(code: SdpErrorCode, message: string, at = this.#at): SdpError {
    const last = this.#lines.at(-1)?.number ?? 0
    return new SdpError(code, message, this.#lines[at]?.number ?? last + 1)
  }
}
