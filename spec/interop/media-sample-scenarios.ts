/** What is shown with stacks that encode nothing, in both roles: what they send and get is compared, frame by frame. */

import type { Test } from 'tap'
import { LossyPath } from './lossy-host.ts'
import { disorder, FixturePlayer, ivfFrames, orderly, soundPackets } from './media-fixture.ts'
import { both, type Peer } from './media-scenarios.ts'
import { type Codecs, type Heard, type Kind, StackPair } from './media-stack.ts'

type Samples = Readonly<Record<Kind, readonly Uint8Array[]>>

/** What the peer has got. */
interface Got {
  readonly frames: number
  readonly names: readonly string[]
  readonly mimeType: string
}

/** What the peer was asked for. */
interface Asked {
  readonly keyFrames: number
  readonly packets: number
}

interface Exchange {
  readonly heard: Heard
  readonly told: Got
}

/** One of so many packets is lost. */
const LOSS = 15
/** Frames of three packets and more that come without a gap: several of the losses are among them. */
const IN_ORDER = 45

const FRAMES = ivfFrames('vp8').map(({ data }) => data)
const VP8: Samples = { video: FRAMES, audio: soundPackets(40) }
const CODECS: Codecs = { video: 'video/VP8', audio: 'audio/opus' }
/** A key frame, and for a long time none. */
const LONG: Samples = {
  video: Array.from({ length: 400 }, (_, index) => FRAMES[index === 0 ? 0 : 1 + (index % 7)]!),
  audio: [],
}

/** So many more come to us and go back, in their order and as they were. */
async function comesBack(t: Test, pair: StackPair, kind: Kind, samples: Samples, more: number): Promise<Exchange> {
  const [heard, told] = await Promise.all([pair.frames(kind, more), pair.told<Got>(kind, more)])
  t.equal(disorder(heard.contents, samples[kind]), undefined, `${kind} that came`)
  t.equal(disorder(told.names, samples[kind]), undefined, `${kind} that came back`)
  return { heard, told }
}

/** Audio and video of these codecs. */
export const exchanges = (t: Test, peer: Peer, codecs: Codecs, samples: Samples): void =>
  both(
    t,
    peer,
    `${codecs.video} and ${codecs.audio} come, and go back`,
    { codecs, samples },
    async (t, pair, weOffer) => {
      await pair.send(['video', 'audio'], weOffer)
      await pair.negotiate(weOffer)
      const [video, audio] = await Promise.all([
        comesBack(t, pair, 'video', samples, 40),
        comesBack(t, pair, 'audio', samples, 40),
      ])
      for (const [kind, { heard, told }] of [['video', video] as const, ['audio', audio] as const]) {
        for (const { mimeType } of [heard, told]) t.equal(mimeType.toLowerCase(), codecs[kind].toLowerCase())
      }
    },
  )

/**
 * Of the peer by us; and by the peer, which so asks itself, by way of us.
 * @param goesBack Whether what comes goes back, and so the second of these is shown.
 */
export const asksForKeyFrames = (t: Test, peer: Peer, goesBack = true): void => {
  const options = { codecs: CODECS, samples: LONG, ...(!goesBack && { answer: () => null }) }
  both(
    t,
    peer,
    goesBack ? 'key frames are asked for, both ways' : 'a key frame of it is asked for',
    options,
    async (t, pair, weOffer) => {
      await pair.send(['video'], weOffer)
      await pair.negotiate(weOffer)
      await pair.call('obey')
      const heard = await pair.frames('video', 10)
      if (goesBack) await pair.told<Got>('video', 10)
      const asked = () => pair.fact<Asked>('asked')?.keyFrames ?? 0
      const ways = [() => heard.frames.requestKeyFrame(), () => pair.call('askForKeyFrame')]
      for (const ask of goesBack ? ways : ways.slice(0, 1)) {
        const [before, keyFrames] = [asked(), heard.keyFrames]
        await ask()
        await pair.until(() => asked() > before, 'the peer to be asked')
        await pair.until(() => heard.keyFrames > keyFrames, 'a key frame of it')
      }
      if (!goesBack) return
      const [sent] = await pair.stats('outbound-rtp', 'video')
      t.ok(Number(sent?.pliCount) > 0, 'it has asked for what it sends itself')
    },
  )
}

