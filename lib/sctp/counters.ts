/** What an association counts: one fixed shape, read by statistics and specs. */

export interface SctpCounters {
  packetsReceived: number
  bytesReceived: number
  /** Packets whose checksum is wrong: silently discarded (RFC 9260 6.8). */
  badChecksum: number
  /** Packets under another verification tag or other ports (8.5). */
  badTag: number
  /** Packets and chunks whose lengths lie, or that make no sense. */
  malformed: number
  /** Chunks of a type that is not known. */
  unknownChunks: number
  /** ERROR chunks: what the peer reports of ours. */
  errorsReceived: number
  /** Chunks that do not fit the association's state. */
  unexpected: number
  /** Cookies that were forged or not ours. */
  badCookies: number
  staleCookies: number
  /** Packets with DATA, or with FORWARD-TSN: those that SACKs answer. */
  dataPacketsReceived: number
  dataChunksReceived: number
  duplicates: number
  /** DATA too far ahead of what is missing. */
  beyondWindow: number
  /** DATA refused because the receive buffer was full. */
  windowFull: number
  /** Fragments and messages that no order could use. */
  misplaced: number
  oversizedMessages: number
  messagesReceived: number
  sacksSent: number
  sacksReceived: number
  /** SACKs older than one seen before. */
  staleSacks: number
  /** SACKs of what was never sent, or with gap blocks out of order. */
  lyingSacks: number
  messagesSent: number
  dataChunksSent: number
  retransmittedChunks: number
  /** Chunks that counted as lost. */
  lostChunks: number
  fastRecoveries: number
  /** Tail-loss probes (RFC 8985 7), and recoveries that turned out to have been mistaken. */
  tailProbesSent: number
  spuriousRecoveries: number
  timeouts: number
  /** Messages given up before anything of them was sent: too old, or dropped for the sake of more valuable ones. */
  abandonedUnsent: number
  abandonedMessages: number
  forwardTsnsSent: number
  forwardTsnsReceived: number
  heartbeatsSent: number
  /** Probes of path MTU discovery (RFC 8899), those that were not answered in time, and sizes that ceased to arrive. */
  mtuProbesSent: number
  mtuProbesLost: number
  /** Times that packets larger than the base were lost round after round, while smaller ones arrived (4.3). */
  largePacketsLost: number
  blackHoles: number
  reconfigsSent: number
}

export const createCounters = (): SctpCounters => ({
  packetsReceived: 0,
  bytesReceived: 0,
  badChecksum: 0,
  badTag: 0,
  malformed: 0,
  unknownChunks: 0,
  errorsReceived: 0,
  unexpected: 0,
  badCookies: 0,
  staleCookies: 0,
  dataPacketsReceived: 0,
  dataChunksReceived: 0,
  duplicates: 0,
  beyondWindow: 0,
  windowFull: 0,
  misplaced: 0,
  oversizedMessages: 0,
  messagesReceived: 0,
  sacksSent: 0,
  sacksReceived: 0,
  staleSacks: 0,
  lyingSacks: 0,
  messagesSent: 0,
  dataChunksSent: 0,
  retransmittedChunks: 0,
  lostChunks: 0,
  fastRecoveries: 0,
  tailProbesSent: 0,
  spuriousRecoveries: 0,
  timeouts: 0,
  abandonedUnsent: 0,
  abandonedMessages: 0,
  forwardTsnsSent: 0,
  forwardTsnsReceived: 0,
  heartbeatsSent: 0,
  mtuProbesSent: 0,
  mtuProbesLost: 0,
  largePacketsLost: 0,
  blackHoles: 0,
  reconfigsSent: 0,
})
