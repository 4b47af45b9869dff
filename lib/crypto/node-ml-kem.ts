/**
 * ML-KEM-768 (FIPS 203) of `node:crypto` where it has it: Node 24.7 and later, over OpenSSL 3.5. Asked once, at the first
 * use, by doing it: other platforms offer `node:crypto` too, and not all that they name works. Elsewhere it is noble's.
 */

import { Buffer } from 'node:buffer'
import platform, { type KeyObject } from 'node:crypto'
import { equalBytes, fromHex } from '../bytes/index.ts'
import type { Random } from '../machine/index.ts'
import { CIPHERTEXT_LENGTH, checkSeed, createNobleMlKem, isEncapsulationKey } from './ml-kem.ts'
import { plain } from './node-bytes.ts'
import type { MlKem, MlKemKey } from './provider.ts'

/** What of `node:crypto` is younger than the types that we build with. */
interface Kem {
  generateKeyPairSync(
    type: 'ml-kem-768',
    options: { publicKeyEncoding: { format: 'der'; type: 'spki' } },
  ): { readonly publicKey: Uint8Array; readonly privateKey: KeyObject }
  encapsulate(key: KeyObject): { readonly sharedKey: Uint8Array; readonly ciphertext: Uint8Array }
  decapsulate(key: KeyObject, ciphertext: Uint8Array): Uint8Array
}

/** What stands before the 1184 bytes of a key in SubjectPublicKeyInfo, and before the 64 of a seed in PrivateKeyInfo (RFC 9935, 4 and 6). */
const SPKI_PREFIX = fromHex('308204b2300b0609608648016503040402038204a100')!
const SEED_PREFIX = fromHex('3054020100300b060960864801650304040204428040')!

const PUBLIC_ENCODING = { format: 'der', type: 'spki' } as const

class NativeMlKemKey implements MlKemKey {
  readonly encapsulationKey: Uint8Array
  readonly #kem: Kem
  readonly #key: KeyObject

  constructor(kem: Kem, privateKey: KeyObject, spki: Uint8Array) {
    this.encapsulationKey = plain(spki).slice(SPKI_PREFIX.length)
    this.#kem = kem
    this.#key = privateKey
  }

  decapsulate(ciphertext: Uint8Array): Uint8Array | undefined {
    return ciphertext.length === CIPHERTEXT_LENGTH ? plain(this.#kem.decapsulate(this.#key, ciphertext)) : undefined
  }
}

const createNativeMlKem = (kem: Kem): MlKem => ({
  generate: seed => {
    if (seed === undefined) {
      // The public key is asked for with the pair: see `node-agreement.ts`.
      const options = { publicKeyEncoding: PUBLIC_ENCODING }
      const { privateKey, publicKey } = kem.generateKeyPairSync('ml-kem-768', options)
      return new NativeMlKemKey(kem, privateKey, publicKey)
    }
    const key = Buffer.concat([SEED_PREFIX, checkSeed(seed)])
    const privateKey = platform.createPrivateKey({ key, format: 'der', type: 'pkcs8' })
    return new NativeMlKemKey(kem, privateKey, platform.createPublicKey(privateKey).export(PUBLIC_ENCODING))
  },
  encapsulate: encapsulationKey => {
    if (!isEncapsulationKey(encapsulationKey)) return undefined
    const key = Buffer.concat([SPKI_PREFIX, encapsulationKey])
    const { sharedKey, ciphertext } = kem.encapsulate(platform.createPublicKey({ key, format: 'der', type: 'spki' }))
    return { ciphertext: plain(ciphertext), secret: plain(sharedKey) }
  },
})

/** The platform's ML-KEM, if it has one and that works. */
export const findNativeMlKem = (): MlKem | undefined => {
  const kem = platform as unknown as Partial<Kem>
  if (kem.encapsulate === undefined || kem.decapsulate === undefined) return undefined
  try {
    const native = createNativeMlKem(kem as Kem)
    const key = native.generate()
    const sent = native.encapsulate(key.encapsulationKey)
    const secret = sent && key.decapsulate(sent.ciphertext)
    return secret !== undefined && equalBytes(secret, sent!.secret) ? native : undefined
  } catch {
    return undefined
  }
}

export const createNodeMlKem = (random: Random): MlKem => {
  let chosen: MlKem | undefined
  const choose = (): MlKem => {
    chosen ??= findNativeMlKem() ?? createNobleMlKem(random)
    return chosen
  }
  return {
    generate: seed => choose().generate(seed),
    encapsulate: encapsulationKey => choose().encapsulate(encapsulationKey),
  }
}
