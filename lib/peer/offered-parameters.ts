/**
 * What an offer of ours says that we are prepared to receive, m-section by m-section: what RTCRtpReceiver.getParameters tells until
 * there is an answer (webrtc-pc, 4.4.1.5 and 5.3).
 */

import { attribute, attributes, type Direction, type MediaDescription, parseSdp } from '../sdp/index.ts'
import { isReceiving } from './media-direction.ts'
import type { RTCRtpParameters } from './rtp-parameters.ts'

export interface OfferedMedia {
  readonly direction: Direction
  readonly receive: RTCRtpParameters
}

const DIRECTIONS = ['sendonly', 'recvonly', 'inactive'] as const
/** RFC 6904, 4: the extension that this names is encrypted. */
const ENCRYPTED = 'urn:ietf:params:rtp-hdrext:encrypt'

/** In the order of the m-sections. @param sdp Of our own making. */
export const offeredMedia = (sdp: string): readonly OfferedMedia[] => parseSdp(sdp, { anyOrder: true }).media.map(read)

const read = (media: MediaDescription): OfferedMedia => {
  const direction = DIRECTIONS.find(each => attribute(media, each) === true) ?? 'sendrecv'
  const receives = isReceiving(direction)
  return {
    direction,
    receive: {
      codecs: receives ? codecsOf(media) : [],
      headerExtensions: receives ? extensionsOf(media) : [],
      rtcp: { reducedSize: attribute(media, 'rtcp-rsize') === true },
    },
  }
}

const codecsOf = (media: MediaDescription): RTCRtpParameters['codecs'] => {
  const maps = new Map(attributes(media, 'rtpmap').map(map => [String(map.payloadType), map]))
  const formats = new Map(attributes(media, 'fmtp').map(({ format, parameters }) => [format, parameters]))
  return media.formats.flatMap(format => {
    const map = maps.get(format)
    if (map === undefined) return []
    const { payloadType, encoding, clockRate, parameters } = map
    const sdpFmtpLine = formats.get(format)
    return {
      mimeType: `${media.kind}/${encoding}`,
      clockRate,
      ...(media.kind === 'audio' && { channels: Number(parameters ?? 1) }),
      ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
      payloadType,
    }
  })
}

const extensionsOf = (media: MediaDescription): RTCRtpParameters['headerExtensions'] =>
  attributes(media, 'extmap').flatMap(({ id, uri, direction = 'sendrecv', attributes: more }) => {
    if (!isReceiving(direction)) return []
    const encrypted = uri === ENCRYPTED
    return { uri: encrypted ? (more?.split(' ')[0] ?? uri) : uri, id, encrypted }
  })
