/** flow: what happens to a stream of RTP: reports, loss recovery, frames. */

export {}
