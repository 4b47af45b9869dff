/**
 * The arguments of the methods that negotiate, converted (webrtc-pc, 4.4.2 and 4.4.3): each has a form with callbacks, of old, and
 * one that returns a promise.
 */

import { promised, requireArguments } from '../idl/index.ts'
import { RTCIceCandidateInitDictionary } from './ice-candidate.ts'
import { withCallbacks } from './legacy-callbacks.ts'
import type { Negotiator } from './negotiator.ts'
import { RTCAnswerOptionsDictionary, RTCOfferOptionsDictionary } from './offer-options.ts'
import {
  RTCLocalSessionDescriptionInitDictionary,
  type RTCSessionDescriptionInit,
  RTCSessionDescriptionInitDictionary,
} from './session-description.ts'

/** What making an offer asks of the connection besides: transceivers of old options. */
export type OfferPreparation = (options: ReturnType<typeof RTCOfferOptionsDictionary>) => void

export const createOffer = (
  negotiator: Negotiator,
  args: readonly unknown[],
  prepare: OfferPreparation,
  context: string,
): Promise<unknown> => {
  const create = (given: unknown): Promise<RTCSessionDescriptionInit> => {
    const options = RTCOfferOptionsDictionary(given, context)
    prepare(options)
    return negotiator.create('offer', options.iceRestart, context)
  }
  return promised<unknown>(() => {
    if (args.length >= 2) return withCallbacks(context, args[0], args[1], () => create(args[2]))
    return create(args[0])
  })
}

export const createAnswer = (negotiator: Negotiator, args: readonly unknown[], context: string): Promise<unknown> => {
  const create = (given: unknown): Promise<RTCSessionDescriptionInit> => {
    RTCAnswerOptionsDictionary(given, context)
    return negotiator.create('answer', false, context)
  }
  return promised<unknown>(() => {
    if (args.length >= 2) return withCallbacks(context, args[0], args[1], () => create(undefined))
    return create(args[0])
  })
}

export const setLocalDescription = (negotiator: Negotiator, args: readonly unknown[], context: string): Promise<void> =>
  promised(() => {
    const { type, sdp } = RTCLocalSessionDescriptionInitDictionary(args[0], context)
    const set = () => negotiator.setLocal(type, sdp, context)
    return args.length >= 3 ? withCallbacks(context, args[1], args[2], set) : set()
  })

export const setRemoteDescription = (
  negotiator: Negotiator,
  args: readonly unknown[],
  context: string,
): Promise<void> =>
  promised(() => {
    requireArguments(context, 1, args.length)
    const description = RTCSessionDescriptionInitDictionary(args[0], context)
    const set = () => negotiator.setRemote(description, context)
    return args.length >= 3 ? withCallbacks(context, args[1], args[2], set) : set()
  })

export const addIceCandidate = (negotiator: Negotiator, args: readonly unknown[], context: string): Promise<void> =>
  promised(() => {
    const candidate = RTCIceCandidateInitDictionary(args[0], context)
    const add = () => negotiator.addCandidate(candidate, context)
    return args.length >= 3 ? withCallbacks(context, args[1], args[2], add) : add()
  })
