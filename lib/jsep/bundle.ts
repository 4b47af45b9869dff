/** BUNDLE and RTCP multiplexing as the application wants them (RFC 9429, 4.1.1). */

/** Which m-sections an offer gives transports of their own, for peers that do not bundle. */
export type BundlePolicy = 'balanced' | 'max-compat' | 'max-bundle'

/** There is no RTCP on a port of its own here: an m-section without rtcp-mux is rejected (RFC 8834, 4.5). */
export type RtcpMuxPolicy = 'require'
