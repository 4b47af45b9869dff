/**
 * Cuts feedback that is too long for a datagram into several that say the same together: lost numbers (RFC 4585, 6.2.1),
 * arrivals on a transport (draft-holmer-rmcat-transport-wide-cc-extensions-01, 3.1) and by stream (RFC 8888, 3.1).
 */

import { add16, diff16, Writer } from '../../bytes/index.ts'
import type { CongestionReport } from './congestion-feedback.ts'
import type { CongestionFeedback, Nack, RtcpPacket, TransportFeedbackPacket } from './packet.ts'
import {
  LARGEST_DELTA,
  MOST_FEEDBACK_PACKETS,
  TICKS_OF_REFERENCE,
  type TransportFeedback,
  writeTransportFeedback,
} from './transport-feedback.ts'

/** Header and both SSRCs. */
const FEEDBACK_HEAD = 12
const NACK_WORD = 4
/** What a word of a NACK reaches behind its first number. */
const NACK_REACH = 16
/** Header, SSRC and time of a report by stream; then of each stream SSRC, first number and count. */
const CONGESTION_FIXED = 12
const CONGESTION_STREAM = 8

/**
 * The packet, or pieces of it, each of at most `limit` bytes (at least 64). A packet of another format comes back whole.
 * Pieces of transport feedback are numbered on from the packet's count: the next report goes on behind the last of them.
 */
export const splitRtcp = (packet: RtcpPacket, limit: number): readonly RtcpPacket[] => {
  switch (packet.type) {
    case 'nack':
      return splitNack(packet, limit)
    case 'transport-feedback':
      return splitTransportFeedback(packet, limit)
    case 'congestion-feedback':
      return splitCongestionFeedback(packet, limit)
    default:
      return [packet]
  }
}

const splitNack = (packet: Nack, limit: number): readonly Nack[] => {
  const { sequenceNumbers } = packet
  const most = Math.max(1, Math.floor((limit - FEEDBACK_HEAD) / NACK_WORD))
  if (sequenceNumbers.length <= most) return [packet]
  const pieces: Nack[] = []
  let from = 0
  let words = 0
  for (let at = 0; at < sequenceNumbers.length; words++) {
    if (words === most) {
      pieces.push({ ...packet, sequenceNumbers: sequenceNumbers.slice(from, at) })
      from = at
      words = 0
    }
    const first = sequenceNumbers[at++]!
    while (at < sequenceNumbers.length && isInWord(first, sequenceNumbers[at]!)) at++
  }
  pieces.push({ ...packet, sequenceNumbers: sequenceNumbers.slice(from) })
  return pieces
}

const isInWord = (first: number, number: number): boolean => {
  const ahead = diff16(number, first)
  return ahead >= 1 && ahead <= NACK_REACH
}

const splitTransportFeedback = (packet: TransportFeedbackPacket, limit: number): readonly TransportFeedbackPacket[] => {
  const pieces: TransportFeedback[] = []
  divide(packet.feedback, limit - FEEDBACK_HEAD, pieces)
  if (pieces.length === 1 && pieces[0] === packet.feedback) return [packet]
  return pieces.map((piece, index) => ({
    ...packet,
    feedback: { ...piece, feedbackCount: (packet.feedback.feedbackCount + index) & 0xff },
  }))
}

/** Halves what is too long, and cuts where the next packet came too much later, or earlier, for a delta. */
const divide = (feedback: TransportFeedback, room: number, pieces: TransportFeedback[]): void => {
  const { arrivals } = feedback
  const jump = arrivals.findIndex(arrival => arrival !== undefined && isTooLarge(arrival))
  const isTooLong = arrivals.length > 1 && (arrivals.length > MOST_FEEDBACK_PACKETS || lengthOf(feedback) > room)
  if (jump < 0 && !isTooLong) {
    pieces.push(feedback)
    return
  }
  if (jump >= 0 && arrivals.findIndex(arrival => arrival !== undefined) === jump) {
    // The first that came: another reference time is enough.
    divide(startingAt(feedback, 0), room, pieces)
    return
  }
  const cut = jump >= 0 ? jump : arrivals.length >> 1
  divide({ ...feedback, arrivals: arrivals.slice(0, cut) }, room, pieces)
  divide(startingAt(feedback, cut), room, pieces)
}

const isTooLarge = (delta: number): boolean => delta > LARGEST_DELTA || delta < -LARGEST_DELTA - 1

const lengthOf = (feedback: TransportFeedback): number => {
  const writer = new Writer(256)
  writeTransportFeedback(writer, feedback)
  return (writer.length + 3) & ~3
}

/** What is from `cut` on, with a reference time of its own: the last before its first packet. */
const startingAt = (feedback: TransportFeedback, cut: number): TransportFeedback => {
  const { arrivals } = feedback
  const later = arrivals.slice(cut)
  const first = later.findIndex(arrival => arrival !== undefined)
  let ticks = 0
  for (let i = 0; i < cut + (first < 0 ? 0 : first + 1); i++) ticks += arrivals[i] ?? 0
  const references = Math.floor(ticks / TICKS_OF_REFERENCE)
  if (first >= 0) later[first] = ticks - references * TICKS_OF_REFERENCE
  return {
    ...feedback,
    baseSequenceNumber: add16(feedback.baseSequenceNumber, cut),
    referenceTime: ((feedback.referenceTime + references) << 8) >> 8,
    arrivals: later,
  }
}

const splitCongestionFeedback = (packet: CongestionFeedback, limit: number): readonly CongestionFeedback[] => {
  const pieces: CongestionReport[][] = []
  let piece: CongestionReport[] = []
  let length = CONGESTION_FIXED
  for (const { ssrc, beginSequenceNumber, arrivals } of packet.streams) {
    let from = 0
    do {
      // Two metrics fill a word: a piece has an even number, unless it is the last.
      let most = 2 * Math.floor((limit - length - CONGESTION_STREAM) / 4)
      if (most < 2 && piece.length > 0) {
        pieces.push(piece)
        piece = []
        length = CONGESTION_FIXED
        most = 2 * Math.floor((limit - length - CONGESTION_STREAM) / 4)
      }
      const taken = arrivals.slice(from, from + Math.max(2, most))
      piece.push({ ssrc, beginSequenceNumber: add16(beginSequenceNumber, from), arrivals: taken })
      length += CONGESTION_STREAM + 4 * Math.ceil(taken.length / 2)
      from += taken.length
    } while (from < arrivals.length)
  }
  if (pieces.length === 0) return [packet]
  return [...pieces, piece].map(streams => ({ ...packet, streams }))
}
