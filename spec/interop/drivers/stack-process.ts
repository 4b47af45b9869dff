/**
 * The program of a child process that holds another stack: loads the one that its argument names, and lets the parent
 * call the agent's methods over the process's message channel.
 */

import { type Agent, createAgent } from './driver.ts'
import type { Reply } from './process.ts'

interface Stack {
  load(): Promise<unknown>
  /** Whether its addIceCandidate takes null. */
  readonly endOfCandidates: boolean
}

const stacks: Record<string, Stack> = {
  'node-datachannel': {
    load: async () => (await import('node-datachannel/polyfill')).RTCPeerConnection,
    endOfCandidates: true,
  },
  purertc: {
    load: async () => (await import('../../../lib/index.ts')).RTCPeerConnection,
    endOfCandidates: true,
  },
  wrtc: {
    load: async () => (await import('@roamhq/wrtc')).default.RTCPeerConnection,
    endOfCandidates: false,
  },
}

let agent: Agent | undefined

/** Makes the agent; the reason when the stack's package is not there or does not load on this machine. */
async function load(): Promise<string | undefined> {
  const stack = stacks[process.argv[2] ?? '']
  if (stack === undefined) throw new Error(`unknown stack '${process.argv[2]}'`)
  let RTCPeerConnection: unknown
  try {
    RTCPeerConnection = await stack.load()
  } catch (error) {
    return String(error)
  }
  agent = await createAgent(RTCPeerConnection, stack)
  return undefined
}

const reply = (message: Reply) => process.send?.(message)

process.on('message', async message => {
  const { id, method, args } = message as { id: number; method: string; args: unknown[] }
  try {
    reply({ id, value: method === 'load' ? await load() : await agent?.[method]?.(...args) })
  } catch (error) {
    reply({ id, error: String(error) })
  }
})
process.on('disconnect', () => process.exit())
