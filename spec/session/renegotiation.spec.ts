/** Data that a description drops and a later one offers anew: a second association works, and nothing of the first stays. */

import t from 'tap'
import { createConnection, createPair } from '../sim/pair.ts'

/** The offer of somebody who wants no data any more. */
const withoutData = (sdp: string): string =>
  sdp.replace(/m=application \d+/, 'm=application 0').replace(/a=group.*\r\n/, '')

t.test('data is rejected by one offer and agreed on again by the next', async t => {
  const pair = createPair({ seed: 31, network: { delay: 10 } })
  const { a, b, sim } = pair
  const first = a.createDataChannel('first')
  await sim.run(pair.negotiate())
  await sim.run(() => first.readyState === 'open')

  const { sdp } = await sim.run(b.createOffer())
  await sim.run(a.setRemoteDescription({ type: 'offer', sdp: withoutData(sdp ?? '') }))
  await sim.run(a.setLocalDescription())
  await sim.run(sim.now() + 1000)
  t.equal(first.readyState, 'closed')
  b.close()

  const second = a.createDataChannel('second')
  const c = createConnection(sim, '10.0.0.3', 99)
  const received: unknown[] = []
  c.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }) => received.push(data)
  }
  a.onicecandidate = ({ candidate }) => void c.addIceCandidate(candidate)
  c.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate)
  await sim.run(a.setLocalDescription())
  await sim.run(c.setRemoteDescription(a.localDescription!))
  await sim.run(c.setLocalDescription())
  await sim.run(a.setRemoteDescription(c.localDescription!))
  await sim.run(() => second.readyState === 'open')
  second.send('anew')
  await sim.run(() => received.length > 0)
  t.same(received, ['anew'])
  t.equal(a.connectionState, 'connected')
  t.equal(a.sctp?.state, 'connected')
  a.close()
  c.close()
})

t.test('under glare the side that rolls back is controlled, and no role conflict arises', async t => {
  const pair = createPair({ seed: 33, network: { delay: 10 } })
  const { a, b, sim } = pair
  // Candidates of an offer that has not arrived, or that was rolled back, are refused; checks find the paths all the same.
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate).catch(() => {})
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate).catch(() => {})
  const here = a.createDataChannel('of a')
  const there = b.createDataChannel('of b')
  await sim.run(b.setLocalDescription())
  await sim.run(a.setLocalDescription())
  await sim.run(b.setRemoteDescription(a.localDescription!))
  await sim.run(b.setLocalDescription())
  await sim.run(a.setRemoteDescription(b.localDescription!))
  await sim.run(() => here.readyState === 'open')
  t.equal(a.sctp?.transport.iceTransport.role, 'controlling')
  t.equal(b.sctp?.transport.iceTransport.role, 'controlled')
  await sim.run(() => there.readyState === 'open')
  a.close()
  b.close()
})
