/**
 * Whether two codecs are the same to negotiation, and what an answer says of one (RFC 3264, 6.1; RFC 9429, 5.3.1).
 *
 * Name, clock and channels must be equal. Of the format parameters those count that change what the bytes are: profile and
 * packetization mode of H264 (RFC 6184, 8.2.2), profile space, profile, tier and transmission mode of H265 (RFC 7798, 7.2.2), the
 * profile of VP9 (RFC 9628, 6.2.1), profile and tier of AV1 (its RTP specification, 7.2). Levels are what a receiver bears, and
 * Opus' parameters what one prefers: they never make two codecs of one. `rtx` and `red` are what they refer to.
 */

import { type Codec, encodingOf, type PayloadCodec } from './codec.ts'
import {
  type FormatParameters,
  formatParametersOf,
  numberParameter,
  readPayloadTypes,
  writeFormatParameters,
} from './format-parameters.ts'
import {
  ABSENT_PROFILE_LEVEL_ID,
  type H264ProfileLevel,
  readProfileLevelId,
  writeProfileLevelId,
} from './h264-profile.ts'

const profileLevelOf = (parameters: FormatParameters): H264ProfileLevel | undefined =>
  readProfileLevelId(parameters.get('profile-level-id') ?? ABSENT_PROFILE_LEVEL_ID)

const isSameH264 = (a: FormatParameters, b: FormatParameters): boolean => {
  const first = profileLevelOf(a)
  return (
    first !== undefined &&
    first.profile === profileLevelOf(b)?.profile &&
    numberParameter(a, 'packetization-mode', 0) === numberParameter(b, 'packetization-mode', 0)
  )
}

const isSameNumber = (a: FormatParameters, b: FormatParameters, name: string, absent: number): boolean =>
  numberParameter(a, name, absent) === numberParameter(b, name, absent)

/** RFC 7798, 7.1: Main profile, main tier, level 3.1, one stream for all, where nothing is said. */
const isSameH265 = (a: FormatParameters, b: FormatParameters): boolean =>
  isSameNumber(a, b, 'profile-space', 0) &&
  isSameNumber(a, b, 'profile-id', 1) &&
  isSameNumber(a, b, 'tier-flag', 0) &&
  (a.get('tx-mode') ?? 'SRST').toUpperCase() === (b.get('tx-mode') ?? 'SRST').toUpperCase()

const isSameConfiguration = (encoding: string, a: FormatParameters, b: FormatParameters): boolean => {
  switch (encoding) {
    case 'H264':
      return isSameH264(a, b)
    case 'H265':
      return isSameH265(a, b)
    case 'VP9':
      return isSameNumber(a, b, 'profile-id', 0)
    case 'AV1':
      return isSameNumber(a, b, 'profile', 0) && isSameNumber(a, b, 'tier', 0)
    default:
      return true
  }
}

/** What levels a codec says it bears: to tell apart where they count (webrtc-pc, codec dictionary match). */
const levelOf = (encoding: string, parameters: FormatParameters): number => {
  switch (encoding) {
    case 'H264':
      return profileLevelOf(parameters)?.level ?? -1
    case 'H265':
      return numberParameter(parameters, 'level-id', 93)
    case 'AV1':
      return numberParameter(parameters, 'level-idx', 5)
    default:
      return 0
  }
}

const kindOf = ({ mimeType }: Codec): string => mimeType.slice(0, mimeType.indexOf('/')).toLowerCase()

/**
 * Whether two codecs are one to negotiation. What `rtx` and `red` refer to is not looked at: payload types mean something only
 * in their list (`pairCodecs`).
 * @param withLevels Whether different levels make different codecs too.
 */
export const isSameCodec = (a: Codec, b: Codec, withLevels = false): boolean => {
  const encoding = encodingOf(a)
  if (encoding !== encodingOf(b) || kindOf(a) !== kindOf(b) || a.clockRate !== b.clockRate) return false
  if ((a.channels ?? 1) !== (b.channels ?? 1)) return false
  const first = formatParametersOf(a)
  const second = formatParametersOf(b)
  return (
    isSameConfiguration(encoding, first, second) &&
    (!withLevels || levelOf(encoding, first) === levelOf(encoding, second))
  )
}

/** A codec of ours and the one of theirs that it is. */
export interface CodecPair {
  readonly own: PayloadCodec
  readonly theirs: PayloadCodec
}

/**
 * The payload types that a codec refers to: of `rtx` the one it repeats, of audio's `red` those it is made of; empty for a codec
 * that stands alone (`red` of video carries whatever there is, and has no list). Undefined where what it says is none.
 */
export const referencesOf = (codec: Codec): readonly number[] | undefined => {
  const encoding = encodingOf(codec)
  if (encoding === 'RTX') {
    const apt = readPayloadTypes(formatParametersOf(codec).get('apt') ?? '')
    return apt?.length === 1 ? apt : undefined
  }
  if (encoding !== 'RED') return []
  const list = formatParametersOf(codec).get('')
  return list === undefined ? [] : readPayloadTypes(list)
}

