/**
 * Names of codecs as applications have them: MIME types (webrtc-pc), and WebCodecs' codec strings (its registry: RFC 6381 names
 * with profile and level, which do not matter to a payload format).
 */

import { exception } from '../idl/index.ts'
import { type Codec, G722_SAMPLE_RATE, type MediaKind } from '../rtp/index.ts'
import type { MediaTrackSettings } from './constraint-types.ts'

/** A codec as `RTCRtpCodec` has it; what is left out is usual for it. */
export interface SourceCodec {
  /** As `video/VP8`. */
  readonly mimeType: string
  /** Hertz of the RTP timestamp. */
  readonly clockRate?: number
  readonly channels?: number
  readonly sdpFmtpLine?: string
}

const NAMES: Readonly<Record<MediaKind, readonly (readonly [RegExp, string])[]>> = {
  video: [
    [/^vp8$/i, 'video/VP8'],
    [/^(vp9|vp09(\..*)?)$/i, 'video/VP9'],
    [/^(av1|av01(\..*)?)$/i, 'video/AV1'],
    [/^(h264|avc[13](\..*)?)$/i, 'video/H264'],
    [/^(h265|hevc|(hev1|hvc1)(\..*)?)$/i, 'video/H265'],
  ],
  audio: [
    [/^opus$/i, 'audio/opus'],
    [/^(ulaw|pcmu)$/i, 'audio/PCMU'],
    [/^(alaw|pcma)$/i, 'audio/PCMA'],
    [/^g722$/i, 'audio/G722'],
  ],
}

const VIDEO_CLOCK = 90_000
/** Of audio whose name says nothing of it: G711, and G722 too (RFC 3551, 4.5.2). */
const NARROW_BAND = 8000

/** Hertz of a codec's RTP timestamp, as its payload format has it. */
export const usualClockRate = (mimeType: string): number => {
  const name = mimeType.toLowerCase()
  if (name.startsWith('video/')) return VIDEO_CLOCK
  return name === 'audio/opus' || name === 'audio/red' ? 48_000 : NARROW_BAND
}

/** @throws TypeError when it is no codec of this kind, `NotSupportedError` for a codec string that is not known. */
export const codecOf = (kind: MediaKind, given: string | SourceCodec): Codec => {
  if (typeof given === 'string' && !given.includes('/')) {
    const known = NAMES[kind].find(([pattern]) => pattern.test(given))
    if (known === undefined) throw exception('NotSupportedError', `The ${kind} codec '${given}' is not known.`)
    return codecOf(kind, { mimeType: known[1] })
  }
  const codec: SourceCodec = typeof given === 'string' ? { mimeType: given } : given
  const mimeType = codec?.mimeType
  if (typeof mimeType !== 'string' || !mimeType.toLowerCase().startsWith(`${kind}/`)) {
    throw new TypeError(`The codec has no mimeType that begins with '${kind}/'.`)
  }
  const { clockRate = usualClockRate(mimeType), sdpFmtpLine } = codec
  if (!Number.isInteger(clockRate) || clockRate < 1) throw new RangeError('clockRate is no positive integer.')
  const channels = codec.channels ?? (mimeType.toLowerCase() === 'audio/opus' ? 2 : undefined)
  return {
    mimeType,
    clockRate,
    ...(channels !== undefined && { channels }),
    ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
  }
}

/** What a codec says of the audio in it, for `getSettings()`. */
export const audioSettings = ({ mimeType, clockRate, channels = 1 }: Codec): MediaTrackSettings => ({
  sampleRate: mimeType.toLowerCase() === 'audio/g722' ? G722_SAMPLE_RATE : clockRate,
  channelCount: channels,
})
