/** The statistics of transceivers (webrtc-stats, 8.3 to 8.9): streams both ways, what the peer reports of them, their codecs. */

import type { ReceiveStream, RtpSender } from '../../flow/index.ts'
import { type MediaStreamTrack, trackOf } from '../../media/index.ts'
import { encodingOf, type PayloadCodec } from '../../rtp/index.ts'
import type { MediaSlots } from '../media-slots.ts'
import type { RTCAnyStats } from './dictionaries.ts'
import type { Ids } from './ids.ts'
import type { RTCCodecStats, RTCInboundRtpStreamStats, RTCOutboundRtpStreamStats } from './media-dictionaries.ts'

/** What a report is made in: one moment, one set of ids. */
export interface MediaReport {
  readonly ids: Ids
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** The same where the monotonic clock is 0. */
  readonly timeOrigin: number
  add(stats: RTCAnyStats): void
}

/** @param transportId Of the transport that the transceiver uses; undefined where there is none yet. */
export const collectMedia = (slots: MediaSlots, transportId: string | undefined, report: MediaReport): void => {
  const { flow, sent } = slots
  const { sender, streams } = flow
  if (sent.track !== null) addSource(slots, sent.track, report)
  if (transportId === undefined) return
  if (sender !== undefined && (flow.sentCodecs.length > 0 || sender.counters.packetsSent > 0)) {
    addOutbound(slots, sender, transportId, report)
  }
  for (const stream of streams) addInbound(slots, stream, transportId, report)
}

/** Of a track, by however many senders it is sent. */
const sourceId = (track: MediaStreamTrack, ids: Ids): string => ids.of('S', ids.number(track))

const addSource = ({ sent }: MediaSlots, track: MediaStreamTrack, report: MediaReport): void => {
  const { ids, timestamp, timeOrigin, add } = report
  const { id: trackIdentifier, kind } = track
  const stats = { id: sourceId(track, ids), timestamp, type: 'media-source', trackIdentifier, kind } as const
  const { source } = trackOf(track)
  const { width, height } = source.options.settings?.() ?? {}
  const framesPerSecond = sent.frameRate?.at(timestamp - timeOrigin)
  const picture = {
    ...(width && height && { width, height }),
    frames: source.frames,
    ...(framesPerSecond !== undefined && { framesPerSecond }),
  }
  add({ ...stats, ...(kind === 'video' && picture) })
}

const hasRtx = (codecs: readonly PayloadCodec[]): boolean => codecs.some(codec => encodingOf(codec) === 'RTX')

/** One for both ways, unless they differ in what the format says. */
const addCodec = (codec: PayloadCodec, transportId: string, { ids, timestamp, add }: MediaReport): string => {
  const { payloadType, mimeType, clockRate, channels, sdpFmtpLine } = codec
  const id = ids.of('C', `${transportId} ${payloadType} ${mimeType} ${sdpFmtpLine ?? ''}`)
  const stats: RTCCodecStats = {
    id,
    timestamp,
    type: 'codec',
    payloadType,
    transportId,
    mimeType,
    clockRate,
    ...(channels !== undefined && { channels }),
    ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
  }
  add(stats)
  return id
}

const addOutbound = (slots: MediaSlots, sender: RtpSender, transportId: string, report: MediaReport): void => {
  const { ids, timestamp, timeOrigin, add } = report
  const { kind, ssrc, rtxSsrc, counters } = sender
  const { codec, sentCodecs } = slots.flow
  const isVideo = kind === 'video'
  const id = ids.of('O', `${transportId} ${ssrc}`)
  const codecId = codec && addCodec(codec, transportId, report)
  const remoteId = counters.remote && ids.of('RI', `${transportId} ${ssrc}`)
  const { track } = slots.sent
  const stats: RTCOutboundRtpStreamStats = {
    id,
    timestamp,
    type: 'outbound-rtp',
    ssrc,
    kind,
    transportId,
    ...(codecId !== undefined && { codecId }),
    ...(slots.mid !== null && { mid: slots.mid }),
    ...(track !== null && { mediaSourceId: sourceId(track, ids) }),
    ...(remoteId !== undefined && { remoteId }),
    ...(isVideo && { encodingIndex: 0 }),
    packetsSent: counters.packetsSent + counters.retransmittedPacketsSent,
    bytesSent: counters.bytesSent + counters.retransmittedBytesSent,
    headerBytesSent: counters.headerBytesSent,
    retransmittedPacketsSent: counters.retransmittedPacketsSent,
    retransmittedBytesSent: counters.retransmittedBytesSent,
    ...(hasRtx(sentCodecs) && { rtxSsrc }),
    ...(isVideo && { framesSent: counters.framesSent }),
    nackCount: counters.nackCount,
    ...(isVideo && { firCount: counters.firCount, pliCount: counters.pliCount }),
    active: sender.sends,
  }
  add(stats)
  if (counters.remote === undefined || remoteId === undefined) return
  const { report: told, at } = counters.remote
  add({
    id: remoteId,
    timestamp: timeOrigin + at,
    type: 'remote-inbound-rtp',
    ssrc,
    kind,
    transportId,
    ...(codecId !== undefined && { codecId }),
    packetsLost: told.packetsLost,
    jitter: told.jitter / (codec?.clockRate ?? 90_000),
    localId: id,
    ...(counters.roundTripTime !== undefined && { roundTripTime: counters.roundTripTime / 1000 }),
    totalRoundTripTime: counters.totalRoundTripTime / 1000,
    roundTripTimeMeasurements: counters.roundTripTimeMeasurements,
    fractionLost: told.fractionLost / 256,
  })
}

