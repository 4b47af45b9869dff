/** One table of every typed attribute, and how an attribute line (RFC 8866, 5.13) is read and written with it. */

import type { Attribute } from '../description.ts'
import { type AttributeCodec, isToken } from './codec.ts'
import { groupingCodecs } from './grouping.ts'
import { rtpCodecs } from './rtp.ts'
import { transportCodecs } from './transport.ts'
import type { AttributeName, AttributeValues } from './values.ts'

/** A property attribute: present or not. */
const flag: AttributeCodec<true> = { parse: text => (text === '' ? true : undefined), format: () => '' }

const codecs: { readonly [N in AttributeName]: AttributeCodec<AttributeValues[N]> } = {
  ...transportCodecs,
  ...groupingCodecs,
  ...rtpCodecs,
  'end-of-candidates': flag,
  'ice-lite': flag,
  'ice-mismatch': flag,
  'bundle-only': flag,
  'extmap-allow-mixed': flag,
  sendrecv: flag,
  sendonly: flag,
  recvonly: flag,
  inactive: flag,
  'rtcp-mux': flag,
  'rtcp-mux-only': flag,
  'rtcp-rsize': flag,
  cryptex: flag,
}

const table = new Map<string, AttributeCodec<unknown>>(
  Object.entries(codecs).map(([name, { parse, format }]) => [
    name,
    { parse, format: format as (value: unknown) => string },
  ]),
)

/** Reads what stands behind `a=`. Returns what is wrong with it when it cannot be read. */
export const parseAttribute = (line: string): Attribute | string => {
  const colon = line.indexOf(':')
  const key = colon < 0 ? line.trimEnd() : line.slice(0, colon)
  if (!isToken(key)) return 'an attribute needs a name of token characters'
  const codec = table.get(key)
  if (codec === undefined) {
    return colon < 0 ? { name: 'other', key } : { name: 'other', key, value: line.slice(colon + 1) }
  }
  const value = codec.parse(colon < 0 ? '' : line.slice(colon + 1).trim())
  return value === undefined ? `the value of a=${key} is malformed` : ({ name: key, value } as Attribute)
}

/** What stands behind `a=`. */
export const formatAttribute = (attribute: Attribute): string => {
  if (attribute.name === 'other') {
    return attribute.value === undefined ? attribute.key : `${attribute.key}:${attribute.value}`
  }
  if (attribute.value === true) return attribute.name
  return `${attribute.name}:${table.get(attribute.name)!.format(attribute.value)}`
}
