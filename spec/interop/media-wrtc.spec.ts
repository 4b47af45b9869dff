/** Audio and video of libwebrtc (@roamhq/wrtc, which has no H264) against ours. */

import t from 'tap'
import { CannotStart } from './drivers/driver.ts'
import { MediaProgram } from './drivers/media-program.ts'
import { comesAndGoes, decodes, echoes, recovers } from './media-scenarios.ts'
import { startPeer } from './media-stack.ts'
import { Waiting } from './waiting.ts'

const waiting = new Waiting()
const program = await startPeer(t, async () => {
  try {
    await import('@roamhq/wrtc')
  } catch (error) {
    throw new CannotStart('wrtc', error)
  }
  return new MediaProgram('wrtc', process.execPath, ['spec/interop/programs/wrtc-media.js'], waiting)
})

if (program !== undefined) {
  const peer = { program, waiting }
  echoes(t, peer, { video: 'video/VP8', audio: 'audio/opus' })
  echoes(t, peer, { video: 'video/VP9', audio: 'audio/PCMU' })
  echoes(t, peer, { video: 'video/AV1', audio: 'audio/G722' })
  comesAndGoes(t, peer, { video: 'video/VP8', audio: 'audio/PCMA' })
  recovers(t, peer, { video: 'video/VP8', audio: 'audio/opus' })
  decodes(t, peer)
}
