/** What an audio or video m-section says, read once (RFC 8866, 6; RFC 4566's successors that add attributes to it). */

import type { MediaKind, NegotiatedExtension, PayloadCodec } from '../rtp/index.ts'
import { attribute, attributes, type Direction, type MediaDescription, type SsrcGroup } from '../sdp/index.ts'
import type { Description } from './description.ts'
import { statedDirection } from './direction.ts'
import { readMsid } from './msid.ts'
import type { RemoteSsrc, RemoteTrack } from './transceiver.ts'

export interface MediaSection {
  readonly kind: MediaKind
  readonly direction: Direction
  readonly codecs: readonly PayloadCodec[]
  readonly extensions: readonly NegotiatedExtension[]
  readonly mixedExtensions: boolean
  readonly rtcpMux: boolean
  readonly reducedSize: boolean
  readonly receiverReferenceTime: boolean
  readonly ssrcs: readonly RemoteSsrc[]
  readonly ssrcGroups: readonly SsrcGroup[]
  /** Who sends says this of its track. */
  readonly track: Omit<RemoteTrack, 'receives'>
}

/** RFC 3551, 6: what needs no rtpmap. */
const STATIC: Readonly<Record<number, { readonly encoding: string; readonly clockRate: number }>> = {
  0: { encoding: 'PCMU', clockRate: 8000 },
  8: { encoding: 'PCMA', clockRate: 8000 },
  9: { encoding: 'G722', clockRate: 8000 },
  13: { encoding: 'CN', clockRate: 8000 },
}
/** RFC 6904, 4: the URI of an extension that is encrypted is what follows. */
const ENCRYPTED = 'urn:ietf:params:rtp-hdrext:encrypt'

/** Whether it is RTP over DTLS (RFC 5764, 8; RFC 8834, 4.2: the profiles that WebRTC takes). */
export const isMedia = ({ kind, protocol }: MediaDescription): boolean =>
  (kind === 'audio' || kind === 'video') && /^(?:(?:UDP|TCP)\/TLS\/)?RTP\/SAVPF?$/.test(protocol)

export const readMediaSection = (description: Description, index: number): MediaSection => {
  const { session } = description
  const media = description.media(index)
  const kind = media.kind as MediaKind
  return {
    kind,
    direction: statedDirection(media, session),
    codecs: readCodecs(media, kind),
    extensions: [...attributes(session, 'extmap'), ...attributes(media, 'extmap')].flatMap(
      ({ id, uri, attributes: more }) => {
        if (uri !== ENCRYPTED) return [{ id, uri }]
        return more === undefined ? [] : [{ id, uri: more.split(' ')[0]!, encrypted: true }]
      },
    ),
    mixedExtensions:
      attribute(media, 'extmap-allow-mixed') === true || attribute(session, 'extmap-allow-mixed') === true,
    rtcpMux: attribute(media, 'rtcp-mux') === true || attribute(media, 'rtcp-mux-only') === true,
    reducedSize: attribute(media, 'rtcp-rsize') === true,
    receiverReferenceTime: others(media, 'rtcp-xr').some(value => /(?:^| )rcvr-rtt=(?:all|sender)/.test(value)),
    ssrcs: readSsrcs(media),
    ssrcGroups: attributes(media, 'ssrc-group'),
    track: readMsid(media),
  }
}

const others = (media: MediaDescription, key: string): string[] =>
  media.attributes.flatMap(each => (each.name === 'other' && each.key === key ? [each.value ?? ''] : []))

const readCodecs = (media: MediaDescription, kind: MediaKind): PayloadCodec[] => {
  const maps = new Map(attributes(media, 'rtpmap').map(map => [map.payloadType, map]))
  const formats = new Map(attributes(media, 'fmtp').map(({ format, parameters }) => [format, parameters]))
  const feedback = attributes(media, 'rtcp-fb')
  const seen = new Set<number>()
  return media.formats.flatMap((format): PayloadCodec[] => {
    const payloadType = /^\d{1,3}$/.test(format) ? Number(format) : -1
    const map = maps.get(payloadType) ?? STATIC[payloadType]
    if (payloadType < 0 || payloadType > 127 || map === undefined || seen.has(payloadType)) return []
    seen.add(payloadType)
    const channels = 'parameters' in map && map.parameters !== undefined ? Number(map.parameters) : 1
    const sdpFmtpLine = formats.get(format)
    return [
      {
        payloadType,
        mimeType: `${kind}/${map.encoding}`,
        clockRate: map.clockRate,
        ...(kind === 'audio' && { channels: channels >= 1 && channels <= 255 ? channels : 1 }),
        ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
        feedback: feedback
          .filter(each => each.payloadType === '*' || each.payloadType === payloadType)
          .map(({ type, parameter }) => (parameter === undefined ? { type } : { type, parameter })),
      },
    ]
  })
}

/** A peer can name as many as it likes: more than anybody sends are not read. */
const MOST_SSRCS = 64

const readSsrcs = (media: MediaDescription): RemoteSsrc[] => {
  const found = new Map<number, RemoteSsrc>()
  for (const { ssrc, attribute: name, value } of attributes(media, 'ssrc')) {
    if (found.size >= MOST_SSRCS && !found.has(ssrc)) break
    const known = found.get(ssrc) ?? { ssrc }
    found.set(ssrc, name === 'cname' && value !== undefined ? { ...known, cname: value } : known)
  }
  return [...found.values()]
}
