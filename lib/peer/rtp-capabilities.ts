/** What RTCRtpSender.getCapabilities and RTCRtpReceiver.getCapabilities tell (webrtc-pc, 5.2 and 5.3). */

import { DEFAULT_CAPABILITIES, type KindCapabilities } from '../jsep/index.ts'
import { encodingOf, type PayloadCodec } from '../rtp/index.ts'
import type { RTCRtpCapabilities, RTCRtpCodec } from './rtp-parameters.ts'

export const codecCapability = ({ mimeType, clockRate, channels, sdpFmtpLine }: PayloadCodec): RTCRtpCodec => ({
  mimeType,
  clockRate,
  ...(channels !== undefined && { channels }),
  ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
})

/** What refers to payload types says nothing without them (webrtc-pc: one entry for rtx). */
const withoutReferences = (codec: PayloadCodec): RTCRtpCodec => {
  const { sdpFmtpLine, ...rest } = codecCapability(codec)
  return ['RTX', 'RED'].includes(encodingOf(codec)) || sdpFmtpLine === undefined ? rest : { ...rest, sdpFmtpLine }
}

export const codecCapabilities = ({ codecs }: KindCapabilities): RTCRtpCodec[] => {
  const seen = new Set<string>()
  return codecs.map(withoutReferences).filter(codec => {
    const key = JSON.stringify(codec)
    return seen.has(key) ? false : seen.add(key)
  })
}

/** Null for a kind that there is not. */
export const capabilitiesOf = (kind: string): RTCRtpCapabilities | null => {
  if (kind !== 'audio' && kind !== 'video') return null
  const capabilities = DEFAULT_CAPABILITIES[kind]
  return {
    codecs: codecCapabilities(capabilities),
    headerExtensions: capabilities.headerExtensions.map(({ uri, direction }) => ({ uri, direction })),
  }
}
