import t from 'tap'
import type { EncodedFrame } from '../../lib/rtp/index.ts'
import {
  EXTENSIONS,
  FlowPair,
  H264,
  H264_RTX,
  h264Frame,
  LEVEL,
  OPUS,
  opusFrame,
  RED,
  receiving,
  rtpBytes,
  sending,
  TONES,
} from './pair.ts'

const SSRC = 0x77
const KEY = [0x65, 0xb8, 1, 2]
const DELTA = [0x41, 0x9a, 1, 2]

/** A description that tells the parameter sets. */
const DESCRIBED = [{ ...H264, sdpFmtpLine: `${H264.sdpFmtpLine};sprop-parameter-sets=Z0LgH9oBQBbp,aM48gA==` }, H264_RTX]

/** A receiver of frames, fed by hand. */
const receiver = () => {
  const pair = new FlowPair()
  const { receiver: its } = pair.stream('video', sending(), receiving({ codecs: DESCRIBED }))
  const got: number[] = []
  its.onFrame = frame => got.push(frame.lastSequenceNumber!)
  let time = 0
  const feed = (
    sequenceNumber: number,
    payload: number[] = DELTA,
    more: { timestamp?: number; marker?: boolean } = {},
  ) => {
    const timestamp = more.timestamp ?? sequenceNumber * 3000
    pair.b.receiveRtp(
      rtpBytes({ ssrc: SSRC, sequenceNumber, timestamp, marker: more.marker ?? true }, payload),
      pair.now,
    )
    time++
    pair.b.flush(pair.now)
  }
  return { pair, its, got, feed, frames: () => its.streams[0]!.frames!, fed: () => time }
}

t.test('hands out frames in their order, over the wrap, however their packets come', t => {
  const { got, feed } = receiver()
  feed(0xfffd, KEY)
  feed(0xffff)
  feed(0x1_0000)
  feed(0xfffe)
  feed(0x1_0002)
  feed(0x1_0001)
  t.same(got, [0xfffd, 0xfffe, 0xffff, 0, 1, 2])
  t.end()
})

t.test('ends a frame with its marker, or where the next timestamp begins', t => {
  const { got, feed } = receiver()
  feed(1, KEY, { timestamp: 0, marker: false })
  feed(2, DELTA, { timestamp: 0, marker: false })
  t.same(got, [])
  feed(3, DELTA, { timestamp: 3000, marker: false })
  t.same(got, [2])
  feed(4, DELTA, { timestamp: 3000, marker: true })
  t.same(got, [2, 4])
  // Padding has a number, and is of no frame.
  feed(5, [], { timestamp: 3000 })
  feed(6)
  t.same(got, [2, 4, 6])
  t.end()
})

t.test('asks for a key frame where video begins without one, and hands out nothing before it', t => {
  const { pair, got, feed, frames } = receiver()
  feed(1)
  feed(2)
  t.equal(pair.told('b', 'picture-loss').length, 1)
  t.equal(frames().framesDropped, 2)
  pair.run(5000)
  t.ok(pair.told('b', 'picture-loss').length >= 4, 'again, while none comes')
  t.ok(pair.told('b', 'picture-loss').length <= 7)
  feed(3, KEY)
  feed(4)
  t.same(got, [3, 4])
  const asked = pair.told('b', 'picture-loss').length
  pair.run(5000)
  t.equal(pair.told('b', 'picture-loss').length, asked)
  t.end()
})

