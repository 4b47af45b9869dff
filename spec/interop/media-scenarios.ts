/** What is shown with stacks that encode and decode by themselves, in both roles. */

import type { Test } from 'tap'
import { RtpReader } from '../../lib/index.ts'
import type { MediaProgram } from './drivers/media-program.ts'
import { LossyPath } from './lossy-host.ts'
import { isPicture, isTone, type Picture, type Sound } from './media-content.ts'
import { FixturePlayer } from './media-fixture.ts'
import { type Codecs, type PairOptions, StackPair } from './media-stack.ts'
import type { Waiting } from './waiting.ts'

type Body = (t: Test, pair: StackPair, weOffer: boolean) => Promise<void>

export interface Peer {
  readonly program: MediaProgram
  readonly waiting: Waiting
}

/** One of so many packets is lost. */
const LOSS = 12

/** A test for each role. */
export const both = (t: Test, peer: Peer, title: string, options: PairOptions, body: Body): void => {
  const { program, waiting } = peer
  for (const weOffer of [false, true]) {
    t.test(`${program.name} ${weOffer ? 'answers' : 'offers'}: ${title}`, async t => {
      const pair = await StackPair.open(program, waiting, options)
      t.teardown(() => pair.close())
      await body(t, pair, weOffer)
    })
  }
}

/**
 * What it sends comes, goes back, and is decoded there.
 * @param obeys Whether it makes a key frame of this codec when it is asked for one.
 */
export const echoes = (t: Test, peer: Peer, codecs: Codecs, obeys = true): void =>
  both(t, peer, `${codecs.video} and ${codecs.audio} come, and go back`, { codecs }, async (t, pair, weOffer) => {
    await pair.send(['video', 'audio'], weOffer)
    await pair.negotiate(weOffer)
    const [video, audio] = await Promise.all([pair.frames('video', 20), pair.frames('audio', 20)])
    t.equal(video.mimeType.toLowerCase(), codecs.video.toLowerCase())
    t.equal(audio.mimeType.toLowerCase(), codecs.audio.toLowerCase())
    const picture = await pair.told<Picture>('video', 10, isPicture)
    t.same([picture.width, picture.height], [video.width, video.height], 'its size is what we have read')
    await pair.told<Sound>('audio', 1, isTone)
    const { keyFrames } = video
    if (!obeys) return
    video.frames.requestKeyFrame()
    await pair.until(() => video.keyFrames > keyFrames, 'a key frame')
  })

/**
 * Video is added beside audio, and taken away by whoever offers.
 * @param taking How we take it away.
 */
export const comesAndGoes = (t: Test, peer: Peer, codecs: Codecs, taking: 'stop' | 'inactive' = 'stop'): void =>
  both(t, peer, 'video is added and removed while audio goes on', { codecs }, async (t, pair, weOffer) => {
    await pair.send(['audio'], weOffer)
    await pair.negotiate(weOffer)
    await Promise.all([pair.frames('audio', 10), pair.told<Sound>('audio', 1, isTone)])

    await pair.send(['video'], weOffer)
    await pair.negotiate(weOffer)
    const [video] = await Promise.all([pair.frames('video', 10), pair.told<Picture>('video', 10, isPicture)])
    await Promise.all([pair.frames('audio', 10), pair.told<Sound>('audio', 1, isTone)])
    t.equal(video.track.muted, false)

    const stops = weOffer && taking === 'stop'
    if (stops) video.transceiver.stop()
    else if (weOffer) video.transceiver.direction = 'inactive'
    else await pair.call('stop', 'video')
    await pair.negotiate(weOffer)
    if (stops) {
      t.equal(video.track.readyState, 'ended')
      t.equal(pair.connection.getTransceivers().length, 1)
    } else {
      await pair.until(() => video.track.muted, 'the track to be muted')
      t.equal(video.track.readyState, 'live')
    }
    await Promise.all([pair.frames('audio', 10), pair.told<Sound>('audio', 1, isTone)])
  })

/** Every twelfth packet is lost both ways: all of what is sent comes in the end, here and there. */
export const recovers = (t: Test, peer: Peer, codecs: Codecs): void => {
  const lossy = { codecs, path: () => new LossyPath(LOSS) }
  both(t, peer, 'what is lost is sent again, both ways', lossy, async (t, pair, weOffer) => {
    await pair.send(['video'], weOffer)
    await pair.negotiate(weOffer)
    const { track } = await pair.frames('video', 1)
    const numbers = new Set<number>()
    let first: number | undefined
    new RtpReader(track, {
      onpacket: ({ sequenceNumber }) => {
        first ??= sequenceNumber
        numbers.add(sequenceNumber)
      },
    })
    /** Those without a gap. */
    const whole = () => {
      let count = 0
      while (numbers.has((first! + count) & 0xffff)) count++
      return count
    }
    await Promise.all([
      pair.until(() => first !== undefined && whole() >= 6 * LOSS, '72 packets without a gap'),
      pair.told<Picture>('video', 60, isPicture),
    ])
    const { lost } = pair.path!
    t.ok(lost.coming > 3 && lost.going > 3, `${lost.coming} and ${lost.going} packets were lost`)
    const [received] = await pair.stats('inbound-rtp', 'video')
    const [sent] = await pair.stats('outbound-rtp', 'video')
    t.ok(Number(received?.nackCount) > 0, 'we have asked for packets')
    t.ok(Number(received?.retransmittedPacketsReceived) > 0, 'and got them')
    t.ok(Number(sent?.nackCount) > 0, 'we were asked for packets')
    t.ok(Number(sent?.retransmittedPacketsSent) > 0, 'and have sent them')
  })
}

/**
 * Frames of ours are decoded there, and a key frame is asked for.
 * @param asking Because of frames that cannot be decoded; or since we tell the stack to, which goes on by itself with those.
 */
export const decodes = (t: Test, peer: Peer, asking: 'broken' | 'told' = 'broken'): void => {
  for (const weOffer of [false, true]) {
    const title = `${peer.program.name} ${weOffer ? 'answers' : 'offers'}: frames of ours, and a key frame is asked for`
    t.test(title, async t => {
      const player = new FixturePlayer(() => peer.waiting.wake())
      const options = { codecs: { video: 'video/VP8', audio: 'audio/opus' }, answer: () => player.source.track }
      const pair = await StackPair.open(peer.program, peer.waiting, options)
      t.teardown(async () => {
        player.stop()
        await pair.close()
      })
      await pair.send(['video'], weOffer)
      await pair.negotiate(weOffer)
      const { width, height } = await pair.told<Picture>('video', 20)
      t.same([width, height], [322, 182])
      const { requests } = player
      if (asking === 'told') await pair.call('askForKeyFrame')
      else player.breaks = true
      await pair.until(() => player.requests > requests, 'a key frame to be asked for')
      player.breaks = false
      await pair.told<Picture>('video', 20)
      const [sent] = await pair.stats('outbound-rtp', 'video')
      t.ok(Number(sent?.pliCount) + Number(sent?.firCount) > 0)
    })
  }
}
