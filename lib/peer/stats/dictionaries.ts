/** The dictionaries of webrtc-stats that describe a data session (webrtc-stats, section 8). */

import type { RTCDataChannelState } from '../data-channel-slots.ts'
import type { RTCDtlsTransportState } from '../dtls-transport.ts'
import type { RTCIceCandidateType, RTCIceServerTransportProtocol, RTCIceTcpCandidateType } from '../ice-candidate.ts'
import type { RTCIceRole, RTCIceTransportState } from '../ice-transport.ts'
import type { RTCStats } from './base.ts'
import type {
  RTCCodecStats,
  RTCInboundRtpStreamStats,
  RTCMediaSourceStats,
  RTCOutboundRtpStreamStats,
  RTCRemoteInboundRtpStreamStats,
  RTCRemoteOutboundRtpStreamStats,
} from './media-dictionaries.ts'

export interface RTCPeerConnectionStats extends RTCStats {
  type: 'peer-connection'
  /** Channels that have been open. */
  dataChannelsOpened: number
  /** Channels that have been open and are no longer. */
  dataChannelsClosed: number
}

export interface RTCDataChannelStats extends RTCStats {
  type: 'data-channel'
  label: string
  protocol: string
  dataChannelIdentifier?: number
  state: RTCDataChannelState
  messagesSent: number
  bytesSent: number
  messagesReceived: number
  bytesReceived: number
}

export type RTCDtlsRole = 'client' | 'server' | 'unknown'

export interface RTCTransportStats extends RTCStats {
  type: 'transport'
  packetsSent: number
  packetsReceived: number
  /** Payload bytes of UDP, connectivity checks left out. */
  bytesSent: number
  bytesReceived: number
  iceRole: RTCIceRole
  iceLocalUsernameFragment?: string
  dtlsState: RTCDtlsTransportState
  iceState: RTCIceTransportState
  selectedCandidatePairId?: string
  localCertificateId?: string
  remoteCertificateId?: string
  /** The version's number in four hexadecimal digits: FEFD is DTLS 1.2, FEFC 1.3. This and what follows once DTLS is up. */
  tlsVersion?: string
  /** The cipher suite, by its name in the IANA registry. */
  dtlsCipher?: string
  /** Addition: the group of the key exchange, by its name in the IANA registry: X25519MLKEM768, x25519, secp256r1, ... */
  tlsGroup?: string
  /** `unknown` before the descriptions have agreed on one. */
  dtlsRole: RTCDtlsRole
  /** The SRTP protection profile, by its name in the IANA registry. Agreed on also where there is no media. */
  srtpCipher?: string
  selectedCandidatePairChanges: number
}

/** The SCTP association (webrtc-stats of 2023, where it is provisional); while it is connected. */
export interface RTCSctpTransportStats extends RTCStats {
  type: 'sctp-transport'
  /** The transport that carries it. */
  transportId: string
  /** Seconds. */
  smoothedRoundTripTime?: number
  /** Bytes. */
  congestionWindow: number
  /** Bytes that the peer has room for, beyond what is in flight. */
  receiverWindow: number
  /** Bytes of the largest SCTP packet that is sent now. */
  mtu: number
  /** DATA chunks that were sent and not acknowledged yet. */
  unackData: number
  /** Addition: bytes of UDP payload of the largest datagram that is sent now, as far as path MTU discovery has come. */
  datagramSize?: number
  /** Addition: whether messages are interleaved (I-DATA, RFC 8260), as both sides have agreed. */
  interleaving: boolean
  /** Addition: whether our packets go without a checksum, since the peer takes them so (RFC 9653). */
  zeroChecksum: boolean
  /** Addition, as what follows: SCTP packets, with what else they carry. */
  packetsSent: number
  packetsReceived: number
  bytesSent: number
  bytesReceived: number
  dataChunksSent: number
  dataChunksReceived: number
  /** DATA chunks that were sent again. */
  retransmittedChunks: number
  /** DATA chunks that came more than once. */
  duplicateChunks: number
  sacksSent: number
  sacksReceived: number
  fastRecoveries: number
  /** Times that nothing was heard for a retransmission timeout. */
  timeouts: number
  /** Messages given up by their policy. */
  abandonedMessages: number
}

export type RTCStatsIceCandidatePairState = 'frozen' | 'waiting' | 'in-progress' | 'failed' | 'succeeded'

export interface RTCIceCandidatePairStats extends RTCStats {
  type: 'candidate-pair'
  transportId: string
  localCandidateId: string
  remoteCandidateId: string
  state: RTCStatsIceCandidatePairState
  nominated: boolean
  packetsSent: number
  packetsReceived: number
  bytesSent: number
  bytesReceived: number
  /** Seconds, summed over `responsesReceived`. */
  totalRoundTripTime: number
  /** Seconds. */
  currentRoundTripTime?: number
  requestsReceived: number
  requestsSent: number
  responsesReceived: number
  responsesSent: number
  consentRequestsSent: number
}

export interface RTCIceCandidateStats extends RTCStats {
  type: 'local-candidate' | 'remote-candidate'
  transportId: string
  /** Null for a remote address that signalling has not told, unless `exposeRemoteAddresses` is set. */
  address: string | null
  port: number
  protocol: string
  candidateType: RTCIceCandidateType
  priority: number
  url?: string
  relayProtocol?: RTCIceServerTransportProtocol
  foundation: string
  relatedAddress?: string
  relatedPort?: number
  usernameFragment?: string
  tcpType?: RTCIceTcpCandidateType
}

export interface RTCCertificateStats extends RTCStats {
  type: 'certificate'
  /** Upper-case hexadecimal bytes with colons between (RFC 8122, 5). */
  fingerprint: string
  fingerprintAlgorithm: string
  base64Certificate: string
  issuerCertificateId?: string
}

export type RTCAnyStats =
  | RTCPeerConnectionStats
  | RTCDataChannelStats
  | RTCTransportStats
  | RTCSctpTransportStats
  | RTCIceCandidatePairStats
  | RTCIceCandidateStats
  | RTCCertificateStats
  | RTCCodecStats
  | RTCInboundRtpStreamStats
  | RTCOutboundRtpStreamStats
  | RTCRemoteInboundRtpStreamStats
  | RTCRemoteOutboundRtpStreamStats
  | RTCMediaSourceStats

export type * from './base.ts'
export type * from './media-dictionaries.ts'
