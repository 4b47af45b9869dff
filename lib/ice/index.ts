/** ice: the agent that finds and keeps a path to the peer (RFC 8445), and the grammar of its candidates. */

export { IceAgent } from './agent.ts'
export { type CandidateType, formatCandidate, type IceCandidate, parseCandidate, type TcpType } from './candidate.ts'
export { MOST_PAIRS } from './check-list.ts'
export { selectHostAddresses } from './host-addresses.ts'
export type { HostSocket, LocalCandidateInit } from './local-candidates.ts'
export {
  DEFAULT_TIMING,
  type IceAgentOptions,
  type IceCounters,
  type IceRole,
  type IceTiming,
} from './options.ts'
export { CandidatePair, type CandidatePairState } from './pair.ts'
export { areValidParameters, createIceParameters, type IceParameters } from './parameters.ts'
export { candidatePriority, localPriority, pairPriority, TYPE_PREFERENCE } from './priority.ts'
export type { IceEvent, IceState } from './progress.ts'
