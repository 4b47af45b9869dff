/** Every stack that the bench compares, by name; a stack is loaded only where it is used. */

import { createRequire } from 'node:module'
import { nodeDatachannel } from './node-datachannel.ts'
import type { Stack, StackName } from './stack.ts'
import { w3cStack } from './w3c.ts'

export { type BenchChannel, type Link, type Role, type Signal, STACKS, type Stack, type StackName } from './stack.ts'

export const stacks: Record<StackName, Stack> = {
  purertc: w3cStack('purertc', async () => (await import('../../lib/index.ts')).RTCPeerConnection, {
    configuration: { iceServers: [] },
  }),
  'node-datachannel': nodeDatachannel,
  wrtc: w3cStack('wrtc', async () => (await import('@roamhq/wrtc')).default.RTCPeerConnection, {
    configuration: { iceServers: [] },
  }),
  // It takes 64 KiB at most unless told otherwise, and asks a public STUN server unless told none.
  werift: w3cStack('werift', async () => (await import('werift')).RTCPeerConnection, {
    configuration: { iceServers: [], maxMessageSize: 262_144 },
    keepsSent: true,
  }),
}

const PACKAGES: Record<StackName, string> = {
  purertc: '',
  'node-datachannel': 'node-datachannel',
  wrtc: '@roamhq/wrtc',
  werift: 'werift',
}

/** The version of each stack, as its package says. */
export function versionOf(name: StackName): string {
  const require = createRequire(import.meta.url)
  const path =
    PACKAGES[name] === ''
      ? `${process.cwd()}/package.json`
      : `${process.cwd()}/node_modules/${PACKAGES[name]}/package.json`
  return (require(path) as { version: string }).version
}
