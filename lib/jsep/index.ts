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
export type { BundlePolicy, RtcpMuxPolicy } from './bundle.ts'
export {
  DEFAULT_CAPABILITIES,
  type ExtensionCapability,
  type KindCapabilities,
  type MediaCapabilities,
} from './capabilities.ts'
export type { RenderedDescription } from './description.ts'
export { JsepError, type JsepErrorCode } from './error.ts'
export { type CandidatePlace, Negotiation, type NegotiationOptions, type RemoteCandidate } from './negotiation.ts'
export type { SdpType, SignalingState } from './signaling-state.ts'
export type {
  NegotiatedMedia,
  RemoteSsrc,
  RemoteTrack,
  Transceiver,
  TransceiverInit,
} from './transceiver.ts'
export type { TransceiverChanges } from './transceivers.ts'
