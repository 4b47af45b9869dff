/**
 * RTCIceServer (webrtc-pc, 4.2.2) and the validation of its URLs (4.4.1.6; RFC 7064 and RFC 7065, section 3.1).
 *
 * Servers are checked and kept here; gathering uses none of them yet.
 */

import { utf8 } from '../bytes/index.ts'
import {
  type Converted,
  DOMString,
  dictionary,
  exception,
  optional,
  required,
  stringOrSequence,
  USVString,
} from './idl/index.ts'

export interface RTCIceServer {
  urls: string | string[]
  username?: string
  credential?: string
}

const members = {
  credential: optional(DOMString),
  urls: required(stringOrSequence(USVString)),
  username: optional(DOMString),
}

export const RTCIceServerDictionary = dictionary('RTCIceServer', members)

/** A server as converted from what the application passed. */
export type IceServer = Converted<typeof members>

/** Bytes of a user name in a STUN attribute (RFC 8489, 14.3: fewer than 509). */
const LONGEST_USERNAME = 508

const parseUrl = (text: string): URL | undefined => {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/**
 * Throws `SyntaxError` for what is not a STUN or TURN URL, `InvalidAccessError` for a TURN server without credentials.
 */
const validateUrl = (text: string, server: IceServer, context: string): void => {
  const fail: (what: string) => never = what => {
    const message = `${context}: '${text.slice(0, 200)}' is not a valid URL of an ICE server: ${what}.`
    throw exception('SyntaxError', message)
  }
  const url = parseUrl(text)
  if (url === undefined) fail('it cannot be parsed')
  const scheme = url.protocol.slice(0, -1)
  const turn = scheme === 'turn' || scheme === 'turns'
  if (!turn && scheme !== 'stun' && scheme !== 'stuns') fail('its scheme is none of stun, stuns, turn, turns')
  // A URL's own string tells an empty query or fragment from an absent one; its accessors do not.
  const [beforeFragment, fragment] = cut(url.href, '#')
  const [beforeQuery, query] = cut(beforeFragment, '?')
  const path = beforeQuery.slice(scheme.length + 1)
  if (/[/@]/.test(path)) fail("it has a path, a user name, or '//'")
  if (fragment !== undefined) fail('it has a fragment')
  if (!turn && query !== undefined) fail('a STUN URL has no query')
  const authority = parseUrl(`https://${path}`)
  if (path === '' || authority === undefined) fail('its host or port is not valid')
  if (authority.pathname !== '/' || authority.username !== '' || authority.password !== '') {
    fail('it has a path or a user name')
  }
  if (query !== undefined && query !== 'transport=udp' && query !== 'transport=tcp') {
    fail("its query is neither 'transport=udp' nor 'transport=tcp'")
  }
  if (turn) requireCredentials(text, server, context)
}

const cut = (text: string, at: string): [string, string | undefined] => {
  const index = text.indexOf(at)
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)]
}

const requireCredentials = (url: string, { username, credential }: IceServer, context: string): void => {
  const fail: (what: string) => never = what => {
    throw exception('InvalidAccessError', `${context}: '${url.slice(0, 200)}' needs a ${what}.`)
  }
  if (username === undefined) fail('username')
  if (credential === undefined) fail('credential')
  if (utf8(username).length > LONGEST_USERNAME) fail('username of at most 508 bytes')
  // A password that is empty is no OpaqueString (RFC 8265, 4.1).
  if (credential === '') fail('credential that is not empty')
}

/** The most servers that are kept; those beyond are ignored (webrtc-pc, 4.2.1: at least 32). */
export const MOST_ICE_SERVERS = 64

/** Checks every URL of every server, in order. */
export const validateIceServers = (servers: readonly IceServer[], context: string): void => {
  for (const server of servers) {
    const urls = typeof server.urls === 'string' ? [server.urls] : server.urls
    if (urls.length === 0) throw exception('SyntaxError', `${context}: An ICE server has no URLs.`)
    for (const url of urls) validateUrl(url, server, context)
  }
}
