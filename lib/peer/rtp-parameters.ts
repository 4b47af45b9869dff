/** The dictionaries of RTP senders, receivers and transceivers (webrtc-pc, 5.2; webrtc-extensions), and their conversions. */

import {
  boolean,
  type Conversion,
  DOMString,
  defaulted,
  dictionary,
  double,
  enumeration,
  exception,
  optional,
  required,
  sequence,
  unsignedLong,
  unsignedShort,
} from '../idl/index.ts'
import type { RTCPriorityType } from './data-channel-init.ts'

export type RTCRtpTransceiverDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive' | 'stopped'
export type RTCDegradationPreference =
  | 'balanced'
  | 'maintain-framerate'
  | 'maintain-resolution'
  | 'maintain-framerate-and-resolution'

export interface RTCRtpCodec {
  mimeType: string
  /** Hertz. */
  clockRate: number
  channels?: number
  sdpFmtpLine?: string
}

export interface RTCRtpCodecParameters extends RTCRtpCodec {
  payloadType: number
}

export interface RTCRtpHeaderExtensionCapability {
  uri: string
  direction: RTCRtpTransceiverDirection
}

export interface RTCRtpCapabilities {
  codecs: RTCRtpCodec[]
  headerExtensions: RTCRtpHeaderExtensionCapability[]
}

export interface RTCRtpHeaderExtensionParameters {
  uri: string
  id: number
  encrypted?: boolean
}

export interface RTCRtcpParameters {
  cname?: string
  reducedSize?: boolean
}

export interface RTCRtpCodingParameters {
  /** Of simulcast: 1 to 255 letters and digits. */
  rid?: string
}

export interface RTCRtpEncodingParameters extends RTCRtpCodingParameters {
  /** False: nothing is sent. */
  active?: boolean
  codec?: RTCRtpCodec
  /** Bits a second. */
  maxBitrate?: number
  /** Frames a second. */
  maxFramerate?: number
  scaleResolutionDownBy?: number
  /** `low` by default. */
  priority?: RTCPriorityType
  networkPriority?: RTCPriorityType
}

export interface RTCRtpParameters {
  headerExtensions: RTCRtpHeaderExtensionParameters[]
  rtcp: RTCRtcpParameters
  codecs: RTCRtpCodecParameters[]
}

export interface RTCRtpSendParameters extends RTCRtpParameters {
  transactionId: string
  encodings: RTCRtpEncodingParameters[]
  degradationPreference?: RTCDegradationPreference
}

export type RTCRtpReceiveParameters = RTCRtpParameters

/** webrtc-extensions, 5.3. */
export interface RTCEncodingOptions {
  /** Has the source of the track asked for a key frame. */
  keyFrame?: boolean
}

export interface RTCSetParameterOptions {
  /** Empty, or one for each encoding. */
  encodingOptions?: RTCEncodingOptions[]
}

const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive', 'stopped'] as const
const PRIORITIES = ['very-low', 'low', 'medium', 'high'] as const

export const directionConversion: Conversion<RTCRtpTransceiverDirection> = enumeration(
  'RTCRtpTransceiverDirection',
  DIRECTIONS,
)
const priority = enumeration<RTCPriorityType>('RTCPriorityType', PRIORITIES)

const codecMembers = {
  channels: optional(unsignedShort),
  clockRate: required(unsignedLong),
  mimeType: required(DOMString),
  sdpFmtpLine: optional(DOMString),
}
export const RTCRtpCodecDictionary = dictionary('RTCRtpCodec', codecMembers)

const CodingDictionary = dictionary('RTCRtpCodingParameters', { rid: optional(DOMString) })

export const RTCRtpEncodingParametersDictionary = dictionary(
  'RTCRtpEncodingParameters',
  {
    active: defaulted(boolean, () => true),
    codec: optional(RTCRtpCodecDictionary),
    maxBitrate: optional(unsignedLong),
    maxFramerate: optional(double),
    networkPriority: optional(priority),
    priority: defaulted(priority, (): RTCPriorityType => 'low'),
    scaleResolutionDownBy: optional(double),
  },
  CodingDictionary,
)

