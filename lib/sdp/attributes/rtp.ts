/** Attributes of RTP streams: formats, feedback, header extensions, sources, restrictions, simulcast. */

import { type AttributeCodec, integer, isToken, PAYLOAD_TYPES, PORTS, split, UINT32, words } from './codec.ts'
import type {
  AttributeValues,
  Direction,
  ExtensionMap,
  Fmtp,
  Rid,
  RtcpAddress,
  RtcpFeedback,
  RtpMap,
  Simulcast,
  SimulcastStream,
  SsrcAttribute,
  SsrcGroup,
} from './values.ts'

const DIRECTIONS: readonly string[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] satisfies Direction[]

/** RFC 8866, 6.6: `<payload type> <encoding>/<clock rate>[/<parameters>]`. */
const rtpmap: AttributeCodec<RtpMap> = {
  parse: value => {
    const [payload, map, more] = words(value)
    const payloadType = integer(payload, PAYLOAD_TYPES)
    if (payloadType === undefined || map === undefined || more !== undefined) return undefined
    const [encoding = '', clock, ...parameters] = map.split('/')
    const clockRate = integer(clock, UINT32)
    if (!isToken(encoding) || clockRate === undefined) return undefined
    if (parameters.length === 0) return { payloadType, encoding, clockRate }
    return { payloadType, encoding, clockRate, parameters: parameters.join('/') }
  },
  format: ({ payloadType, encoding, clockRate, parameters }) =>
    `${payloadType} ${encoding}/${clockRate}${parameters === undefined ? '' : `/${parameters}`}`,
}

const fmtp: AttributeCodec<Fmtp> = {
  parse: value => {
    const [format, parameters] = split(value, ' ')
    return parameters === undefined || !isToken(format) ? undefined : { format, parameters: parameters.trim() }
  },
  format: ({ format, parameters }) => `${format} ${parameters}`,
}

const rtcpFeedback: AttributeCodec<RtcpFeedback> = {
  parse: value => {
    const [payload, type, ...parameters] = words(value)
    const payloadType = payload === '*' ? payload : integer(payload, PAYLOAD_TYPES)
    if (payloadType === undefined || type === undefined) return undefined
    return parameters.length === 0 ? { payloadType, type } : { payloadType, type, parameter: parameters.join(' ') }
  },
  format: ({ payloadType, type, parameter }) =>
    `${payloadType} ${type}${parameter === undefined ? '' : ` ${parameter}`}`,
}

/** RFC 8285, 8: ids of 1 to 255 on the wire, 4096 to 4351 for an offer that has more than fit. */
const extmap: AttributeCodec<ExtensionMap> = {
  parse: value => {
    const [mapping = '', uri, ...more] = words(value)
    const [number, direction] = split(mapping, '/')
    const id = integer(number, 4351)
    if (id === undefined || id === 0 || uri === undefined) return undefined
    if (direction !== undefined && !DIRECTIONS.includes(direction)) return undefined
    return {
      id,
      uri,
      ...(direction !== undefined && { direction: direction as Direction }),
      ...(more.length > 0 && { attributes: more.join(' ') }),
    }
  },
  format: ({ id, direction, uri, attributes }) =>
    `${id}${direction === undefined ? '' : `/${direction}`} ${uri}${attributes === undefined ? '' : ` ${attributes}`}`,
}

const rtcp: AttributeCodec<RtcpAddress> = {
  parse: value => {
    const [number, networkType, addressType, address, more] = words(value)
    const port = integer(number, PORTS)
    if (port === undefined || more !== undefined) return undefined
    if (networkType === undefined) return { port }
    return addressType === undefined || address === undefined ? undefined : { port, networkType, addressType, address }
  },
  format: ({ port, networkType, addressType, address }) =>
    networkType === undefined ? String(port) : `${port} ${networkType} ${addressType} ${address}`,
}

/** RFC 8866, 6.4 and 6.5 with the fractions that are in use. */
const milliseconds: AttributeCodec<number> = {
  parse: value => (value.length <= 20 && /^[0-9]+(?:\.[0-9]+)?$/.test(value) ? Number(value) : undefined),
  format: String,
}

