/** The end of the received tracks with the connection (webrtc-pc, 4.4.2 close, and 5.4, stop sending and receiving). */

import t from 'tap'
import { createPair } from '../sim/pair.ts'
import { Camera } from './media-world.ts'

t.test('received tracks end, and say so in a task', async t => {
  const pair = createPair({ seed: 65 })
  const { a, b, sim } = pair
  const camera = new Camera()
  a.addTrack(camera.track)
  await sim.run(pair.negotiate())
  const [receiver] = b.getReceivers()
  const { track } = receiver!
  const copy = track.clone()
  const log: string[] = []
  track.onended = () => log.push(`ended: ${track.readyState}`)
  copy.onended = () => log.push(`copy ended: ${copy.readyState}`)
  track.onmute = () => log.push('mute')
  b.close()
  t.same(log, [], 'nothing from within close')
  await sim.run(sim.now() + 1)
  t.same(log, ['ended: ended', 'copy ended: ended'])
  t.equal(camera.track.readyState, 'live', 'what is sent is nothing to the connection')
  a.close()
})

t.test('so does one that was stopped just before', async t => {
  const { a, b, sim } = createPair({ seed: 66 })
  const { receiver } = a.addTransceiver('audio')
  let told = 0
  receiver.track.onended = () => told++
  a.getTransceivers()[0]!.stop()
  a.close()
  await sim.run(sim.now() + 1)
  t.equal(receiver.track.readyState, 'ended')
  t.equal(told, 1)
  b.close()
})
