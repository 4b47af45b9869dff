/** MediaStreamTrackEvent (mediacapture-main, 4.4): a track that the user agent has added to a stream, or removed. */

import {
  DOMString,
  defineInterface,
  dictionary,
  EventInitDictionary,
  type EventInitMembers,
  interfaceType,
  requireArguments,
  required,
} from '../idl/index.ts'
import { MediaStreamTrack } from './media-stream-track.ts'

export interface MediaStreamTrackEventInit extends EventInitMembers {
  track: MediaStreamTrack
}

const MediaStreamTrackEventInitDictionary = dictionary(
  'MediaStreamTrackEventInit',
  { track: required(interfaceType('MediaStreamTrack', MediaStreamTrack)) },
  EventInitDictionary,
)

export class MediaStreamTrackEvent extends Event {
  readonly #track: MediaStreamTrack

  constructor(...args: [type: string, eventInitDict: MediaStreamTrackEventInit]) {
    const context = "Failed to construct 'MediaStreamTrackEvent'"
    requireArguments(context, 2, args.length)
    const [type, eventInitDict] = args
    const init = MediaStreamTrackEventInitDictionary(eventInitDict, context)
    super(DOMString(type, context), init)
    this.#track = init.track
  }

  get track(): MediaStreamTrack {
    return this.#track
  }

  static {
    defineInterface(MediaStreamTrackEvent, 'MediaStreamTrackEvent', { constructor: 2 })
  }
}
