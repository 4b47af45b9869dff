/** The statistics of what is sent, where it comes from (webrtc-stats, 8.9 and 8.11, media-source). */

import t from 'tap'
import type { RTCPeerConnection } from '../../lib/peer/index.ts'
import { createPair, type Pair } from '../sim/pair.ts'
import { Camera, film, Microphone } from './media-world.ts'

type Stats = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string }

const sources = async ({ sim }: Pair, connection: RTCPeerConnection): Promise<Stats[]> =>
  [...(await sim.run(connection.getStats())).values()]
    .map(stats => stats as unknown as Stats)
    .filter(({ type }) => type === 'media-source')

t.test('there is one as soon as a track is attached, and none without', async t => {
  const pair = createPair({ seed: 101 })
  const { a, b } = pair
  const [camera, microphone] = [new Camera(), new Microphone()]
  const sender = a.addTrack(camera.track)
  a.addTrack(microphone.track)
  t.match(await sources(pair, a), [
    { kind: 'video', trackIdentifier: camera.track.id, frames: 0 },
    { kind: 'audio', trackIdentifier: microphone.track.id },
  ])
  a.removeTrack(sender)
  t.match(await sources(pair, a), [{ kind: 'audio' }])
  a.close()
  b.close()
})

t.test('it is of the track, whatever sends it', async t => {
  const pair = createPair({ seed: 102 })
  const { a, b, sim } = pair
  const [first, second] = [new Camera(), new Camera()]
  const { sender } = a.addTransceiver(first.track)
  const [before] = await sources(pair, a)
  await sim.run(sender.replaceTrack(second.track))
  const [after] = await sources(pair, a)
  t.equal(after!.trackIdentifier, second.track.id)
  t.not(after!.id, before!.id)
  a.addTransceiver(second.track)
  t.same(
    (await sources(pair, a)).map(({ id }) => id),
    [after!.id],
    'one for two senders',
  )
  a.close()
  b.close()
})

t.test('its frames of the last second', async t => {
  const pair = createPair({ seed: 103 })
  const { a, b, sim } = pair
  const camera = new Camera()
  a.addTrack(camera.track)
  await sim.run(pair.negotiate())
  await film(pair, 800, camera)
  t.notOk('framesPerSecond' in (await sources(pair, a))[0]!, 'not in the first second')
  await film(pair, 1000, camera)
  t.match(await sources(pair, a), [{ framesPerSecond: 25, width: 320, height: 240 }])
  await sim.run(sim.now() + 500)
  const [source] = await sources(pair, a)
  t.ok(Math.abs(Number(source!.framesPerSecond) - 13) <= 1, `${source!.framesPerSecond}`)
  await sim.run(sim.now() + 1000)
  t.match(await sources(pair, a), [{ framesPerSecond: 0 }])
  a.close()
  b.close()
})
