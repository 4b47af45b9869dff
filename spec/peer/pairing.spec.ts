/** Which transceivers the m-sections of an offer take (webrtc-pc, 4.4.1.5 and 5.1; RFC 9429, 5.10): those of addTrack. */

import t from 'tap'
import { createPair, type Pair } from '../sim/pair.ts'
import { Microphone } from './media-world.ts'

const offer = async ({ a, b, sim }: Pair): Promise<void> => {
  a.onicecandidate = null
  if (a.signalingState === 'stable') await sim.run(a.setLocalDescription())
  await sim.run(b.setRemoteDescription(a.localDescription!))
}

const mids = ({ b }: Pair) => b.getTransceivers().map(({ mid }) => mid)

t.test('one of addTransceiver is not taken, whatever its track', async t => {
  const pair = createPair({ seed: 141 })
  const { a, b, sim } = pair
  a.addTransceiver('audio')
  b.addTransceiver(new Microphone().track)
  await sim.run(b.addTransceiver('audio').sender.replaceTrack(new Microphone().track))
  await offer(pair)
  t.same(mids(pair), [null, null, '0'])
  a.close()
  b.close()
})

t.test('one of addTrack is, also when its track is gone', async t => {
  const pair = createPair({ seed: 142 })
  const { a, b, sim } = pair
  a.addTransceiver('audio')
  await sim.run(b.addTrack(new Microphone().track).replaceTrack(null))
  await offer(pair)
  t.same(mids(pair), ['0'])
  a.close()
  b.close()
})

t.test('and one that addTrack has found in an offer that was rolled back', async t => {
  const pair = createPair({ seed: 143 })
  const { a, b, sim } = pair
  a.addTransceiver('audio')
  await offer(pair)
  const sender = b.addTrack(new Microphone().track)
  await sim.run(b.setRemoteDescription({ type: 'rollback' }))
  t.same(mids(pair), [null])
  await offer(pair)
  t.same(mids(pair), ['0'])
  t.same(b.getSenders(), [sender])
  a.close()
  b.close()
})
