/** The options of createOffer and createAnswer (webrtc-pc, 4.2.6). */

import { boolean, defaulted, dictionary } from '../idl/index.ts'

/** Options that offers and answers have in common: none. */
export type RTCOfferAnswerOptions = object

export interface RTCOfferOptions {
  /** Have new ICE credentials in the offer, so that applying it restarts ICE. */
  iceRestart?: boolean
}

export type RTCAnswerOptions = RTCOfferAnswerOptions

export const RTCOfferOptionsDictionary = dictionary('RTCOfferOptions', { iceRestart: defaulted(boolean, () => false) })
export const RTCAnswerOptionsDictionary = dictionary('RTCAnswerOptions', {})