const ssrc: AttributeCodec<SsrcAttribute> = {
  parse: value => {
    const [number, rest] = split(value, ' ')
    const id = integer(number, UINT32)
    if (id === undefined || rest === undefined || rest === '') return undefined
    const [attribute, text] = split(rest, ':')
    return text === undefined ? { ssrc: id, attribute } : { ssrc: id, attribute, value: text }
  },
  format: ({ ssrc, attribute, value }) => `${ssrc} ${attribute}${value === undefined ? '' : `:${value}`}`,
}

const ssrcGroup: AttributeCodec<SsrcGroup> = {
  parse: value => {
    const [semantics, ...numbers] = words(value)
    if (semantics === undefined || !isToken(semantics)) return undefined
    const ssrcs: number[] = []
    for (const text of numbers) {
      const ssrc = integer(text, UINT32)
      if (ssrc === undefined) return undefined
      ssrcs.push(ssrc)
    }
    return { semantics, ssrcs }
  },
  format: ({ semantics, ssrcs }) => [semantics, ...ssrcs].join(' '),
}

const rid: AttributeCodec<Rid> = {
  parse: value => {
    const [id, direction, list, more] = words(value)
    if (id === undefined || !isToken(id) || more !== undefined) return undefined
    if (direction !== 'send' && direction !== 'recv') return undefined
    let formats: string[] | undefined
    const restrictions: { name: string; value?: string }[] = []
    for (const restriction of list === undefined ? [] : list.split(';')) {
      const [name, text] = split(restriction, '=')
      if (!isToken(name)) return undefined
      if (name === 'pt' && text !== undefined) formats = text.split(',')
      else restrictions.push(text === undefined ? { name } : { name, value: text })
    }
    return formats === undefined ? { id, direction, restrictions } : { id, direction, formats, restrictions }
  },
  format: ({ id, direction, formats, restrictions }) => {
    const list = restrictions.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`))
    if (formats !== undefined) list.unshift(`pt=${formats.join(',')}`)
    return `${id} ${direction}${list.length === 0 ? '' : ` ${list.join(';')}`}`
  },
}

const streams = (list: string): SimulcastStream[] | undefined => {
  const parsed = list.split(';').map(alternatives =>
    alternatives.split(',').map(text => {
      const paused = text.startsWith('~')
      return { rid: paused ? text.slice(1) : text, paused }
    }),
  )
  return parsed.every(stream => stream.every(({ rid }) => /^[A-Za-z0-9_-]+$/.test(rid))) ? parsed : undefined
}

const formatStreams = (list: readonly SimulcastStream[]): string =>
  list.map(stream => stream.map(({ rid, paused }) => (paused ? `~${rid}` : rid)).join(',')).join(';')

/** RFC 8853, 5.1: one list a direction, in either order. */
const simulcast: AttributeCodec<Simulcast> = {
  parse: value => {
    const parts = words(value)
    if (parts.length !== 2 && parts.length !== 4) return undefined
    const found: { send?: SimulcastStream[]; recv?: SimulcastStream[] } = {}
    for (let i = 0; i < parts.length; i += 2) {
      const direction = parts[i]
      const list = streams(parts[i + 1]!)
      if ((direction !== 'send' && direction !== 'recv') || found[direction] !== undefined || list === undefined) {
        return undefined
      }
      found[direction] = list
    }
    return found
  },
  format: ({ send, recv }) =>
    [...(send ? [`send ${formatStreams(send)}`] : []), ...(recv ? [`recv ${formatStreams(recv)}`] : [])].join(' '),
}

export const rtpCodecs = {
  rtpmap,
  fmtp,
  'rtcp-fb': rtcpFeedback,
  extmap,
  rtcp,
  ptime: milliseconds,
  maxptime: milliseconds,
  ssrc,
  'ssrc-group': ssrcGroup,
  rid,
  simulcast,
} satisfies { [N in keyof AttributeValues]?: AttributeCodec<AttributeValues[N]> }

/**
 * The parameters of an `a=fmtp` in the usual `name=value;name=value` form, names in lower case. A parameter without a
 * value (`useinbandfec`) maps to the empty string; text of another form (`0-15`, `111/111`) is one such name.
 */
export const formatParameters = (parameters: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const part of parameters.split(';')) {
    const [name, value = ''] = split(part.trim(), '=')
    const key = name.trim().toLowerCase()
    if (key !== '' && !found.has(key)) found.set(key, value.trim())
  }
  return found
}
