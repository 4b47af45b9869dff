/** What a DTLS connection is made with, and what it tells its owner. */

import type { Packet } from '../bytes/index.ts'
import type { Certificate, CryptoProvider, GroupName } from '../crypto/index.ts'
import type { TraceSink } from '../machine/index.ts'
import type { DtlsError } from './error.ts'
import type { Fingerprint } from './peer-certificate.ts'
import type { SrtpProfile } from './srtp-profile.ts'

export type DtlsRole = 'client' | 'server'

export type DtlsVersion = '1.2' | '1.3'

/** `closed`: by close_notify from either side. `failed`: by an error; the event has it. */
export type DtlsState = 'new' | 'connecting' | 'connected' | 'closed' | 'failed'

export type DtlsEvent =
  | { readonly type: 'connected' }
  | { readonly type: 'closed' }
  | { readonly type: 'failed'; readonly error: DtlsError }

export interface DtlsOptions {
  readonly crypto: CryptoProvider
  readonly role: DtlsRole
  /** Our own certificate and its key. */
  readonly certificate: Certificate
  /**
   * What the peer is known by: its certificate must have one of these. sha-256, sha-384 and sha-512 count; others, and
   * an empty list, match nothing.
   */
  readonly fingerprints: readonly Fingerprint[]
  /**
   * Asked when the peer's certificate has none of the fingerprints: whether it is authenticated in some other way, as
   * by a hash that is part of the peer's address. That the peer has the certificate's key is demanded all the same.
   * It must not throw.
   * @param der A copy, which the callee may keep.
   */
  readonly acceptCertificate?: (der: Uint8Array) => boolean
  /**
   * What may be negotiated: both by default, DTLS 1.3 preferred. A version for which `cipherSuites` or `groups` names
   * nothing is left out.
   */
  readonly versions?: readonly DtlsVersion[]
  /** Takes each datagram to send, and its ownership. */
  readonly transmit: (packet: Packet) => void
  /**
   * Takes each record of application data: borrowed, valid until the call returns. It may call `send` and `close`.
   * What comes before the owner has taken the `connected` event is kept until then.
   */
  readonly deliver: (data: Uint8Array, now: number) => void
  /**
   * Cipher suites of both versions by their registry names, best first: by default all that there are,
   * `TLS_{AES_128_GCM_SHA256,AES_256_GCM_SHA384,CHACHA20_POLY1305_SHA256}` for DTLS 1.3, and for 1.2
   * `TLS_ECDHE_{ECDSA,RSA}_WITH_{AES_128_GCM_SHA256,AES_256_GCM_SHA384,CHACHA20_POLY1305_SHA256}`. For old peers
   * `TLS_ECDHE_{ECDSA,RSA}_WITH_{AES_128,AES_256}_CBC_SHA` are there by name; wherever they stand they count as last.
   */
  readonly cipherSuites?: readonly string[]
  /**
   * Groups of the key exchange, best first: x25519mlkem768 (DTLS 1.3 only), x25519, secp256r1, secp384r1 by default. A
   * client of DTLS 1.3 sends shares of the first, and of the first classical one.
   */
  readonly groups?: readonly GroupName[]
  /** SRTP protection profiles to agree on, best first (RFC 5764). All that there are, AEAD first, by default. */
  readonly srtpProfiles?: readonly SrtpProfile[]
  /** Bytes of the largest datagram that the handshake sends: 1200 by default, 128 at least. */
  readonly mtu?: number
  /** Milliseconds until the first retransmission: 1000 by default. Counts as 50 when shorter, as a minute when longer. */
  readonly initialTimeout?: number
  /**
   * Server: whether the client must return a cookie before it is answered (RFC 6347, 4.2.1). Not by default: behind ICE
   * the path is known to lead to the peer, and the round trip would be lost.
   */
  readonly cookieExchange?: boolean
  /**
   * DTLS 1.2: whether a peer without extended master secret (RFC 7627) is refused with `handshake_failure`; true by
   * default. Without it the keys, those exported for SRTP too, are not bound to the whole handshake (5.4): somebody in
   * the middle whom both have accepted as their peer could give them the same ones. Set it to false only for a peer
   * that is known to be too old.
   */
  readonly requireExtendedMasterSecret?: boolean
  /**
   * How much one key is used for, where less is wanted than what its AEAD stands: the records after which DTLS 1.3
   * replaces our own (2^24 under AES-GCM by default), and the forged ones of the peer's at which the connection ends
   * (2^36 by default; at half of them DTLS 1.3 asks the peer for another).
   */
  readonly keyLimits?: { readonly records?: number; readonly forgeries?: number }
  readonly trace?: TraceSink
}

export const createCounters = () => ({
  datagramsSent: 0,
  datagramsReceived: 0,
  /** Records of application data, and their plaintext bytes. */
  dataRecordsSent: 0,
  dataBytesSent: 0,
  dataRecordsReceived: 0,
  dataBytesReceived: 0,
  /** Flights that were sent again, or parts of them. */
  flightsRetransmitted: 0,
  /** ACKs of DTLS 1.3. */
  acksSent: 0,
  acksReceived: 0,
  /** How often we have replaced our key after the handshake, and how often the peer has. */
  keyUpdatesSent: 0,
  keyUpdatesReceived: 0,
  alertsSent: 0,
  alertsReceived: 0,
  /** Datagrams that came before the start or after the end. */
  droppedState: 0,
  /** Records whose header, type or content is none of DTLS. */
  droppedMalformed: 0,
  /** Records of an epoch that is over, or far ahead. */
  droppedEpoch: 0,
  /** Records that failed authentication. */
  droppedForged: 0,
  droppedReplayed: 0,
  /** Records that came too early, beyond what is kept of them. */
  droppedEarly: 0,
  /** Handshake fragments that were of no use: repeated, empty, less protected than others, far ahead or too large. */
  droppedFragments: 0,
  /** Alerts in the clear that were not believed: all but fatal ones to who waits for an answer. */
  droppedAlerts: 0,
})

export type DtlsCounters = ReturnType<typeof createCounters>
