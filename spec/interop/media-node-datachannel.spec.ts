/** Audio and video of node-datachannel (libdatachannel) against ours. */

import t from 'tap'
import { CannotStart } from './drivers/driver.ts'
import { MediaProgram } from './drivers/media-program.ts'
import { h264Pictures, ivfFrames, soundPackets } from './media-fixture.ts'
import { asksForKeyFrames, exchanges, getsOurs, isAddedAndRemoved, sendsAgain } from './media-sample-scenarios.ts'
import { startPeer } from './media-stack.ts'
import { Waiting } from './waiting.ts'

const PROGRAM = 'spec/interop/programs/node-datachannel-media.js'

const waiting = new Waiting()
const program = await startPeer(t, async () => {
  try {
    await import('node-datachannel')
  } catch (error) {
    throw new CannotStart('node-datachannel', error)
  }
  return new MediaProgram('node-datachannel', process.execPath, [PROGRAM], waiting)
})

if (program !== undefined) {
  const peer = { program, waiting }
  const vp8 = { video: ivfFrames('vp8').map(({ data }) => data), audio: soundPackets(40) }
  const h264 = { video: h264Pictures(), audio: soundPackets(160) }
  exchanges(t, peer, { video: 'video/VP8', audio: 'audio/opus' }, vp8)
  exchanges(t, peer, { video: 'video/H264', audio: 'audio/PCMU' }, h264)
  asksForKeyFrames(t, peer)
  // It asks for nothing that it lacks itself, and sends again what it has cut into packets itself.
  sendsAgain(t, peer, 'video/H264', h264, false)
  isAddedAndRemoved(t, peer)
  getsOurs(t, peer)
}
