/** jsep: offer, answer, rollback; from transports to a description and back. */

export type {
  Applied,
  AppliedMedia,
  DtlsRole,
  LocalContext,
  LocalTransport,
  SctpDescription,
  TransportDescription,
} from './applied.ts'
export type { RenderedDescription } from './description.ts'
export { JsepError, type JsepErrorCode } from './error.ts'
export { type CandidatePlace, Negotiation, type NegotiationOptions, type RemoteCandidate } from './negotiation.ts'
export type { SdpType, SignalingState } from './signaling-state.ts'
