/** The ids of received tracks: what the peer calls them, as browsers have it, but no two of a connection are the same. */

import t from 'tap'
import { MediaStream } from '../../lib/media/index.ts'
import { createPair } from '../sim/pair.ts'
import { Camera } from './media-world.ts'

t.test('a track that is sent twice comes as two', async t => {
  const pair = createPair({ seed: 131 })
  const { a, b, sim } = pair
  const camera = new Camera()
  const stream = new MediaStream()
  for (let count = 0; count < 3; count++) a.addTransceiver(camera.track, { streams: [stream] })
  let received: MediaStream | undefined
  b.ontrack = ({ streams }) => {
    received = streams[0]
  }
  await sim.run(pair.negotiate())
  const tracks = b.getReceivers().map(({ track }) => track)
  t.equal(tracks[0]!.id, camera.track.id)
  t.equal(new Set(tracks.map(({ id }) => id)).size, 3)
  t.same(
    tracks.map(({ id }) => received!.getTrackById(id)),
    tracks,
  )
  a.addTransceiver(camera.track)
  await sim.run(pair.negotiate())
  t.equal(new Set(b.getReceivers().map(({ track }) => track.id)).size, 4)
  a.close()
  b.close()
})
