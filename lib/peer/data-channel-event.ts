/** RTCDataChannelEvent (webrtc-pc, 6.3): a channel that the peer has opened. */

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
import { RTCDataChannel } from './data-channel.ts'

export interface RTCDataChannelEventInit extends EventInitMembers {
  channel: RTCDataChannel
}

const RTCDataChannelEventInitDictionary = dictionary(
  'RTCDataChannelEventInit',
  { channel: required(interfaceType('RTCDataChannel', RTCDataChannel)) },
  EventInitDictionary,
)

export class RTCDataChannelEvent extends Event {
  readonly #channel: RTCDataChannel

  constructor(...args: [type: string, eventInitDict: RTCDataChannelEventInit]) {
    const context = "Failed to construct 'RTCDataChannelEvent'"
    requireArguments(context, 2, args.length)
    const [type, eventInitDict] = args
    const init = RTCDataChannelEventInitDictionary(eventInitDict, context)
    super(DOMString(type, context), init)
    this.#channel = init.channel
  }

  get channel(): RTCDataChannel {
    return this.#channel
  }

  static {
    defineInterface(RTCDataChannelEvent, 'RTCDataChannelEvent', { constructor: 2 })
  }
}
