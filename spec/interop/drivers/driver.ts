/**
 * A peer to test against: some WebRTC stack, wherever it runs, driven through the agent (`page/agent.js`) beside it.
 */

import { pathToFileURL } from 'node:url'

/** What the other stack cannot do, or says wrongly. Only what was observed; nothing here is about ours. */
export interface Quirks {
  /** Has no ICE restart. */
  readonly noRestart?: boolean
  /** Says of an incoming channel that it is ordered and reliable, whatever it is. */
  readonly misreportsReliability?: boolean
  /** Throws away what it has received and not yet handed on when a channel is closed by the other side. */
  readonly losesUnreadOnClose?: boolean
  /** Often closes without a close_notify of DTLS: then only the end of SCTP tells. */
  readonly closesWithoutAlert?: boolean
  /** Has no getStats() with a transport in it. */
  readonly noTransportStats?: boolean
}

export interface Driver {
  readonly name: string
  readonly quirks: Quirks
  /** Calls a method of the agent; rejects with the error that it threw. */
  call(method: string, ...args: readonly unknown[]): Promise<unknown>
  /** Ends the stack and frees what it ran in. */
  close(): Promise<void>
}

/** Why a peer cannot run on this machine. Any other error is a failure of the spec. */
export class CannotStart extends Error {
  constructor(name: string, reason: unknown) {
    const [first] = (reason instanceof Error ? reason.message : String(reason)).split('\n')
    super(`${name} cannot start here: ${first}`)
  }
}

/** Starts a peer; rejects with `CannotStart` when it cannot run on this machine. */
export interface PeerStarter {
  readonly name: string
  start(): Promise<Driver>
}

/** The agent as its callers here see it. */
export interface Agent {
  [method: string]: (...args: readonly unknown[]) => unknown
}

/** The agent's source: specs run from the root of the repository, and the build does not copy it. */
export const AGENT = 'spec/interop/page/agent.js'

export async function createAgent(
  RTCPeerConnection: unknown,
  options: { readonly endOfCandidates?: boolean } = {},
): Promise<Agent> {
  const { Agent } = await import(pathToFileURL(AGENT).href)
  return new Agent(RTCPeerConnection, options)
}
