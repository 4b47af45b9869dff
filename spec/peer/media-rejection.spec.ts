/** A rejecting offer of the peer's that is rolled back: what it has stopped stays so (webrtc-pc, 4.4.1.5 and 5.4). */

import t from 'tap'
import { MediaStream } from '../../lib/media/index.ts'
import { createPair } from '../sim/pair.ts'
import { Camera, logMedia } from './media-world.ts'

t.test('its track does not come back', async t => {
  const pair = createPair({ seed: 67 })
  const { a, b, sim } = pair
  const log: string[] = []
  logMedia(b, log)
  const stream = new MediaStream()
  const sender = a.addTrack(new Camera().track, stream)
  await sim.run(pair.negotiate())
  const [transceiver] = b.getTransceivers()
  a.getTransceivers()
    .find(each => each.sender === sender)!
    .stop()
  a.onicecandidate = null
  await sim.run(a.setLocalDescription())
  log.length = 0
  await sim.run(b.setRemoteDescription(a.localDescription!))
  t.same(log, ['signaling have-remote-offer', `removetrack video from ${stream.id}`])
  log.length = 0
  await sim.run(b.setRemoteDescription({ type: 'rollback' }))
  await sim.run(sim.now() + 1)
  t.equal(transceiver!.currentDirection, 'stopped')
  t.equal(transceiver!.receiver.track.readyState, 'ended')
  t.same(
    log.filter(line => /track/.test(line)),
    [],
    'no track event, and nothing put into streams',
  )
  a.close()
  b.close()
})
