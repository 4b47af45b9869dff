/** Audio and video of werift against ours. */

import t from 'tap'
import { CannotStart } from './drivers/driver.ts'
import { MediaProgram } from './drivers/media-program.ts'
import { ivfFrames, soundPackets } from './media-fixture.ts'
import { asksForKeyFrames, exchanges, getsOurs, isAddedAndRemoved, sendsAgain } from './media-sample-scenarios.ts'
import { startPeer } from './media-stack.ts'
import { Waiting } from './waiting.ts'

const waiting = new Waiting()
const program = await startPeer(t, async () => {
  try {
    await import('werift')
  } catch (error) {
    throw new CannotStart('werift', error)
  }
  return new MediaProgram('werift', process.execPath, ['spec/interop/programs/werift-media.js'], waiting)
})

if (program !== undefined) {
  const peer = { program, waiting }
  const video = ivfFrames('vp8').map(({ data }) => data)
  const samples = { video, audio: soundPackets(40) }
  exchanges(t, peer, { video: 'video/VP8', audio: 'audio/opus' }, samples)
  exchanges(t, peer, { video: 'video/VP8', audio: 'audio/PCMU' }, { video, audio: soundPackets(160) })
  // What is asked for by who sends to it as well, it takes for something about what it receives.
  asksForKeyFrames(t, peer, false)
  // It asks for what it lacks for 50 ms and no longer.
  sendsAgain(t, peer, 'video/VP8', samples, false)
  isAddedAndRemoved(t, peer)
  getsOurs(t, peer)
}
