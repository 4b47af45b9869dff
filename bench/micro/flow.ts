/** A packet of video through an RTP session: received; received and sent on, to one and to ten; and put together to frames. */

import { setU16, setU32 } from '../../lib/bytes/index.ts'
import { createCname, type OutgoingRtp, RtpSession } from '../../lib/flow/index.ts'
import type { PayloadCodec, RtpPacket } from '../../lib/rtp/index.ts'
import { seededRandom } from '../../lib/sim/index.ts'
import { suite } from './suite.ts'

const codecs: PayloadCodec[] = [
  {
    mimeType: 'video/VP8',
    clockRate: 90_000,
    payloadType: 96,
    feedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'transport-cc' }],
  },
  { mimeType: 'video/rtx', clockRate: 90_000, payloadType: 97, sdpFmtpLine: 'apt=96', feedback: [] },
]
const extensions = [
  { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 4 },
  { uri: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time', id: 2 },
  { uri: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01', id: 3 },
]
const parameters = { mid: '0', codecs, extensions, mixedExtensions: true, reducedSize: true }

const createSession = (
  transmit: (bytes: Uint8Array) => void,
  route: () => ReturnType<RtpSession['createReceiver']>,
) => {
  const random = seededRandom(1)
  return new RtpSession({
    random,
    cname: createCname(random),
    timeOrigin: 0,
    transmit: (packet, isRtcp) => {
      if (!isRtcp) transmit(packet.view())
      packet.release()
    },
    route,
  })
}

/** Frames of eight packets, as VP8 begins them: X, S; I and L; picture id, TL0PICIDX; then a key frame's header. */
const PAYLOAD = new Uint8Array(1100)
PAYLOAD.set([0x90, 0xc0, 0x80, 1, 1, 0x10, 2, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1])

const outgoing = (source: object): { -readonly [K in keyof OutgoingRtp]: OutgoingRtp[K] } => ({
  source,
  bytes: PAYLOAD,
  payloadStart: 0,
  payloadEnd: PAYLOAD.length,
  sequenceNumber: 0,
  timestamp: 0,
  marker: false,
  clockRate: 90_000,
  mimeType: 'video/VP8',
})

/** What a camera sends. */
const record = (): Uint8Array[] => {
  const packets: Uint8Array[] = []
  const session = createSession(
    bytes => packets.push(bytes.slice()),
    () => session.createReceiver('video'),
  )
  const sender = session.createSender('video', { ssrc: 1, rtxSsrc: 2 })
  sender.configure(parameters)
  const packet = outgoing({})
  for (let index = 0; index < 512; index++) {
    packet.sequenceNumber = index
    packet.timestamp = (index >> 3) * 3000
    packet.marker = (index & 7) === 7
    PAYLOAD[0] = (index & 7) === 0 ? 0x90 : 0x80
    sender.sendPacket(packet, index)
  }
  return packets
}
const packets = record()

const createRun = (viewers: number, wantsFrames = false): (() => void) => {
  const session = createSession(
    () => {},
    () => receiver,
  )
  const receiver = session.createReceiver('video')
  receiver.configure({ ...parameters, ssrcs: [], ssrcGroups: [] })
  const senders = Array.from({ length: viewers }, (_, index) => {
    const sender = session.createSender('video', { ssrc: 10 + index, rtxSsrc: 100 + index })
    sender.configure(parameters)
    return sender
  })
  session.configured(0)
  const packet = outgoing({})
  if (wantsFrames) receiver.onFrame = () => {}
  receiver.onPacket = (its: RtpPacket, now) => {
    packet.bytes = its.bytes
    packet.payloadStart = its.payloadStart
    packet.payloadEnd = its.payloadEnd
    packet.sequenceNumber = its.sequenceNumber
    packet.timestamp = its.timestamp
    packet.marker = its.marker
    for (const sender of senders) sender.sendPacket(packet, now)
  }
  let index = 0
  return () => {
    const bytes = packets[index % packets.length]!
    const now = index / 50
    setU16(bytes, 2, index & 0xffff)
    setU32(bytes, 4, (index >> 3) * 3000)
    session.receiveRtp(bytes, now)
    // As in a turn of the event loop, after some packets.
    if ((index++ & 15) !== 15) return
    session.advance(now)
    for (let event = session.nextEvent(); event !== undefined; ) event = session.nextEvent()
  }
}

suite('a packet of 1134 bytes in an RTP session', packets[0]!.length, {
  received: createRun(0),
  'received, and sent on to one': createRun(1),
  'received, and sent on to ten': createRun(10),
  'received, and put into a frame': createRun(0, true),
})
