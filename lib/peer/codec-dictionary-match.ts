/** Whether two codecs of the application's and ours are the same (webrtc-pc, 5.4, the codec dictionary match algorithm). */

import { type Codec, encodingOf, type FormatParameters, formatParametersOf, isSameCodec } from '../rtp/index.ts'

/** What format parameters mean where they are left out: of the formats that set apart what is written from what is not. */
const INFERRED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  AV1: { profile: '0', 'level-idx': '5', tier: '0' },
  H264: { 'packetization-mode': '0', 'level-asymmetry-allowed': '0' },
  H265: { 'profile-space': '0', 'profile-id': '1', 'tier-flag': '0', 'level-id': '93', 'tx-mode': 'SRST' },
  VP9: { 'profile-id': '0' },
}

/** Whether both say the same of every parameter, those included that only a receiver's ability shows in. */
const isSameFormat = (encoding: string, a: FormatParameters, b: FormatParameters): boolean => {
  const inferred = INFERRED[encoding] ?? {}
  const valueIn = (parameters: FormatParameters, name: string): string | undefined =>
    (parameters.get(name) ?? inferred[name])?.toLowerCase()
  return [...a.keys(), ...b.keys()].every(name => valueIn(a, name) === valueIn(b, name))
}

/** @param ignoreAsymmetrical Whether what may differ between two peers that agree on the codec, as levels, may differ here. */
export const matchesCodec = (a: Codec, b: Codec, ignoreAsymmetrical = false): boolean => {
  if (a.channels !== b.channels || (a.sdpFmtpLine === undefined) !== (b.sdpFmtpLine === undefined)) return false
  if (!isSameCodec(a, b, !ignoreAsymmetrical)) return false
  return ignoreAsymmetrical || isSameFormat(encodingOf(a), formatParametersOf(a), formatParametersOf(b))
}
