/** Every stack that the bench compares, by name; a stack is loaded only where it is used. */

import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { startAiortc } from '../../spec/interop/drivers/aiortc.ts'
import { startPion } from '../../spec/interop/drivers/pion.ts'
import { nodeDatachannel } from './node-datachannel.ts'
import { CONNECTING, STACKS, type Stack, type StackName } from './stack.ts'
import { w3cStack } from './w3c.ts'

export {
  type BenchChannel,
  CONNECTING,
  type Link,
  ON_REQUEST,
  type PacketCounts,
  type Role,
  type Signal,
  STACKS,
  type Stack,
  type StackName,
} from './stack.ts'

/** One program for all connections of a process, as the others have one library. */
const shared = <T>(start: () => T): (() => T) => {
  let started: T | undefined
  return () => {
    started ??= start()
    return started
  }
}
const pionProgram = shared(startPion)
const aiortcProgram = shared(startAiortc)

const loadOurs = async () => (await import('../../lib/index.ts')).RTCPeerConnection

export const stacks: Record<StackName, Stack> = {
  purertc: w3cStack('purertc', loadOurs, { configuration: { iceServers: [] }, counts: true }),
  'purertc-1200': w3cStack('purertc-1200', loadOurs, {
    configuration: { iceServers: [], sctp: { pathMtuDiscovery: false } },
    counts: true,
  }),
  'purertc-dtls1.2': w3cStack('purertc-dtls1.2', loadOurs, {
    configuration: { iceServers: [], dtlsVersions: ['1.2'] },
    counts: true,
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
  pion: w3cStack('pion', async () => (await pionProgram()).RTCPeerConnection, { configuration: {} }),
  aiortc: w3cStack('aiortc', async () => aiortcProgram().RTCPeerConnection, { configuration: {}, trickles: false }),
}

/** The packages: npm's in the first list, Debian's in the second. */
const PACKAGES: Record<StackName, string> = {
  purertc: '',
  'purertc-1200': '',
  'purertc-dtls1.2': '',
  'node-datachannel': 'node-datachannel',
  wrtc: '@roamhq/wrtc',
  werift: 'werift',
  pion: 'golang-github-pion-webrtc.v3-dev',
  aiortc: 'python3-aiortc',
}

const isOfDebian = (name: StackName): boolean => CONNECTING.some(each => each === name)

/** The version of each stack, as its package says; of Debian's, the empty string where it is not installed. */
export function versionOf(name: StackName): string {
  if (isOfDebian(name)) {
    const { stdout } = spawnSync('dpkg-query', ['--show', PACKAGES[name]], { encoding: 'utf8' })
    return stdout?.trim().split('\t')[1] ?? ''
  }
  const require = createRequire(import.meta.url)
  const path =
    PACKAGES[name] === ''
      ? `${process.cwd()}/package.json`
      : `${process.cwd()}/node_modules/${PACKAGES[name]}/package.json`
  return (require(path) as { version: string }).version
}

/** Those that are measured here unless others are named: all but those of Debian that are not installed. */
export const installed: readonly StackName[] = [...STACKS, ...CONNECTING.filter(name => versionOf(name) !== '')]
