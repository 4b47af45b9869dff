/**
 * How much of an m-section is read (RFC 9429, 5.8.2): a peer's text may have sixty thousand lines of anything, and what no
 * endpoint has in such numbers is left out.
 */

/** What one generation of one m-section keeps. Chromium on a host with a dozen interfaces has about 50. */
export const MOST_CANDIDATES = 256
/** One for each certificate and hash function (RFC 8122, 5). */
export const MOST_FINGERPRINTS = 32
/** There are no more ids (RFC 8285, 4.3). */
export const MOST_EXTENSIONS = 255
/** Simulcast of a few layers with retransmissions and FEC has a dozen (RFC 5576). */
export const MOST_SSRCS = 64
export const MOST_SSRC_GROUPS = 32
/** `a=rtcp-fb` lines: a dozen for each payload type that there can be. */
export const MOST_FEEDBACK = 2048
/** MediaStreams that one track is in (RFC 8830). */
export const MOST_STREAMS = 64
