/** What is shown with the camera and the microphone of a browser, in both roles. */

import type { Browser } from 'puppeteer-core'
import t, { type Test } from 'tap'
import { EncodedVideoSource, type MediaStreamTrack } from '../../lib/index.ts'
import { CannotStart } from './drivers/driver.ts'
import { only } from './media-end.ts'
import { MediaPair, type MediaPairOptions, until } from './media-pair.ts'

const CODECS = [
  ['video/VP8', 'audio/opus'],
  ['video/VP9', 'audio/PCMU'],
  ['video/AV1', 'audio/PCMA'],
  ['video/H264', 'audio/G722'],
] as const

/** Means of fields that are no farther apart than this are of the same colour, after an encoder and in other frames. */
const NEAR = 40

const isNear = (a: readonly number[], b: readonly number[]): boolean => {
  const far = a.filter((value, at) => Math.abs(value - (b[at] ?? 0)) > NEAR)
  // What moves is elsewhere by then.
  return far.length <= a.length / 8
}

/** Not one colour, nor nothing at all. */
const isPicture = (fields: readonly number[]): boolean => Math.max(...fields) > 60

type Body = (t: Test, pair: MediaPair, weOffer: boolean) => Promise<void>

/** Runs everything with one browser. */
export async function mediaInterop(name: string, launch: () => Promise<Browser>): Promise<void> {
  const browser = await launch().catch((error: unknown) => {
    if (error instanceof CannotStart) return error.message
    throw error
  })
  if (typeof browser === 'string') {
    if (process.env.PURERTC_REQUIRE_PEERS === '1') t.fail(browser)
    return void t.test(name, { skip: browser }, () => {})
  }
  t.comment(`peer: ${await browser.version()}`)
  t.teardown(() => browser.close())

  const scenario = (title: string, body: Body, options: MediaPairOptions = {}) =>
    [false, true].map(weOffer =>
      t.test(`${name} ${weOffer ? 'answers' : 'offers'}: ${title}`, async t => {
        const pair = await MediaPair.open(browser, { politePage: weOffer, ...options })
        try {
          await body(t, pair, weOffer)
          t.same(await pair.errors(), [], 'no error in the signalling')
        } catch (error) {
          for (const fact of [await pair.state(), await pair.errors(), pair.ours.events])
            t.comment(JSON.stringify(fact))
          throw error
        } finally {
          await pair.close()
        }
      }),
    )

  for (const [video, audio] of CODECS) {
    await Promise.all(
      scenario(`${video} and ${audio} come, and go back`, async (t, pair, weOffer) => {
        const [hasVideo, hasAudio] = await Promise.all([
          pair.page.call<boolean>('has', 'video', video),
          pair.page.call<boolean>('has', 'audio', audio),
        ])
        if (!hasVideo) t.comment(`${name} has no ${video} here`)
        const kinds = [...(hasVideo ? (['video'] as const) : []), ...(hasAudio ? (['audio'] as const) : [])]
        await exchange(pair, weOffer, { video, audio }, kinds)
        await pair.settled()
        for (const kind of kinds) {
          await pair.heard(kind, 20)
          await pair.played(kind, 20)
          const [sent] = await pair.stats('outbound-rtp', kind)
          const wanted = { video, audio }[kind].toLowerCase()
          t.equal(String(sent?.mimeType).toLowerCase(), wanted, 'the page sends it')
          const [received] = await pair.stats('inbound-rtp', kind)
          t.equal(String(received?.mimeType).toLowerCase(), wanted, 'and gets it')
          t.same(
            [...(pair.ours.of(kind)?.mimeTypes ?? [])].map(each => each.toLowerCase()),
            [wanted],
          )
        }
        if (hasVideo) {
          await showsPicture(t, pair)
          await asksForKeyFrame(t, pair)
        }
      }),
    )
  }

  await Promise.all(scenario('what comes and goes while it runs', comesAndGoes))
  await Promise.all(scenario('directions', directions))
  await Promise.all(scenario('a track is muted, and another put in its place', replaced))
  await Promise.all(scenario('frames of ours that cannot be decoded are asked for again', brokenFrames))
}

/** Everything is sent by the page and sent back: in its offer, or in its answer to ours. */
async function exchange(
  pair: MediaPair,
  weOffer: boolean,
  codecs: { readonly video: string; readonly audio: string },
  kinds: readonly ('audio' | 'video')[],
): Promise<void> {
  for (const kind of kinds) await pair.page.call('open', kind, kind)
  if (weOffer) {
    for (const kind of kinds) {
      const transceiver = pair.ours.connection.addTransceiver(kind)
      transceiver.setCodecPreferences(only(kind, codecs[kind]))
      // The page's tracks find the transceivers of the offer.
      void transceiver.sender.replaceTrack(transceiver.receiver.track)
    }
    await until('the offer', async () => (await pair.state()).transceivers.length === kinds.length)
    for (const kind of kinds) await pair.page.call('addTrack', kind)
  } else {
    for (const kind of kinds) await pair.page.call('addTrack', kind, codecs[kind])
  }
}

