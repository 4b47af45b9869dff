/** Sides with audio and video, for the specs of this folder. */

import { type Applied, type BundlePolicy, DEFAULT_CAPABILITIES, type Transceiver } from '../../lib/jsep/index.ts'
import type { MediaKind } from '../../lib/rtp/index.ts'
import { parseSdp } from '../../lib/sdp/index.ts'
import { linesOf, Side } from './side.ts'

export interface MediaSideOptions {
  readonly data?: boolean
  readonly bundlePolicy?: BundlePolicy
}

/** A side that can do all that we can, with a transceiver of each of these kinds. */
export const mediaSide = (name: string, kinds: readonly MediaKind[] = [], options: MediaSideOptions = {}): Side => {
  const side = new Side(name, { ...options, capabilities: DEFAULT_CAPABILITIES })
  // By its candidates a peer sees that a transport goes on.
  side.candidates = [`candidate:1 1 udp 1 192.0.2.${name.charCodeAt(0)} 9 typ host`]
  for (const kind of kinds) side.negotiation.addTransceiver({ kind, trackId: kind, streamIds: ['s'] })
  return side
}

export const transceiversOf = ({ negotiation }: Side): readonly Transceiver[] => negotiation.transceivers

/** What the peer offers is taken both ways. */
export const takeAll = (side: Side): void => {
  for (const transceiver of transceiversOf(side)) if (!transceiver.stopping) transceiver.direction = 'sendrecv'
}

/** `first` offers and `second` answers, both ways. What each was told is returned in their order. */
export const negotiate = (first: Side, second: Side): [Applied, Applied] => {
  second.setRemote('offer', first.sendOffer())
  takeAll(second)
  const answer = second.answer()
  const there = second.setLocal('answer', answer)
  return [first.setRemote('answer', answer), there]
}

/** Two sides that have agreed on these, both ways. */
export const agreedOn = (kinds: readonly MediaKind[], options: MediaSideOptions = {}): [Side, Side] => {
  const [a, b] = [mediaSide('a', kinds, options), mediaSide('b')]
  negotiate(a, b)
  // Whatever candidates there are, all are known.
  for (const side of [a, b]) side.ended = true
  return [a, b]
}

export const ports = (sdp: string): (string | undefined)[] => linesOf(sdp, 'm=').map(line => line.split(' ')[1])
export const mids = (sdp: string): string[] => linesOf(sdp, 'a=mid').map(line => line.slice('a=mid:'.length))
export const group = (sdp: string): string[] => linesOf(sdp, 'a=group:BUNDLE').map(line => line.slice(8))

/** The m-sections of a description, each with its m-line; the session's lines come first. */
export const cut = (sdp: string): string[] => sdp.split(/(?=^m=)/m)

/** What each payload type of each m-section stands for, as text. */
export const meanings = (sdp: string): Map<number, string>[] =>
  parseSdp(sdp).media.map(media => {
    const parameters = new Map(
      media.attributes.flatMap(each => (each.name === 'fmtp' ? [[each.value.format, each.value.parameters]] : [])),
    )
    return new Map(
      media.attributes.flatMap(each =>
        each.name === 'rtpmap'
          ? [
              [
                each.value.payloadType,
                `${each.value.encoding}/${each.value.clockRate} ${parameters.get(String(each.value.payloadType)) ?? ''}`,
              ] as const,
            ]
          : [],
      ),
    )
  })
