import { type Depacketizer, type JoinedFrame, payloadFormat } from 'purertc/rtp'
import t from 'tap'
import { equalBytes } from '../../lib/bytes/index.ts'
import { NalUnits } from '../../lib/rtp/payload/nal-units.ts'
import { seededRandom } from '../../lib/sim/index.ts'
import { fixtureBytes } from '../fixture.ts'
import { type CapturedPacket, disturbed, packetsOfPcap, packetsOfRtpdump, wholeFrames } from './captured.ts'
import { bytesOf, cut } from './cut.ts'

const MODE_1 = new Map([['packetization-mode', '1']])

const captures = [
  { name: 'H264 that a browser sent', encoding: 'H264', packets: packetsOfPcap('h26x/str0m-h264.pcap') },
  { name: 'H264 that FFmpeg sent', encoding: 'H264', packets: packetsOfRtpdump('h26x/h264.rtp') },
  { name: 'H265 that FFmpeg sent', encoding: 'H265', packets: packetsOfRtpdump('h26x/h265.rtp') },
]

const joined = (depacketizer: Depacketizer, frame: readonly CapturedPacket[]): JoinedFrame | undefined =>
  depacketizer.join(frame.map(({ payload }) => payload))

/** The stream with start codes of four bytes, and without the zeros behind units, which FFmpeg sends as if they were theirs. */
const normalized = (stream: Uint8Array): Uint8Array => {
  const units = new NalUnits()
  if (!units.splitAnnexB(stream)) throw new Error('no NAL units')
  const ranges = Array.from({ length: units.count }, (_, index) =>
    stream.subarray(units.starts[index], units.ends[index]),
  )
  return new Uint8Array(Buffer.concat(ranges.flatMap(range => [Uint8Array.of(0, 0, 0, 1), range])))
}

for (const encoding of ['H264', 'H265']) {
  t.test(`${encoding}: what another packetizer cut is joined to the stream that it had`, t => {
    const stream = normalized(fixtureBytes(`h26x/test.${encoding.toLowerCase()}`))
    const packets = packetsOfRtpdump(`h26x/${encoding.toLowerCase()}.rtp`)
    const depacketizer = payloadFormat(encoding)!.createDepacketizer(MODE_1)
    const frames = wholeFrames(packets, packets[0]!.sequenceNumber).map(frame => joined(depacketizer, frame)!)
    t.equal(frames.length, 20)
    t.ok(equalBytes(normalized(new Uint8Array(Buffer.concat(frames.map(({ data }) => data)))), stream))
    t.same(
      frames.map(({ keyFrame }) => keyFrame),
      frames.map((_, index) => index % 8 === 0),
    )
    t.match(frames[8]!.video, { width: 322, height: 182 })
    t.end()
  })
}

t.test('of a browser all frames are joined but those that were lost and the one whose lengths lie', t => {
  const { packets } = captures[0]!
  const frames = wholeFrames(packets, packets[0]!.sequenceNumber)
  const depacketizer = payloadFormat('H264')!.createDepacketizer(MODE_1)
  const refused = frames.filter(frame => joined(depacketizer, frame) === undefined)
  t.same(
    refused.map(frame => frame.map(({ sequenceNumber }) => sequenceNumber)),
    [[19_388]],
    'a STAP-A of which the capture lacks the end',
  )
  const keyFrames = frames.map(frame => joined(depacketizer, frame)).filter(frame => frame?.keyFrame)
  t.same(
    keyFrames.map(frame => [frame?.video?.width, frame?.video?.height]),
    [...Array(4).fill([494, 370]), ...Array(3).fill([640, 480])],
  )
  t.end()
})

for (const { name, encoding, packets } of captures) {
  const format = payloadFormat(encoding)!
  const first = packets[0]!.sequenceNumber

  t.test(`${name}: each frame, cut anew, is joined to the same`, t => {
    const depacketizer = format.createDepacketizer(MODE_1)
    const again = format.createDepacketizer(MODE_1)
    const packetizer = format.createPacketizer(MODE_1, 0)
    const frames = wholeFrames(packets, first).flatMap(frame => joined(depacketizer, frame) ?? [])
    t.ok(frames.length >= 20)
    for (const limit of [60, 500, 1200]) {
      for (const frame of frames) {
        const payloads = bytesOf(cut(packetizer, frame, limit))
        if (payloads.some(({ length }) => length > limit)) t.fail('longer than the limit')
        const other = again.join(payloads)
        if (other === undefined || !equalBytes(other.data, normalized(frame.data)))
          t.fail(`other bytes at a limit of ${limit}`)
        if (other?.keyFrame !== frame.keyFrame || other.video?.width !== frame.video?.width) t.fail('other details')
      }
    }
    t.end()
  })

  t.test(`${name}: with losses, duplicates and disorder what is whole is the same, what is not is none`, t => {
    const depacketizer = format.createDepacketizer(MODE_1)
    const frames = new Map(
      wholeFrames(packets, first).map(frame => [
        frame[0]!.timestamp,
        { frame, data: joined(depacketizer, frame)?.data },
      ]),
    )
    for (let seed = 1; seed <= 20; seed++) {
      const arrived = disturbed(packets, seededRandom(seed), 8)
      const receiver = format.createDepacketizer(MODE_1)
      const whole = wholeFrames(arrived, first)
      for (const frame of whole) {
        const data = joined(receiver, frame)?.data
        const expected = frames.get(frame[0]!.timestamp)?.data
        if (expected === undefined ? data !== undefined : !equalBytes(data ?? new Uint8Array(0), expected))
          t.fail(`seed ${seed}`)
      }
      const numbers = new Set(arrived.map(({ sequenceNumber }) => sequenceNumber))
      const lost = packets.length - numbers.size
      t.ok(
        whole.length <= frames.size && whole.length >= frames.size - 2 * lost,
        `${whole.length} frames, ${lost} packets lost`,
      )
      // As they came, without order: nothing that is out of order makes a frame of other bytes.
      for (const { frame, data } of frames.values()) {
        const came = arrived.filter(packet => frame.includes(packet))
        const inOrder = came.length === frame.length && came.every((packet, index) => packet === frame[index])
        const made = came.length > 0 ? joined(receiver, came) : undefined
        if (inOrder && data !== undefined && !equalBytes(made?.data ?? new Uint8Array(0), data)) t.fail(`seed ${seed}`)
      }
    }
    t.end()
  })
}
