/** The arguments of addTransceiver, and the checks on them (webrtc-pc, 5.1). */

import { type Converted, defaulted, dictionary, exception, interfaceType, sequence } from '../idl/index.ts'
import type { KindCapabilities } from '../jsep/index.ts'
import { MediaStream } from '../media/index.ts'
import type { MediaKind } from '../rtp/index.ts'
import { matchesCodec } from './codec-dictionary-match.ts'
import { codecCapabilities } from './rtp-capabilities.ts'
import {
  checkRanges,
  checkRids,
  directionConversion,
  type Encoding,
  type RTCRtpEncodingParameters,
  RTCRtpEncodingParametersDictionary,
  type RTCRtpTransceiverDirection,
} from './rtp-parameters.ts'

export interface RTCRtpTransceiverInit {
  /** `sendrecv` by default. */
  direction?: RTCRtpTransceiverDirection
  /** The streams that the peer is to put the track in. */
  streams?: MediaStream[]
  sendEncodings?: RTCRtpEncodingParameters[]
}

const members = {
  direction: defaulted(directionConversion, (): RTCRtpTransceiverDirection => 'sendrecv'),
  sendEncodings: defaulted(sequence(RTCRtpEncodingParametersDictionary), (): Encoding[] => []),
  streams: defaulted(sequence(interfaceType('MediaStream', MediaStream)), (): MediaStream[] => []),
}

export const RTCRtpTransceiverInitDictionary = dictionary('RTCRtpTransceiverInit', members)

export type TransceiverInit = Converted<typeof members>

/**
 * The encodings to send, after "addTransceiver sendEncodings validation steps". Several encodings are simulcast, which there is
 * not: of them the first is sent, as webrtc-pc has it for who can send fewer than are asked for, and one alone has no rid.
 */
export const checkTransceiverInit = (
  kind: MediaKind,
  { sendEncodings }: TransceiverInit,
  capabilities: KindCapabilities,
  context: string,
): Encoding[] => {
  checkRids(sendEncodings, context)
  const codecs = codecCapabilities(capabilities)
  for (const { codec } of sendEncodings) {
    if (codec !== undefined && !codecs.some(each => matchesCodec(each, codec))) {
      throw exception('OperationError', `${context}: The codec of an encoding is not among the capabilities.`)
    }
  }
  checkRanges(sendEncodings, kind, context)
  // Here, not in setParameters, which may freeze the picture.
  if (kind === 'video' && sendEncodings.some(({ maxFramerate }) => maxFramerate === 0)) {
    throw new RangeError(`${context}: maxFramerate is more than 0.`)
  }
  return sendEncodings.slice(0, 1).map(({ rid: _rid, ...encoding }) => encoding)
}
