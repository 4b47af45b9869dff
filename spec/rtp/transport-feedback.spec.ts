/** Feedback on every packet of a transport: all chunks and deltas, there and back, and cut to datagrams. */

import fc from 'fast-check'
import {
  type Arrival,
  decodeRtcp,
  encodeRtcp,
  isCompoundRtcp,
  MOST_FEEDBACK_PACKETS,
  packRtcp,
  type RtcpPacket,
  sequenceNumberAt,
  splitRtcp,
  type TransportFeedback,
  type TransportFeedbackPacket,
} from 'purertc/rtp'
import t, { type Test } from 'tap'
import { fromHex, hex } from '../../lib/bytes/index.ts'

const packetOf = (arrivals: readonly Arrival[], more: Partial<TransportFeedback> = {}): TransportFeedbackPacket => ({
  type: 'transport-feedback',
  senderSsrc: 1,
  mediaSsrc: 2,
  feedback: { baseSequenceNumber: 0xfffe, referenceTime: -2, feedbackCount: 255, arrivals, ...more },
})

/** Status count and chunks, then deltas, of a report with the base 0xfffe, the reference time -2 and the count 255. */
const bytesOf = (count: string, body: string): string => {
  const text = `0000000100000002fffe${count}fffffeff${body}`.replaceAll(' ', '')
  const padded = text.padEnd(Math.ceil(text.length / 8) * 8, '0')
  return `8fcd${(padded.length / 8).toString(16).padStart(4, '0')}${padded}`
}

const both = (t: Test, arrivals: readonly Arrival[], count: string, body: string, message: string): void => {
  t.equal(hex(encodeRtcp([packetOf(arrivals)])), bytesOf(count, body), `${message}: written`)
  t.strictSame(decodeRtcp(fromHex(bytesOf(count, body))!), { packets: [packetOf(arrivals)], malformed: 0 }, message)
}

const repeated = <T>(count: number, each: T): T[] => new Array<T>(count).fill(each)
const none = undefined

t.test('each kind of chunk (3.1.3, 3.1.4)', t => {
  both(t, repeated(16, 4), '0010', `2010 ${'04'.repeat(16)}`, 'a run of small deltas')
  both(t, repeated(7, 256), '0007', `4007 ${'0100'.repeat(7)}`, 'a run of large deltas')
  both(t, [1, ...repeated(8191, none), 2], '2001', 'a000 1ff2 2001 0102', 'packets that did not come')
  both(t, [1, none, 2, none, 3], '0005', 'aa00 010203', 'one bit each')
  both(t, [1, none, 256, -1, 255], '0005', 'd290 01 0100 ffff ff', 'two bits each')
  both(t, [-32768, 32767, 255, 256], '0004', 'e980 8000 7fff ff 0100', 'deltas of 16 bits with a sign')
  const [last] = decodeRtcp(encodeRtcp([packetOf([1, 2, 3])])).packets
  t.equal(last?.type === 'transport-feedback' && sequenceNumberAt(last.feedback, 2), 0, 'numbers begin again')
  t.end()
})

t.test('what another writer may choose is read too', t => {
  const read = (count: string, body: string): readonly Arrival[] | undefined => {
    const [packet] = decodeRtcp(fromHex(bytesOf(count, body))!).packets
    return packet?.type === 'transport-feedback' ? packet.feedback.arrivals : undefined
  }
  t.strictSame(read('0002', '3fff 0102'), [1, 2], 'a run beyond the count')
  t.strictSame(read('0002', 'bfff 0102'), [1, 2], 'a vector beyond the count')
  t.strictSame(read('0003', '0001 2001 d000 05 06'), [none, 5, 6], 'short runs')
  t.strictSame(read('0000', ''), [], 'nothing at all')
  // As libwebrtc pads: bytes behind the deltas, the last of which counts them.
  const padded = fromHex('afcd0006 00000001 00000002 00010001 00000000 2001 0400 00000004'.replaceAll(' ', ''))!
  t.match(decodeRtcp(padded), { packets: [{ feedback: { arrivals: [4] } }], malformed: 0 })
  t.end()
})

t.test('what lies is left out', t => {
  const malformed = (count: string, body: string, message: string): boolean =>
    t.strictSame(decodeRtcp(fromHex(bytesOf(count, body))!), { packets: [], malformed: 1 }, message)
  malformed('0003', '2003 0102', 'fewer deltas than packets')
  malformed('2fff', '1fff', 'fewer chunks than packets')
  malformed('0001', '2000 0000', 'a run of none')
  malformed('0001', '6001 0000', 'a status that is none, in a run')
  malformed('0001', 'f000 0000', 'and in a vector')
  const most = MOST_FEEDBACK_PACKETS.toString(16).padStart(4, '0')
  const runs = '1fff'.repeat(3)
  t.equal(decodeRtcp(fromHex(bytesOf(most, runs))!).malformed, 0)
  malformed((MOST_FEEDBACK_PACKETS + 1).toString(16), runs, 'more than anybody tells of')
  const many = fromHex(bytesOf(most, runs).repeat(20))!
  const read = decodeRtcp(many)
  t.equal(read.packets.length, 1, 'nor may one datagram tell so much twice')
  t.equal(read.malformed, 19)
  t.end()
})

