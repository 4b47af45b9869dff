/** A restart that is rolled back leaves the connection as it was, and a later one works. */

import t from 'tap'
import { createPair } from '../sim/pair.ts'

t.test('an offer that restarts ICE is rolled back while data flows', async t => {
  const pair = createPair({ seed: 21, network: { delay: 15 } })
  const received: string[] = []
  pair.b.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }) => received.push(String(data))
  }
  const channel = pair.a.createDataChannel('data')
  await pair.sim.run(pair.negotiate())
  await pair.sim.run(() => channel.readyState === 'open')
  const fragment = () => /a=ice-ufrag:(\S+)/.exec(pair.a.localDescription?.sdp ?? '')?.[1]
  const before = fragment()

  // The offer never reaches the peer, nor do its candidates.
  const signal = pair.a.onicecandidate
  pair.a.onicecandidate = null
  await pair.sim.run(pair.a.setLocalDescription(await pair.sim.run(pair.a.createOffer({ iceRestart: true }))))
  t.not(fragment(), before)
  channel.send('during')
  await pair.sim.run(pair.sim.now() + 500)
  await pair.sim.run(pair.a.setLocalDescription({ type: 'rollback' }))
  t.equal(fragment(), before)
  t.equal(pair.a.signalingState, 'stable')
  await pair.sim.run(pair.sim.now() + 10)
  pair.a.onicecandidate = signal
  channel.send('after')
  await pair.sim.run(pair.sim.now() + 60_000)
  t.same(received, ['during', 'after'])
  t.equal(pair.a.connectionState, 'connected')
  t.equal(pair.b.connectionState, 'connected')

  pair.a.restartIce()
  await pair.sim.run(pair.negotiate())
  t.not(fragment(), before)
  channel.send('again')
  await pair.sim.run(() => received.length === 3)
  await pair.sim.run(pair.sim.now() + 60_000)
  t.equal(pair.a.connectionState, 'connected')
  pair.a.close()
  pair.b.close()
})