const videoMid = async (pair: MediaPair): Promise<string> => {
  const { transceivers } = await pair.state()
  return transceivers.find(({ kind }) => kind === 'video')?.mid ?? ''
}

/** What the page plays looks like what its camera takes. */
async function showsPicture(t: Test, pair: MediaPair): Promise<void> {
  const mid = await videoMid(pair)
  const seen: (readonly number[] | undefined)[] = []
  const shown = await until(
    'the picture of the camera',
    async () => {
      const [taken, shown] = [
        await pair.page.call<number[]>('taken', 'video'),
        await pair.page.call<number[] | undefined>('shown', mid),
      ]
      seen.splice(0, 2, taken, shown)
      return shown !== undefined && isNear(taken, shown) && shown
    },
    () => seen,
  )
  t.ok(isPicture(shown), 'not black')
}

/** A key frame is asked for by us, and comes. */
async function asksForKeyFrame(t: Test, pair: MediaPair): Promise<void> {
  const heard = pair.ours.of('video')!
  const asked = async () => {
    const [sent] = await pair.stats('outbound-rtp', 'video')
    return (sent?.pliCount ?? 0) + (sent?.firCount ?? 0)
  }
  const [before, frames] = [await asked(), heard.keyFrames]
  heard.reader.requestKeyFrame()
  await until(
    'a key frame',
    () => heard.keyFrames > frames,
    () => heard,
  )
  t.ok(await until('the request in its statistics', async () => (await asked()) > before))
  t.ok(heard.width > 0 && heard.height > 0, 'its size is read')
}

/** Video and audio are added, removed, and added in the place of what is gone. */
const comesAndGoes: Body = async (t, pair, weOffer) => {
  const { page, ours } = pair
  await page.call('open', 'audio', 'audio')
  await page.call('open', 'video', 'video')
  await page.call('addTrack', 'audio')
  await pair.heard('audio', 20)
  await page.call('addTrack', 'video')
  await pair.heard('video', 10)
  await pair.played('video', 10)
  await pair.settled()

  const mid = await videoMid(pair)
  const track = ours.transceiver(mid).receiver.track
  await page.call('removeTrack', mid)
  await until('the track to be muted', () => track.muted)
  await pair.settled()
  t.equal(track.readyState, 'live')
  t.equal(ours.transceiver(mid).currentDirection, 'sendonly', 'what was received may still be sent')
  await pair.heard('audio', 20)

  await page.call('replaceTrack', mid, 'video')
  await page.call('direct', mid, 'sendrecv')
  await until('the track to be unmuted', () => !track.muted)
  await pair.heard('video', 10)
  await pair.settled()

  if (weOffer) ours.transceiver(mid).stop()
  else await page.call('stop', mid)
  await until('the track to end', () => track.readyState === 'ended')
  await until('it to be gone', () => ours.connection.getTransceivers().length === 1)
  await pair.settled()
  const sections = () => ours.connection.localDescription!.sdp.split('\r\nm=').length - 1
  t.equal(sections(), 2, 'its place is kept')

  await page.call('addTrack', 'video')
  await pair.settled()
  await pair.heard('video', 10)
  await pair.played('video', 10)
  t.equal(sections(), 2, 'and used again')
  t.not(await videoMid(pair), mid)
  await pair.heard('audio', 20)
  t.same(await page.call('errors'), [])
}

/** Each direction in turn, set at one end or the other. */
const directions: Body = async (t, pair, weOffer) => {
  const { page, ours } = pair
  await page.call('open', 'video', 'video')
  await page.call('addTrack', 'video')
  await pair.heard('video', 10)
  await pair.played('video', 5)
  await pair.settled()
  const mid = await videoMid(pair)
  const transceiver = ours.transceiver(mid)
  const direct = async (direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive') => {
    if (weOffer) transceiver.direction = direction
    else {
      const theirs = { sendrecv: 'sendrecv', sendonly: 'recvonly', recvonly: 'sendonly', inactive: 'inactive' }
      await page.call('direct', mid, theirs[direction])
    }
    await until(
      direction,
      () => transceiver.currentDirection === direction,
      () => transceiver.currentDirection,
    )
    await pair.settled()
  }

  await direct('recvonly')
  await pair.heard('video', 10)
  t.notOk(transceiver.receiver.track.muted)
  await until('the page to be muted', async () => (await pair.state()).transceivers[0]?.muted)

  await direct('inactive')
  await until('ours to be muted', () => transceiver.receiver.track.muted)

  await direct('sendonly')
  t.ok(transceiver.receiver.track.muted)
  await direct('sendrecv')
  await pair.heard('video', 10)
  await pair.played('video', 5)
  await until('both to be unmuted', async () => {
    const [theirs] = (await pair.state()).transceivers
    return !theirs?.muted && !transceiver.receiver.track.muted
  })
}

