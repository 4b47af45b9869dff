/** Attributes that name m-sections and tracks and group them (RFC 5888, 9143, 8830). */

import { type AttributeCodec, isToken, split, token, words } from './codec.ts'
import type { AttributeValues, Group, Msid, MsidSemantic } from './values.ts'

const group: AttributeCodec<Group> = {
  parse: value => {
    const [semantics, ...mids] = words(value)
    if (semantics === undefined || !isToken(semantics) || !mids.every(isToken)) return undefined
    return { semantics, mids }
  },
  format: ({ semantics, mids }) => [semantics, ...mids].join(' '),
}

/** Chromium puts a space before the first word. */
const msidSemantic: AttributeCodec<MsidSemantic> = {
  parse: value => {
    const [semantic, ...ids] = words(value)
    return semantic === undefined ? undefined : { semantic, ids }
  },
  format: ({ semantic, ids }) => [semantic, ...ids].join(' '),
}

const msid: AttributeCodec<Msid> = {
  parse: value => {
    const [id, appdata] = split(value, ' ')
    if (!isToken(id)) return undefined
    return appdata === undefined ? { id } : { id, appdata }
  },
  format: ({ id, appdata }) => (appdata === undefined ? id : `${id} ${appdata}`),
}

export const groupingCodecs = {
  group,
  mid: token,
  'msid-semantic': msidSemantic,
  msid,
} satisfies { [N in keyof AttributeValues]?: AttributeCodec<AttributeValues[N]> }