t.test('begins with no picture whose parameter sets were lost: asks for another', t => {
  const pair = new FlowPair()
  const codecs = [{ ...H264, feedback: [{ type: 'nack', parameter: 'pli' }] }]
  const { sender, receiver: its } = pair.stream('video', sending({ codecs }), receiving({ codecs }))
  const got: number[] = []
  its.onFrame = ({ timestamp }) => got.push(timestamp)
  let packets = 0
  // The first packet, with the sets.
  pair.loses = (to, _bytes, isRtcp) => to === 'b' && !isRtcp && packets++ === 0
  const source = {}
  const frame = (index: number) => {
    const made = h264Frame(index, index % 6 === 0, 2000)
    made.data.set([0xb8, index], made.data.length - 2000 + 5)
    return made
  }
  pair.every(33, 10, (index, now) => void sender.sendFrame(frame(index), source, now))
  pair.run(1000)
  t.ok(pair.told('b', 'picture-loss').length > 0)
  t.equal(got.length, 4)
  t.equal(its.streams[0]?.frames?.keyFramesReceived, 1)
  t.end()
})

t.test('does not ask while a key frame is coming', t => {
  const { pair, got, feed } = receiver()
  // In fragments: begin, middle, end.
  feed(1, [0x7c, 0x85, 0xb8, 2], { timestamp: 0, marker: false })
  pair.run(20)
  feed(2, [0x7c, 0x05, 1, 2], { timestamp: 0, marker: false })
  pair.run(20)
  feed(3, [0x7c, 0x45, 1, 2], { timestamp: 0 })
  t.same(got, [3])
  t.equal(pair.told('b', 'picture-loss').length, 0)
  t.end()
})

t.test('gives up what is lost after a second, goes on with a key frame that is there, else asks for one', t => {
  const { pair, got, feed, frames, its } = receiver()
  feed(1, KEY)
  feed(3)
  feed(4)
  feed(5, KEY)
  feed(6)
  pair.run(990)
  t.same(got, [1])
  pair.run(20)
  t.same(got, [1, 5, 6])
  t.equal(frames().framesDropped, 2)
  t.equal(pair.told('b', 'picture-loss').length, 0)
  feed(8)
  pair.run(1010)
  feed(9)
  t.same(got, [1, 5, 6])
  t.ok(pair.told('b', 'picture-loss').length >= 1)
  t.equal(pair.told('b', 'nack').at(-1)!.sequenceNumbers[0], 7)
  feed(10, KEY)
  t.same(got, [1, 5, 6, 10])
  its.passesBroken = true
  feed(12)
  pair.run(1010)
  t.same(got, [1, 5, 6, 10, 12], 'where that is wanted')
  t.end()
})

t.test('drops a frame with a payload that is none', t => {
  const { got, feed, frames } = receiver()
  feed(1, KEY, { timestamp: 0, marker: false })
  feed(2, [0xff, 0xff], { timestamp: 0 })
  feed(3, KEY)
  t.same(got, [3])
  t.equal(frames().framesDropped, 1)
  t.end()
})

t.test('holds no more than it has room for', t => {
  const { got, feed, frames } = receiver()
  feed(1, KEY)
  for (let number = 3; number < 3 + 2500; number++) feed(number)
  t.ok(frames().framesDropped >= 2000)
  feed(3000, KEY)
  feed(3001)
  t.same(got, [1])
  t.end()
})

t.test('asks in the way that was agreed on, at packet level too, until a key frame comes', t => {
  const pair = new FlowPair()
  const onlyFir = { ...H264, feedback: [{ type: 'ccm', parameter: 'fir' }] }
  const { receiver: its } = pair.stream('video', sending(), receiving({ codecs: [onlyFir, H264_RTX] }))
  its.onPacket = () => {}
  const feed = (sequenceNumber: number, payload: number[]) =>
    pair.b.receiveRtp(rtpBytes({ ssrc: SSRC, sequenceNumber, timestamp: sequenceNumber * 3000 }, payload), pair.now)
  feed(1, DELTA)
  for (let i = 0; i < 10; i++) its.requestKeyFrame()
  pair.run(10)
  feed(2, DELTA)
  pair.run(2200)
  const commands = pair.told('b', 'full-intra-request').flatMap(({ requests }) => requests)
  t.same(
    commands,
    [1, 1, 2].map(sequenceNumber => ({ ssrc: SSRC, sequenceNumber })),
  )
  feed(3, KEY)
  pair.run(5000)
  t.equal(pair.told('b', 'full-intra-request').length, 3)
  t.equal(its.streams[0]!.firCount, 3)
  t.equal(its.streams[0]!.framesEnded, 3)
  t.end()
})

