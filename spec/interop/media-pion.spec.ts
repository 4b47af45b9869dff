/** Audio and video of pion (webrtc v3, of Debian) against ours. */

import t from 'tap'
import { startPionMedia } from './drivers/pion.ts'
import { h264Pictures, ivfFrames, soundPackets } from './media-fixture.ts'
import { asksForKeyFrames, exchanges, getsOurs, isAddedAndRemoved, sendsAgain } from './media-sample-scenarios.ts'
import { startPeer } from './media-stack.ts'
import { Waiting } from './waiting.ts'

const waiting = new Waiting()
const program = await startPeer(t, () => startPionMedia(waiting))

if (program !== undefined) {
  const peer = { program, waiting }
  const [vp8, vp9] = [ivfFrames('vp8'), ivfFrames('vp9')].map(frames => frames.map(({ data }) => data))
  const samples = { video: vp8!, audio: soundPackets(40) }
  exchanges(t, peer, { video: 'video/VP8', audio: 'audio/opus' }, samples)
  exchanges(t, peer, { video: 'video/VP9', audio: 'audio/PCMA' }, { video: vp9!, audio: soundPackets(160) })
  exchanges(t, peer, { video: 'video/H264', audio: 'audio/G722' }, { video: h264Pictures(), audio: soundPackets(160) })
  asksForKeyFrames(t, peer)
  // It takes no stream for retransmission (RFC 4588), although it says so.
  sendsAgain(t, peer, 'video/VP8', samples, true)
  isAddedAndRemoved(t, peer)
  getsOurs(t, peer)
}
