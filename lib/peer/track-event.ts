/** RTCTrackEvent (webrtc-pc, 5.7): the peer sends on a transceiver from now on. */

import {
  DOMString,
  defaulted,
  defineInterface,
  dictionary,
  EventInitDictionary,
  type EventInitMembers,
  interfaceType,
  requireArguments,
  required,
  sequence,
} from '../idl/index.ts'
import { MediaStream, MediaStreamTrack } from '../media/index.ts'
import { RTCRtpReceiver } from './rtp-receiver.ts'
import { RTCRtpTransceiver } from './rtp-transceiver.ts'

export interface RTCTrackEventInit extends EventInitMembers {
  receiver: RTCRtpReceiver
  track: MediaStreamTrack
  streams?: MediaStream[]
  transceiver: RTCRtpTransceiver
}

const RTCTrackEventInitDictionary = dictionary(
  'RTCTrackEventInit',
  {
    receiver: required(interfaceType('RTCRtpReceiver', RTCRtpReceiver)),
    streams: defaulted(sequence(interfaceType('MediaStream', MediaStream)), () => []),
    track: required(interfaceType('MediaStreamTrack', MediaStreamTrack)),
    transceiver: required(interfaceType('RTCRtpTransceiver', RTCRtpTransceiver)),
  },
  EventInitDictionary,
)

export class RTCTrackEvent extends Event {
  readonly #receiver: RTCRtpReceiver
  readonly #track: MediaStreamTrack
  readonly #streams: readonly MediaStream[]
  readonly #transceiver: RTCRtpTransceiver

  constructor(...args: [type: string, eventInitDict: RTCTrackEventInit]) {
    const context = "Failed to construct 'RTCTrackEvent'"
    requireArguments(context, 2, args.length)
    const init = RTCTrackEventInitDictionary(args[1], context)
    super(DOMString(args[0], context), init)
    this.#receiver = init.receiver
    this.#track = init.track
    this.#streams = Object.freeze(init.streams)
    this.#transceiver = init.transceiver
  }

  get receiver(): RTCRtpReceiver {
    return this.#receiver
  }

  get track(): MediaStreamTrack {
    return this.#track
  }

  /** The streams that the peer has put the track in. */
  get streams(): readonly MediaStream[] {
    return this.#streams
  }

  get transceiver(): RTCRtpTransceiver {
    return this.#transceiver
  }

  static {
    defineInterface(RTCTrackEvent, 'RTCTrackEvent', { constructor: 2 })
  }
}