/** When each packet came, by its number, in ticks. */
const timesOf = (packets: readonly RtcpPacket[]): Map<number, number> => {
  const times = new Map<number, number>()
  for (const packet of packets) {
    if (packet.type !== 'transport-feedback') continue
    let at = packet.feedback.referenceTime * 256
    packet.feedback.arrivals.forEach((delta, index) => {
      at += delta ?? 0
      if (delta !== undefined) times.set(sequenceNumberAt(packet.feedback, index), at)
    })
  }
  return times
}

t.test('cut to datagrams it says the same: each piece whole, numbered on, with a reference time of its own', t => {
  const arrival = fc.oneof(
    { weight: 3, arbitrary: fc.constant(none) },
    { weight: 5, arbitrary: fc.nat(255) },
    { weight: 2, arbitrary: fc.integer({ min: -40_000, max: 40_000 }) },
  )
  const arrivals = fc.array(arrival, { minLength: 1, maxLength: 400 })
  const halfTheTimes = { referenceTime: 0x40_0000 }
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 100, max: 1200 }), (all, limit) => {
      const packet = packetOf(all, halfTheTimes)
      const pieces = splitRtcp(packet, limit) as readonly TransportFeedbackPacket[]
      pieces.forEach(({ feedback }, index) => {
        if (feedback.feedbackCount !== ((255 + index) & 0xff)) throw new Error('not numbered on')
      })
      const datagrams = pieces.map(piece => encodeRtcp([piece]))
      if (datagrams.some(({ length }) => length > limit)) throw new Error('too long')
      const read = datagrams.flatMap(bytes => decodeRtcp(bytes).packets) as TransportFeedbackPacket[]
      if (read.length !== pieces.length) throw new Error('not read')
      const told = read.reduce((sum, { feedback }) => sum + feedback.arrivals.length, 0)
      if (told !== all.length) throw new Error('other packets')
      const [is, was] = [timesOf(read), timesOf([packet])]
      if (is.size !== was.size) throw new Error('other arrivals')
      for (const [number, at] of was) if (is.get(number) !== at) throw new Error(`another time of ${number}`)
    }),
    { numRuns: 200 },
  )
  const short = packetOf([1, 2])
  t.equal(splitRtcp(short, 1200)[0], short, 'what fits is not touched')
  t.end()
})

t.test('lost numbers and arrivals by stream are cut too, and all go into as few datagrams as they need', t => {
  const sequenceNumbers = Array.from({ length: 600 }, (_, index) => (65_000 + 3 * index) & 0xffff)
  const arrivals = Array.from({ length: 901 }, (_, index) => (index % 3 === 0 ? none : { ecn: 0, offset: index }))
  const nack: RtcpPacket = { type: 'nack', senderSsrc: 1, mediaSsrc: 2, sequenceNumbers }
  const streams = [3, 4].map(ssrc => ({ ssrc, beginSequenceNumber: 65_000, arrivals }))
  const congestion: RtcpPacket = { type: 'congestion-feedback', senderSsrc: 1, streams, reportTimestamp: 9 }
  const loss: RtcpPacket = { type: 'picture-loss', senderSsrc: 1, mediaSsrc: 2 }
  const prefix: RtcpPacket[] = [
    { type: 'receiver-report', ssrc: 1, reports: [] },
    { type: 'source-description', chunks: [{ ssrc: 1, items: [{ item: 1, text: 'name' }] }] },
  ]
  for (const [limit, head] of [
    [300, []],
    [300, prefix],
    [1200, prefix],
  ] as const) {
    const datagrams = packRtcp([loss, nack, congestion, loss], limit, head)
    t.ok(datagrams.every(({ length }) => length <= limit))
    t.ok(datagrams.every(bytes => isCompoundRtcp(bytes) === head.length > 0))
    t.ok(datagrams.every(bytes => decodeRtcp(bytes).malformed === 0))
    const read = datagrams.flatMap(bytes => decodeRtcp(bytes).packets)
    t.strictSame(
      read.flatMap(packet => (packet.type === 'nack' ? packet.sequenceNumbers : [])),
      sequenceNumbers,
    )
    const parts = read.flatMap(each => (each.type === 'congestion-feedback' ? each.streams : []))
    for (const ssrc of [3, 4]) {
      const mine = parts.filter(part => part.ssrc === ssrc)
      t.strictSame(
        mine.flatMap(part => part.arrivals),
        arrivals,
      )
      let next = 65_000
      for (const part of mine) {
        t.equal(part.beginSequenceNumber, next & 0xffff)
        next += part.arrivals.length
      }
    }
    t.equal(read.filter(({ type }) => type === 'picture-loss').length, 2)
    const least = datagrams.reduce((sum, { length }) => sum + length, 0) / limit
    t.ok(datagrams.length <= Math.ceil(least) + 4, `${datagrams.length} datagrams`)
  }
  t.strictSame(packRtcp([], 1200, prefix), [])
  t.equal(packRtcp([loss, loss], 1200).length, 1)
  t.end()
})
