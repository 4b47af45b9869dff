/** The aggregated states of a connection, derived from those of its transports (webrtc-pc, 4.3.2 to 4.3.4). */

import type { RTCDtlsTransportState } from './dtls-transport.ts'
import type { RTCIceGathererState, RTCIceTransportState } from './ice-transport.ts'

export type RTCSignalingState =
  | 'stable'
  | 'have-local-offer'
  | 'have-remote-offer'
  | 'have-local-pranswer'
  | 'have-remote-pranswer'
  | 'closed'
export type RTCIceGatheringState = 'new' | 'gathering' | 'complete'
export type RTCIceConnectionState =
  | 'closed'
  | 'failed'
  | 'disconnected'
  | 'new'
  | 'checking'
  | 'completed'
  | 'connected'
export type RTCPeerConnectionState = 'closed' | 'failed' | 'disconnected' | 'new' | 'connecting' | 'connected'

/** The states of one transport that count. */
export interface TransportStates {
  readonly ice: RTCIceTransportState
  readonly gathering: RTCIceGathererState
  readonly dtls: RTCDtlsTransportState
}

export const iceGatheringState = (transports: readonly TransportStates[]): RTCIceGatheringState => {
  if (transports.some(({ gathering }) => gathering === 'gathering')) return 'gathering'
  return transports.length > 0 && transports.every(({ gathering }) => gathering === 'complete') ? 'complete' : 'new'
}

export const iceConnectionState = (transports: readonly TransportStates[]): RTCIceConnectionState => {
  const any = (...states: RTCIceTransportState[]): boolean => transports.some(({ ice }) => states.includes(ice))
  const all = (...states: RTCIceTransportState[]): boolean => transports.every(({ ice }) => states.includes(ice))
  if (any('failed')) return 'failed'
  if (any('disconnected')) return 'disconnected'
  // True as well when there is none.
  if (all('new', 'closed')) return 'new'
  if (any('new', 'checking')) return 'checking'
  return all('completed', 'closed') ? 'completed' : 'connected'
}

export const connectionState = (
  ice: RTCIceConnectionState,
  transports: readonly TransportStates[],
): RTCPeerConnectionState => {
  const all = (...states: RTCDtlsTransportState[]): boolean => transports.every(({ dtls }) => states.includes(dtls))
  if (ice === 'failed' || transports.some(({ dtls }) => dtls === 'failed')) return 'failed'
  if (ice === 'disconnected') return 'disconnected'
  if (ice === 'new' && all('new', 'closed')) return 'new'
  // The table names "connected" alone; to its letter, a connection whose ICE is completed would be connecting again.
  if ((ice === 'connected' || ice === 'completed') && all('connected', 'closed')) return 'connected'
  return 'connecting'
}
