import fc from 'fast-check'
import t from 'tap'
import { encodeRtcp, type RtcpPacket } from '../../lib/rtp/index.ts'
import { FlowPair, h264Frame, parsed, receiving, rtpBytes, sending } from './pair.ts'

const BLOCK = {
  fractionLost: 255,
  packetsLost: 0x7f_ffff,
  highestSequenceNumber: 0xffff_ffff,
  jitter: 0xffff_ffff,
  lastSenderReport: 0xffff_ffff,
  delaySinceLastSenderReport: 0xffff_ffff,
}

const running = () => {
  const pair = new FlowPair()
  const { sender, receiver } = pair.stream('video', sending(), receiving())
  receiver.onFrame = () => {}
  sender.sendFrame(h264Frame(0, true, 2000), {}, pair.now)
  pair.run(100)
  return { pair, sender, receiver }
}

t.test('passes over reports and requests about streams that are not ours', t => {
  const { pair, sender } = running()
  const sent = pair.sent.a.length
  const requests = Array.from({ length: 100 }, (_, index) => ({ ssrc: index, sequenceNumber: index & 0xff }))
  const about: RtcpPacket[] = [
    { type: 'receiver-report', ssrc: 5, reports: [{ ssrc: 99, ...BLOCK }] },
    { type: 'nack', senderSsrc: 5, mediaSsrc: 99, sequenceNumbers: [1, 2, 3] },
    { type: 'nack', senderSsrc: 5, mediaSsrc: sender.rtxSsrc, sequenceNumbers: [1, 2, 3] },
    { type: 'picture-loss', senderSsrc: 5, mediaSsrc: 99 },
    { type: 'full-intra-request', senderSsrc: 5, requests },
    { type: 'goodbye', ssrcs: [99, 100] },
    { type: 'source-description', chunks: [{ ssrc: 99, items: [{ item: 1, text: 'who' }] }] },
    {
      type: 'extended-report',
      ssrc: 5,
      blocks: [{ block: 'delay-since-last-receiver-report', reports: [{ ssrc: 99, lastReceiverReport: 1, delay: 1 }] }],
    },
  ]
  pair.tell('a', ...about)
  t.equal(pair.sent.a.length, sent)
  t.equal(pair.events.a.length, 0)
  t.equal(sender.counters.remote, undefined)
  t.equal(pair.a.roundTripTime, undefined)
  t.end()
})

t.test('believes no round trip that cannot be', t => {
  const { pair, sender } = running()
  pair.tell('a', { type: 'receiver-report', ssrc: 5, reports: [{ ssrc: sender.ssrc, ...BLOCK }] })
  t.equal(sender.counters.remote?.report.packetsLost, 0x7f_ffff)
  t.equal(sender.roundTripTime, undefined)
  t.equal(sender.counters.roundTripTimeMeasurements, 0)
  t.end()
})

t.test('asks its source for few key frames, however many are asked for', t => {
  const { pair, sender } = running()
  const before = pair.of('a', 'key-frame-requested').length
  for (let i = 0; i < 1000; i++) {
    pair.tell('a', { type: 'picture-loss', senderSsrc: 5, mediaSsrc: sender.ssrc })
    const requests = [{ ssrc: sender.ssrc, sequenceNumber: i & 0xff }]
    pair.tell('a', { type: 'full-intra-request', senderSsrc: i, requests })
    pair.run(1)
  }
  t.equal(pair.of('a', 'key-frame-requested').length - before, 4, 'of 2000, in a second')
  t.equal(sender.counters.pliCount, 1000)
  t.equal(sender.counters.firCount, 1000)
  // A repeated command is the same one.
  const again = {
    type: 'full-intra-request',
    senderSsrc: 7,
    requests: [{ ssrc: sender.ssrc, sequenceNumber: 9 }],
  } as const
  for (let i = 0; i < 5; i++) pair.tell('a', again)
  t.equal(sender.counters.firCount, 1001)
  t.end()
})

t.test('keeps a bounded number of streams, the liveliest', t => {
  const { pair, receiver, sender } = running()
  for (let ssrc = 1; ssrc < 5000; ssrc++) {
    pair.b.receiveRtp(
      rtpBytes({ ssrc: 0x10_0000 + ssrc, sequenceNumber: 1, payloadType: ssrc % 3 === 0 ? 103 : 102 }),
      pair.now,
    )
    if (ssrc % 5 === 0) pair.b.receiveRtp(rtpBytes({ ssrc: sender.ssrc, sequenceNumber: ssrc }), pair.now + ssrc)
  }
  t.ok(receiver.streams.length <= 12)
  t.ok(receiver.stream(sender.ssrc))
  t.ok(receiver.counters.droppedStreams > 4000)
  const nobody = pair.b.counters.unrouted
  pair.routes.b = () => undefined
  for (let ssrc = 1; ssrc < 1000; ssrc++) pair.b.receiveRtp(rtpBytes({ ssrc, sequenceNumber: 1 }), pair.now)
  t.equal(pair.b.counters.unrouted - nobody, 999)
  pair.b.receiveRtp(rtpBytes({ ssrc: sender.ssrc, sequenceNumber: 7000, payloadType: 55 }), pair.now)
  t.equal(receiver.counters.droppedPayloadType, 1)
  t.end()
})

t.test('throws at no bytes, and sends no storm for them', t => {
  const { pair, sender } = running()
  const sound: RtcpPacket[] = [
    {
      type: 'sender-report',
      ssrc: 9,
      ntpSeconds: 1,
      ntpFraction: 2,
      rtpTimestamp: 3,
      packetCount: 4,
      octetCount: 5,
      reports: [{ ssrc: sender.ssrc, ...BLOCK }],
    },
    { type: 'nack', senderSsrc: 5, mediaSsrc: sender.ssrc, sequenceNumbers: [1, 2, 3] },
    { type: 'full-intra-request', senderSsrc: 5, requests: [{ ssrc: sender.ssrc, sequenceNumber: 1 }] },
    { type: 'goodbye', ssrcs: [sender.ssrc] },
  ]
  const compound = encodeRtcp(sound)
  const packet = parsed(pair.sent.a[0]!).bytes
  const broken = (bytes: Uint8Array) =>
    fc
      .tuple(
        fc.integer({ min: 0, max: bytes.length }),
        fc.integer({ min: 0, max: bytes.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
      )
      .map(([length, at, value]) => {
        const copy = bytes.slice()
        copy[at] = value
        return copy.subarray(0, length)
      })
  const any = fc.uint8Array({ maxLength: 100 })
  const before = pair.rtcp.a.length + pair.rtcp.b.length
  fc.assert(
    fc.property(fc.oneof(any, broken(compound)), fc.oneof(any, broken(packet)), (rtcp, rtp) => {
      for (const side of ['a', 'b'] as const) {
        pair[side].receiveRtcp(rtcp.slice(), pair.now)
        pair[side].receiveRtp(rtp.slice(), pair.now)
        pair[side].flush(pair.now)
      }
      pair.run(1)
    }),
    { numRuns: 2000 },
  )
  t.ok(pair.b.counters.malformed > 0)
  t.ok(pair.b.counters.malformedRtcp > 0)
  t.ok(pair.rtcp.a.length + pair.rtcp.b.length - before < 4000)
  t.end()
})
