import t from 'tap'
import { equalBytes } from '../../lib/bytes/index.ts'
import { SendHistory } from '../../lib/flow/send-history.ts'
import type { RtpPacket } from '../../lib/rtp/index.ts'
import { EXTENSIONS, FlowPair, h264Frame, parsed, receiving, rtpBytes, sending } from './pair.ts'

const RID = { uri: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id', id: 10 }
const REPAIRED_RID = { uri: 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id', id: 11 }
const DELTA = [0x41, 0x9a, 1, 2]

/** A packet with one header extension of one byte. */
const withExtension = (bytes: Uint8Array, id: number, value: string): Uint8Array => {
  const all = new Uint8Array(bytes.length + 8)
  all.set(bytes.subarray(0, 12))
  all[0]! |= 0x10
  all.set([0xbe, 0xde, 0, 1, id << 4, value.charCodeAt(0), 0, 0], 12)
  all.set(bytes.subarray(12), 20)
  return all
}

/** A receiver fed by hand, and the numbers of the packets it hands out, with their streams. */
const receiver = (parameters = receiving()) => {
  const pair = new FlowPair()
  const { receiver: its } = pair.stream('video', sending(), parameters)
  const got: [number, number][] = []
  its.onPacket = ({ ssrc, sequenceNumber, payloadType, payload }: RtpPacket) => {
    if (payloadType !== 102 || !equalBytes(payload, Uint8Array.from(DELTA))) throw new Error('not as it was')
    got.push([ssrc, sequenceNumber])
  }
  const media = (ssrc: number, sequenceNumber: number, rid?: string) => {
    const bytes = rtpBytes({ ssrc, sequenceNumber }, DELTA)
    pair.b.receiveRtp(rid === undefined ? bytes : withExtension(bytes, RID.id, rid), pair.now)
  }
  let rtxNumber = 0
  const rtx = (ssrc: number, original: number, rid?: string, payload = DELTA) => {
    const osn = [original >> 8, original & 0xff, ...payload]
    const bytes = rtpBytes({ ssrc, sequenceNumber: rtxNumber++, payloadType: 103 }, osn)
    pair.b.receiveRtp(rid === undefined ? bytes : withExtension(bytes, REPAIRED_RID.id, rid), pair.now)
  }
  return { pair, its, got, media, rtx }
}

t.test('sends what is missed in a stream beside, as RFC 4588 has it', t => {
  const pair = new FlowPair()
  const { sender } = pair.stream('video', sending(), receiving())
  const source = {}
  sender.sendFrame({ ...h264Frame(0, true, 3000), csrcs: [7] }, source, pair.now)
  const originals = pair.headers('a')
  pair.run(50)
  const wanted = originals.slice(1, 3).map(({ sequenceNumber }) => sequenceNumber)
  pair.tell('a', { type: 'nack', senderSsrc: 1, mediaSsrc: sender.ssrc, sequenceNumbers: wanted })
  const again = pair.headers('a').slice(originals.length)
  t.equal(again.length, 2)
  again.forEach((packet, index) => {
    const original = originals[index + 1]!
    t.equal(packet.ssrc, sender.rtxSsrc)
    t.equal(packet.payloadType, 103)
    t.equal(packet.timestamp, original.timestamp)
    t.equal(packet.marker, original.marker)
    t.equal(packet.csrc(0), 7)
    const { payload } = packet
    t.equal((payload[0]! << 8) | payload[1]!, original.sequenceNumber)
    t.same(payload.subarray(2), original.payload)
    // A number of the transport of its own, and the name of its m-section.
    packet.findExtension(3)
    t.equal(packet.bytes[packet.extensionStart + 1], originals.length + index)
    t.ok(packet.findExtension(4))
  })
  t.equal((again[1]!.sequenceNumber - again[0]!.sequenceNumber) & 0xffff, 1)
  t.equal(sender.counters.packetsSent, originals.length)
  t.equal(sender.counters.retransmittedPacketsSent, 2)
  t.equal(sender.packetCount, originals.length, 'a stream of its own')
  // Once the peer is seen to know the stream of retransmissions, they need no name.
  const block = {
    fractionLost: 0,
    packetsLost: 0,
    highestSequenceNumber: 1,
    jitter: 0,
    lastSenderReport: 0,
    delaySinceLastSenderReport: 0,
  }
  pair.tell('a', { type: 'receiver-report', ssrc: 1, reports: [{ ssrc: sender.rtxSsrc, ...block }] })
  pair.run(100)
  pair.tell('a', { type: 'nack', senderSsrc: 1, mediaSsrc: sender.ssrc, sequenceNumbers: wanted })
  t.notOk(parsed(pair.sent.a.at(-1)!).findExtension(4))
  t.equal(sender.counters.remote, undefined, 'that report is about no media')
  t.end()
})

t.test('sends a packet again once a round trip, and gives less than is asked by who asks too much', t => {
  const pair = new FlowPair()
  const { sender } = pair.stream('video', sending(), receiving())
  sender.sendFrame(h264Frame(0, true, 100_000), {}, pair.now)
  const numbers = pair.headers('a').map(({ sequenceNumber }) => sequenceNumber)
  const ask = () => pair.tell('a', { type: 'nack', senderSsrc: 1, mediaSsrc: sender.ssrc, sequenceNumbers: numbers })
  ask()
  ask()
  t.equal(sender.counters.retransmittedPacketsSent, numbers.length)
  for (let round = 0; round < 200; round++) {
    pair.run(10)
    ask()
  }
  t.ok(sender.counters.retransmittedPacketsSent <= 64 + 2 * numbers.length)
  t.ok(sender.counters.retransmissionsRefused > 1000)
  t.equal(sender.counters.nackCount, 202)
  t.end()
})

t.test('keeps what was sent for a while, by number and by age', t => {
  const history = new SendHistory()
  const bytes = new Uint8Array(100)
  for (let index = 0; index < 1500; index++) {
    bytes[0] = index
    history.add((65_000 + index) & 0xffff, bytes, 0, 100, index)
  }
  const find = (index: number, now = 2000) => history.find((65_000 + index) & 0xffff, 50, now)
  t.equal(find(1499)?.[0], 1499 & 0xff)
  t.equal(find(476)?.[0], 476 & 0xff)
  t.equal(find(475), undefined)
  t.equal(find(1500), undefined)
  t.equal(find(1499, 2040), undefined, 'it is on its way')
  t.ok(find(1499, 2050))
  t.equal(find(600, 4000), undefined)
  t.ok(find(1400, 2900))
  history.tidy(4450)
  t.equal(find(1400, 2950), undefined, 'given back')
  t.ok(find(1499, 2950))
  history.clear()
  t.equal(find(1499, 3000), undefined)
  const other = new SendHistory()
  other.add(5, bytes, 0, 100, 0)
  t.equal(other.find(6, 50, 0), undefined, 'what is taken over from others is empty')
  other.add(7, new Uint8Array(1601), 0, 1601, 0)
  t.equal(other.find(7, 50, 0), undefined, 'longer than any datagram of ours')
  t.end()
})

t.test('finds the stream of a retransmission by the group of the description', t => {
  const ssrcGroups = [
    { semantics: 'FID', ssrcs: [1, 11] },
    { semantics: 'FID', ssrcs: [2, 12] },
  ]
  const { its, got, media, rtx } = receiver(receiving({ ssrcs: [1, 11, 2, 12], ssrcGroups }))
  media(1, 100)
  rtx(12, 200)
  t.equal(its.counters.droppedRetransmissions, 1, 'nothing of its stream has come')
  media(2, 201)
  rtx(12, 200)
  rtx(11, 99)
  rtx(11, 99)
  t.same(got, [
    [1, 100],
    [2, 201],
    [2, 200],
    [1, 99],
  ])
  t.equal(its.streams[1]!.retransmittedPacketsReceived, 1)
  t.equal(its.streams[0]!.packetsDuplicated, 1)
  t.equal(its.streams[0]!.statistics.packetsReceived, 1)
  t.end()
})

t.test('finds it by the name that the packet says', t => {
  const { got, media, rtx } = receiver(receiving({ extensions: [...EXTENSIONS, RID, REPAIRED_RID] }))
  media(1, 100, 'h')
  media(2, 200, 'l')
  rtx(12, 199, 'l')
  rtx(11, 99, 'h')
  rtx(11, 98)
  t.same(got, [
    [1, 100],
    [2, 200],
    [2, 199],
    [1, 99],
    [1, 98],
  ])
  t.end()
})

t.test('finds it where there is one stream, or one that misses the packet', t => {
  const { got, media, rtx, its } = receiver()
  media(1, 100)
  rtx(11, 99)
  media(2, 200)
  rtx(12, 150)
  t.equal(its.counters.droppedRetransmissions, 1)
  media(2, 202)
  rtx(12, 201)
  rtx(12, 199)
  t.same(got, [
    [1, 100],
    [1, 99],
    [2, 200],
    [2, 202],
    [2, 201],
    [2, 199],
  ])
  t.end()
})

t.test('takes what carries nothing for padding, and reports on the stream of retransmissions', t => {
  const { pair, got, media, rtx, its } = receiver()
  media(1, 100)
  rtx(11, 0, undefined, [])
  pair.b.receiveRtp(rtpBytes({ ssrc: 11, sequenceNumber: 1, payloadType: 103 }, []), pair.now)
  t.same(got, [[1, 100]])
  t.equal(its.counters.droppedRetransmissions, 0)
  pair.run(1500)
  const blocks = pair.told('b', 'receiver-report').flatMap(({ reports }) => reports)
  t.same(
    blocks.map(({ ssrc }) => ssrc),
    [1, 11],
  )
  t.end()
})

t.test('takes the last of a stream that was lost, but no number that lies', t => {
  const { got, media, rtx, its } = receiver()
  media(1, 100)
  rtx(11, 102)
  rtx(11, 20_100)
  rtx(11, 45_000)
  media(1, 103)
  media(1, 101)
  t.same(
    got.map(([, sequenceNumber]) => sequenceNumber),
    [100, 102, 103, 101],
  )
  t.equal(its.stream(1)?.nack?.givenUp, 0)
  t.end()
})
