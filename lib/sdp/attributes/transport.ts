/** Attributes of the transport: ICE (RFC 8839, 8840), DTLS (RFC 8122, 8842) and SCTP (RFC 8841). */

import { type AttributeCodec, integer, isToken, number, PORTS, text, token, UINT32, words } from './codec.ts'
import type { AttributeValues, FingerprintValue, SctpMap, Setup } from './values.ts'

/**
 * ICE credentials within the bounds of RFC 8839, 5.4. Beside ice-char (letters, digits, `+`, `/`) the marks that old
 * browsers and hand-made fragments have are let through; nothing that could end a line or a word is.
 */
const credential = (least: number): AttributeCodec<string> => ({
  parse: value =>
    value.length >= least && value.length <= 256 && /^[A-Za-z0-9+/\-=#_]+$/.test(value) ? value : undefined,
  format: value => value,
})

/** Separated by spaces; libdatachannel puts commas. */
const iceOptions: AttributeCodec<readonly string[]> = {
  parse: value => {
    const options = words(value.replaceAll(',', ' '))
    return options.length > 0 ? options : undefined
  },
  format: options => options.join(' '),
}

const fingerprint: AttributeCodec<FingerprintValue> = {
  parse: value => {
    const [algorithm, digest, more] = words(value)
    if (algorithm === undefined || digest === undefined || more !== undefined || !isToken(algorithm)) return undefined
    if (digest.length % 3 !== 2 || !/^[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*$/.test(digest)) return undefined
    return { algorithm: algorithm.toLowerCase(), value: digest.toUpperCase() }
  },
  format: ({ algorithm, value }) => `${algorithm} ${value}`,
}

const SETUPS: readonly string[] = ['actpass', 'active', 'passive', 'holdconn'] satisfies Setup[]
const setup: AttributeCodec<Setup> = {
  parse: value => (SETUPS.includes(value) ? (value as Setup) : undefined),
  format: value => value,
}

const sctpmap: AttributeCodec<SctpMap> = {
  parse: value => {
    const [port, protocol, streams] = words(value)
    const number = integer(port, PORTS)
    if (number === undefined || protocol === undefined) return undefined
    if (streams === undefined) return { port: number, protocol }
    const count = integer(streams, UINT32)
    return count === undefined ? undefined : { port: number, protocol, streams: count }
  },
  format: ({ port, protocol, streams }) => `${port} ${protocol}${streams === undefined ? '' : ` ${streams}`}`,
}

/** 64 bits on the wire; no message here can be as large as what a number loses. */
const maxMessageSize: AttributeCodec<number> = {
  parse: value => {
    const size = integer(value, Number.POSITIVE_INFINITY)
    return size === undefined ? undefined : Math.min(size, Number.MAX_SAFE_INTEGER)
  },
  format: String,
}

export const transportCodecs = {
  candidate: text,
  'ice-ufrag': credential(4),
  'ice-pwd': credential(22),
  'ice-options': iceOptions,
  'ice-pacing': number(UINT32),
  fingerprint,
  setup,
  'tls-id': token,
  'sctp-port': number(PORTS),
  'max-message-size': maxMessageSize,
  'sctp-init': text,
  'x-purertc-largest-datagram': text,
  sctpmap,
} satisfies { [N in keyof AttributeValues]?: AttributeCodec<AttributeValues[N]> }
