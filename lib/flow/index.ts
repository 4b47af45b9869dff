/** flow: what happens to a stream of RTP: reports, loss recovery, frames put together. */

export { createCname } from './cname.ts'
export type { HeardSource } from './contributing-sources.ts'
export type { RtpEvent } from './events.ts'
export type { OutgoingRtp, ReceiveParameters, SendParameters } from './parameters.ts'
export type { LastSenderReport, ReceiveStream } from './receive-stream.ts'
export { RtpReceiver } from './receiver.ts'
export { RtpSession, type RtpSessionOptions } from './rtp-session.ts'
export { RtpSender } from './sender.ts'