t.test('hands out audio with what its headers say, and does without what does not come', t => {
  const pair = new FlowPair()
  const both = { mid: 'a', codecs: [OPUS, TONES], extensions: EXTENSIONS }
  const { sender, receiver: its } = pair.stream('audio', sending(both), receiving(both))
  const got: EncodedFrame[] = []
  its.onFrame = frame => got.push(frame)
  const source = {}
  let sent = 0
  pair.loses = to => to === 'b' && ++sent === 5
  pair.every(20, 40, (index, now) => {
    sender.sendFrame(
      { ...opusFrame(index), audioLevel: index, voiceActivity: index % 2 === 0, csrcs: [9] },
      source,
      now,
    )
  })
  pair.run(1200)
  t.equal(got.length, 39)
  t.same(
    got.map(({ audioLevel }) => audioLevel).filter((_, index) => index < 6),
    [0, 1, 2, 3, 5, 6],
  )
  t.same(got.map(({ voiceActivity }) => voiceActivity).slice(0, 2), [true, false])
  t.same(got[0]!.csrcs, [9])
  t.equal(got[0]!.clockRate, 48_000)
  t.equal(its.streams[0]!.frames!.framesDropped, 1)
  t.equal(LEVEL.id, 1)
  // Who was heard in the last ten seconds (webrtc-pc, 5.3).
  const [heard] = its.sources.synchronization(pair.now)
  t.equal(heard?.source, sender.ssrc)
  t.equal(heard?.audioLevel, 39)
  t.equal(its.sources.contributing(pair.now)[0]?.source, 9)
  t.equal(its.sources.synchronization(pair.now + 11_000).length, 0)
  t.end()
})

t.test('repeats audio where the peer prefers it, and takes what was lost from there', t => {
  const pair = new FlowPair()
  const red = { mid: 'a', codecs: [RED, OPUS], extensions: [] }
  const { sender, receiver: its } = pair.stream('audio', sending(red), receiving(red))
  const got: EncodedFrame[] = []
  its.onFrame = frame => got.push(frame)
  const source = {}
  let sent = 0
  pair.loses = (to, _bytes, isRtcp) => {
    if (to !== 'b' || isRtcp) return false
    sent++
    return sent === 5 || sent === 9 || sent === 10
  }
  pair.every(20, 40, (index, now) => void sender.sendFrame(opusFrame(index), source, now))
  pair.run(1200)
  t.equal(got.length, 40, 'none is missing')
  t.same(
    got.map(({ data }) => data[2]),
    Array.from({ length: 40 }, (_, index) => index),
  )
  t.ok(got.every(({ mimeType, payloadType }) => mimeType === 'audio/opus' && payloadType === 111))
  t.same(
    got.map(({ timestamp }) => (timestamp - got[0]!.timestamp) >>> 0),
    Array.from({ length: 40 }, (_, index) => index * 960),
  )
  t.equal(its.streams[0]!.codec.mimeType, 'audio/opus')
  t.end()
})

t.test('starts to put frames together when somebody wants them, with a key frame', t => {
  const pair = new FlowPair()
  const { sender, receiver: its } = pair.stream('video', sending(), receiving())
  const source = {}
  const got: EncodedFrame[] = []
  let key = true
  pair.every(40, 50, (index, now) => {
    if (pair.events.a.splice(0).some(({ type }) => type === 'key-frame-requested')) key = true
    sender.sendFrame(h264Frame(index, key, 500), source, now)
    key = false
    if (index === 20) its.onFrame = frame => got.push(frame)
  })
  pair.run(2500)
  t.ok(got.length > 20 && got.length < 30)
  t.ok(got[0]!.keyFrame)
  its.onFrame = undefined
  t.equal(its.streams[0]!.frames, undefined)
  t.end()
})
