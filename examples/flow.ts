/**
 * Streams of RTP alone: a camera's frames go over a pipe that loses one packet in ten, to a viewer who asks for what is missing;
 * in virtual time. Half way, the sender goes over to another camera, whose numbers and times are its own.
 */

import { nodeCrypto as crypto } from 'purertc/crypto/node'
import { createCname, RtpSession } from 'purertc/flow'
import type { EncodedFrame, PayloadCodec } from 'purertc/rtp'

const DELAY = 25
const FRAMES = 100
const codecs: PayloadCodec[] = [
  {
    mimeType: 'video/VP8',
    clockRate: 90_000,
    payloadType: 96,
    feedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
  },
  { mimeType: 'video/rtx', clockRate: 90_000, payloadType: 97, sdpFmtpLine: 'apt=96', feedback: [] },
]
const parameters = { mid: '0', codecs, extensions: [], mixedExtensions: false, reducedSize: true }

type Name = 'sender' | 'viewer'
const flying: { to: Name; bytes: Uint8Array; isRtcp: boolean; at: number }[] = []
let now = 0
let launched = 0
let lost = 0

/** One end: what it sends is on the pipe for 25 ms, every tenth packet of media for ever. */
const end = (to: Name): RtpSession =>
  new RtpSession({
    random: crypto.random,
    cname: createCname(crypto.random),
    timeOrigin: Date.now(),
    transmit: (packet, isRtcp) => {
      const isLost = !isRtcp && ++launched % 10 === 0
      if (isLost) lost++
      else flying.push({ to, bytes: packet.view().slice(), isRtcp, at: now + DELAY })
      packet.release()
    },
    route: () => receiver,
  })

const ends = { sender: end('viewer'), viewer: end('sender') }
const sender = ends.sender.createSender('video', { ssrc: 1, rtxSsrc: 2 })
const receiver = ends.viewer.createReceiver('video')
sender.configure(parameters)
receiver.configure({ ...parameters, ssrcs: [1, 2], ssrcGroups: [{ semantics: 'FID', ssrcs: [1, 2] }] })
for (const session of Object.values(ends)) session.configured(now)

let frames = 0
let last = 0
receiver.onFrame = frame => {
  const gap = frames++ === 0 ? 0 : ((frame.timestamp - last) >>> 0) / 90
  last = frame.timestamp
  if (frame.keyFrame) console.log(`${now} ms: a key frame, ${gap.toFixed(0)} ms after the frame before it`)
}

/** A frame as an encoder of VP8 begins it; what follows is nobody's picture. */
const encoded = (timestamp: number, keyFrame: boolean): EncodedFrame => {
  const data = new Uint8Array(4000)
  data.set(keyFrame ? [0x10, 2, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1] : [0x11, 2, 0])
  return { kind: 'video', data, mimeType: 'video/VP8', payloadType: 96, timestamp, keyFrame, ssrc: 0, csrcs: [] }
}

const cameras = [{ startsAt: 500_000 }, { startsAt: 9 }]
for (let made = 0; made < FRAMES || now < 5000; now += 5) {
  if (now % 40 === 0 && made < FRAMES) {
    const camera = cameras[made < FRAMES / 2 ? 0 : 1]!
    sender.sendFrame(encoded(camera.startsAt + now * 90, made % (FRAMES / 2) === 0), camera, now)
    made++
  }
  while (flying[0] !== undefined && flying[0].at <= now) {
    const { to, bytes, isRtcp } = flying.shift()!
    if (isRtcp) ends[to].receiveRtcp(bytes, now)
    else ends[to].receiveRtp(bytes, now)
  }
  for (const session of Object.values(ends)) {
    if (session.deadline <= now) session.advance(now)
    session.flush(now)
  }
}

const { packetsSent, retransmittedPacketsSent, roundTripTime = 0 } = sender.counters
console.log(`${packetsSent} packets, ${lost} of them lost, ${retransmittedPacketsSent} sent again`)
console.log(`${frames} of ${FRAMES} frames came; the round trip takes ${roundTripTime.toFixed(0)} ms`)
for (const session of Object.values(ends)) session.close()
