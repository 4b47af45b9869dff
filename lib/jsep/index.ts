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
export type { HeaderEncryptionPolicy } from './media-setup.ts'
export { Negotiation, type NegotiationOptions } from './negotiation.ts'
export type { SdpType, SignalingState } from './signaling-state.ts'
export type {
  NegotiatedMedia,
  RemoteSsrc,
  RemoteTrack,
  Transceiver,
  TransceiverChanges,
  TransceiverInit,
} from './transceiver.ts'
export type { CandidatePlace, RemoteCandidate } from './trickle.ts'
