/** What directions mean on this side (webrtc-pc, RTCRtpTransceiverDirection). */

export const isReceiving = (direction: string | undefined): boolean =>
  direction === 'sendrecv' || direction === 'recvonly'

export const isSending = (direction: string | undefined): boolean =>
  direction === 'sendrecv' || direction === 'sendonly'
