/**
 * Telling apart what arrives on one port, by the first byte (RFC 7983, section 7, as RFC 9443 extends it for QUIC).
 */

export type PacketKind = 'stun' | 'zrtp' | 'dtls' | 'turn-channel' | 'quic' | 'rtp' | 'unknown'

const KINDS: readonly PacketKind[] = Array.from({ length: 256 }, (_, first): PacketKind => {
  if (first <= 3) return 'stun'
  if (first >= 16 && first <= 19) return 'zrtp'
  if (first >= 20 && first <= 63) return 'dtls'
  if (first >= 64 && first <= 79) return 'turn-channel'
  if ((first >= 80 && first <= 127) || first >= 192) return 'quic'
  if (first >= 128 && first <= 191) return 'rtp'
  return 'unknown'
})

/** What a datagram is by its first byte; an empty one is unknown. */
export const packetKind = (packet: Uint8Array): PacketKind => KINDS[packet[0] ?? 4]!
