/** Audio and video of aiortc (of Debian) against ours. */

import t from 'tap'
import { startAiortcMedia } from './drivers/aiortc.ts'
import { comesAndGoes, decodes, echoes, recovers } from './media-scenarios.ts'
import { startPeer } from './media-stack.ts'
import { Waiting } from './waiting.ts'

const waiting = new Waiting()
const program = await startPeer(t, () => startAiortcMedia(waiting))

if (program !== undefined) {
  const peer = { program, waiting }
  echoes(t, peer, { video: 'video/VP8', audio: 'audio/opus' })
  // Its encoder of H264 makes a key frame every 250 frames, asked or not.
  echoes(t, peer, { video: 'video/H264', audio: 'audio/PCMU' }, false)
  // It has no stopping of transceivers.
  comesAndGoes(t, peer, { video: 'video/VP8', audio: 'audio/PCMA' }, 'inactive')
  recovers(t, peer, { video: 'video/VP8', audio: 'audio/opus' })
  decodes(t, peer, 'told')
}
