/** Whether what was agreed on lags behind what is asked for (webrtc-pc, 4.7.3: check if negotiation is needed), as to media. */

import { attributes } from '../sdp/index.ts'
import type { Description } from './description.ts'
import { intersection, reversed, sends } from './direction.ts'
import { isMedia } from './media-section.ts'
import type { Transceiver } from './transceiver.ts'

export const mediaNeedsNegotiation = (
  transceivers: readonly Transceiver[],
  current: { readonly local?: Description; readonly remote?: Description },
): boolean => transceivers.some(transceiver => isBehind(transceiver, current))

const isBehind = (
  transceiver: Transceiver,
  { local, remote }: { readonly local?: Description; readonly remote?: Description },
): boolean => {
  const { mid, direction, stopping, streamIds } = transceiver
  const here = mid === undefined ? undefined : local?.indexOf(mid)
  const there = mid === undefined ? undefined : remote?.indexOf(mid)
  if (local === undefined || remote === undefined || here === undefined || there === undefined) return !stopping
  if (stopping) return true
  const section = local.media(here)
  if (!isMedia(section)) return true
  const { direction: ours, ssrcs } = local.section(here)
  const theirs = reversed(remote.section(there).direction)
  if (sends(direction)) {
    const announced = attributes(section, 'msid').map(({ id }) => id)
    const wanted = streamIds.length === 0 ? ['-'] : streamIds
    if (announced.length !== wanted.length || !wanted.every(id => announced.includes(id))) return true
  }
  // What the peer was told of is not what is sent any more.
  if (sends(ours) && ssrcs.length > 0 && !ssrcs.some(({ ssrc }) => ssrc === transceiver.ssrc)) return true
  if (local.type === 'offer') return ours !== direction && theirs !== direction
  return ours !== intersection(direction, theirs)
}
