/**
 * The URIs of STUN and TURN servers (RFC 7064, 3.1; RFC 7065, 3.1), over the generic grammar of RFC 3986.
 *
 * They have no `//`, no user name, path or fragment, and only `turn:` and `turns:` have a query, which is `transport=`.
 * Credentials come beside the URI, never in it.
 */

import { fromStrictUtf8 } from '../bytes/index.ts'
import { canonicalAddress } from './address.ts'

export type ServerScheme = 'stun' | 'stuns' | 'turn' | 'turns'

/** What carries the messages to the server. */
export type ServerTransport = 'udp' | 'tcp' | 'tls' | 'dtls'

export interface ServerUri {
  readonly scheme: ServerScheme
  /**
   * An IP address in canonical text (IPv6 without its brackets), or a name, percent-decoded. A name may hold letters
   * outside ASCII: whoever looks it up does so in its A-label form (RFC 3986, 3.2.2; RFC 5890).
   */
  readonly host: string
  /** 1 to 65535. 3478, or 5349 of a secure scheme, when the URI has none. */
  readonly port: number
  /** Of `stun` udp, of `stuns` tls. Of `turn` udp, or as told; of `turns` tls, but dtls with `?transport=udp`. */
  readonly transport: ServerTransport
}

const DEFAULT_PORT = 3478
const DEFAULT_SECURE_PORT = 5349

/** Longer than any name that can be looked up, with every byte of it escaped. */
const LONGEST = 1024

/** scheme ":" host [ ":" port ] [ "?transport=" transport ], where the host is bracketed or a reg-name (RFC 3986, 3.2.2). */
const URI =
  /^(stuns?|turns?):(?:\[([0-9a-f:.]+)\]|((?:[a-z0-9._~!$&'()*+,;=-]|%[0-9a-f]{2})+))(?::([0-9]*))?(?:\?transport=([a-z0-9._~-]+))?$/i

/** What an escape may stand for: no delimiter of a URI, no space and no control character can be part of a name. */
const NAME = /^[a-z0-9._~!$&'()*+,;=\-\u{a0}-\u{10ffff}]+$/iu

/** The name that a reg-name stands for, or undefined when its escapes are no UTF-8 or hide what no name can have. */
const decodeName = (name: string): string | undefined => {
  if (!name.includes('%')) return name
  const bytes: number[] = []
  for (let at = 0; at < name.length; at++) {
    if (name[at] !== '%') bytes.push(name.charCodeAt(at))
    else {
      bytes.push(Number.parseInt(name.slice(at + 1, at + 3), 16))
      at += 2
    }
  }
  const decoded = fromStrictUtf8(Uint8Array.from(bytes))
  return decoded !== undefined && NAME.test(decoded) ? decoded : undefined
}

/** An empty port is as good as none (RFC 3986, 3.2.3). */
const decodePort = (digits: string | undefined, isSecure: boolean): number | undefined => {
  if (digits === undefined || digits === '') return isSecure ? DEFAULT_SECURE_PORT : DEFAULT_PORT
  const port = Number(digits)
  return port >= 1 && port <= 0xffff ? port : undefined
}

const decodeTransport = (scheme: ServerScheme, told: string | undefined): ServerTransport | undefined => {
  if (scheme === 'stun' || scheme === 'stuns') {
    if (told !== undefined) return undefined
    return scheme === 'stun' ? 'udp' : 'tls'
  }
  if (scheme === 'turn') return told === undefined || told === 'udp' ? 'udp' : told === 'tcp' ? 'tcp' : undefined
  return told === undefined || told === 'tcp' ? 'tls' : told === 'udp' ? 'dtls' : undefined
}

/**
 * Reads the URI of a server, or returns undefined when it is none: another scheme, against the grammar, a port out of its
 * range, an IPv6 literal that is not one or has a zone, a transport other than `udp` and `tcp`. Scheme, `transport` and
 * its value are read without regard to case.
 */
export const parseServerUri = (text: string): ServerUri | undefined => {
  const parts = text.length > LONGEST ? null : URI.exec(text)
  if (parts === null) return undefined
  const scheme = parts[1]!.toLowerCase() as ServerScheme
  const [, , literal, name, digits, told] = parts
  // The dotted quad alone is not IPv6, brackets or no.
  const host = literal === undefined ? decodeName(name!) : literal.includes(':') ? canonicalAddress(literal) : undefined
  const port = decodePort(digits, scheme.endsWith('s'))
  const transport = decodeTransport(scheme, told?.toLowerCase())
  if (host === undefined || port === undefined || transport === undefined) return undefined
  return { scheme, host: canonicalAddress(host) ?? host, port, transport }
}
