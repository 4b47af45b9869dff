/** The audio and video m-sections that we make (RFC 9429, 5.2.1 and 5.3.1), in the order of lines that browsers write. */

import { encodingOf, type MediaKind, type PayloadCodec } from '../rtp/index.ts'
import { type Attribute, type Direction, type MediaDescription, type RtcpAddress, typed } from '../sdp/index.ts'
import type { CarriedTransport } from './compose.ts'
import { sends } from './direction.ts'
import { type DescribedExtension, ENCRYPTED } from './media-section.ts'
import { msidAttributes } from './msid.ts'
import type { Transceiver } from './transceiver.ts'
import { candidateAttributes, defaultDestination, transportAttributes, trickledOf } from './transport-attributes.ts'

/** RFC 8834, 4.2; what every WebRTC endpoint writes. */
export const MEDIA_PROTOCOL = 'UDP/TLS/RTP/SAVPF'

export interface MediaContent {
  readonly kind: MediaKind
  readonly protocol: string
  readonly direction: Direction
  readonly codecs: readonly PayloadCodec[]
  readonly extensions: readonly DescribedExtension[]
  /** Whether this m-section says itself that both forms of header extensions may be used; else the session does, or nobody. */
  readonly mixedExtensions: boolean
  readonly reducedSize: boolean
  readonly cryptex: boolean
  readonly receiverReferenceTime: boolean
  readonly transceiver: Transceiver
  readonly cname: string
}

/** How an m-section stands to the transport that it uses. */
export interface MediaPlacement {
  readonly carried: CarriedTransport
  /** `own`: it carries the transport; `shared`: another does, and both know; `bundle-only`: another does, if the peer bundles. */
  readonly as: 'own' | 'shared' | 'bundle-only'
  /** Whether it is offered for the first time: then it says that RTCP comes on the same port, and nowhere else (RFC 9429, 5.2). */
  readonly isFirst: boolean
}

/** Where RTCP would go if it were not multiplexed: nowhere. */
const NO_RTCP: RtcpAddress = { port: 9, networkType: 'IN', addressType: 'IP4', address: '0.0.0.0' }

export const mediaSection = (
  mid: string | undefined,
  content: MediaContent,
  place: MediaPlacement,
): MediaDescription => {
  const { carried, as, isFirst } = place
  const trickled = trickledOf(carried.transport)
  const { port, connection } = defaultDestination(trickled.candidates)
  const attributes: Attribute[] = isFirst ? [typed('rtcp', NO_RTCP)] : []
  if (as === 'bundle-only') attributes.push(typed('bundle-only', true))
  attributes.push(...transportAttributes(carried.transport, carried.fingerprints, carried.setup))
  if (mid !== undefined) attributes.push(typed('mid', mid))
  attributes.push(...mediaAttributes(content, isFirst))
  if (as === 'own') attributes.push(...candidateAttributes(trickled))
  const { kind, protocol, codecs } = content
  const formats = codecs.map(({ payloadType }) => String(payloadType))
  return {
    kind,
    port: as === 'bundle-only' ? 0 : port,
    protocol,
    formats,
    connections: [connection],
    bandwidths: [],
    attributes,
  }
}

const mediaAttributes = (content: MediaContent, isFirst: boolean): Attribute[] => {
  const { direction, codecs, extensions, reducedSize, cryptex, receiverReferenceTime, transceiver, cname } = content
  const attributes: Attribute[] = extensions.map(({ id, uri, direction: way, encrypted }) =>
    typed('extmap', {
      id,
      ...(way !== 'sendrecv' && { direction: way }),
      ...(encrypted === true ? { uri: ENCRYPTED, attributes: uri } : { uri }),
    }),
  )
  if (content.mixedExtensions) attributes.push(typed('extmap-allow-mixed', true))
  attributes.push(typed(direction, true))
  const isSending = sends(direction)
  if (isSending) attributes.push(...msidAttributes(transceiver.streamIds, trackIdOf(transceiver)))
  attributes.push(typed('rtcp-mux', true))
  if (isFirst) attributes.push(typed('rtcp-mux-only', true))
  if (reducedSize) attributes.push(typed('rtcp-rsize', true))
  if (cryptex) attributes.push(typed('cryptex', true))
  if (receiverReferenceTime) attributes.push({ name: 'other', key: 'rtcp-xr', value: 'rcvr-rtt=all' })
  for (const codec of codecs) attributes.push(...codecAttributes(codec))
  if (isSending) attributes.push(...ssrcAttributes(transceiver, codecs, cname))
  return attributes
}

/** A sender without a track has an id to announce all the same (RFC 9429, 5.2.1): its SSRC is as good as any. */
const trackIdOf = ({ trackId, ssrc }: Transceiver): string => trackId ?? `track-${ssrc}`

const codecAttributes = (codec: PayloadCodec): Attribute[] => {
  const { payloadType, clockRate, channels = 1, sdpFmtpLine, feedback, mimeType } = codec
  const encoding = mimeType.slice(mimeType.indexOf('/') + 1)
  const parameters = channels > 1 ? { parameters: String(channels) } : {}
  return [
    typed('rtpmap', { payloadType, encoding, clockRate, ...parameters }),
    ...feedback.map(each => typed('rtcp-fb', { payloadType, ...each })),
    ...(sdpFmtpLine === undefined ? [] : [typed('fmtp', { format: String(payloadType), parameters: sdpFmtpLine })]),
  ]
}

const ssrcAttributes = (transceiver: Transceiver, codecs: readonly PayloadCodec[], cname: string): Attribute[] => {
  const { ssrc, rtxSsrc, streamIds } = transceiver
  const hasRtx = codecs.some(codec => encodingOf(codec) === 'RTX')
  const ssrcs = hasRtx ? [ssrc, rtxSsrc] : [ssrc]
  const msid = `${streamIds[0] ?? '-'} ${trackIdOf(transceiver)}`
  return [
    ...(hasRtx ? [typed('ssrc-group', { semantics: 'FID', ssrcs })] : []),
    ...ssrcs.flatMap(each => [
      typed('ssrc', { ssrc: each, attribute: 'cname', value: cname }),
      typed('ssrc', { ssrc: each, attribute: 'msid', value: msid }),
    ]),
  ]
}
