/** peer: the W3C objects. */

export type { EventHandler } from '../idl/index.ts'
export {
  MediaStream,
  type MediaStreamEventMap,
  MediaStreamTrack,
  MediaStreamTrackEvent,
  type MediaStreamTrackEventInit,
  type MediaStreamTrackEventMap,
  type MediaStreamTrackState,
  OverconstrainedError,
} from '../media/index.ts'
export { RTCCertificate, type RTCCertificatePem, type RTCDtlsFingerprint } from './certificate.ts'
export type { RTCKeyAlgorithm } from './certificate-algorithm.ts'
export type {
  RTCBundlePolicy,
  RTCConfiguration,
  RTCIceTransportPolicy,
  RTCRtcpMuxPolicy,
  RTCRtpHeaderEncryptionPolicy,
} from './configuration.ts'
export { RTCDataChannel, type RTCDataChannelEventMap, type RTCDataChannelMessageEvent } from './data-channel.ts'
export { RTCDataChannelEvent, type RTCDataChannelEventInit } from './data-channel-event.ts'
export type { RTCDataChannelInit, RTCPriorityType } from './data-channel-init.ts'
export type { BinaryType, RTCDataChannelState } from './data-channel-slots.ts'
export type { RTCDtlsVersion, RTCFingerprintAlgorithm } from './dtls-configuration.ts'
export { RTCDtlsTransport, type RTCDtlsTransportEventMap, type RTCDtlsTransportState } from './dtls-transport.ts'
export {
  RTCDTMFSender,
  type RTCDTMFSenderEventMap,
  RTCDTMFToneChangeEvent,
  type RTCDTMFToneChangeEventInit,
} from './dtmf-sender.ts'
export { RTCError, type RTCErrorDetailType, RTCErrorEvent, type RTCErrorEventInit, type RTCErrorInit } from './error.ts'
export { type ConnectionHost, hostSymbol } from './host-symbol.ts'
export {
  RTCIceCandidate,
  type RTCIceCandidateInit,
  RTCIceCandidatePair,
  type RTCIceCandidateType,
  type RTCIceComponent,
  type RTCIceProtocol,
  type RTCIceServerTransportProtocol,
  type RTCIceTcpCandidateType,
  type RTCLocalIceCandidateInit,
} from './ice-candidate.ts'
export type { RTCIceCredentials, RTCPortRange, RTCTcpCandidateType } from './ice-configuration.ts'
export {
  RTCPeerConnectionIceErrorEvent,
  type RTCPeerConnectionIceErrorEventInit,
  RTCPeerConnectionIceEvent,
  type RTCPeerConnectionIceEventInit,
} from './ice-events.ts'
export type { RTCIceServer, RTCIceServerCredentials } from './ice-server.ts'
export {
  type RTCIceGathererState,
  type RTCIceParameters,
  type RTCIceRole,
  RTCIceTransport,
  type RTCIceTransportEventMap,
  type RTCIceTransportState,
} from './ice-transport.ts'
export type { RTCPeerConnectionErrorCallback, RTCSessionDescriptionCallback } from './legacy-callbacks.ts'
export { openTcpMux, openUdpMux } from './mux.ts'
export type { RTCAnswerOptions, RTCOfferAnswerOptions, RTCOfferOptions } from './offer-options.ts'
export { RTCPeerConnection } from './peer-connection.ts'
export type { RTCPeerConnectionEventMap } from './peer-connection-events.ts'
export type {
  RTCDegradationPreference,
  RTCEncodingOptions,
  RTCRtcpParameters,
  RTCRtpCapabilities,
  RTCRtpCodec,
  RTCRtpCodecParameters,
  RTCRtpCodingParameters,
  RTCRtpEncodingParameters,
  RTCRtpHeaderExtensionCapability,
  RTCRtpHeaderExtensionParameters,
  RTCRtpParameters,
  RTCRtpReceiveParameters,
  RTCRtpSendParameters,
  RTCRtpTransceiverDirection,
  RTCSetParameterOptions,
} from './rtp-parameters.ts'
export { type RTCRtpContributingSource, RTCRtpReceiver, type RTCRtpSynchronizationSource } from './rtp-receiver.ts'
export { RTCRtpSender } from './rtp-sender.ts'
export { RTCRtpTransceiver } from './rtp-transceiver.ts'
export type { RTCSctpConfiguration, RTCSctpCongestionControl, RTCSctpScheduler } from './sctp-configuration.ts'
export { RTCSctpTransport, type RTCSctpTransportEventMap, type RTCSctpTransportState } from './sctp-transport.ts'
export {
  type RTCLocalSessionDescriptionInit,
  type RTCSdpType,
  RTCSessionDescription,
  type RTCSessionDescriptionInit,
} from './session-description.ts'
export type {
  RTCIceConnectionState,
  RTCIceGatheringState,
  RTCPeerConnectionState,
  RTCSignalingState,
} from './states.ts'
export type * from './stats/dictionaries.ts'
export { RTCStatsReport } from './stats/report.ts'
export { RTCTrackEvent, type RTCTrackEventInit } from './track-event.ts'
export type { RTCRtpTransceiverInit } from './transceiver-init.ts'
