/**
 * What is asked of the peer about its streams, as feedback packets (RFC 4585, 6.2.1 and 6.3.1; RFC 5104, 4.3.1): packets that
 * are missing, and key frames.
 */

import type { CodecFeedback, RtcpPacket } from '../rtp/index.ts'
import type { ReceiveStream } from './receive-stream.ts'

/** Sequence numbers in one NACK: at worst, each has four bytes. */
const MOST_NACKED = 250

const has = (feedback: readonly CodecFeedback[], type: string, parameter: string): boolean =>
  feedback.some(each => each.type === type && each.parameter === parameter)

/** Hands what is due about a stream to `send`, each small enough for a datagram. */
export const sendRequests = (
  stream: ReceiveStream,
  senderSsrc: number,
  roundTripTime: number | undefined,
  now: number,
  send: (packet: RtcpPacket) => void,
): void => {
  const { nack, keyFrames, ssrc, codec } = stream
  if (nack !== undefined && now >= nack.deadline) {
    nack.roundTripTime = roundTripTime
    const numbers = nack.due(now)
    for (let at = 0; at < numbers.length; at += MOST_NACKED) {
      stream.nackCount++
      send({ type: 'nack', senderSsrc, mediaSsrc: ssrc, sequenceNumbers: numbers.slice(at, at + MOST_NACKED) })
    }
  }
  if (!keyFrames.pending || !keyFrames.take(now)) return
  if (has(codec.feedback, 'nack', 'pli')) {
    stream.pliCount++
    send({ type: 'picture-loss', senderSsrc, mediaSsrc: ssrc })
  } else if (has(codec.feedback, 'ccm', 'fir')) {
    stream.firCount++
    if (!keyFrames.isRepetition) stream.firSequenceNumber = (stream.firSequenceNumber + 1) & 0xff
    const requests = [{ ssrc, sequenceNumber: stream.firSequenceNumber }]
    send({ type: 'full-intra-request', senderSsrc, requests })
  }
}
