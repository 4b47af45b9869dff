/** What protects a DTLS record, in both crypto providers: in place, with its additional data. */

import type { AeadName, CryptoProvider } from '../../lib/crypto/index.ts'
import { nodeCrypto } from '../../lib/crypto/node.ts'
import { createPortableCrypto } from '../../lib/crypto/portable.ts'
import { suite } from './suite.ts'

const TAG = 16
const providers: readonly CryptoProvider[] = [nodeCrypto, createPortableCrypto(nodeCrypto.random)]
const keys: Readonly<Record<AeadName, number>> = { 'aes-128-gcm': 16, 'aes-256-gcm': 32, 'chacha20-poly1305': 32 }

/** Counts up in the last four bytes, as the nonces of records do. */
const count = (nonce: Uint8Array): Uint8Array => {
  for (let i = 11; i >= 8 && ++nonce[i]! > 255; i--);
  return nonce
}

for (const length of [64, 1200, 2048, 4096, 16_384]) {
  for (const [name, keyLength] of Object.entries(keys) as [AeadName, number][]) {
    const ways: Record<string, () => unknown> = {}
    if (name !== 'chacha20-poly1305') {
      const iv = new Uint8Array(12)
      const key = new Uint8Array(keyLength).fill(1)
      const [sealer, opener] = [nodeCrypto.createAead(name, key, iv), nodeCrypto.createAead(name, key, iv)]
      const additional = new Uint8Array(13).fill(3)
      const [first, second] = [new Uint8Array(12), new Uint8Array(12)]
      const buffer = new Uint8Array(length + TAG)
      ways['node seal, nonces known ahead'] = () => sealer.seal(count(first), additional, buffer, 0, length)
      ways['node seal and open, known ahead'] = () => {
        sealer.seal(count(first), additional, buffer, 0, length)
        second.set(first)
        return opener.open(second, additional, buffer, 0, buffer.length)
      }
    }
    for (const crypto of providers) {
      const aead = crypto.createAead(name, new Uint8Array(keyLength).fill(1))
      const nonce = new Uint8Array(12).fill(2)
      const additional = new Uint8Array(13).fill(3)
      const plain = new Uint8Array(length + TAG)
      const sealed = new Uint8Array(length + TAG)
      aead.seal(nonce, additional, sealed, 0, length)
      const work = new Uint8Array(length + TAG)
      ways[`${crypto.name} seal`] = () => aead.seal(nonce, additional, plain, 0, length)
      ways[`${crypto.name} open (with a copy)`] = () => {
        work.set(sealed)
        return aead.open(nonce, additional, work, 0, work.length)
      }
    }
    suite(`${name}, ${length} bytes`, length, ways)
  }
}
