/** What an agent takes: its options, its timing, and what it counts. */

import type { Packet } from '../bytes/index.ts'
import type { CryptoProvider } from '../crypto/index.ts'
import type { TraceSink } from '../machine/index.ts'
import type { IceParameters } from './parameters.ts'

export type IceRole = 'controlling' | 'controlled'

/** Intervals in milliseconds. */
export interface IceTiming {
  /** Ta: the least time between two new checks (RFC 8445, 14.2). 50. */
  readonly checkInterval: number
  /** RTO of a check, at least (RFC 8445, 14.3). 500. */
  readonly initialTimeout: number
  /** Rc: how often a check is sent in all (RFC 8489, 6.2.1). 7. */
  readonly requests: number
  /** Rm: how many `initialTimeout` a check waits after its last request. 16. */
  readonly lastWait: number
  /** Between two consent checks, each varied by a fifth (RFC 7675, 5.1). 5,000. */
  readonly consentInterval: number
  /** From the last valid answer until sending must stop (RFC 7675, 5.1). 30,000. */
  readonly consentTimeout: number
  /**
   * Silence of the selected pair until the state is `disconnected`. 8,000: a consent check of either side comes at
   * least every 6 s, so that one lost datagram does not alarm anyone.
   */
  readonly disconnectedTimeout: number
  /**
   * How long a consent check may be unanswered, at least, before the pair is suspected to be dead, and for how long it is
   * asked then before another takes its place; 4 round trips if that is more. 1,000.
   */
  readonly doubtTimeout: number
  /** Between two checks of a pair that is kept to take over, at most; a fifth less at least. 15,000 (RFC 8445, 11). */
  readonly backupInterval: number
  /** How long to hope for pairs when none is left to check (RFC 8863). 39,500: seven requests of a peer's check. */
  readonly patience: number
  /**
   * How long after the first pair became valid the nomination waits at most: for a better pair whose check is under
   * way, or may still be trickled since the peer has not ended its candidates. One round trip is added. 200: enough for
   * what is trickled on one site; not more, since some peers (pion, aioice) carry nothing before a pair is nominated.
   */
  readonly nominationWait: number
  /** How long what belongs to the time before a restart is still answered and let in, once it is replaced. 30,000. */
  readonly drainTime: number
}

export const DEFAULT_TIMING: IceTiming = {
  checkInterval: 50,
  initialTimeout: 500,
  requests: 7,
  lastWait: 16,
  consentInterval: 5_000,
  consentTimeout: 30_000,
  disconnectedTimeout: 8_000,
  doubtTimeout: 1_000,
  backupInterval: 15_000,
  patience: 39_500,
  nominationWait: 200,
  drainTime: 30_000,
}

export interface IceAgentOptions {
  readonly crypto: CryptoProvider
  readonly role: IceRole
  /** Our credentials; fresh ones by default. */
  readonly parameters?: IceParameters
  /** Puts a datagram on the wire from the socket of that number. */
  readonly transmit: (packet: Packet, socket: number, address: string, port: number) => void
  readonly timing?: Partial<IceTiming>
  /** Whether this is a lite implementation, which only answers (RFC 8445, 2.5): for a host with public addresses. */
  readonly lite?: boolean
  /** Whether a nomination may be followed by a better one, if the peer announces it as well. Default true. */
  readonly renomination?: boolean
  readonly trace?: TraceSink
}

/** What an agent has seen and not acted on, and what it has. */
export const createCounters = () => ({
  requestsReceived: 0,
  requestsSent: 0,
  responsesReceived: 0,
  responsesSent: 0,
  errorsReceived: 0,
  errorsSent: 0,
  /** Not a STUN message. */
  malformed: 0,
  /** From a socket that was not named to this agent. */
  unknownSocket: 0,
  /** Indications, and requests of other methods than Binding. */
  ignoredMethods: 0,
  /** Requests without a right FINGERPRINT: dropped. */
  invalidFingerprint: 0,
  /** Requests without USERNAME or MESSAGE-INTEGRITY: answered 400. */
  missingCredentials: 0,
  /** Requests for another user: answered 401. */
  unknownUsername: 0,
  /** Requests that name credentials of ours together with others of the peer's than go with them: dropped. */
  mixedGenerations: 0,
  /** Requests with a wrong MESSAGE-INTEGRITY: answered 401. */
  invalidIntegrity: 0,
  /** Requests with attributes that must be understood and are not: answered 420. */
  unknownAttributes: 0,
  /** Authenticated requests that lack what a check must have: answered 400. */
  malformedRequests: 0,
  /** Role conflicts found in a request, and told by a 487. */
  roleConflicts: 0,
  /** Responses to no transaction of ours. */
  unmatchedResponses: 0,
  /** Responses whose MESSAGE-INTEGRITY or FINGERPRINT is missing or wrong: dropped. */
  unauthenticatedResponses: 0,
  /** Authenticated responses without an address that can be read. */
  malformedResponses: 0,
  /** Responses from another address than the request went to: the pair fails. */
  asymmetricResponses: 0,
  /** Checks from before the peer's credentials were known, beyond the bound. */
  droppedEarlyChecks: 0,
  /** Candidates with a name that waits already, or beyond the bound. */
  ignoredNames: 0,
  /** Candidates of other components, transports, generations, or with addresses that nothing can be sent to. */
  ignoredCandidates: 0,
  /** Candidates and pairs beyond their bounds. */
  droppedCandidates: 0,
  droppedPairs: 0,
  /** Datagrams from where no check has passed. */
  droppedUnauthenticated: 0,
  /** Packets to send while no valid pair had consent. */
  droppedUnsendable: 0,
})

export type IceCounters = ReturnType<typeof createCounters>
