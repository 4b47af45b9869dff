/** The encodings that addTransceiver takes (webrtc-pc, 5.1, addTransceiver sendEncodings validation steps; webrtc-priority, 5). */

import t from 'tap'
import { RTCRtpSender } from '../../lib/peer/index.ts'
import { createPair } from '../sim/pair.ts'

const VP8 = { mimeType: 'video/VP8', clockRate: 90_000 }

t.test('what is refused, and with which exception', t => {
  const { a, b } = createPair({ seed: 81 })
  const refused = (kind: string, encodings: object[], name: string) =>
    t.throws(() => a.addTransceiver(kind, { sendEncodings: encodings }), { name }, JSON.stringify(encodings))
  refused('video', [{ maxFramerate: 0 }], 'RangeError')
  refused('video', [{ maxFramerate: -1 }], 'RangeError')
  refused('video', [{ scaleResolutionDownBy: 0.9 }], 'RangeError')
  refused('video', [{ rid: 'a' }, {}], 'TypeError')
  const theora = { mimeType: 'video/theora', clockRate: 90_000 }
  refused('video', [{ codec: theora, scaleResolutionDownBy: 0.5 }], 'OperationError')
  refused('video', [{ codec: theora, rid: 'no rid' }], 'TypeError')
  refused('video', [{ codec: { ...VP8, sdpFmtpLine: 'max-fr=30' } }], 'OperationError')
  const [opus] = RTCRtpSender.getCapabilities('audio')!.codecs
  refused('audio', [{ codec: { mimeType: 'audio/opus', clockRate: 48_000, channels: 2 } }], 'OperationError')
  refused('audio', [{ codec: { ...opus!, channels: 1 } }], 'OperationError')
  t.equal(a.getTransceivers().length, 0)
  a.close()
  b.close()
  t.end()
})

t.test('what is taken', t => {
  const { a, b } = createPair({ seed: 82 })
  const encodingsOf = (kind: string, sendEncodings?: object[]) =>
    a.addTransceiver(kind, { ...(sendEncodings && { sendEncodings }) }).sender.getParameters().encodings
  t.same(encodingsOf('video'), [{ active: true, priority: 'low', scaleResolutionDownBy: 1 }])
  t.same(encodingsOf('audio'), [{ active: true, priority: 'low' }])
  t.same(encodingsOf('audio', [{ maxFramerate: 0, scaleResolutionDownBy: 0, priority: 'high' }]), [
    { active: true, priority: 'high' },
  ])
  t.equal(encodingsOf('video', [{}, {}]).length, 1, 'several without a rid: one is sent')
  const [opus] = RTCRtpSender.getCapabilities('audio')!.codecs
  const codec = { ...opus!, mimeType: 'AUDIO/OPUS', sdpFmtpLine: 'useinbandfec=1; minptime=10' }
  t.match(encodingsOf('audio', [{ codec }]), [{ codec }])
  t.match(encodingsOf('video', [{ codec: VP8 }]), [{ codec: VP8 }])
  a.close()
  b.close()
  t.end()
})
