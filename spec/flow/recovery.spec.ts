import t from 'tap'
import { equalBytes } from '../../lib/bytes/index.ts'
import type { EncodedFrame } from '../../lib/rtp/index.ts'
import { FlowPair, H264, h264Frame, type PipeOptions, parsed, receiving, sending } from './pair.ts'

const FRAMES = 300

/** Sends frames of several packets, 30 a second. */
const sendVideo = (options: PipeOptions, codecs = sending().codecs) => {
  const pair = new FlowPair(options)
  const { sender, receiver } = pair.stream('video', sending({ codecs }), receiving({ codecs }))
  const got: { frame: EncodedFrame; at: number }[] = []
  receiver.onFrame = (frame, now) => got.push({ frame, at: now })
  const packets: number[] = []
  receiver.onPacket = packet => packets.push(packet.sequenceNumber)
  const source = {}
  const madeAt: number[] = []
  pair.every(1000 / 30, FRAMES, (index, now) => {
    madeAt.push(now)
    sender.sendFrame(h264Frame(index, index === 0, 3000), source, now)
  })
  pair.run(FRAMES * 34 + 2000)
  return { pair, sender, receiver, got, packets, madeAt }
}

t.test('loses no frame of video at a loss of 5 % both ways, and has each within a second', t => {
  for (const seed of [1, 2, 3]) {
    const { got, madeAt, sender, receiver, packets } = sendVideo({
      seed,
      loss: 0.05,
      spread: 15,
      duplicates: 0.01,
      calm: 20,
    })
    t.equal(got.length, FRAMES)
    t.ok(got.every(({ frame }, index) => equalBytes(frame.data, h264Frame(index, index === 0, 3000).data)))
    t.ok(got.every(({ at }, index) => at - madeAt[index]! < 1000))
    t.equal(new Set(packets).size, packets.length, 'each packet once')
    const stream = receiver.streams[0]!
    t.equal(stream.frames?.framesReceived, FRAMES)
    t.equal(stream.frames?.framesDropped, 0)
    t.equal(stream.frames?.keyFramesReceived, 1)
    t.equal(stream.framesEnded, FRAMES)
    t.ok(stream.retransmittedPacketsReceived > 20)
    t.ok(sender.counters.retransmittedPacketsSent >= stream.retransmittedPacketsReceived)
    t.ok(sender.counters.nackCount > 0 && sender.counters.nackCount <= stream.nackCount)
    t.equal(sender.counters.framesSent, FRAMES)
    t.equal(sender.counters.keyFramesSent, 1)
  }
  t.end()
})

t.test('sends the same packets again where no stream of retransmissions was agreed on', t => {
  const { pair, got, sender } = sendVideo({ loss: 0.05, calm: 20 }, [H264])
  t.equal(got.length, FRAMES)
  t.ok(sender.counters.retransmittedPacketsSent > 20)
  const bySequence = new Map<number, Uint8Array>()
  let again = 0
  for (const bytes of pair.sent.a) {
    const { sequenceNumber, ssrc } = parsed(bytes)
    t.equal(ssrc, sender.ssrc)
    const before = bySequence.get(sequenceNumber)
    if (before !== undefined) {
      again++
      t.ok(equalBytes(bytes, before), 'to the byte')
    }
    bySequence.set(sequenceNumber, bytes)
  }
  t.equal(again, sender.counters.retransmittedPacketsSent)
  t.end()
})

t.test('asks for nothing where packets come in order, and once a round trip for what is lost', t => {
  const clean = sendVideo({})
  t.equal(clean.pair.told('b', 'nack').length, 0)
  t.equal(clean.sender.counters.retransmittedPacketsSent, 0)

  const pair = new FlowPair({ delay: 50 })
  const { sender, receiver } = pair.stream('video', sending(), receiving())
  receiver.onFrame = () => {}
  let lost = 0
  pair.loses = (to, bytes, isRtcp) => {
    if (to !== 'b' || isRtcp || lost > 3) return false
    const { payloadType, sequenceNumber } = parsed(bytes)
    const first = parsed(pair.sent.a[0]!).sequenceNumber
    const isIt = payloadType === 103 || sequenceNumber === ((first + 10) & 0xffff)
    if (isIt) lost++
    return isIt
  }
  const source = {}
  pair.every(20, 100, (index, now) => void sender.sendFrame(h264Frame(index, index === 0, 500), source, now))
  pair.run(3000)
  const asked = pair.rtcp.b.filter(({ packets }) => packets.some(({ type }) => type === 'nack'))
  t.equal(lost, 4)
  t.equal(asked.length, 4, 'until it has come')
  for (let i = 1; i < asked.length; i++) t.ok(asked[i]!.at - asked[i - 1]!.at >= 100)
  t.end()
})

t.test('goes on with a key frame after a loss that cannot be made good, and asks for it', t => {
  const pair = new FlowPair()
  const { sender, receiver } = pair.stream('video', sending(), receiving())
  const got: EncodedFrame[] = []
  receiver.onFrame = frame => got.push(frame)
  pair.loses = (to, bytes, isRtcp) => {
    if (to !== 'b' || isRtcp) return false
    const { payloadType, sequenceNumber } = parsed(bytes)
    return payloadType === 103 || sequenceNumber === ((parsed(pair.sent.a[0]!).sequenceNumber + 20) & 0xffff)
  }
  const source = {}
  let key = true
  pair.every(40, 100, (index, now) => {
    for (const event of pair.of('a', 'key-frame-requested').splice(0)) key ||= event.sender === sender
    pair.events.a.length = 0
    sender.sendFrame(h264Frame(index, key, 800), source, now)
    key = false
  })
  pair.run(5000)
  const stream = receiver.streams[0]!
  t.equal(stream.frames?.keyFramesReceived, 2)
  t.ok(stream.pliCount >= 1)
  // A frame of one packet that is lost leaves no trace but its number.
  t.equal(got.length + (stream.frames?.framesDropped ?? 0), 99)
  t.ok(got.length > 60)
  t.end()
})
