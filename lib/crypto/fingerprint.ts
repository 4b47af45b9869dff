/** Fingerprints of certificates as SDP writes them (RFC 8122, 5): upper-case hexadecimal bytes with colons between. */

import { hex } from '../bytes/index.ts'
import type { CryptoProvider, HashName } from './provider.ts'

/** The hash functions of RFC 8122 that are still fit to name a certificate, SHA-1 for peers that know no other. */
export type FingerprintHash = Exclude<HashName, 'md5'>

/** The fingerprint of a DER certificate: `AB:CD:...`. */
export const fingerprint = (crypto: CryptoProvider, hash: FingerprintHash, der: Uint8Array): string =>
  hex(crypto.hash(hash, der))
    .toUpperCase()
    .replace(/..(?!$)/g, '$&:')
