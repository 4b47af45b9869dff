/**
 * Audio and video of pion (webrtc v3, of Debian) against ours. It encodes nothing: what it sends and gets is compared, frame by
 * frame.
 */

import t, { type Test } from 'tap'
import { startPionMedia } from './drivers/pion.ts'
import { LossyPath } from './lossy-host.ts'
import { disorder, FixturePlayer, h264Pictures, ivfFrames, soundPackets } from './media-fixture.ts'
import { both } from './media-scenarios.ts'
import { type Codecs, type Heard, type Kind, StackPair, startPeer } from './media-stack.ts'
import { Waiting } from './waiting.ts'

/** What pion has got. */
interface Got {
  readonly frames: number
  readonly names: readonly string[]
  readonly mimeType: string
}

interface Exchange {
  readonly heard: Heard
  readonly told: Got
}

/** What pion was asked for. */
interface Asked {
  readonly keyFrames: number
  readonly packets: number
}

/** One of so many packets is lost. */
const LOSS = 15

const framesOf = (name: 'vp8' | 'vp9') => ivfFrames(name).map(({ data }) => data)
const VIDEO = { 'video/VP8': framesOf('vp8'), 'video/VP9': framesOf('vp9'), 'video/H264': h264Pictures() }
/** A key frame, and for a long time none. */
const LONG = Array.from({ length: 400 }, (_, index) => VIDEO['video/VP8'][index === 0 ? 0 : 1 + (index % 7)]!)
const VP8 = { video: VIDEO['video/VP8'], audio: soundPackets(40) }

const waiting = new Waiting()
const program = await startPeer(t, () => startPionMedia(waiting))

/** So many more come to us and go back, in their order and as they were. */
const comesBack = async (
  t: Test,
  pair: StackPair,
  kind: Kind,
  samples: readonly Uint8Array[],
  more: number,
): Promise<Exchange> => {
  const [heard, told] = await Promise.all([pair.frames(kind, more), pair.told<Got>(kind, more)])
  t.equal(disorder(heard.contents, samples), undefined, `${kind} that came`)
  t.equal(disorder(told.names, samples), undefined, `${kind} that came back`)
  return { heard, told }
}

if (program !== undefined) {
  const peer = { program, waiting }

  const exchanges = (video: keyof typeof VIDEO, audio: string, length: number) => {
    const codecs: Codecs = { video, audio }
    const samples = { video: VIDEO[video], audio: soundPackets(length) }
    both(t, peer, `${video} and ${audio} come, and go back`, { codecs, samples }, async (t, pair, weOffer) => {
      await pair.send(['video', 'audio'], weOffer)
      await pair.negotiate(weOffer)
      const exchange = (kind: Kind) => comesBack(t, pair, kind, samples[kind], 40)
      const [ofVideo, ofAudio] = await Promise.all([exchange('video'), exchange('audio')])
      for (const [kind, { heard, told }] of Object.entries({ video: ofVideo, audio: ofAudio }) as [Kind, Exchange][]) {
        for (const { mimeType } of [heard, told]) t.equal(mimeType.toLowerCase(), codecs[kind].toLowerCase())
      }
    })
  }
  exchanges('video/VP8', 'audio/opus', 40)
  exchanges('video/VP9', 'audio/PCMA', 160)
  exchanges('video/H264', 'audio/G722', 160)

  const codecs: Codecs = { video: 'video/VP8', audio: 'audio/opus' }

  const asking = { codecs, samples: { video: LONG, audio: [] } }
  both(t, peer, 'key frames are asked for, both ways', asking, async (t, pair, weOffer) => {
    await pair.send(['video'], weOffer)
    await pair.negotiate(weOffer)
    await pair.call('obey')
    const [heard] = await Promise.all([pair.frames('video', 10), pair.told<Got>('video', 10)])
    const asked = () => pair.fact<Asked>('asked')?.keyFrames ?? 0
    for (const ask of [() => heard.frames.requestKeyFrame(), () => pair.call('askForKeyFrame')]) {
      const [before, keyFrames] = [asked(), heard.keyFrames]
      await ask()
      await pair.until(() => asked() > before, 'pion to be asked')
      await pair.until(() => heard.keyFrames > keyFrames, 'a key frame of it')
    }
    const [sent] = await pair.stats('outbound-rtp', 'video')
    t.ok(Number(sent?.pliCount) > 0, 'it has asked for what it sends itself')
  })

  // It takes no packets of a stream for retransmission.
  const lossy = { codecs, samples: VP8, withoutRtx: true, path: () => new LossyPath(LOSS) }
  both(t, peer, 'what is lost is sent again, both ways', lossy, async (t, pair, weOffer) => {
    await pair.send(['video'], weOffer)
    await pair.negotiate(weOffer)
    await comesBack(t, pair, 'video', VP8.video, 60)
    const { lost } = pair.path!
    t.ok(lost.coming > 5 && lost.going > 5, `${lost.coming} and ${lost.going} packets were lost`)
    t.ok(pair.fact<Asked>('asked')!.packets > 0, 'we have asked for packets')
    const [sent] = await pair.stats('outbound-rtp', 'video')
    t.ok(Number(sent?.nackCount) > 0 && Number(sent?.retransmittedPacketsSent) > 0, 'and it has')
  })

  both(
    t,
    peer,
    'video is added and removed while audio goes on',
    { codecs, samples: VP8 },
    async (t, pair, weOffer) => {
      await pair.send(['audio'], weOffer)
      await pair.negotiate(weOffer)
      await comesBack(t, pair, 'audio', VP8.audio, 10)
      await pair.send(['video'], weOffer)
      await pair.negotiate(weOffer)
      const { heard } = await comesBack(t, pair, 'video', VP8.video, 20)
      await comesBack(t, pair, 'audio', VP8.audio, 10)
      // It answers an m-section that is gone as if it were not (RFC 3264, 6), so ours is only inactive.
      if (weOffer) heard.transceiver.direction = 'inactive'
      else await pair.call('stop', 'video')
      await pair.negotiate(weOffer)
      await pair.until(() => heard.track.muted, 'the track to be muted')
      await comesBack(t, pair, 'audio', VP8.audio, 20)
    },
  )

  for (const weOffer of [false, true]) {
    t.test(`pion ${weOffer ? 'answers' : 'offers'}: frames of ours come as they were`, async t => {
      const player = new FixturePlayer(() => waiting.wake())
      t.teardown(() => player.stop())
      const options = { codecs, samples: VP8, answer: () => player.source.track }
      const pair = await StackPair.open(program, waiting, options)
      t.teardown(() => pair.close())
      await pair.send(['video'], weOffer)
      await pair.negotiate(weOffer)
      const { names } = await pair.told<Got>('video', 25)
      // Where a key frame was asked for in the beginning, it begins anew.
      t.equal(disorder(names.slice(-20), VP8.video), undefined)
    })
  }
}
