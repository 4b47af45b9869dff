/** Which transceivers, senders and receivers a connection has (webrtc-pc, 5.1, CollectTransceivers and CollectSenders). */

import t from 'tap'
import { createPair } from '../sim/pair.ts'
import { Camera, Microphone } from './media-world.ts'

t.test('an offer that rejects leaves the transceiver, not its sender and receiver', async t => {
  const pair = createPair({ seed: 61 })
  const { a, b, sim } = pair
  const transceiver = a.addTransceiver('video')
  a.addTransceiver('audio')
  const camera = new Camera()
  b.addTrack(camera.track)
  await sim.run(pair.negotiate())
  const [video, audio] = b.getTransceivers()
  transceiver.stop()
  await sim.run(a.setLocalDescription())
  await sim.run(b.setRemoteDescription(a.localDescription!))
  t.equal(video!.currentDirection, 'stopped')
  t.same(b.getTransceivers(), [video, audio], 'until an answer agrees')
  t.same(b.getSenders(), [audio!.sender])
  t.same(b.getReceivers(), [audio!.receiver])
  b.removeTrack(video!.sender)
  t.equal(video!.sender.track, camera.track, 'what is stopped keeps its track')
  t.not(b.addTrack(camera.track), video!.sender, 'which another sender may take')
  await sim.run(b.setLocalDescription())
  t.equal(b.getTransceivers().length, 2)
  t.notOk(b.getTransceivers().includes(video!))
  a.close()
  b.close()
})

t.test('removeTrack does nothing to who is stopping', t => {
  const { a, b } = createPair({ seed: 62 })
  const microphone = new Microphone()
  const transceiver = a.addTransceiver(microphone.track)
  transceiver.stop()
  a.removeTrack(transceiver.sender)
  t.equal(transceiver.sender.track, microphone.track)
  a.close()
  b.close()
  t.end()
})

t.test('a closed connection has transceivers still, all of them stopped', t => {
  const { a, b } = createPair({ seed: 63 })
  const transceiver = a.addTransceiver('audio')
  a.close()
  b.close()
  t.same(a.getTransceivers(), [transceiver])
  t.equal(transceiver.direction, 'stopped')
  t.same(a.getSenders(), [])
  t.same(a.getReceivers(), [])
  t.end()
})