const refersToPaired = (own: PayloadCodec, theirs: PayloadCodec, pairs: readonly CodecPair[]): boolean => {
  const mine = referencesOf(own)
  const others = referencesOf(theirs)
  if (mine === undefined || others === undefined) return false
  // A list may be left out, or have other generations: each entry of theirs has to be one that is agreed on, and the first the same.
  if (mine.length === 0 || others.length === 0) return mine.length === others.length || encodingOf(own) === 'RED'
  return others.every((type, index) =>
    pairs.some(
      pair =>
        pair.theirs.payloadType === type &&
        (index < mine.length ? pair.own.payloadType === mine[index] : mine.includes(pair.own.payloadType)),
    ),
  )
}

/**
 * Finds what two lists have in common, each codec of both at most once, in their order. `rtx` and `red` are in it if what they
 * refer to is.
 */
export const pairCodecs = (own: readonly PayloadCodec[], theirs: readonly PayloadCodec[]): CodecPair[] => {
  const pairs: CodecPair[] = []
  const taken = new Set<PayloadCodec>()
  // First what stands alone, then what refers to it: a list may name them in any order.
  for (const referring of [false, true]) {
    for (const theirsOne of theirs) {
      if ((referencesOf(theirsOne)?.length !== 0) !== referring) continue
      const found = own.find(
        codec => !taken.has(codec) && isSameCodec(codec, theirsOne) && refersToPaired(codec, theirsOne, pairs),
      )
      if (found === undefined) continue
      taken.add(found)
      pairs.push({ own: found, theirs: theirsOne })
    }
  }
  const position = new Map(theirs.map((codec, index) => [codec, index]))
  return pairs.sort((a, b) => position.get(a.theirs)! - position.get(b.theirs)!)
}

const answerH264 = (answer: Map<string, string>, offered: FormatParameters): void => {
  const own = profileLevelOf(answer)
  const theirs = profileLevelOf(offered)
  if (own === undefined || theirs === undefined) return
  // The profile is symmetric; the level is only if one of the two does not allow another one (RFC 6184, 8.2.2).
  const asymmetric = answer.get('level-asymmetry-allowed') === '1' && offered.get('level-asymmetry-allowed') === '1'
  if (!asymmetric) answer.delete('level-asymmetry-allowed')
  const level = asymmetric ? own.level : Math.min(own.level, theirs.level)
  answer.set('profile-level-id', writeProfileLevelId(theirs, level))
  const mode = offered.get('packetization-mode')
  if (mode !== undefined) answer.set('packetization-mode', mode)
}

const answerLevel = (answer: Map<string, string>, offered: FormatParameters, name: string, absent: number): void => {
  const level = Math.min(numberParameter(answer, name, absent), numberParameter(offered, name, absent))
  if (answer.has(name) || level !== absent) answer.set(name, String(level))
}

/**
 * The format parameters with which an answer accepts an offered codec: ours, since they say what we want to receive, but with
 * the profile that was offered, a level that both bear, and payload types of the answer.
 * @param payloadTypeOf The payload type that the answer gives to what `own` refers to.
 */
export const answerFormatParameters = (
  own: Codec,
  offered: Codec,
  payloadTypeOf: (payloadType: number) => number | undefined = () => undefined,
): string | undefined => {
  const answer = new Map(formatParametersOf(own))
  const theirs = formatParametersOf(offered)
  switch (encodingOf(own)) {
    case 'H264':
      answerH264(answer, theirs)
      break
    case 'H265':
      answerLevel(answer, theirs, 'level-id', 93)
      break
    case 'AV1':
      answerLevel(answer, theirs, 'level-idx', 5)
      break
    case 'RTX':
    case 'RED': {
      const references = referencesOf(own) ?? []
      const types = references.map(payloadTypeOf).filter(type => type !== undefined)
      if (types.length > 0) answer.set(encodingOf(own) === 'RTX' ? 'apt' : '', types.join('/'))
      break
    }
  }
  return writeFormatParameters(answer)
}

/**
 * What an answer names of an offer: payload types as offered, format parameters as `answerFormatParameters` has them, the feedback
 * that both know.
 * @param order Whose preference counts: the offer's, or ours, where the application has set one (RFC 9429, 5.3.1).
 */
export const answerCodecs = (
  own: readonly PayloadCodec[],
  offered: readonly PayloadCodec[],
  order: 'offered' | 'own' = 'offered',
): PayloadCodec[] => {
  const pairs = pairCodecs(own, offered)
  if (order === 'own') {
    const position = new Map(own.map((codec, index) => [codec, index]))
    pairs.sort((a, b) => position.get(a.own)! - position.get(b.own)!)
  }
  const types = new Map(pairs.map(pair => [pair.own.payloadType, pair.theirs.payloadType]))
  return pairs.map(({ own: ours, theirs }) => {
    const text = answerFormatParameters(ours, theirs, type => types.get(type))
    const { sdpFmtpLine: _, ...rest } = ours
    return {
      ...rest,
      payloadType: theirs.payloadType,
      feedback: ours.feedback.filter(one =>
        theirs.feedback.some(
          other => other.type === one.type && (other.parameter ?? '').trim() === (one.parameter ?? '').trim(),
        ),
      ),
      ...(text === undefined ? {} : { sdpFmtpLine: text }),
    }
  })
}
