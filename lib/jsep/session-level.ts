/** What a description says for all of its m-sections at once (RFC 9429, 5.8.1), read once: there may be a thousand of them. */

import {
  attribute,
  attributes,
  type Direction,
  type ExtensionMap,
  type FingerprintValue,
  type SessionDescription,
  type Setup,
} from '../sdp/index.ts'
import { stated } from './direction.ts'
import { MOST_EXTENSIONS, MOST_FINGERPRINTS } from './limits.ts'

export interface SessionLevel {
  readonly usernameFragment: string | undefined
  readonly password: string | undefined
  readonly iceLite: boolean
  readonly iceOptions: readonly string[]
  readonly fingerprints: readonly FingerprintValue[]
  readonly setup: Setup | undefined
  readonly endOfCandidates: boolean
  readonly direction: Direction | undefined
  readonly extensions: readonly ExtensionMap[]
  readonly mixedExtensions: boolean
  readonly cryptex: boolean
}

export const readSessionLevel = (session: SessionDescription): SessionLevel => ({
  usernameFragment: attribute(session, 'ice-ufrag'),
  password: attribute(session, 'ice-pwd'),
  iceLite: attribute(session, 'ice-lite') === true,
  iceOptions: attributes(session, 'ice-options').flat(),
  fingerprints: attributes(session, 'fingerprint').slice(0, MOST_FINGERPRINTS),
  setup: attribute(session, 'setup'),
  endOfCandidates: attribute(session, 'end-of-candidates') === true,
  direction: stated(session),
  extensions: attributes(session, 'extmap').slice(0, MOST_EXTENSIONS),
  mixedExtensions: attribute(session, 'extmap-allow-mixed') === true,
  cryptex: attribute(session, 'cryptex') === true,
})
