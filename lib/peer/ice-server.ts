/**
 * RTCIceServer (webrtc-pc, 4.2.2), the validation of its URLs (4.4.1.6; RFC 7064 and RFC 7065, section 3.1), and the
 * servers as gathering takes them.
 */

import { utf8 } from '../bytes/index.ts'
import type { GatherServer } from '../gather/index.ts'
import {
  type Conversion,
  type Converted,
  callback,
  DOMString,
  dictionary,
  exception,
  optional,
  required,
  stringOrSequence,
  USVString,
} from '../idl/index.ts'
import { parseServerUri } from '../stun/index.ts'

export interface RTCIceServer {
  urls: string | string[]
  username?: string
  credential?: string
  /** Addition: certificates in PEM to trust in place of the platform's, for `turns:`. */
  ca?: string | string[]
  /**
   * Addition: asked for a user name and password when there are none, and again when the server refuses them: for user
   * names that expire. May be asynchronous.
   */
  getCredentials?: () => RTCIceServerCredentials | Promise<RTCIceServerCredentials>
}

export interface RTCIceServerCredentials {
  readonly username: string
  readonly credential: string
}

const members = {
  ca: optional(stringOrSequence(DOMString)),
  credential: optional(DOMString),
  getCredentials: optional(callback as Conversion<NonNullable<RTCIceServer['getCredentials']>>),
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

const requireCredentials = (url: string, server: IceServer, context: string): void => {
  const { username, credential, getCredentials } = server
  if (getCredentials !== undefined && username === undefined) return
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

const CredentialsDictionary = dictionary('RTCIceServerCredentials', {
  credential: required(DOMString),
  username: required(DOMString),
})

/** A URL of a server, as gathering takes it; undefined for one that is none, which validation has refused before. */
const gatherServer = (url: string, server: IceServer): GatherServer | undefined => {
  const uri = parseServerUri(url)
  const { username, credential, ca, getCredentials } = server
  if (uri === undefined) return undefined
  return {
    url,
    uri,
    ...(username !== undefined && credential !== undefined && { credentials: { username, password: credential } }),
    ...(ca !== undefined && { ca }),
    ...(getCredentials !== undefined && {
      renew: async () => {
        const given = CredentialsDictionary(await getCredentials(), 'RTCIceServer.getCredentials')
        return { username: given.username, password: given.credential }
      },
    }),
  }
}

const isSame = (a: IceServer, b: IceServer): boolean =>
  a.username === b.username &&
  a.credential === b.credential &&
  a.getCredentials === b.getCredentials &&
  String(a.ca) === String(b.ca)

/** The servers of a configuration, one for each URL. Who is named again keeps its object, and so what stands on it. */
export class GatherServers {
  #known: { readonly server: IceServer; readonly gather: GatherServer }[] = []

  of(servers: readonly IceServer[]): readonly GatherServer[] {
    const next: { readonly server: IceServer; readonly gather: GatherServer }[] = []
    for (const server of servers) {
      for (const url of typeof server.urls === 'string' ? [server.urls] : server.urls) {
        if (next.some(item => item.gather.url === url && isSame(item.server, server))) continue
        const before = this.#known.find(item => item.gather.url === url && isSame(item.server, server))
        const gather = before?.gather ?? gatherServer(url, server)
        if (gather !== undefined) next.push({ server, gather })
      }
    }
    this.#known = next
    return next.map(({ gather }) => gather)
  }
}
