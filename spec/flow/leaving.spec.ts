import t from 'tap'
import { EXTENSIONS, FlowPair, h264Frame, OPUS, opusFrame, parsed, receiving, rtpBytes, sending } from './pair.ts'

const audio = { mid: 'a', codecs: [OPUS], extensions: EXTENSIONS }

t.test('says BYE when a stream ends, to whom has heard of it, and tells of a BYE', t => {
  const pair = new FlowPair()
  const { sender, receiver } = pair.stream('audio', sending(audio), receiving(audio))
  const silent = pair.stream('video', sending(), receiving())
  sender.sendFrame(opusFrame(0), {}, pair.now)
  pair.run(50)
  t.equal(pair.of('b', 'media').length, 1)
  t.same(
    pair.of('b', 'stream').map(({ ssrc, receiver: its }) => [ssrc, its === receiver]),
    [[sender.ssrc, true]],
  )
  // Negotiated away.
  sender.configure(undefined)
  pair.a.configured(pair.now)
  pair.run(50)
  t.same(
    pair.told('a', 'goodbye').map(({ ssrcs }) => ssrcs),
    [[sender.ssrc]],
  )
  const [goodbye] = pair.of('b', 'goodbye')
  t.equal(goodbye?.receiver, receiver)
  t.equal(receiver.streams.length, 0)
  // And back.
  sender.configure(sending(audio))
  pair.a.configured(pair.now)
  sender.sendFrame(opusFrame(1), {}, pair.now)
  pair.run(50)
  t.equal(receiver.streams.length, 1)
  t.equal(pair.of('b', 'media').length, 2)
  pair.a.removeSender(silent.sender)
  pair.a.removeSender(sender)
  pair.a.removeSender(sender)
  pair.run(50)
  t.equal(pair.told('a', 'goodbye').length, 2)
  t.notOk(sender.sendFrame(opusFrame(2), {}, pair.now))
  pair.b.removeReceiver(receiver)
  t.equal(pair.of('b', 'stream-ended').length, 2)
  t.end()
})

t.test('says BYE for all when it closes, and nothing after that', t => {
  const pair = new FlowPair()
  const senders = Array.from({ length: 40 }, () => pair.stream('audio', sending(audio), receiving(audio)).sender)
  for (const sender of senders) sender.sendFrame(opusFrame(0), {}, pair.now)
  pair.a.close()
  pair.a.close()
  const byes = pair.told('a', 'goodbye')
  t.same(
    byes.map(({ ssrcs }) => ssrcs.length),
    [31, 9],
  )
  for (const { packets } of pair.rtcp.a) {
    t.same(
      packets.map(({ type }) => type),
      ['receiver-report', 'source-description', 'goodbye'],
    )
  }
  t.equal(pair.a.deadline, Number.POSITIVE_INFINITY)
  const sent = pair.sent.a.length
  senders[0]!.sendFrame(opusFrame(1), {}, pair.now)
  t.equal(pair.sent.a.length, sent)
  t.end()
})

t.test('takes another SSRC where the peer has ours too (RFC 3550, 8.2), and ignores what loops', t => {
  const pair = new FlowPair()
  const { sender } = pair.stream('video', sending(), receiving())
  const incoming = pair.a.createReceiver('video')
  incoming.configure(receiving())
  pair.a.configured(pair.now)
  const source = {}
  sender.sendFrame(h264Frame(0, true, 500), source, pair.now)
  const [ssrc, rtxSsrc] = [sender.ssrc, sender.rtxSsrc]
  pair.a.receiveRtp(rtpBytes({ ssrc, sequenceNumber: 1 }), pair.now)
  pair.run(1)
  t.same(
    pair.told('a', 'goodbye').map(({ ssrcs }) => ssrcs),
    [[ssrc]],
  )
  t.equal(pair.of('a', 'ssrc-changed')[0]?.sender, sender)
  t.not(sender.ssrc, ssrc)
  t.not(sender.rtxSsrc, rtxSsrc)
  t.equal(incoming.streams[0]?.ssrc, ssrc, "the SSRC is the peer's now")
  const before = parsed(pair.sent.a.at(-1)!)
  sender.sendFrame(h264Frame(1, false, 500), source, pair.now)
  const after = parsed(pair.sent.a.at(-1)!)
  t.equal(after.ssrc, sender.ssrc)
  t.equal((after.sequenceNumber - before.sequenceNumber) & 0xffff, 1)
  t.ok(after.findExtension(4), 'its m-section is shown again')
  // Who has the new one too sends our packets back.
  const changed = sender.ssrc
  for (let i = 0; i < 5; i++) pair.a.receiveRtp(pair.sent.a.at(-1)!.slice(), pair.now)
  t.equal(sender.ssrc, changed)
  t.equal(pair.a.counters.looped, 5)
  t.equal(pair.a.counters.collisions, 1)
  t.equal(incoming.streams.length, 1)
  // The stream of retransmissions collides as well; and so may who reports.
  pair.run(51_000)
  const report = {
    type: 'sender-report',
    ntpSeconds: 0,
    ntpFraction: 0,
    rtpTimestamp: 0,
    packetCount: 0,
    octetCount: 0,
  } as const
  pair.tell('a', { ...report, ssrc: sender.rtxSsrc, reports: [] })
  t.not(sender.ssrc, changed)
  t.equal(pair.a.counters.collisions, 2)
  t.end()
})

t.test('routes a stream anew when its m-section takes it no more', t => {
  const pair = new FlowPair()
  const first = pair.b.createReceiver('video')
  const second = pair.b.createReceiver('video')
  for (const receiver of [first, second]) receiver.configure(receiving())
  pair.b.configured(pair.now)
  let target = first
  pair.routes.b = () => target
  const feed = (sequenceNumber: number) => pair.b.receiveRtp(rtpBytes({ ssrc: 9, sequenceNumber }), pair.now)
  feed(1)
  first.configure(undefined)
  target = second
  feed(2)
  feed(3)
  t.equal(first.streams[0]?.statistics.packetsReceived, 1)
  t.equal(second.streams[0]?.statistics.packetsReceived, 2)
  // A packet that nobody wants moves nothing, though its way is not known any more.
  pair.routes.b = () => undefined
  pair.b.receiveRtp(rtpBytes({ ssrc: 9, sequenceNumber: 4, payloadType: 55 }), pair.now)
  feed(5)
  t.equal(second.streams[0]?.statistics.packetsReceived, 3)
  t.end()
})
