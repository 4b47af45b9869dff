/**
 * When a server asks for a second ClientHello, and what that one may change (RFC 8446, 4.1.2 and 4.1.4; RFC 9147, 5.1).
 */

import { equalBytes } from '../../bytes/index.ts'
import { Alert, violation } from '../error.ts'
import { decodeCookie, ExtensionType } from '../extension.ts'
import type { ClientHello } from '../hello.ts'
import { isClassical, type NamedGroup } from '../named-group.ts'
import type { CipherSuite13 } from './cipher-suite.ts'
import type { KeyShareEntry } from './key-share.ts'

/**
 * The group of the key exchange: the first of ours that the client has. Where that is a classical one, another that the
 * client has sent a share of serves as well and saves a round trip. The hybrid is worth one: no other withstands whoever
 * records today what a quantum computer will read.
 */
export const chooseGroup = (
  ours: readonly NamedGroup[],
  offered: readonly number[],
  shares: readonly KeyShareEntry[],
): NamedGroup | undefined => {
  const common = ours.filter(({ id }) => offered.includes(id))
  const [best] = common
  if (best === undefined || !isClassical(best)) return best
  return common.find(({ id }) => shares.some(({ group }) => group === id)) ?? best
}

export interface HelloRetryTerms {
  /** The hello that was not enough. */
  readonly hello: ClientHello
  readonly suite: CipherSuite13
  readonly group: NamedGroup
  /** Whether there was no share of the group. */
  readonly shareWanted: boolean
  readonly cookie: Uint8Array | undefined
}

/** What our side reads of a hello, and no request of ours lets change. */
const KEPT = [
  ExtensionType.supportedVersions,
  ExtensionType.supportedGroups,
  ExtensionType.signatureAlgorithms,
  ExtensionType.useSrtp,
]

const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b)

const changed = (what: string) => violation(Alert.illegalParameter, `the second ClientHello has another ${what}`)

/**
 * Whether a client did as it was asked to by a HelloRetryRequest, and nothing else.
 * @param shares Those of the second hello. Throws a `DtlsError` with `illegal_parameter`.
 */
export const checkSecondHello = (
  terms: HelloRetryTerms,
  hello: ClientHello,
  shares: readonly KeyShareEntry[],
): void => {
  const { hello: first, cookie, group } = terms
  if (!equalBytes(hello.random, first.random)) throw changed('random')
  if (!equalBytes(hello.sessionId, first.sessionId)) throw changed('session id')
  if (hello.cipherSuites.join() !== first.cipherSuites.join()) throw changed('list of cipher suites')
  for (const type of KEPT) {
    if (!same(hello.extensions.get(type), first.extensions.get(type))) throw changed(`extension ${type}`)
  }
  if (cookie !== undefined) {
    const returned = hello.extensions.get(ExtensionType.cookie)
    if (returned === undefined || !equalBytes(decodeCookie(returned), cookie)) {
      throw violation(Alert.illegalParameter, 'the second ClientHello does not bring the cookie that belongs to it')
    }
  }
  if (terms.shareWanted) {
    if (shares.length !== 1 || shares[0]?.group !== group.id) {
      throw violation(Alert.illegalParameter, 'the second ClientHello does not bring the key share that was asked for')
    }
  } else if (!same(hello.extensions.get(ExtensionType.keyShare), first.extensions.get(ExtensionType.keyShare))) {
    throw changed('key share')
  }
}
