/** purertc: WebRTC as W3C has it (webrtc-pc, webrtc-stats), for any platform that runs JavaScript with sockets. */

export * from './peer/index.ts'
