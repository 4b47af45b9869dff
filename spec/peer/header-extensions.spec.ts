/** Header extensions of a transceiver (webrtc-extensions, 4): what is to be negotiated, and what was. */

import t from 'tap'
import { createPair } from '../sim/pair.ts'

const LEVEL = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level'

t.test('one is left out, and nothing is negotiated before an answer', async t => {
  const pair = createPair({ seed: 122 })
  const { a, b, sim } = pair
  const transceiver = a.addTransceiver('audio')
  t.same(transceiver.getNegotiatedHeaderExtensions(), [])
  const wanted = transceiver.getHeaderExtensionsToNegotiate()
  transceiver.setHeaderExtensionsToNegotiate(
    wanted.map(each => (each.uri === LEVEL ? { ...each, direction: 'stopped' as const } : each)),
  )
  a.onicecandidate = null
  await sim.run(a.setLocalDescription())
  t.notOk(a.localDescription!.sdp.includes(LEVEL))
  t.same(transceiver.getNegotiatedHeaderExtensions(), [])
  await sim.run(a.setLocalDescription({ type: 'rollback' }))
  await sim.run(pair.negotiate())
  const negotiated = transceiver.getNegotiatedHeaderExtensions()
  t.same(
    negotiated.map(({ uri }) => uri),
    wanted.map(({ uri }) => uri),
  )
  t.equal(negotiated.find(({ uri }) => uri === LEVEL)!.direction, 'stopped')
  t.throws(() => transceiver.setHeaderExtensionsToNegotiate(wanted.slice(1)), { name: 'InvalidModificationError' })
  t.throws(() => transceiver.setHeaderExtensionsToNegotiate(wanted.map(({ uri }) => ({ uri })) as typeof wanted), {
    name: 'TypeError',
  })
  a.close()
  b.close()
})
