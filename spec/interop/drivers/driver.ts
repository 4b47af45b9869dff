/**
 * A peer to test against: some WebRTC stack, wherever it runs, driven through the agent (`page/agent.js`) beside it.
 */

import { pathToFileURL } from 'node:url'

/** What the other stack cannot do, or says wrongly, or alone can. Only what was observed; nothing here is about ours. */
export interface Quirks {
  /** Has no ICE restart. */
  readonly noRestart?: boolean
  /** Says of an incoming channel that it is ordered and reliable, whatever it is. */
  readonly misreportsReliability?: boolean
  /** Throws away what it has received and not yet handed on when a channel is closed by the other side. */
  readonly losesUnreadOnClose?: boolean
  /** Often closes without a close_notify of DTLS: then only the end of SCTP tells. */
  readonly closesWithoutAlert?: boolean
  /** Announces a channel with the length of its label and protocol in characters: outside ASCII that is another channel. */
  readonly countsCharacters?: boolean
  /** Has no getStats() that tells what DTLS agreed on. */
  readonly noTransportStats?: boolean
  /** Answers no offer that has chosen its DTLS role, or answers it wrongly. */
  readonly wantsActpass?: boolean
  /** Numbers its channels by its ICE role: rightly only where the answerer is the DTLS client. */
  readonly numbersByIceRole?: boolean
  /** Takes no certificate with a key on P-384. */
  readonly noP384?: boolean
  /** Knows fingerprints by SHA-256 only. */
  readonly sha256Only?: boolean
  /** Has no post-quantum key exchange. */
  readonly classicalGroups?: boolean
  /** Speaks DTLS 1.2 and no later version. */
  readonly dtls12?: boolean
  /** The largest message that it takes, in bytes, where that is less than 256 KiB. */
  readonly largestMessage?: number
  /** Interleaves messages (I-DATA, RFC 8260). */
  readonly interleaves?: boolean
  /** Takes SCTP packets without a checksum (RFC 9653), and says so. */
  readonly takesZeroChecksum?: boolean
  /** Takes no INIT with a parameter that it does not know. */
  readonly refusesUnknownParameters?: boolean
  /** Says nothing from which it could be told that it passes over chunks that it does not know: its path is not probed. */
  readonly notProbed?: boolean
  /** Takes datagrams of 16 KiB, and says so. */
  readonly takesLargeDatagrams?: boolean
  /** Messages beyond 256 KiB that it takes and sends, in bytes, and the configuration that it wants for them. */
  readonly withLargeMessages?: { readonly sizes: readonly number[]; readonly configuration?: object }
}

/** The largest message that is sent to a peer, and that comes back from it, in bytes. */
export const largestMessage = ({ largestMessage = 262_144 }: Quirks): number => largestMessage

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

/** What a stack needs of the agent. */
export interface AgentOptions {
  /** Whether `addIceCandidate(null)` may be called on it. */
  readonly endOfCandidates?: boolean
  /** Whether it tells its candidates one by one. If not, what goes out is the description that has them all. */
  readonly trickles?: boolean
}

/** The agent's source: specs run from the root of the repository, and the build does not copy it. */
export const AGENT = 'spec/interop/page/agent.js'

export async function createAgent(RTCPeerConnection: unknown, options: AgentOptions = {}): Promise<Agent> {
  const { Agent } = await import(pathToFileURL(AGENT).href)
  return new Agent(RTCPeerConnection, options)
}
