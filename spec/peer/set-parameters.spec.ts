/** What setParameters may change (webrtc-pc, 5.2; webrtc-extensions, key frames; mst-content-hint, degradationPreference). */

import t from 'tap'
import { RTCRtpSender, type RTCSetParameterOptions } from '../../lib/peer/index.ts'
import { createPair, type Pair } from '../sim/pair.ts'
import { Camera, film, Microphone } from './media-world.ts'

type Parameters = ReturnType<RTCRtpSender['getParameters']>

const change = (sender: RTCRtpSender, edit: (parameters: Parameters) => void, options?: RTCSetParameterOptions) => {
  const parameters = sender.getParameters()
  edit(parameters)
  return sender.setParameters(parameters, options)
}

const connected = async (pair: Pair): Promise<void> => {
  await pair.sim.run(pair.negotiate())
  await pair.sim.run(() => pair.a.connectionState === 'connected' && pair.b.connectionState === 'connected')
}

t.test('the codec of an encoding: any that can be sent, then those that were agreed on', async t => {
  const pair = createPair({ seed: 85 })
  const { a, b, sim } = pair
  const transceiver = a.addTransceiver('video')
  const codecs = RTCRtpSender.getCapabilities('video')!.codecs
  const [vp8, av1] = ['VP8', 'AV1'].map(name => codecs.find(({ mimeType }) => mimeType === `video/${name}`)!)
  transceiver.setCodecPreferences([vp8!])
  const { sender } = transceiver
  await sim.run(change(sender, ({ encodings }) => Object.assign(encodings[0]!, { codec: av1 })))
  t.match(sender.getParameters().encodings, [{ codec: { mimeType: 'video/AV1' } }])
  await sim.run(pair.negotiate())
  t.notOk('codec' in sender.getParameters().encodings[0]!, 'nobody agreed on it')
  await t.rejects(sim.run(change(sender, ({ encodings }) => Object.assign(encodings[0]!, { codec: av1 }))), {
    name: 'InvalidModificationError',
  })
  await sim.run(change(sender, ({ encodings }) => Object.assign(encodings[0]!, { codec: vp8 })))
  a.close()
  b.close()
})

t.test('what is to suffer first stays as it was set', async t => {
  const { a, b, sim } = createPair({ seed: 86 })
  const { sender } = a.addTransceiver('video')
  t.notOk('degradationPreference' in sender.getParameters())
  await sim.run(change(sender, given => Object.assign(given, { degradationPreference: 'maintain-resolution' })))
  t.equal(sender.getParameters().degradationPreference, 'maintain-resolution')
  a.close()
  b.close()
})

t.test('a key frame may be asked for', async t => {
  const pair = createPair({ seed: 87 })
  const { a, b, sim } = pair
  const camera = new Camera()
  const { sender } = a.addTransceiver(camera.track)
  const audio = a.addTransceiver(new Microphone().track).sender
  await connected(pair)
  await film(pair, 200, camera)
  const { asked } = camera
  await sim.run(change(sender, () => {}, { encodingOptions: [{}] }))
  t.equal(camera.asked, asked)
  await sim.run(change(sender, () => {}, { encodingOptions: [{ keyFrame: true }] }))
  t.equal(camera.asked, asked + 1)
  const two = { encodingOptions: [{ keyFrame: true }, {}] }
  await t.rejects(sim.run(change(sender, () => {}, two)), { name: 'InvalidModificationError' })
  await sim.run(change(audio, () => {}, two))
  await t.rejects(sim.run(change(sender, () => {}, 5 as never)), { name: 'TypeError' })
  t.equal(camera.asked, asked + 1)
  a.close()
  b.close()
})