/**
 * What is lost is sent again, by the same packets.
 * @param asks Whether the peer asks for what it lacks, too.
 */
export const sendsAgain = (t: Test, peer: Peer, video: string, samples: Samples, asks: boolean): void => {
  const codecs = { ...CODECS, video }
  const path = () => new LossyPath(LOSS, asks ? ['coming', 'going'] : ['coming'])
  const title = asks ? 'what is lost is sent again, both ways' : 'what is lost of it is sent again'
  both(t, peer, title, { codecs, samples, withoutRtx: true, path }, async (t, pair, weOffer) => {
    await pair.send(['video'], weOffer)
    await pair.negotiate(weOffer)
    const heard = await pair.frames('video', 1)
    // On a machine that is too busy, what is sent again may come too late: the order then begins anew behind it.
    await pair.until(() => orderly(heard.contents, samples.video) >= IN_ORDER, 'frames in order')
    const told = () => pair.fact<Got>('video')?.names ?? []
    await pair.until(() => orderly(told(), samples.video) >= IN_ORDER, 'frames in order at the peer')
    const { coming, going } = pair.path!.lost
    t.ok(coming > 5 && (!asks || going > 5), `${coming} and ${going} packets were lost`)
    const [received] = await pair.stats('inbound-rtp', 'video')
    t.ok(Number(received?.nackCount) > 0, 'we have asked for packets')
    if (!asks) return
    const [sent] = await pair.stats('outbound-rtp', 'video')
    t.ok(Number(sent?.nackCount) > 0 && Number(sent?.retransmittedPacketsSent) > 0, 'and it has')
  })
}

/**
 * Video is added beside audio, and taken away by the peer; or, where we offer, by stopping ours: pion and libdatachannel do not
 * reject an m-section that is offered as rejected, as they must (RFC 3264, 6), and mean nothing by it.
 */
export const isAddedAndRemoved = (t: Test, peer: Peer): void => {
  const options = { codecs: CODECS, samples: VP8 }
  both(t, peer, 'video is added and removed while audio goes on', options, async (t, pair, weOffer) => {
    await pair.send(['audio'], weOffer)
    await pair.negotiate(weOffer)
    await comesBack(t, pair, 'audio', VP8, 10)
    await pair.send(['video'], weOffer)
    await pair.negotiate(weOffer)
    const { heard } = await comesBack(t, pair, 'video', VP8, 20)
    await comesBack(t, pair, 'audio', VP8, 10)
    if (weOffer) heard.transceiver.stop()
    else await pair.call('stop', 'video')
    await pair.negotiate(weOffer)
    const { track } = heard
    await pair.until(() => track.muted || track.readyState === 'ended', 'the track to be muted, or to end')
    await comesBack(t, pair, 'audio', VP8, 20)
  })
}

/** Frames that our application has encoded; and it is told that a key frame is asked for. */
export const getsOurs = (t: Test, { program, waiting }: Peer): void => {
  for (const weOffer of [false, true]) {
    t.test(`${program.name} ${weOffer ? 'answers' : 'offers'}: frames of ours come as they were`, async t => {
      const player = new FixturePlayer(() => waiting.wake())
      t.teardown(() => player.stop())
      const options = { codecs: CODECS, samples: VP8, answer: () => player.source.track }
      const pair = await StackPair.open(program, waiting, options)
      t.teardown(() => pair.close())
      await pair.send(['video'], weOffer)
      await pair.negotiate(weOffer)
      const { names } = await pair.told<Got>('video', 25)
      // Where a key frame was asked for in the beginning, it begins anew.
      t.equal(disorder(names.slice(-20), FRAMES), undefined)
      const { requests } = player
      await pair.call('askForKeyFrame')
      await pair.until(() => player.requests > requests, 'our application to be asked')
    })
  }
}
