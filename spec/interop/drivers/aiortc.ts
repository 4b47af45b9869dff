/** aiortc (as Debian packages it), in a process of the system's Python: `programs/aiortc-end.py`. */

import { spawnSync } from 'node:child_process'
import { CannotStart, createAgent, type PeerStarter, type Quirks } from './driver.ts'
import { RemoteStack } from './remote.ts'

/** The Python that Debian's packages are for; there may be others before it in the path. */
const PYTHON = '/usr/bin/python3'
const PROGRAM = 'spec/interop/programs/aiortc-end.py'

/** Throws `CannotStart` when Python or aiortc is not there. */
export function startAiortc(): RemoteStack {
  const { status } = spawnSync(PYTHON, ['-c', 'import aiortc'])
  if (status !== 0) throw new CannotStart('aiortc', 'it is not installed')
  return new RemoteStack('aiortc', PYTHON, [PROGRAM])
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
