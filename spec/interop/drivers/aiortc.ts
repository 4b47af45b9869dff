/** aiortc (as Debian packages it), in a process of the system's Python: `programs/aiortc-end.py`. */

import { spawnSync } from 'node:child_process'
import { CannotStart, createAgent, type PeerStarter, type Quirks } from './driver.ts'
import { RemoteStack } from './remote.ts'

/** The Python that Debian's packages are for; there may be others before it in the path. */
const PYTHON = '/usr/bin/python3'
const PROGRAM = 'spec/interop/programs/aiortc-end.py'

export const aiortc = (quirks: Quirks): PeerStarter => ({
  name: 'aiortc',
  start: async () => {
    const { status, stdout } = spawnSync(PYTHON, ['-c', 'import aiortc; print(aiortc.__version__)'], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new CannotStart('aiortc', 'it is not installed')
    const stack = new RemoteStack('aiortc', PYTHON, [PROGRAM])
    const agent = await createAgent(stack.RTCPeerConnection, { trickles: false })
    return {
      name: `aiortc ${stdout.trim()}`,
      quirks,
      call: async (method, ...args) => agent[method]?.(...args),
      close: () => stack.close(),
    }
  },
})
