/**
 * The program of a child process that holds another stack: loads the one that its argument names, and lets the parent
 * call the agent's methods over the process's message channel.
 */

import { type Agent, createAgent } from './driver.ts'
import type { Reply } from './process.ts'

const stacks: Record<string, () => Promise<Agent>> = {
  'node-datachannel': async () => createAgent((await import('node-datachannel/polyfill')).RTCPeerConnection),
  // Its addIceCandidate(null) throws.
  wrtc: async () => createAgent((await import('@roamhq/wrtc')).default.RTCPeerConnection, { endOfCandidates: false }),
}

const agent = stacks[process.argv[2] ?? '']?.()
const reply = (message: Reply) => process.send?.(message)

process.on('message', async message => {
  const { id, method, args } = message as { id: number; method: string; args: unknown[] }
  try {
    const stack = await agent
    if (stack === undefined) throw new Error(`unknown stack '${process.argv[2]}'`)
    reply({ id, value: method === 'ready' ? true : await stack[method]?.(...args) })
  } catch (error) {
    reply({ id, error: String(error) })
  }
})
process.on('disconnect', () => process.exit())
