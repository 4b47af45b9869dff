import { type Depacketizer, emptyPayloadInfo, type JoinedFrame, payloadFormat } from 'purertc/rtp'
import t from 'tap'
import { equalBytes } from '../../lib/bytes/index.ts'
import { seededRandom } from '../../lib/sim/index.ts'
import { fixtureBytes } from '../fixture.ts'
import { type CapturedPacket, disturbed, packetsOfPcap, packetsOfRtpdump, wholeFrames } from './captured.ts'
import { framesOfIvf, NO_PARAMETERS, packetsOf, packetsOfFolder } from './video-streams.ts'

const joined = (depacketizer: Depacketizer, frame: readonly CapturedPacket[]): JoinedFrame | undefined =>
  depacketizer.join(frame.map(({ payload }) => payload))

/** The frames of a stream that are whole, and their times. */
const framesOf = (
  encoding: string,
  packets: readonly CapturedPacket[],
): { frame: JoinedFrame; timestamp: number }[] => {
  const depacketizer = payloadFormat(encoding)!.createDepacketizer(NO_PARAMETERS)
  return wholeFrames(packets, packets[0]!.sequenceNumber).flatMap(whole => {
    const frame = joined(depacketizer, whole)
    return frame === undefined ? [] : { frame, timestamp: whole[0]!.timestamp }
  })
}

const frameOf = (data: Uint8Array, index: number): JoinedFrame => ({ data, keyFrame: index % 8 === 0 })

const streams = [
  { name: 'VP8 of a browser', encoding: 'VP8', packets: packetsOfPcap('rtp-media/vp8.pcap'), frames: 101 },
  { name: 'VP8 of another browser', encoding: 'VP8', packets: packetsOfFolder('rtp-media/werift-vp8'), frames: 31 },
  { name: 'VP8 of FFmpeg', encoding: 'VP8', packets: packetsOfRtpdump('rtp-media/vp8.rtp'), frames: 20 },
  { name: 'VP9 of a browser', encoding: 'VP9', packets: packetsOfPcap('rtp-media/vp9.pcap'), frames: 16 },
  { name: 'VP9 of FFmpeg', encoding: 'VP9', packets: packetsOfRtpdump('rtp-media/vp9.rtp'), frames: 20 },
  { name: 'AV1 of a browser', encoding: 'AV1', packets: packetsOfPcap('rtp-media/av1.pcap'), frames: 44 },
  {
    name: 'AV1 of our own cutting',
    encoding: 'AV1',
    packets: packetsOf('AV1', framesOfIvf('rtp-media/av1.ivf').map(frameOf), 400),
    frames: 20,
  },
]

for (const encoding of ['VP8', 'VP9']) {
  t.test(`${encoding}: what another packetizer cut is joined to the frames that it had`, t => {
    const name = encoding.toLowerCase()
    const frames = framesOf(encoding, packetsOfRtpdump(`rtp-media/${name}.rtp`)).map(({ frame }) => frame)
    const had = framesOfIvf(`rtp-media/${name}.ivf`)
    t.equal(frames.length, had.length)
    t.ok(frames.every(({ data }, index) => equalBytes(data, had[index]!)))
    t.same(
      frames.map(({ keyFrame }) => keyFrame),
      frames.map((_, index) => index % 8 === 0),
    )
    t.match(frames[8]!.video, { width: 322, height: 182 })
    t.end()
  })
}

t.test('a browser says of VP8 which temporal layer a frame is of, and how large key frames are', t => {
  const frames = framesOf('VP8', packetsOfPcap('rtp-media/vp8.pcap')).map(({ frame }) => frame)
  const keyFrames = frames.filter(({ keyFrame }) => keyFrame)
  t.same(
    keyFrames.map(({ video }) => [video?.width, video?.height, video?.temporalLayer]),
    Array(3).fill([240, 180, 0]),
  )
  t.same(
    [0, 1].map(layer => frames.filter(({ video }) => video?.temporalLayer === layer).length),
    [51, 50],
  )
  t.equal(frames.filter(({ video }) => video?.discardable).length, 24)
  t.ok(frames.every(({ video }, index) => video?.pictureId === ((frames[0]!.video!.pictureId! + index) & 0x7fff)))
  t.end()
})

t.test('a browser says of VP9 and AV1 which frames are key frames', t => {
  const vp9 = framesOf('VP9', packetsOfPcap('rtp-media/vp9.pcap')).map(({ frame }) => frame)
  t.same(
    vp9.flatMap(({ keyFrame, video }, index) => (keyFrame ? [[index, video?.width, video?.height]] : [])),
    [[0, 494, 371]],
  )
  const av1 = framesOf('AV1', packetsOfPcap('rtp-media/av1.pcap')).map(({ frame }) => frame)
  t.same(
    av1.flatMap(({ keyFrame, video }, index) => (keyFrame ? [[index, video?.width, video?.height]] : [])),
    [[0, 640, 480]],
  )
  t.end()
})