/** Without any negotiation. */
const replaced: Body = async (t, pair, weOffer) => {
  const { page, ours } = pair
  await page.call('open', 'camera', 'video')
  await page.call('draw', 'blue', 'rgb(0, 0, 255)')
  if (weOffer) {
    const transceiver = ours.connection.addTransceiver('video')
    void transceiver.sender.replaceTrack(transceiver.receiver.track)
    await until('the offer', async () => (await pair.state()).transceivers.length === 1)
  }
  await page.call('addTrack', 'camera')
  await pair.played('video', 10)
  await pair.settled()
  const mid = await videoMid(pair)
  const description = ours.connection.localDescription!.sdp
  const isBlue = async () => {
    const fields = await page.call<number[] | undefined>('shown', mid)
    if (fields === undefined) return false
    const [red = 255, green = 255, blue = 0] = fields.slice(fields.length / 2)
    return blue > 200 && red < 60 && green < 60
  }

  await page.call('replaceTrack', mid, 'blue')
  await until('the other picture', isBlue, () => page.call('shown', mid))
  await page.call('enable', 'blue', false)
  await until('black, which is sent of a track that is not enabled', async () => {
    const fields = await page.call<number[] | undefined>('shown', mid)
    return fields?.every(value => value < 40)
  })
  await page.call('enable', 'blue', true)
  await until('the picture again', isBlue, () => page.call('shown', mid))

  // Ours: nothing goes out of a track that is not enabled; nothing is lost to whoever watches on.
  const { sender, receiver } = ours.transceiver(mid)
  const sent = async () => Number((await ours.stats('outbound-rtp', 'video'))[0]?.framesSent)
  const received = async () => Number((await ours.stats('inbound-rtp', 'video'))[0]?.framesReceived)
  ;(sender.track as MediaStreamTrack).enabled = false
  const [gone, before] = [await sent(), await received()]
  await until('frames that come', async () => (await received()) > before + 10)
  t.equal(await sent(), gone, 'nothing is sent')
  ;(sender.track as MediaStreamTrack).enabled = true
  await pair.played('video', 10)
  const clone = receiver.track.clone()
  await sender.replaceTrack(null)
  await sender.replaceTrack(clone)
  await pair.played('video', 10)

  await page.call('replaceTrack', mid, 'camera')
  await pair.played('video', 10)
  await until('no blue', async () => !(await isBlue()))
  t.equal(ours.connection.localDescription!.sdp, description, 'nothing was negotiated')
  clone.stop()
  t.equal(receiver.track.readyState, 'live', 'of a clone that was stopped, the other goes on')
  await pair.heard('video', 10)
}

/** The page's decoder meets what is none, and asks for a key frame. */
const brokenFrames: Body = async (t, pair, weOffer) => {
  const { page, ours } = pair
  ours.echoes = false
  await page.call('open', 'video', 'video')
  const source = new EncodedVideoSource({ codec: 'vp8' })
  const requests: number[] = []
  let transceiver = weOffer ? ours.connection.addTransceiver(source.track) : undefined
  transceiver?.setCodecPreferences(only('video', 'video/VP8'))
  if (weOffer) await until('the offer', async () => (await pair.state()).transceivers.length === 1)
  await page.call('addTrack', 'video', 'video/VP8')
  transceiver ??= await until('the offer', () => ours.connection.getTransceivers()[0])
  if (!weOffer) {
    transceiver.direction = 'sendrecv'
    await transceiver.sender.replaceTrack(source.track)
  }
  let breaking = false
  const { EncodedFrameReader } = await import('../../lib/index.ts')
  const reader = new EncodedFrameReader(transceiver.receiver.track, {
    onframe: frame => {
      if (!('type' in frame)) return
      const data = new Uint8Array(frame.data.slice(0))
      // Past the frame header, all that a decoder knows is contradicted.
      if (breaking) data.fill(0xff, frame.type === 'key' ? 10 : 3)
      source.write({ type: frame.type === 'key' ? 'key' : 'delta', timestamp: frame.timestamp, data })
    },
  })
  source.onkeyframerequest = () => {
    requests.push(requests.length)
    reader.requestKeyFrame()
  }
  await pair.played('video', 10)
  const before = requests.length
  breaking = true
  await until(
    'a key frame to be asked for',
    () => requests.length > before,
    () => pair.stats('inbound-rtp', 'video'),
  )
  breaking = false
  await pair.played('video', 20)
  const [sent] = await ours.stats('outbound-rtp', 'video')
  t.ok(Number(sent?.pliCount) + Number(sent?.firCount) > 0)
}
