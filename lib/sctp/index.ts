/**
 * sctp: an SCTP association without I/O, as WebRTC profiles it (RFC 8261): RFC 9260 with partial reliability (RFC 3758, RFC
 * 7496), stream reconfiguration (RFC 6525) and interleaving (RFC 8260).
 */

export { Association } from './association.ts'
export type { AssociationEvent, AssociationOptions, AssociationState } from './association-options.ts'
export { isAbort } from './chunk-type.ts'
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
export { isSignalledInit } from './signalled-init.ts'