t.test('of a frame in one payload of which more follow, its beginning is seen: a key frame', t => {
  const info = emptyPayloadInfo()
  const payload = fixtureBytes('rtp-media/werift-av1.payload')
  t.ok(payloadFormat('AV1')!.createDepacketizer(NO_PARAMETERS).describe(payload, 0, payload.length, info))
  t.match(info, { begins: true, keyFrame: true })
  t.equal(payloadFormat('AV1')!.createDepacketizer(NO_PARAMETERS).join([payload]), undefined, 'its end is missing')
  t.end()
})

for (const { name, encoding, packets, frames: count } of streams) {
  const format = payloadFormat(encoding)!
  const first = packets[0]!.sequenceNumber

  t.test(`${name}: the first payload of a frame begins it, and says as much of it as the whole frame does`, t => {
    const depacketizer = format.createDepacketizer(NO_PARAMETERS)
    const info = emptyPayloadInfo()
    for (const whole of wholeFrames(packets, first)) {
      const frame = joined(depacketizer, whole)!
      whole.forEach(({ payload }, index) => {
        if (!depacketizer.describe(payload, 0, payload.length, info)) t.fail('a payload that is refused')
        if (info.begins !== (index === 0)) t.fail('begins where it does not')
        if (index === 0 && info.keyFrame !== frame.keyFrame) t.fail('another kind of frame')
        if (info.pictureId !== (frame.video?.pictureId ?? -1)) t.fail('another picture id')
        if (info.temporalLayer !== (frame.video?.temporalLayer ?? -1)) t.fail('another layer')
      })
    }
    t.end()
  })

  t.test(`${name}: each frame, cut anew, is joined to the same`, t => {
    const frames = framesOf(encoding, packets).map(({ frame }) => frame)
    t.equal(frames.length, count)
    for (const limit of [80, 500, 1200]) {
      const cutAnew = packetsOf(encoding, frames, limit)
      if (cutAnew.some(({ payload }) => payload.length > limit)) t.fail('longer than the limit')
      const again = framesOf(encoding, cutAnew)
      t.equal(again.length, frames.length)
      again.forEach(({ frame: { data, keyFrame, video } }, index) => {
        const frame = frames[index]!
        if (!equalBytes(data, frame.data)) t.fail(`other bytes at a limit of ${limit}`)
        if (keyFrame !== frame.keyFrame || video?.width !== frame.video?.width) t.fail('another kind of frame')
        if (video?.temporalLayer !== frame.video?.temporalLayer) t.fail('another layer')
        if (video?.layerSync !== frame.video?.layerSync) t.fail('another order of layers')
      })
    }
    t.end()
  })

  t.test(`${name}: with losses, duplicates and disorder what is whole is the same, what is not is none`, t => {
    const sent = new Map(framesOf(encoding, packets).map(({ frame, timestamp }) => [timestamp, frame]))
    for (let seed = 1; seed <= 20; seed++) {
      const arrived = disturbed(packets, seededRandom(seed), 8)
      const receiver = format.createDepacketizer(NO_PARAMETERS)
      const whole = wholeFrames(arrived, first)
      for (const came of whole) {
        const frame = joined(receiver, came)
        const expected = sent.get(came[0]!.timestamp)
        if (frame === undefined || expected === undefined) t.fail(`seed ${seed}: not the frames that were sent`)
        else if (!equalBytes(frame.data, expected.data) || frame.keyFrame !== expected.keyFrame)
          t.fail(`seed ${seed}: another frame`)
      }
      const lost = packets.length - new Set(arrived.map(({ sequenceNumber }) => sequenceNumber)).size
      t.ok(whole.length <= sent.size && whole.length >= sent.size - 2 * lost, `${whole.length} frames, ${lost} lost`)
    }
    t.end()
  })

  t.test(`${name}: without its first payload a frame is none`, t => {
    const depacketizer = format.createDepacketizer(NO_PARAMETERS)
    for (const frame of wholeFrames(packets, first)) {
      if (joined(depacketizer, frame.slice(1)) !== undefined) t.fail('a frame without its beginning')
      if (encoding !== 'VP8' && frame.length > 1 && joined(depacketizer, frame.slice(0, -1)) !== undefined)
        t.fail('a frame without its end')
    }
    t.end()
  })
}
