/** An offer that takes media away, and is rolled back while it flows on: the track is as it was before. */

import t from 'tap'
import { MediaStream } from '../../lib/media/index.ts'
import { createPair } from '../sim/pair.ts'
import { Camera, film, logMedia, watch } from './media-world.ts'

t.test('of the peer', async t => {
  const pair = createPair({ seed: 151 })
  const { a, b, sim } = pair
  const log: string[] = []
  logMedia(b, log)
  const camera = new Camera()
  const stream = new MediaStream()
  a.addTrack(camera.track, stream)
  await sim.run(pair.negotiate())
  await sim.run(() => a.connectionState === 'connected' && b.connectionState === 'connected')
  const { track } = b.getReceivers()[0]!
  const seen = watch(track)
  await film(pair, 200, camera)
  const [transceiver] = a.getTransceivers()
  transceiver!.direction = 'inactive'
  await sim.run(a.setLocalDescription())
  log.length = 0
  await sim.run(b.setRemoteDescription(a.localDescription!))
  await film(pair, 200, camera)
  t.same(log, ['signaling have-remote-offer', 'mute video', `removetrack video from ${stream.id}`])
  log.length = 0
  await sim.run(b.setRemoteDescription({ type: 'rollback' }))
  const { length } = seen
  await film(pair, 200, camera)
  t.ok(seen.length > length, 'it has flowed all the time')
  t.same(log, [
    'signaling stable',
    `addtrack video to ${stream.id}`,
    `track video 0 in ${stream.id}: muted`,
    'unmute video',
  ])

  transceiver!.direction = 'sendonly'
  await sim.run(a.setLocalDescription({ type: 'rollback' }))
  transceiver!.direction = 'inactive'
  await sim.run(pair.negotiate())
  await film(pair, 1500, camera)
  t.ok(track.muted)
  transceiver!.direction = 'sendonly'
  await sim.run(a.setLocalDescription())
  await sim.run(b.setRemoteDescription(a.localDescription!))
  await sim.run(b.setRemoteDescription({ type: 'rollback' }))
  await film(pair, 400, camera)
  t.ok(track.muted, 'where nothing flows it stays muted')
  a.close()
  b.close()
})
