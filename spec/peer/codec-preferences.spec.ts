/** Which codecs setCodecPreferences takes (webrtc-pc, 5.4, and the codec dictionary match algorithm). */

import t from 'tap'
import { RTCRtpReceiver, RTCRtpSender } from '../../lib/peer/index.ts'
import { createPair } from '../sim/pair.ts'

const audio = RTCRtpSender.getCapabilities('audio')!.codecs
const video = RTCRtpSender.getCapabilities('video')!.codecs

t.test('those of the capabilities, in any order, each as often as one likes', t => {
  const { a, b } = createPair({ seed: 83 })
  for (const [kind, codecs] of [['audio', audio] as const, ['video', video] as const]) {
    const transceiver = a.addTransceiver(kind)
    transceiver.setCodecPreferences([...codecs].reverse())
    transceiver.setCodecPreferences([...codecs, ...RTCRtpReceiver.getCapabilities(kind)!.codecs])
    transceiver.setCodecPreferences([])
  }
  const h264 = video.find(({ mimeType }) => mimeType === 'video/H264')!
  const parts = h264.sdpFmtpLine!.split(';').reverse()
  a.getTransceivers()[1]!.setCodecPreferences([{ ...h264, sdpFmtpLine: parts.join('; ') }])
  a.close()
  b.close()
  t.end()
})

t.test('not those that differ in anything', t => {
  const { a, b } = createPair({ seed: 84 })
  const opus = audio[0]!
  const { channels: _, ...mono } = opus
  const { sdpFmtpLine: __, ...bare } = opus
  const changed = [
    { ...opus, clockRate: 24_000 },
    { ...opus, channels: 3 },
    mono,
    bare,
    { ...opus, sdpFmtpLine: 'minptime=10' },
    { ...opus, sdpFmtpLine: 'minptime=20;useinbandfec=1' },
    { ...opus, sdpFmtpLine: `${opus.sdpFmtpLine};stereo=1` },
    { ...opus, sdpFmtpLine: 'anything' },
    { ...opus, mimeType: 'video/opus' },
  ]
  const transceiver = a.addTransceiver('audio')
  for (const codec of changed) {
    t.throws(
      () => transceiver.setCodecPreferences([...audio, codec]),
      { name: 'InvalidModificationError' },
      JSON.stringify(codec),
    )
  }
  a.close()
  b.close()
  t.end()
})
