/**
 * Encrypted elements of header extensions (RFC 6904): those with the identifiers that were agreed on are mixed with key stream
 * of their own keys; what tells elements apart stays in the clear. Doing it twice undoes it.
 */

import type { BlockCipher, CryptoProvider } from '../crypto/index.ts'
import { blocksOf, CounterKeyStream } from './counter-key-stream.ts'
import type { RtpHeader } from './header.ts'
import { deriveKey, Label } from './key-derivation.ts'
import type { ProfileParameters, SrtpKeys } from './profile.ts'

const EXTENSION_HEADER = 4
/** RFC 8285, 4.2: elements of one byte of header. */
export const ONE_BYTE = 0xbede
/** RFC 8285, 4.3: elements of two; the lower four bits are the application's. */
export const TWO_BYTE = 0x1000
/** RFC 8285, 4.2: whoever meets it reads no further. */
const STOP = 15

/** The 16 bits that say what the extension is. */
export const extensionProfile = (bytes: Uint8Array, { extensionAt }: RtpHeader): number =>
  (bytes[extensionAt]! << 8) | bytes[extensionAt + 1]!

export class HeaderEncryption {
  readonly #cipher: BlockCipher
  readonly #salt: Uint8Array
  readonly #isEncrypted = new Uint8Array(256)

  /** AES in counter mode with AES-GCM too, with a salt that ends in zeros (RFC 7714, 8.3). */
  constructor(crypto: CryptoProvider, keys: SrtpKeys, { keyLength, saltLength }: ProfileParameters) {
    this.#cipher = crypto.createBlockCipher(deriveKey(crypto, keys, Label.headerEncryption, keyLength))
    this.#salt = deriveKey(crypto, keys, Label.headerSalt, saltLength)
  }

  /** The identifiers whose elements are encrypted: 1 to 255. */
  set identifiers(identifiers: readonly number[]) {
    for (const id of identifiers) {
      if (Number.isInteger(id) && id > 0 && id < 256) continue
      throw new RangeError(`no header extension has the identifier ${id}`)
    }
    this.#isEncrypted.fill(0)
    for (const id of identifiers) this.#isEncrypted[id] = 1
  }

  createStream(ssrc: number): CounterKeyStream {
    return new CounterKeyStream(this.#cipher, this.#salt, ssrc)
  }

  /** Encrypts or decrypts in place. An extension that has no such elements is left as it is. */
  mix(bytes: Uint8Array, header: RtpHeader, stream: CounterKeyStream, index: number): void {
    const profile = extensionProfile(bytes, header)
    const isOneByte = profile === ONE_BYTE
    if (!isOneByte && (profile & 0xfff0) !== TWO_BYTE) return
    const first = header.extensionAt + EXTENSION_HEADER
    const last = header.end
    if (first === last) return
    stream.find(index, blocksOf(last - first))
    // The key stream runs along the whole of the extension's data (RFC 6904, 3).
    const shift = 4 * stream.offset - first
    for (let at = first; at < last; ) {
      const id = isOneByte ? bytes[at]! >> 4 : bytes[at]!
      if (id === 0) {
        at++
        continue
      }
      if (isOneByte && id === STOP) return
      const length = isOneByte ? (bytes[at]! & 0x0f) + 1 : (bytes[at + 1] ?? 0)
      at += isOneByte ? 1 : 2
      const end = Math.min(at + length, last)
      if (this.#isEncrypted[id] === 1) for (; at < end; at++) bytes[at]! ^= stream.bytes[at + shift]!
      at = end
    }
  }
}
