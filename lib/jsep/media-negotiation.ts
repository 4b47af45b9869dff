/**
 * What of media we can do meets what the peer says: the codecs and extensions of an offer, of an answer, and of both together
 * (RFC 3264, 6.1; RFC 9429, 5.2.1, 5.3.1, 5.10 and 5.11).
 */

import {
  answerCodecs,
  type Codec,
  encodingOf,
  isSameCodec,
  type NegotiatedExtension,
  type PayloadCodec,
  pairCodecs,
} from '../rtp/index.ts'
import type { MediaCapabilities } from './capabilities.ts'
import type { CodecTable } from './codec-table.ts'
import { intersection, receives, reversed, sends } from './direction.ts'
import type { MediaSection } from './media-section.ts'
import type { NegotiatedMedia, Transceiver } from './transceiver.ts'

/** What repairs or accompanies media, and is none by itself. */
const RESILIENCE = new Set(['RTX', 'RED', 'ULPFEC', 'FLEXFEC-03'])
const isMediaCodec = (codec: Codec): boolean => !RESILIENCE.has(encodingOf(codec))

/** The codecs of a transceiver in the order of its preferences (webrtc-pc, setCodecPreferences): all that we can, where it has none. */
export const preferredCodecs = (
  { kind, codecPreferences }: Transceiver,
  capabilities: MediaCapabilities,
): readonly PayloadCodec[] => {
  const { codecs } = capabilities[kind]
  if (codecPreferences.length === 0) return codecs
  const chosen: PayloadCodec[] = []
  for (const preference of codecPreferences) {
    const isRtx = encodingOf(preference) === 'RTX'
    // There is one kind of retransmissions among the preferences: it stands for those of every codec that is preferred.
    const found = codecs.filter(codec => (isRtx ? encodingOf(codec) === 'RTX' : isExactly(codec, preference)))
    chosen.push(...found.filter(codec => !chosen.includes(codec)))
  }
  return chosen
}

const isExactly = (codec: PayloadCodec, preference: Codec): boolean =>
  encodingOf(codec) === encodingOf(preference) &&
  (encodingOf(codec) === 'RED' || isSameCodec(codec, preference, true)) &&
  codec.clockRate === preference.clockRate

export const wantedExtensions = (transceiver: Transceiver, capabilities: MediaCapabilities): readonly string[] =>
  capabilities[transceiver.kind].headerExtensions
    .filter(({ uri, direction }) => (transceiver.extensionDirections.get(uri) ?? direction) !== 'stopped')
    .map(({ uri }) => uri)

export interface MediaTerms {
  readonly codecs: readonly PayloadCodec[]
  readonly extensions: readonly NegotiatedExtension[]
}

/** Of an offer: what we can, with the numbers that the session knows it by. */
export const offeredTerms = (
  transceiver: Transceiver,
  capabilities: MediaCapabilities,
  table: CodecTable,
  standing: MediaSection | undefined,
): MediaTerms => ({
  codecs: table.assign(preferredCodecs(transceiver, capabilities), standing),
  extensions: wantedExtensions(transceiver, capabilities).flatMap(uri => {
    const id = table.idOf(uri, true)
    return id === undefined ? [] : [{ uri, id }]
  }),
})

/** Of an answer: what was offered and we can; undefined where no media is left. */
export const answeredTerms = (
  transceiver: Transceiver,
  capabilities: MediaCapabilities,
  offered: MediaSection,
): MediaTerms | undefined => {
  const order = transceiver.codecPreferences.length > 0 ? 'own' : 'offered'
  const codecs = answerCodecs(preferredCodecs(transceiver, capabilities), offered.codecs, order)
  if (!codecs.some(isMediaCodec)) return undefined
  const wanted = new Set(wantedExtensions(transceiver, capabilities))
  const seen = new Set<string>()
  const extensions = offered.extensions.filter(({ uri, encrypted }) => {
    if (encrypted === true || !wanted.has(uri) || seen.has(uri)) return false
    seen.add(uri)
    return true
  })
  return { codecs, extensions }
}

/** What holds once `local` and `remote` are agreed on. */
export const negotiatedMedia = (local: MediaSection, remote: MediaSection): NegotiatedMedia => {
  const direction = intersection(local.direction, reversed(remote.direction))
  const pairs = pairCodecs(local.codecs, remote.codecs)
  const common = (codec: PayloadCodec, other: PayloadCodec): PayloadCodec => ({
    ...codec,
    feedback: codec.feedback.filter(({ type, parameter }) =>
      other.feedback.some(each => each.type === type && each.parameter === parameter),
    ),
  })
  const uris = new Set(remote.extensions.map(({ uri }) => uri))
  const ourUris = new Set(local.extensions.map(({ uri }) => uri))
  return {
    direction,
    reducedSize: local.reducedSize && remote.reducedSize,
    mixedExtensions: local.mixedExtensions && remote.mixedExtensions,
    receiverReferenceTime: local.receiverReferenceTime && remote.receiverReferenceTime,
    ...(sends(direction) && {
      send: {
        codecs: pairs.map(({ own, theirs }) => common(theirs, own)),
        extensions: remote.extensions.filter(({ uri }) => ourUris.has(uri)),
      },
    }),
    ...(receives(direction) && {
      receive: {
        codecs: pairs.map(({ own, theirs }) => common(own, theirs)),
        extensions: local.extensions.filter(({ uri }) => uris.has(uri)),
        ssrcs: remote.ssrcs,
        ssrcGroups: remote.ssrcGroups,
      },
    }),
  }
}
