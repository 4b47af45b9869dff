/** Reads Wycheproof's files of test vectors: groups of cases, in the shapes that the specs here use. */

import { fromHex } from '../../lib/bytes/index.ts'
import { fixtureJson } from '../fixture.ts'

export interface Case {
  readonly tcId: number
  readonly comment: string
  readonly flags: readonly string[]
  readonly result: 'valid' | 'invalid' | 'acceptable'
}

export interface Vectors<Group, Member extends Case> {
  readonly numberOfTests: number
  readonly testGroups: readonly (Group & { readonly tests: readonly Member[] })[]
}

/** `fixtures/crypto-wycheproof/<name>_test.json`: its form is the publisher's word. */
export const vectors = <Group, Member>(name: string): Vectors<Group, Member & Case> =>
  fixtureJson(`crypto-wycheproof/${name}_test.json`) as Vectors<Group, Member & Case>

export const bytes = (text: string): Uint8Array => {
  const decoded = fromHex(text)
  if (decoded === undefined) throw new Error(`not hexadecimal: ${text}`)
  return decoded
}

/** A case that came out wrong, as one line to find it by. */
export const line = (member: Case, outcome: string): string =>
  `${member.tcId} ${member.result} ${member.flags.join(' ')} (${member.comment}): ${outcome}`
