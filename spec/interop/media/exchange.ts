/** A camera and a microphone come from the page in each codec, and go back to it. */

import type { Test } from 'tap'
import { only } from './end.ts'
import { type MediaPair, type Scenario, until, videoMid } from './pair.ts'

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

/** One codec of each kind. */
const echo =
  (video: string, audio: string): Scenario['run'] =>
  async (t, pair, weOffer) => {
    const [hasVideo, hasAudio] = await Promise.all([
      pair.page.call<boolean>('has', 'video', video),
      pair.page.call<boolean>('has', 'audio', audio),
    ])
    if (!hasVideo) t.pass(`${video} comes, and goes back`, { skip: 'the browser has none here' })
    const kinds = [...(hasVideo ? (['video'] as const) : []), ...(hasAudio ? (['audio'] as const) : [])]
    await exchange(pair, weOffer, { video, audio }, kinds)
    await pair.settled()
    for (const kind of kinds) {
      await pair.heard(kind, 10)
      await pair.played(kind, 10)
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
    if (hasAudio) {
      await until(
        'the beeps to be heard',
        async () => (await pair.stats('inbound-rtp', 'audio')).some(({ totalAudioEnergy = 0 }) => totalAudioEnergy > 0),
        () => pair.stats('inbound-rtp', 'audio'),
      )
    }
    if (hasVideo) {
      await showsPicture(t, pair)
      await asksForKeyFrame(t, pair)
    }
  }

export const exchanges: readonly Scenario[] = CODECS.map(([video, audio]) => ({
  title: `${video} and ${audio} come, and go back`,
  run: echo(video, audio),
}))

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
  const element = await pair.page.page.$('video')
  await until('a screenshot of it', async () => {
    const png = await element!.screenshot({ encoding: 'base64' })
    const [taken, photographed] = [
      await pair.page.call<number[]>('taken', 'video'),
      await pair.page.call<number[]>('photographed', png),
    ]
    return isNear(taken, photographed)
  })
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
