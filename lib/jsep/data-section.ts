/**
 * The m-section of data channels (RFC 8841, section 4; RFC 8832): the form that browsers write, and the one of old
 * drafts, `DTLS/SCTP 5000` with `a=sctpmap`, that aiortc writes; and the INIT chunk of draft-hancke-tsvwg-snap.
 */

import { base64, fromBase64 } from '../bytes/index.ts'
import { type Attribute, attribute, attributes, type MediaDescription, typed } from '../sdp/index.ts'

/** The SCTP port of every WebRTC endpoint; also where a description names none. */
export const SCTP_PORT = 5000
/** RFC 8841, 6.1: what a peer takes that does not say. */
const DEFAULT_MAX_MESSAGE_SIZE = 65_536
/** Streams in each direction that the old form announces. */
const STREAMS = 65_535
const PROTOCOL = 'webrtc-datachannel'

/** How the m-line is written; an answer mirrors its offer (RFC 9429, 5.3.1). */
export interface DataForm {
  readonly protocol: string
  readonly legacy: boolean
}

export const MODERN_FORM: DataForm = { protocol: 'UDP/DTLS/SCTP', legacy: false }

/** The form of a data m-section, or undefined for one of anything else. */
export const dataForm = (media: MediaDescription): DataForm | undefined => {
  const { kind, protocol, formats } = media
  if (kind !== 'application' || !/^(?:UDP\/|TCP\/)?DTLS\/SCTP$/.test(protocol)) return undefined
  if (formats[0] === PROTOCOL) return { protocol, legacy: false }
  const maps = attributes(media, 'sctpmap')
  const mapped = maps.some(map => map.protocol === PROTOCOL && String(map.port) === formats[0])
  return mapped ? { protocol, legacy: true } : undefined
}

/** The peer's port and the largest message that it takes. A port of 0 closes the association (RFC 8841, 5.1). */
export const readSctp = (media: MediaDescription): { port: number; maxMessageSize: number } => ({
  port: dataForm(media)?.legacy ? Number(media.formats[0]) : (attribute(media, 'sctp-port') ?? SCTP_PORT),
  maxMessageSize: attribute(media, 'max-message-size') ?? DEFAULT_MAX_MESSAGE_SIZE,
})

/** Bytes: more than any INIT has, with all that it may list. */
const LARGEST_INIT = 2048

/** The INIT chunk in an m-section; undefined where there is none that makes sense. */
export const readInit = (media: MediaDescription): Uint8Array | undefined => {
  const init = fromBase64(attribute(media, 'sctp-init') ?? '')
  return init === undefined || init.length === 0 || init.length > LARGEST_INIT ? undefined : init
}

/** Bytes: what every endpoint takes, and what the length field of UDP can say. */
const DATAGRAMS = { smallest: 1200, largest: 65_535 } as const

/**
 * The largest datagram that whoever wrote an m-section takes, in bytes of UDP payload: `a=x-purertc-largest-datagram`.
 *
 * There are stacks (libwebrtc's is one) whose DTLS reads a datagram into 2,048 bytes and fails when there is more, so that
 * path MTU discovery may not try what no Ethernet carries unless the peer is known to take it. No standard has a name for
 * that; who does not know this one ignores it (RFC 8866, 5.13). It counts only with the user-name fragment of the m-section
 * it stands in (`16384 ufrag`): some answer with every attribute of an offer that they do not know, or pass one on for
 * another endpoint.
 */
export const largestDatagram = (media: MediaDescription, usernameFragment: string | undefined): number | undefined => {
  const [size = '', writer, more] = (attribute(media, 'x-purertc-largest-datagram') ?? '').split(' ')
  if (!/^[1-9][0-9]{3,4}$/.test(size) || writer !== usernameFragment || more !== undefined) return undefined
  const bytes = Number(size)
  return bytes >= DATAGRAMS.smallest && bytes <= DATAGRAMS.largest ? bytes : undefined
}

export const formatsOf = ({ legacy }: DataForm): string[] => [legacy ? String(SCTP_PORT) : PROTOCOL]

/** What only the form of today shows. */
export interface Announcements {
  readonly init?: Uint8Array | undefined
  /** `<bytes> <ufrag>`. */
  readonly largestDatagram?: string | undefined
}

export const sctpAttributes = (
  { legacy }: DataForm,
  maxMessageSize: number,
  { init, largestDatagram }: Announcements,
): Attribute[] => [
  legacy ? typed('sctpmap', { port: SCTP_PORT, protocol: PROTOCOL, streams: STREAMS }) : typed('sctp-port', SCTP_PORT),
  typed('max-message-size', maxMessageSize),
  ...(init === undefined || legacy ? [] : [typed('sctp-init', base64(init))]),
  ...(largestDatagram === undefined || legacy ? [] : [typed('x-purertc-largest-datagram', largestDatagram)]),
]
