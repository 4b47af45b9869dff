/** The settings of a received track (webrtc-pc, 9.3.1): those of what came last. */

import t from 'tap'
import { createPair } from '../sim/pair.ts'
import { Camera, film, Microphone, watch } from './media-world.ts'

t.test('size, ratio and frame rate of video', async t => {
  const pair = createPair({ seed: 121 })
  const { a, b, sim } = pair
  const [camera, microphone] = [new Camera(), new Microphone()]
  a.addTrack(camera.track)
  a.addTrack(microphone.track)
  await sim.run(pair.negotiate())
  await sim.run(() => a.connectionState === 'connected' && b.connectionState === 'connected')
  const [video, audio] = b.getReceivers().map(({ track }) => track)
  t.same(video!.getSettings(), {}, 'nothing has come')
  watch(video!)
  watch(audio!)
  await film(pair, 400, camera, microphone)
  t.same(video!.getSettings(), { width: 320, height: 240, aspectRatio: 1.3333333333 }, 'not yet a second')
  await film(pair, 1000, camera, microphone)
  const { frameRate, ...size } = video!.getSettings()
  t.same(size, { width: 320, height: 240, aspectRatio: 1.3333333333 })
  t.ok(Math.abs(frameRate! - 25) <= 1, `${frameRate} a second`)
  t.same(audio!.getSettings(), { channelCount: 2, sampleRate: 48_000 })
  t.same(video!.getCapabilities(), {})
  await t.rejects(sim.run(video!.applyConstraints({ width: { exact: 640 } })), { name: 'OverconstrainedError' })
  await t.rejects(sim.run(video!.applyConstraints({ frameRate: { min: 60 } })), { name: 'OverconstrainedError' })
  a.close()
  b.close()
})
