/** The options of createOffer and createAnswer (webrtc-pc, 4.2.6). */

import { boolean, defaulted, dictionary, optional } from '../idl/index.ts'

/** Options that offers and answers have in common: none. */
export type RTCOfferAnswerOptions = object

export interface RTCOfferOptions {
  /** Have new ICE credentials in the offer, so that applying it restarts ICE. */
  iceRestart?: boolean
  /** Of old: makes a transceiver that receives, or has those that there are not receive (webrtc-pc, 4.4.3.3). */
  offerToReceiveAudio?: boolean
  offerToReceiveVideo?: boolean
}

export type RTCAnswerOptions = RTCOfferAnswerOptions

export const RTCOfferOptionsDictionary = dictionary('RTCOfferOptions', {
  iceRestart: defaulted(boolean, () => false),
  offerToReceiveAudio: optional(boolean),
  offerToReceiveVideo: optional(boolean),
})
export const RTCAnswerOptionsDictionary = dictionary('RTCAnswerOptions', {})
