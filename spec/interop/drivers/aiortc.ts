/** aiortc (as Debian packages it), in a process of the system's Python: `programs/aiortc-end.py`, `programs/aiortc-media.py`. */

import { spawnSync } from 'node:child_process'
import type { Waiting } from '../waiting.ts'
import { CannotStart, createAgent, type PeerStarter, type Quirks } from './driver.ts'
import { MediaProgram } from './media-program.ts'
import { RemoteStack } from './remote.ts'

/** The Python that Debian's packages are for; there may be others before it in the path. */
const PYTHON = '/usr/bin/python3'
const PROGRAM = 'spec/interop/programs/aiortc-end.py'
const MEDIA_PROGRAM = 'spec/interop/programs/aiortc-media.py'

const find = (): void => {
  const { status } = spawnSync(PYTHON, ['-c', 'import aiortc'])
  if (status !== 0) throw new CannotStart('aiortc', 'it is not installed')
}

/** Throws `CannotStart` when Python or aiortc is not there. */
export function startAiortc(): RemoteStack {
  find()
  return new RemoteStack('aiortc', PYTHON, [PROGRAM])
}

/** With audio and video. Throws likewise. */
export function startAiortcMedia(waiting: Waiting): MediaProgram {
  find()
  return new MediaProgram('aiortc', PYTHON, [MEDIA_PROGRAM], waiting)
}

export const aiortc = (quirks: Quirks): PeerStarter => ({
  name: 'aiortc',
  start: async () => {
    const stack = startAiortc()
    const agent = await createAgent(stack.RTCPeerConnection, { trickles: false })
    return {
      name: 'aiortc',
      quirks,
      call: async (method, ...args) => agent[method]?.(...args),
      close: () => stack.close(),
    }
  },
})
