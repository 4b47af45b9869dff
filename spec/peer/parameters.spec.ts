/** getParameters and setParameters (webrtc-pc, 5.2), sources (5.3), and what addTransceiver refuses (5.1). */

import t from 'tap'
import type { RTCRtpSender } from '../../lib/peer/index.ts'
import { createPair, type Pair } from '../sim/pair.ts'
import { Camera, film, Microphone, watch } from './media-world.ts'

const connected = async (pair: Pair): Promise<void> => {
  await pair.sim.run(pair.negotiate())
  await pair.sim.run(() => pair.a.connectionState === 'connected' && pair.b.connectionState === 'connected')
}

const change = (sender: RTCRtpSender, edit: (parameters: ReturnType<RTCRtpSender['getParameters']>) => void) => {
  const parameters = sender.getParameters()
  edit(parameters)
  return sender.setParameters(parameters)
}

t.test('what is in force, and what may be changed', async t => {
  const pair = createPair({ seed: 41 })
  const { a, b, sim } = pair
  const camera = new Camera()
  const { sender } = a.addTransceiver(camera.track)
  t.same(sender.getParameters().codecs, [], 'nothing is agreed on')
  await connected(pair)
  const { codecs, headerExtensions, encodings, rtcp, transactionId } = sender.getParameters()
  t.match(codecs[0], { mimeType: 'video/VP8', clockRate: 90_000, payloadType: 96 })
  t.ok(headerExtensions.some(({ uri }) => uri.endsWith('sdes:mid')))
  t.match(encodings, [{ active: true }])
  t.equal(rtcp.reducedSize, true)
  t.equal(typeof rtcp.cname, 'string')
  t.equal(sender.getParameters().transactionId, transactionId, 'the same in one task')

  const seen = watch(b.getReceivers()[0]!.track)
  await film(pair, 200, camera)
  await sim.run(change(sender, ({ encodings }) => Object.assign(encodings[0]!, { active: false, maxBitrate: 500_000 })))
  t.match(sender.getParameters().encodings, [{ active: false, maxBitrate: 500_000 }])
  await film(pair, 60, camera)
  const { length } = seen
  await film(pair, 400, camera)
  t.equal(seen.length, length, 'not active: nothing is sent')
  await sim.run(change(sender, ({ encodings }) => Object.assign(encodings[0]!, { active: true })))
  await film(pair, 400, camera)
  t.ok(seen.length > length)
  a.close()
  b.close()
})

t.test('what may not', async t => {
  const pair = createPair({ seed: 42 })
  const { a, b, sim } = pair
  const { sender } = a.addTransceiver(new Camera().track)
  await connected(pair)
  const refused = (edit: (parameters: ReturnType<RTCRtpSender['getParameters']>) => void, name: string) =>
    t.rejects(sim.run(change(sender, edit)), { name })
  await refused(given => Object.assign(given, { transactionId: 'x' }), 'InvalidModificationError')
  await refused(given => given.codecs.splice(0, 1), 'InvalidModificationError')
  await refused(given => given.encodings.push({ active: true }), 'InvalidModificationError')
  await refused(given => given.encodings.splice(0), 'InvalidModificationError')
  await refused(given => Object.assign(given.encodings[0]!, { rid: 'x' }), 'InvalidModificationError')
  await refused(given => Object.assign(given.encodings[0]!, { scaleResolutionDownBy: 0.5 }), 'RangeError')
  await refused(given => Object.assign(given.rtcp, { cname: 'x' }), 'InvalidModificationError')
  const theora = { mimeType: 'video/theora', clockRate: 90_000 }
  await refused(given => Object.assign(given.encodings[0]!, { codec: theora }), 'InvalidModificationError')

  const stale = sender.getParameters()
  await sim.run(sim.now() + 1)
  await t.rejects(sim.run(sender.setParameters(stale)), { name: 'InvalidStateError' })
  a.getTransceivers()[0]!.stop()
  await t.rejects(sim.run(sender.setParameters(sender.getParameters())), { name: 'InvalidStateError' })
  a.close()
  b.close()
})

t.test('what a transceiver is not made of', t => {
  const { a, b } = createPair({ seed: 43 })
  const refused = (init: object, name: string) =>
    t.throws(() => a.addTransceiver('video', init), { name }, JSON.stringify(init))
  refused({ direction: 'stopped' }, 'TypeError')
  refused({ direction: 'up' }, 'TypeError')
  refused({ sendEncodings: [{ rid: 'a' }, { rid: 'a' }] }, 'TypeError')
  refused({ sendEncodings: [{ rid: 'a' }, {}] }, 'TypeError')
  refused({ sendEncodings: [{ rid: 'not a rid' }] }, 'TypeError')
  refused({ sendEncodings: [{ scaleResolutionDownBy: 0.5 }] }, 'RangeError')
  t.throws(() => a.addTransceiver('text'), { name: 'TypeError' })
  t.throws(() => a.addTransceiver({} as never), { name: 'TypeError' })
  const { sender } = a.addTransceiver('audio', { sendEncodings: [{ maxBitrate: 32_000 }] })
  t.match(sender.getParameters().encodings, [{ maxBitrate: 32_000 }])
  t.equal(a.getTransceivers().length, 1)
  a.close()
  b.close()
  t.end()
})

t.test('who was heard', async t => {
  const pair = createPair({ seed: 44 })
  const { a, b, sim } = pair
  const microphone = new Microphone()
  a.addTrack(microphone.track)
  await connected(pair)
  const [receiver] = b.getReceivers()
  t.same(receiver!.getSynchronizationSources(), [])
  await film(pair, 200, microphone)
  const [source] = receiver!.getSynchronizationSources()
  t.equal(typeof source!.source, 'number')
  t.equal(typeof source!.rtpTimestamp, 'number')
  t.same(receiver!.getContributingSources(), [])
  await sim.run(sim.now() + 10_100)
  t.same(receiver!.getSynchronizationSources(), [], 'not in the last ten seconds')
  a.close()
  b.close()
})