const CodecParametersDictionary = dictionary('RTCRtpCodecParameters', {
  ...codecMembers,
  // webrtc-pc has an octet; what does not fit is read-only anyway, and so found out.
  payloadType: required(unsignedShort),
})

const HeaderExtensionDictionary = dictionary('RTCRtpHeaderExtensionParameters', {
  encrypted: defaulted(boolean, () => false),
  id: required(unsignedShort),
  uri: required(DOMString),
})

const RtcpDictionary = dictionary('RTCRtcpParameters', {
  cname: optional(DOMString),
  reducedSize: optional(boolean),
})

export const RTCRtpSendParametersDictionary = dictionary('RTCRtpSendParameters', {
  codecs: required(sequence(CodecParametersDictionary)),
  degradationPreference: optional(
    enumeration<RTCDegradationPreference>('RTCDegradationPreference', [
      'balanced',
      'maintain-framerate',
      'maintain-resolution',
      'maintain-framerate-and-resolution',
    ]),
  ),
  encodings: required(sequence(RTCRtpEncodingParametersDictionary)),
  headerExtensions: required(sequence(HeaderExtensionDictionary)),
  rtcp: required(RtcpDictionary),
  transactionId: required(DOMString),
})

const EncodingOptionsDictionary = dictionary('RTCEncodingOptions', { keyFrame: defaulted(boolean, () => false) })

export const RTCSetParameterOptionsDictionary = dictionary('RTCSetParameterOptions', {
  encodingOptions: defaulted(sequence(EncodingOptionsDictionary), () => []),
})

export const RTCRtpHeaderExtensionCapabilityDictionary = dictionary('RTCRtpHeaderExtensionCapability', {
  direction: required(directionConversion),
  uri: required(DOMString),
})

export type Encoding = ReturnType<typeof RTCRtpEncodingParametersDictionary>

/** What holds for the names of encodings (webrtc-pc, addTransceiver's sendEncodings validation steps). */
export const checkRids = (encodings: readonly Encoding[], context: string): void => {
  const rids = encodings.map(({ rid }) => rid)
  for (const rid of rids) {
    if (rid !== undefined && !/^[A-Za-z0-9]{1,255}$/.test(rid)) {
      throw new TypeError(`${context}: A rid is 1 to 255 letters and digits.`)
    }
  }
  const named = rids.filter(rid => rid !== undefined)
  if (named.length > 0 && named.length < encodings.length) {
    throw new TypeError(`${context}: Either all encodings have a rid, or none.`)
  }
  if (new Set(named).size < named.length) throw new TypeError(`${context}: The rids must differ.`)
}

/** What holds for their numbers. */
export const checkRanges = (encodings: readonly Encoding[], kind: 'audio' | 'video', context: string): void => {
  for (const { scaleResolutionDownBy, maxFramerate } of encodings) {
    if (kind === 'video' && scaleResolutionDownBy !== undefined && scaleResolutionDownBy < 1) {
      throw new RangeError(`${context}: scaleResolutionDownBy is at least 1.`)
    }
    if (kind === 'video' && maxFramerate !== undefined && maxFramerate < 0) {
      throw new RangeError(`${context}: maxFramerate is not negative.`)
    }
  }
}

/** Of audio, members of video are left out; of video that is not simulcast, the scale is 1 (webrtc-pc, 5.1). */
export const normalizedEncodings = (encodings: readonly Encoding[], kind: 'audio' | 'video'): Encoding[] =>
  encodings.map(encoding => {
    if (kind === 'video') return { ...encoding, scaleResolutionDownBy: encoding.scaleResolutionDownBy ?? 1 }
    const { scaleResolutionDownBy: _scale, maxFramerate: _rate, ...audio } = encoding
    return audio
  })

/** Throws the exception of a change to what may only be read. */
export const readOnlyChange = (what: string, context: string): never => {
  throw exception('InvalidModificationError', `${context}: ${what} cannot be changed.`)
}
