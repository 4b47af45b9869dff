/** flow: what happens to a stream of RTP: reports, loss recovery, frames put together. */

export type { OutgoingRtp, ReceiveParameters, SendParameters } from './parameters.ts'
