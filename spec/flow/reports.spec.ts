import t from 'tap'
import { middleOf, ntpOf } from '../../lib/rtp/index.ts'
import { EXTENSIONS, FlowPair, h264Frame, OPUS, opusFrame, parsed, receiving, rtpBytes, sending } from './pair.ts'

const ORIGIN = Date.UTC(2026, 0, 1)

const audio = { mid: 'a', codecs: [OPUS] }

t.test('tells who sends what, and how it came, about once a second with video', t => {
  const pair = new FlowPair({ delay: 40 })
  const { sender, receiver } = pair.stream('video', sending(), receiving())
  receiver.onPacket = () => {}
  const source = {}
  pair.every(1000 / 30, 300, (index, now) => void sender.sendFrame(h264Frame(index, index === 0, 500), source, now))
  pair.run(10_000)
  const own = pair.told('a', 'sender-report')
  t.ok(own.length >= 7 && own.length <= 20)
  const last = own.at(-1)!
  t.equal(last.ssrc, sender.ssrc)
  const at = pair.rtcp.a.findLast(({ packets }) => packets.includes(last))!.at
  const counted = pair.headers('a').length
  t.equal(sender.packetCount, counted)
  t.equal(
    sender.octetCount,
    pair.headers('a').reduce((sum, { payload }) => sum + payload.length, 0),
  )
  const ntp = ntpOf(ORIGIN + at)
  t.equal(last.ntpSeconds, ntp.seconds)
  t.equal(last.ntpFraction, ntp.fraction)
  // The clock of the stream where the NTP time is: 90 units a millisecond since the last frame.
  t.ok(Math.abs(((last.rtpTimestamp - sender.timestampAt(at)) | 0) - 0) <= 3000)
  for (const { packets } of pair.rtcp.a) {
    t.same(
      packets.slice(0, 2).map(({ type }) => type),
      ['sender-report', 'source-description'],
    )
  }
  const [stream] = receiver.streams
  t.match(stream?.cname, /^[A-Za-z0-9+/]{16}$/)
  t.equal(stream?.senderReports, own.length)
  const blocks = pair.told('b', 'receiver-report').flatMap(({ reports }) => reports)
  t.ok(blocks.length >= 7)
  t.ok(blocks.every(({ ssrc, packetsLost }) => ssrc === sender.ssrc && packetsLost === 0))
  const { remote, reportsReceived } = sender.counters
  // The last may be on its way.
  t.ok(blocks.length - reportsReceived <= 1)
  t.equal(remote?.report.highestSequenceNumber, blocks[reportsReceived - 1]?.highestSequenceNumber)
  t.ok(Math.abs(sender.roundTripTime! - 80) < 1, 'both ways')
  t.equal(
    sender.counters.roundTripTimeMeasurements,
    blocks.filter(({ lastSenderReport }) => lastSenderReport !== 0).length,
  )
  t.ok(Math.abs(sender.counters.totalRoundTripTime - 80 * sender.counters.roundTripTimeMeasurements) < 1)
  // When the last frame was taken in, by the sender's clock: the frame is stamped as it is sent.
  const header = parsed(pair.sent.a.at(-1)!)
  const captured = stream!.captureTime(header.timestamp)!
  t.ok(Math.abs(captured - (ORIGIN + 1000 + (299 * 1000) / 30)) < 1)
  t.end()
})

t.test('reports about every five seconds on audio alone, and where nothing flows says that it is there', t => {
  const pair = new FlowPair()
  const { sender } = pair.stream('audio', sending(audio), receiving(audio))
  const source = {}
  pair.every(20, 3000, (index, now) => void sender.sendFrame(opusFrame(index), source, now))
  pair.run(60_000)
  pair.run(8000)
  const reports = pair.told('a', 'sender-report').length
  t.ok(reports >= 9 && reports <= 24, `${reports}`)
  pair.run(30_000)
  t.equal(pair.told('a', 'sender-report').length - reports, 0)
  t.ok(pair.told('a', 'receiver-report').length >= 3)
  t.ok(pair.told('a', 'source-description').length >= 12)
  t.end()
})

t.test('says nothing of a stream of which nothing has come since', t => {
  const pair = new FlowPair()
  pair.stream('video', sending(), receiving())
  pair.b.receiveRtp(rtpBytes({ ssrc: 77, sequenceNumber: 1 }), pair.now)
  pair.run(6000)
  const blocks = pair.told('b', 'receiver-report').flatMap(({ reports }) => reports)
  t.equal(blocks.length, 1)
  t.end()
})

