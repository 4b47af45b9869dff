import t from 'tap'
import { diff16 } from '../../lib/bytes/index.ts'
import { type ReceivedTelephoneEvent, type RtpPacket, TelephoneEventReceiver, toneEvent } from '../../lib/rtp/index.ts'
import { FlowPair, OPUS, opusFrame, receiving, sending, TONES } from './pair.ts'

const both = { mid: 'a', codecs: [OPUS, TONES], extensions: [] }

const isTone = ({ payloadType }: RtpPacket) => payloadType === 110

t.test('plays a tone in the stream of audio, in its place and time', t => {
  const pair = new FlowPair()
  const { sender, receiver } = pair.stream('audio', sending(both), receiving(both))
  const heard: string[] = []
  const events = new TelephoneEventReceiver(({ event, change, duration }: ReceivedTelephoneEvent) =>
    heard.push(`${event} ${change} ${duration}`),
  )
  let frames = 0
  receiver.onFrame = () => frames++
  receiver.onPacket = packet => {
    if (isTone(packet)) events.receive(packet.bytes, packet.payloadStart, packet.payloadEnd, packet.timestamp)
  }
  t.ok(sender.canPlayTones)
  const source = {}
  pair.every(20, 40, (index, now) => {
    sender.sendFrame(opusFrame(index), source, now)
    if (index === 10) t.ok(sender.playTone(toneEvent('5'), 100, now))
  })
  pair.run(1000)
  const all = pair.headers('a')
  t.ok(all.every((packet, index) => diff16(packet.sequenceNumber, all[0]!.sequenceNumber) === index))
  const tones = all.filter(isTone)
  t.same(
    tones.map(({ marker }) => marker),
    [true, false, false, false, false, false, false],
  )
  const timestamp = (all[0]!.timestamp + 10 * 960) >>> 0
  t.ok(tones.every(packet => packet.timestamp === timestamp))
  t.same(
    tones.map(({ payload }) => [payload[1]! >> 7, (payload[2]! << 8) | payload[3]!]),
    [
      [0, 960],
      [0, 1920],
      [0, 2880],
      [0, 3840],
      [1, 4800],
      [1, 4800],
      [1, 4800],
    ],
  )
  // Audio waits until the tone is told.
  const after = all.slice(all.indexOf(tones.at(-1)!) + 1)
  t.equal((after[0]!.timestamp - timestamp) >>> 0, 8 * 960)
  t.equal(heard.at(0), '5 begins 960')
  t.equal(heard.at(-1), '5 ends 4800')
  t.equal(heard.filter(each => each.includes('ends')).length, 1)
  t.equal(frames, all.length - tones.length)
  t.equal(receiver.streams[0]!.codec.mimeType, 'audio/opus')
  t.equal(receiver.streams[0]!.frames!.framesDropped, 0)
  t.end()
})

t.test('ends a tone at once for the next, and where it is told to', t => {
  const pair = new FlowPair()
  const { sender } = pair.stream('audio', sending(both), receiving(both))
  sender.playTone(1, 6000, pair.now)
  pair.run(50)
  sender.playTone(2, 6000, pair.now)
  pair.run(50)
  sender.stopTone(pair.now)
  pair.run(500)
  const tones = pair.headers('a')
  const ends = tones.filter(({ payload }) => payload[1]! >= 0x80)
  t.same(
    ends.map(({ payload }) => payload[0]),
    [1, 1, 1, 2, 2, 2],
  )
  t.equal(new Set(tones.map(({ timestamp }) => timestamp)).size, 2)
  t.equal(sender.deadline, Number.POSITIVE_INFINITY)
  t.throws(() => sender.playTone(256, 100, pair.now), RangeError)
  t.end()
})

t.test('plays none where the peer takes none', t => {
  const pair = new FlowPair()
  const { sender } = pair.stream('audio', sending({ ...both, codecs: [OPUS] }), receiving(both))
  t.notOk(sender.canPlayTones)
  t.notOk(sender.playTone(1, 100, pair.now))
  const other = pair.stream('audio', sending(both), receiving(both))
  other.sender.active = false
  t.notOk(other.sender.playTone(1, 100, pair.now))
  t.end()
})
