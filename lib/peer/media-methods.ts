/** The arguments of the methods that add, remove and ask about media, converted (webrtc-pc, 5.1 and 8.2). */

import { DOMString, interfaceType, nullable, promised, requireArguments } from '../idl/index.ts'
import { MediaStream, MediaStreamTrack } from '../media/index.ts'
import type { Media } from './media.ts'
import { RTCRtpSender } from './rtp-sender.ts'
import type { RTCRtpTransceiver } from './rtp-transceiver.ts'
import type { RTCStatsReport } from './stats/report.ts'
import { RTCRtpTransceiverInitDictionary } from './transceiver-init.ts'

const asTrack = interfaceType('MediaStreamTrack', MediaStreamTrack)
const asStream = interfaceType('MediaStream', MediaStream)
const asSender = interfaceType('RTCRtpSender', RTCRtpSender)
const trackOrNull = nullable(asTrack)

export const addTrack = (media: Media, args: readonly unknown[], context: string): RTCRtpSender => {
  requireArguments(context, 1, args.length)
  const [track, ...streams] = args
  return media.addTrack(
    asTrack(track, context),
    streams.map(stream => asStream(stream, context)),
    context,
  )
}

export const removeTrack = (media: Media, args: readonly unknown[], context: string): void => {
  requireArguments(context, 1, args.length)
  media.removeTrack(asSender(args[0], context), context)
}

export const addTransceiver = (media: Media, args: readonly unknown[], context: string): RTCRtpTransceiver => {
  requireArguments(context, 1, args.length)
  const [given] = args
  const track = given instanceof MediaStreamTrack ? given : null
  const kind = track?.kind ?? DOMString(given, context)
  const init = RTCRtpTransceiverInitDictionary(args[1], context)
  if (kind !== 'audio' && kind !== 'video') throw new TypeError(`${context}: The kind is 'audio' or 'video'.`)
  return media.addTransceiver(kind, track, init, context)
}

/** @param all Makes the report of everything. */
export const getStats = (
  media: Media,
  selector: unknown,
  all: () => Promise<RTCStatsReport>,
  context: string,
): Promise<RTCStatsReport> =>
  promised(() => {
    const track = trackOrNull(selector, context)
    return track === null ? all() : media.statsOf(track, context)
  })
