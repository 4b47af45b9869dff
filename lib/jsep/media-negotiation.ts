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
import type { Direction } from '../sdp/index.ts'
import type { MediaCapabilities } from './capabilities.ts'
import type { OfferedNumbers } from './codec-table.ts'
import { intersection, receives, reversed, sends } from './direction.ts'
import { type DescribedExtension, extensionKey, isSameEntry, type MediaSection } from './media-section.ts'
import type { MediaSetup } from './media-setup.ts'
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

/** The header extensions that a transceiver is to have, and in which directions. */
const wantedExtensions = (
  { kind, extensionDirections }: Transceiver,
  capabilities: MediaCapabilities,
): ReadonlyMap<string, Direction> =>
  new Map(
    capabilities[kind].headerExtensions.flatMap(({ uri, direction }) => {
      const wanted = extensionDirections.get(uri) ?? direction
      return wanted === 'stopped' ? [] : [[uri, wanted] as const]
    }),
  )

export interface MediaTerms {
  readonly codecs: readonly PayloadCodec[]
  readonly extensions: readonly DescribedExtension[]
}

/**
 * Of an offer: what we can, with the numbers that the session knows it by.
 * @param standing Our m-section that this one follows.
 * @param answered The m-section of the latest answer: its order stays, unless the application prefers another (RFC 9429, 5.2.2).
 */
export const offeredTerms = (
  transceiver: Transceiver,
  capabilities: MediaCapabilities,
  numbers: OfferedNumbers,
  standing: MediaSection | undefined,
  answered: MediaSection | undefined,
): MediaTerms => {
  const codecs = numbers.assign(preferredCodecs(transceiver, capabilities), standing)
  if (transceiver.codecPreferences.length === 0 && answered !== undefined) {
    const position = new Map(codecs.map(codec => [codec, placeIn(answered, codec)]))
    codecs.sort((a, b) => position.get(a)! - position.get(b)!)
  }
  const extensions = [...wantedExtensions(transceiver, capabilities)].flatMap(([uri, direction]) => {
    // What was agreed on encrypted stays so.
    const encrypted = standing?.extensions.some(each => each.uri === uri && each.encrypted === true) === true
    const id = numbers.idOf(extensionKey(uri, encrypted))
    return id === undefined ? [] : [{ uri, id, direction, ...(encrypted && { encrypted }) }]
  })
  return { codecs, extensions }
}

/** What the answer does not have stands behind what it has. */
const placeIn = ({ codecs }: MediaSection, codec: PayloadCodec): number => {
  const index = codecs.findIndex(each => isSameEntry(each, codec))
  return index < 0 ? codecs.length : index
}

/** Of an answer: what was offered and we can; undefined where no media is left. */
export const answeredTerms = (
  transceiver: Transceiver,
  { capabilities, headerEncryption }: MediaSetup,
  offered: MediaSection,
): MediaTerms | undefined => {
  const order = transceiver.codecPreferences.length > 0 ? 'own' : 'offered'
  const codecs = answerCodecs(preferredCodecs(transceiver, capabilities), offered.codecs, order)
  if (!codecs.some(isMediaCodec)) return undefined
  const wanted = wantedExtensions(transceiver, capabilities)
  const candidates = offered.extensions.flatMap(extension => {
    const ours = wanted.get(extension.uri)
    // What one side only sends, the other can only receive (RFC 8285, 6).
    const direction = ours === undefined ? 'inactive' : intersection(ours, reversed(extension.direction))
    const isRefused = extension.encrypted === true && headerEncryption === undefined
    return isRefused || direction === 'inactive' ? [] : [{ ...extension, direction }]
  })
  return { codecs, extensions: oneOfEach(candidates, !offered.cryptex) }
}

/** Of what is offered both in the clear and encrypted, one (RFC 6904, 4). */
const oneOfEach = (extensions: readonly DescribedExtension[], encrypted: boolean): DescribedExtension[] => {
  const isPreferred = (extension: DescribedExtension) => (extension.encrypted ?? false) === encrypted
  return extensions.filter(
    extension => isPreferred(extension) || !extensions.some(each => each.uri === extension.uri && isPreferred(each)),
  )
}

const keyOf = ({ uri, encrypted }: DescribedExtension): string => extensionKey(uri, encrypted)

const negotiated = (
  extensions: readonly DescribedExtension[],
  isAgreed: (extension: DescribedExtension) => boolean,
): NegotiatedExtension[] => extensions.filter(isAgreed).map(({ direction: _, ...extension }) => extension)

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
  const ours = new Map(local.extensions.map(extension => [keyOf(extension), extension.direction]))
  const theirs = new Map(remote.extensions.map(extension => [keyOf(extension), extension.direction]))
  return {
    direction,
    reducedSize: local.reducedSize && remote.reducedSize,
    mixedExtensions: local.mixedExtensions && remote.mixedExtensions,
    cryptex: local.cryptex && remote.cryptex,
    receiverReferenceTime: local.receiverReferenceTime && remote.receiverReferenceTime,
    ...(sends(direction) && {
      send: {
        codecs: pairs.map(({ own, theirs }) => common(theirs, own)),
        extensions: negotiated(
          remote.extensions,
          extension => sends(ours.get(keyOf(extension)) ?? 'inactive') && receives(extension.direction),
        ),
      },
    }),
    ...(receives(direction) && {
      receive: {
        codecs: pairs.map(({ own, theirs }) => common(own, theirs)),
        extensions: negotiated(
          local.extensions,
          extension => receives(extension.direction) && sends(theirs.get(keyOf(extension)) ?? 'inactive'),
        ),
        ssrcs: remote.ssrcs,
        ssrcGroups: remote.ssrcGroups,
      },
    }),
  }
}
