/** What an audio or video m-section says, read once (RFC 8866, 6; RFC 4566's successors that add attributes to it). */

import { encodingOf, type MediaKind, type NegotiatedExtension, type PayloadCodec } from '../rtp/index.ts'
import { attribute, attributes, type Direction, type MediaDescription, type SsrcGroup } from '../sdp/index.ts'
import { stated } from './direction.ts'
import { MOST_EXTENSIONS, MOST_FEEDBACK, MOST_SSRC_GROUPS, MOST_SSRCS } from './limits.ts'
import { readMsid, type StatedTrack } from './msid.ts'
import type { SessionLevel } from './session-level.ts'
import type { RemoteSsrc } from './transceiver.ts'

/** A header extension as a description has it. */
export interface DescribedExtension extends NegotiatedExtension {
  /** Of whoever describes it (RFC 8285, 5). */
  readonly direction: Direction
}

export interface MediaSection {
  readonly kind: MediaKind
  readonly direction: Direction
  readonly codecs: readonly PayloadCodec[]
  readonly extensions: readonly DescribedExtension[]
  readonly mixedExtensions: boolean
  readonly rtcpMux: boolean
  readonly reducedSize: boolean
  /** Whether who says so takes packets whose headers are encrypted altogether (RFC 9335, 4). */
  readonly cryptex: boolean
  readonly receiverReferenceTime: boolean
  readonly ssrcs: readonly RemoteSsrc[]
  readonly ssrcGroups: readonly SsrcGroup[]
  /** Who sends says this of its track. */
  readonly track: StatedTrack
}

/** RFC 3551, 6: what needs no rtpmap. */
const STATIC: Readonly<Record<number, { readonly encoding: string; readonly clockRate: number }>> = {
  0: { encoding: 'PCMU', clockRate: 8000 },
  8: { encoding: 'PCMA', clockRate: 8000 },
  9: { encoding: 'G722', clockRate: 8000 },
  13: { encoding: 'CN', clockRate: 8000 },
}
/** RFC 6904, 4: the URI of an extension that is encrypted is what follows. */
export const ENCRYPTED = 'urn:ietf:params:rtp-hdrext:encrypt'

/**
 * Whether it is RTP. Every profile may stand for RTP over DTLS (RFC 9429, 5.1.2): whether there is DTLS, the fingerprint says.
 */
export const isMedia = ({ kind, protocol }: MediaDescription): boolean =>
  (kind === 'audio' || kind === 'video') && /^(?:(?:UDP|TCP)\/D?TLS\/)?RTP\/S?AVPF?$/.test(protocol)

/** @param carrier The m-section whose transport this one uses: what it says of the transport holds here too (RFC 9143, 7.1.3). */
export const readMediaSection = (
  session: SessionLevel,
  media: MediaDescription,
  carrier: MediaDescription = media,
): MediaSection => {
  const kind = media.kind as MediaKind
  const ssrcs = readSsrcs(media)
  return {
    kind,
    direction: stated(media) ?? session.direction ?? 'sendrecv',
    codecs: readCodecs(media, kind),
    extensions: readExtensions(session, media),
    mixedExtensions: session.mixedExtensions || attribute(media, 'extmap-allow-mixed') === true,
    rtcpMux: isMultiplexed(media) || isMultiplexed(carrier),
    reducedSize: attribute(media, 'rtcp-rsize') === true || attribute(carrier, 'rtcp-rsize') === true,
    cryptex: session.cryptex || attribute(media, 'cryptex') === true || attribute(carrier, 'cryptex') === true,
    receiverReferenceTime: others(media, 'rtcp-xr').some(value => /(?:^| )rcvr-rtt=(?:all|sender)/.test(value)),
    ssrcs,
    ssrcGroups: readSsrcGroups(media, ssrcs),
    track: readMsid(media),
  }
}

