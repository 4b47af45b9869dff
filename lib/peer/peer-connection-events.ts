/** The events of an RTCPeerConnection (webrtc-pc, 4.4.2 and 4.8). */

import type { RTCDataChannelEvent } from './data-channel-event.ts'
import type { RTCPeerConnectionIceErrorEvent, RTCPeerConnectionIceEvent } from './ice-events.ts'
import type { RTCTrackEvent } from './track-event.ts'

export interface RTCPeerConnectionEventMap {
  negotiationneeded: Event
  icecandidate: RTCPeerConnectionIceEvent
  icecandidateerror: RTCPeerConnectionIceErrorEvent
  signalingstatechange: Event
  iceconnectionstatechange: Event
  icegatheringstatechange: Event
  connectionstatechange: Event
  datachannel: RTCDataChannelEvent
  track: RTCTrackEvent
}
