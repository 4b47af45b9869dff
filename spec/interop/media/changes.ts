/** What changes while a camera is sent and sent back: what comes and goes, directions, tracks, and frames that are broken. */

import { EncodedFrameReader, EncodedVideoSource, type MediaStreamTrack } from '../../../lib/index.ts'
import { only } from './end.ts'
import { type Scenario, until, videoMid } from './pair.ts'

/** Video and audio are added, removed, and added in the place of what is gone. */
const comesAndGoes: Scenario['run'] = async (t, pair, weOffer) => {
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
const directions: Scenario['run'] = async (t, pair, weOffer) => {
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
const replaced: Scenario['run'] = async (t, pair, weOffer) => {
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
const brokenFrames: Scenario['run'] = async (t, pair, weOffer) => {
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

export const changes: readonly Scenario[] = [
  { title: 'what comes and goes while it runs', run: comesAndGoes },
  { title: 'directions', run: directions },
  { title: 'a track is muted, and another put in its place', run: replaced },
  { title: 'frames of ours that cannot be decoded are asked for again', run: brokenFrames },
]