const isMultiplexed = (media: MediaDescription): boolean =>
  attribute(media, 'rtcp-mux') === true || attribute(media, 'rtcp-mux-only') === true

const others = (media: MediaDescription, key: string): string[] =>
  media.attributes.flatMap(each => (each.name === 'other' && each.key === key ? [each.value ?? ''] : []))

/** RFC 5761, 4: with RTCP beside it, these are taken for its packet types. */
const isPayloadType = (number: number): boolean => number >= 0 && number <= 127 && (number < 64 || number > 95)

const readCodecs = (media: MediaDescription, kind: MediaKind): PayloadCodec[] => {
  const maps = new Map(attributes(media, 'rtpmap').map(map => [map.payloadType, map]))
  const formats = new Map(attributes(media, 'fmtp').map(({ format, parameters }) => [format, parameters]))
  const feedback = attributes(media, 'rtcp-fb').slice(0, MOST_FEEDBACK)
  const seen = new Set<number>()
  return media.formats.flatMap((format): PayloadCodec[] => {
    const payloadType = /^\d{1,3}$/.test(format) ? Number(format) : -1
    const map = maps.get(payloadType) ?? STATIC[payloadType]
    if (!isPayloadType(payloadType) || map === undefined || seen.has(payloadType)) return []
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

/** What is encrypted is another extension than the same in the clear (RFC 6904, 4). */
export const extensionKey = (uri: string, encrypted = false): string => (encrypted ? `${ENCRYPTED} ${uri}` : uri)

/**
 * RFC 8285, 5 and 6: an id stands for one extension, and an extension has one id. 15 means something else in the one-byte form,
 * and ids beyond 255 are no ids: whoever offers them has more than fit, and we take none of those.
 */
const readExtensions = (session: SessionLevel, media: MediaDescription): DescribedExtension[] => {
  const ids = new Set<number>()
  const uris = new Set<string>()
  const found: DescribedExtension[] = []
  const stated = [...attributes(media, 'extmap').slice(0, MOST_EXTENSIONS), ...session.extensions]
  for (const { id, uri: named, direction = 'sendrecv', attributes: more } of stated) {
    const encrypted = named === ENCRYPTED
    const uri = encrypted ? more?.split(' ')[0] : named
    const key = extensionKey(uri ?? '', encrypted)
    if (uri === undefined || id < 1 || id > 255 || id === 15 || ids.has(id) || uris.has(key)) continue
    ids.add(id)
    uris.add(key)
    found.push({ id, uri, direction, ...(encrypted && { encrypted }) })
  }
  return found
}

const readSsrcs = (media: MediaDescription): RemoteSsrc[] => {
  const found = new Map<number, RemoteSsrc>()
  for (const { ssrc, attribute: name, value } of attributes(media, 'ssrc')) {
    if (found.size >= MOST_SSRCS && !found.has(ssrc)) break
    const known = found.get(ssrc) ?? { ssrc }
    found.set(ssrc, name === 'cname' && value !== undefined ? { ...known, cname: value } : known)
  }
  return [...found.values()]
}

/** RFC 5576, 4.2: each of a group stands for itself too, and once; a group that says otherwise says nothing. */
const readSsrcGroups = (media: MediaDescription, ssrcs: readonly RemoteSsrc[]): SsrcGroup[] => {
  const known = new Set(ssrcs.map(({ ssrc }) => ssrc))
  return attributes(media, 'ssrc-group')
    .slice(0, MOST_SSRC_GROUPS)
    .filter(
      ({ ssrcs: members }) =>
        members.length <= MOST_SSRCS &&
        members.length > 0 &&
        new Set(members).size === members.length &&
        members.every(ssrc => known.has(ssrc)),
    )
}

/** Whether it is the same codec with the same number, whatever its parameters. */
export const isSameEntry = (a: PayloadCodec, b: PayloadCodec): boolean =>
  a.payloadType === b.payloadType && encodingOf(a) === encodingOf(b) && a.clockRate === b.clockRate
