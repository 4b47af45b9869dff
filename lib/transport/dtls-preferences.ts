/**
 * What the owner of a transport may say of its DTLS: versions, algorithms, and who else is to be taken for the peer; and
 * what these leave room for in a datagram.
 */

import type { DtlsOptions } from '../dtls/index.ts'

/** Each as in `DtlsOptions`, which throws a RangeError for an unknown name: when DTLS is started. */
export type DtlsPreferences = Pick<
  DtlsOptions,
  'versions' | 'cipherSuites' | 'groups' | 'srtpProfiles' | 'acceptCertificate' | 'requireExtendedMasterSecret'
>

/** Unified header 5, content type 1, tag 16 (RFC 9147, 4; RFC 8446, 5.2). */
const OVERHEAD_13 = 22
/** Header 13, explicit nonce 8, tag 16 (RFC 6347, 4.1; RFC 5288, 3). With ChaCha20-Poly1305 it is 8 less. */
const OVERHEAD_12_AEAD = 37
/** Header 13, IV 16, padding 16 at most, MAC 20 (RFC 5246, 6.2.3.2). */
const OVERHEAD_12_CBC = 65

/**
 * Bytes that a record adds to what it carries, at most, whatever is agreed on. What is sent over DTLS is cut before the
 * peer has said which of the versions and suites it will be.
 */
export const recordOverhead = ({ versions, cipherSuites = [] }: DtlsPreferences): number => {
  if (versions !== undefined && !versions.includes('1.2')) return OVERHEAD_13
  return cipherSuites.some(name => name.includes('_CBC_')) ? OVERHEAD_12_CBC : OVERHEAD_12_AEAD
}