const addInbound = (slots: MediaSlots, stream: ReceiveStream, transportId: string, report: MediaReport): void => {
  const { ids, timestamp, timeOrigin, add } = report
  const { kind, ssrc, statistics, codec, frames, lastSenderReport } = stream
  const isVideo = kind === 'video'
  const id = ids.of('I', `${transportId} ${ssrc}`)
  const codecId = addCodec(codec, transportId, report)
  const remoteId = lastSenderReport && ids.of('RO', `${transportId} ${ssrc}`)
  const stats: RTCInboundRtpStreamStats = {
    id,
    timestamp,
    type: 'inbound-rtp',
    ssrc,
    kind,
    transportId,
    codecId,
    trackIdentifier: slots.received.face.id,
    ...(slots.mid !== null && { mid: slots.mid }),
    ...(remoteId !== undefined && { remoteId }),
    // Those that came by a stream of retransmissions count too (webrtc-stats, 8.4).
    packetsReceived: statistics.packetsReceived + stream.retransmittedPacketsReceived,
    bytesReceived: statistics.bytesReceived + stream.retransmittedBytesReceived,
    headerBytesReceived: statistics.headerBytesReceived,
    packetsLost: statistics.packetsLost,
    jitter: statistics.jitter / codec.clockRate,
    ...(statistics.lastPacketAt !== undefined && {
      lastPacketReceivedTimestamp: timeOrigin + statistics.lastPacketAt,
    }),
    ...(isVideo &&
      frames !== undefined && {
        framesReceived: frames.framesReceived,
        framesDropped: frames.framesDropped,
        keyFramesReceived: frames.keyFramesReceived,
        totalAssemblyTime: frames.assemblyTime,
      }),
    nackCount: stream.nackCount,
    ...(isVideo && { firCount: stream.firCount, pliCount: stream.pliCount }),
    ...(hasRtx(slots.flow.receivedCodecs) && {
      retransmittedPacketsReceived: stream.retransmittedPacketsReceived,
      retransmittedBytesReceived: stream.retransmittedBytesReceived,
    }),
  }
  add(stats)
  if (lastSenderReport === undefined || remoteId === undefined) return
  add({
    id: remoteId,
    timestamp: timeOrigin + lastSenderReport.at,
    type: 'remote-outbound-rtp',
    ssrc,
    kind,
    transportId,
    codecId,
    localId: id,
    packetsSent: lastSenderReport.packetCount,
    bytesSent: lastSenderReport.octetCount,
    remoteTimestamp: lastSenderReport.remoteTime,
    reportsSent: stream.senderReports,
  })
}

/**
 * What of a report is about one sender or receiver (webrtc-pc, 8.5, the stats selection algorithm): its streams, and all that
 * they refer to.
 */
export const selectFrom = (
  entries: ReadonlyMap<string, RTCAnyStats>,
  isRoot: (stats: RTCAnyStats) => boolean,
): Map<string, RTCAnyStats> => {
  const chosen = new Map<string, RTCAnyStats>()
  const choose = (stats: RTCAnyStats | undefined): void => {
    if (stats === undefined || chosen.has(stats.id)) return
    chosen.set(stats.id, stats)
    for (const [name, value] of Object.entries(stats)) {
      if (name.endsWith('Id') && typeof value === 'string') choose(entries.get(value))
    }
  }
  for (const stats of entries.values()) if (isRoot(stats)) choose(stats)
  return chosen
}
