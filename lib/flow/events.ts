/** What an RTP session tells its owner. */

import type { BandwidthEstimate, CongestionFeedback, TransportFeedback } from '../rtp/index.ts'
import type { RtpReceiver } from './receiver.ts'
import type { RtpSender } from './sender.ts'

export type RtpEvent =
  /** The peer asks for a key frame (PLI or FIR); at most a few a second. */
  | { readonly type: 'key-frame-requested'; readonly sender: RtpSender }
  /** Our SSRC was the peer's too (RFC 3550, 8.2): it has changed. */
  | { readonly type: 'ssrc-changed'; readonly sender: RtpSender }
  /** The first packet since what may come was settled. */
  | { readonly type: 'media'; readonly receiver: RtpReceiver }
  | { readonly type: 'stream'; readonly receiver: RtpReceiver; readonly ssrc: number; readonly at: number }
  | { readonly type: 'stream-ended'; readonly receiver: RtpReceiver; readonly ssrc: number }
  /** The peer has said that the stream is over (RFC 3550, 6.6). */
  | { readonly type: 'goodbye'; readonly receiver: RtpReceiver; readonly ssrc: number }
  /** What the peer knows of the packets that we sent: for an estimation of the bandwidth. */
  | { readonly type: 'transport-feedback'; readonly feedback: TransportFeedback }
  | { readonly type: 'congestion-feedback'; readonly feedback: CongestionFeedback }
  | { readonly type: 'bandwidth-estimate'; readonly estimate: BandwidthEstimate }