t.test('reports of more streams than one packet has room for', t => {
  const pair = new FlowPair()
  const receivers = Array.from({ length: 50 }, () => pair.b.createReceiver('video'))
  for (const receiver of receivers) receiver.configure(receiving())
  pair.b.configured(pair.now)
  pair.routes.b = packet => receivers[packet.ssrc - 500]
  for (let index = 0; index < 50; index++) {
    pair.b.receiveRtp(rtpBytes({ ssrc: 500 + index, sequenceNumber: 7 }), pair.now)
  }
  pair.run(1400)
  const told = pair.rtcp.b.map(({ packets }) => packets[0]!)
  const blocks = told.flatMap(packet => (packet.type === 'receiver-report' ? packet.reports : []))
  t.same(new Set(blocks.map(({ ssrc }) => ssrc)).size, 50)
  t.ok(told.every(packet => packet.type === 'receiver-report' && packet.reports.length <= 31))
  t.ok(pair.rtcp.b.every(({ size }) => size <= 1176))
  t.end()
})

t.test('knows the round trip where it only receives, by receiver reference times', t => {
  const pair = new FlowPair({ delay: 30 })
  const { sender } = pair.stream(
    'video',
    sending({ receiverReferenceTime: true }),
    receiving({ receiverReferenceTime: true }),
  )
  const source = {}
  pair.every(33, 300, (index, now) => void sender.sendFrame(h264Frame(index, index === 0, 500), source, now))
  pair.run(10_000)
  t.ok(Math.abs(pair.b.roundTripTime! - 60) < 1)
  const { total, measurements } = pair.b.referenceRoundTrips
  t.ok(measurements >= 5)
  t.ok(Math.abs(total - 60 * measurements) < 1)
  t.ok(pair.told('a', 'extended-report').length >= 5)
  t.end()
})

t.test(
  'shows its m-section in every packet until a report shows that the stream is known, and again after a change',
  t => {
    const pair = new FlowPair()
    const { sender } = pair.stream('video', sending(), receiving())
    const source = {}
    const mids = () =>
      pair
        .headers('a')
        .filter(packet => packet.payloadType === 102)
        .map(packet => packet.findExtension(4))
    pair.every(33, 100, (index, now) => void sender.sendFrame(h264Frame(index, index === 0, 500), source, now))
    pair.run(4000)
    const shown = mids()
    const until = shown.indexOf(false)
    t.ok(until > 0)
    t.ok(shown.slice(until).every(shows => !shows))
    const firstReport = pair.rtcp.b.find(({ packets }) =>
      packets.some(packet => packet.type === 'receiver-report' && packet.reports.length > 0),
    )!
    t.equal(until, Math.ceil((firstReport.at + 20 - 1000) / 33))
    sender.configure(sending({ mid: 'w' }))
    sender.sendFrame(h264Frame(200, false, 500), source, pair.now)
    const last = parsed(pair.sent.a.at(-1)!)
    t.ok(last.findExtension(4))
    t.equal(last.bytes[last.extensionStart], 'w'.charCodeAt(0))
    t.end()
  },
)

t.test('numbers the packets of all streams of a transport, and tells when they were sent', t => {
  const pair = new FlowPair()
  const video = pair.stream('video', sending(), receiving())
  const sound = pair.stream('audio', sending({ ...audio, extensions: EXTENSIONS }), receiving(audio))
  const [x, y] = [{}, {}]
  pair.every(20, 50, (index, now) => {
    video.sender.sendFrame(h264Frame(index, index === 0, 2000), x, now)
    sound.sender.sendFrame({ ...opusFrame(index), audioLevel: 30, voiceActivity: true }, y, now)
  })
  pair.run(1000)
  const headers = pair.headers('a')
  t.ok(headers.length >= 150)
  headers.forEach((packet, index) => {
    packet.findExtension(3)
    t.equal((packet.bytes[packet.extensionStart]! << 8) | packet.bytes[packet.extensionStart + 1]!, index)
  })
  const first = headers[0]!
  first.findExtension(2)
  const [high, middle, low] = first.bytes.subarray(first.extensionStart)
  t.equal((high! << 16) | (middle! << 8) | low!, 2 ** 18, 'one second, in units of 2^-18')
  const spoken = headers.find(({ payloadType }) => payloadType === 111)!
  spoken.findExtension(1)
  t.equal(spoken.bytes[spoken.extensionStart], 0x80 | 30)
  t.equal(middleOf({ seconds: 1, fraction: 0 }), 0x1_0000)
  t.end()
})
