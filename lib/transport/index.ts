/** transport: one ICE and DTLS path to the peer, told apart on one port. */

export { type PacketKind, packetKind } from './demultiplex.ts'
export { type DtlsPreferences, recordOverhead } from './dtls-preferences.ts'
export type { HeaderProtection } from './media-path.ts'
export { type PeerFingerprints, preferredFingerprints } from './peer-fingerprints.ts'
export { Transport, type TransportEvent, type TransportOptions } from './transport.ts'
