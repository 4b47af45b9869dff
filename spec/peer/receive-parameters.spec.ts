/** RTCRtpReceiver.getParameters before and after an answer (webrtc-pc, 4.4.1.5, [[ReceiveCodecs]], and 5.3). */

import t from 'tap'
import { type RTCRtpReceiver, RTCRtpSender } from '../../lib/peer/index.ts'
import { createPair } from '../sim/pair.ts'

const names = (receiver: RTCRtpReceiver) =>
  receiver.getParameters().codecs.map(({ mimeType }) => mimeType.replace('video/', ''))

t.test('what an own offer has is prepared for at once, until an answer or a rollback', async t => {
  const pair = createPair({ seed: 91 })
  const { a, b, sim } = pair
  const of = (...wanted: string[]) =>
    RTCRtpSender.getCapabilities('video')!.codecs.filter(({ mimeType }) => wanted.includes(mimeType.slice(6)))
  const transceiver = a.addTransceiver('video')
  const { receiver, sender } = transceiver
  const sendonly = a.addTransceiver('audio', { direction: 'sendonly' })
  transceiver.setCodecPreferences(of('VP8', 'AV1'))
  t.same(names(receiver), [])
  a.onicecandidate = null
  await sim.run(a.setLocalDescription())
  t.same(names(receiver), ['VP8', 'AV1'])
  const { headerExtensions, rtcp, codecs } = receiver.getParameters()
  t.ok(headerExtensions.some(({ uri }) => uri.endsWith(':sdes:mid')))
  t.same(rtcp, { reducedSize: true })
  t.match(codecs[1], { clockRate: 90_000, sdpFmtpLine: /profile=0/, payloadType: Number })
  t.same(sendonly.receiver.getParameters().codecs, [], 'nothing is to be received')
  t.same(sender.getParameters().codecs, [], 'to send takes an answer')

  await sim.run(a.setLocalDescription({ type: 'rollback' }))
  t.same(names(receiver), [])
  b.ontrack = ({ transceiver }) => {
    if (transceiver.receiver.track.kind !== 'video') return
    transceiver.direction = 'sendrecv'
    transceiver.setCodecPreferences(of('AV1'))
  }
  await sim.run(pair.negotiate())
  t.same(names(receiver), ['AV1'])
  t.match(receiver.getParameters(), { codecs: [codecs[1]], rtcp })

  transceiver.setCodecPreferences(of('AV1', 'VP9'))
  await sim.run(a.setLocalDescription())
  t.same(new Set(names(receiver)), new Set(['AV1', 'VP9']))
  await sim.run(a.setLocalDescription({ type: 'rollback' }))
  t.same(names(receiver), ['AV1'], 'back to what was agreed on')
  a.close()
  b.close()
})
