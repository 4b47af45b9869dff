/** sctp: an SCTP association without I/O (RFC 9260, RFC 3758, RFC 6525), as WebRTC profiles it (RFC 8261). */

export { Association } from './association.ts'
export type { AssociationEvent, AssociationOptions, AssociationState } from './association-options.ts'
export type {
  Acknowledgement,
  CongestionControl,
  CongestionControlName,
  CongestionOptions,
} from './congestion/congestion-control.ts'
export type { SctpCounters } from './counters.ts'
export { SctpError, type SctpErrorCode } from './error-cause.ts'
export type { SendOptions } from './outbound-message.ts'
export type { SchedulerName } from './scheduling/scheduler.ts'
