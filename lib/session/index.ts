/** session: a whole connection as one machine, without a face. */

export type { CongestionControlName, SchedulerName } from '../sctp/index.ts'
export type { SctpParameters } from './data-link.ts'
export {
  type CandidateInit,
  type GatheringState,
  type SctpPreferences,
  SessionError,
  type SessionEvent,
  type SessionOptions,
} from './events.ts'
export { MediaLink } from './media-link.ts'
export { DEFAULT_MAX_MESSAGE_SIZE, DEFAULT_MTU, Session } from './session.ts'
export { type AnnouncedCandidate, SessionTransport } from './session-transport.ts'
