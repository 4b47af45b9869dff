/**
 * ML-KEM-768 (FIPS 203) over `@noble/post-quantum`: for the portable provider, and for `node:crypto` where that has none
 * (before Node 24.7). Every random byte comes from the source that is given.
 */

import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { type Random, randomBytes } from '../machine/index.ts'
import type { MlKem, MlKemKey } from './provider.ts'

export const ENCAPSULATION_KEY_LENGTH = 1184
export const CIPHERTEXT_LENGTH = 1088
/** d and z of algorithm 16. */
const SEED_LENGTH = 64
/** m of algorithm 17. */
const MESSAGE_LENGTH = 32

/** Throws a RangeError when a seed for known answers has a wrong length. */
export const checkSeed = (seed: Uint8Array): Uint8Array => {
  if (seed.length === SEED_LENGTH) return seed
  throw new RangeError(`a seed of ML-KEM is ${SEED_LENGTH} bytes, not ${seed.length}`)
}

/** Whether every coefficient is reduced modulo 3329, two of them in three bytes: the modulus check (7.2). */
export const isEncapsulationKey = (bytes: Uint8Array): boolean => {
  if (bytes.length !== ENCAPSULATION_KEY_LENGTH) return false
  // Behind the coefficients stand the 32 bytes of rho, which may be anything.
  for (let i = 0; i < ENCAPSULATION_KEY_LENGTH - 32; i += 3) {
    const pair = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16)
    if ((pair & 0xfff) >= 3329 || pair >> 12 >= 3329) return false
  }
  return true
}

class NobleMlKemKey implements MlKemKey {
  readonly encapsulationKey: Uint8Array
  readonly #secretKey: Uint8Array

  constructor(seed: Uint8Array) {
    const { publicKey, secretKey } = ml_kem768.keygen(seed)
    this.encapsulationKey = publicKey
    this.#secretKey = secretKey
  }

  decapsulate(ciphertext: Uint8Array): Uint8Array | undefined {
    return ciphertext.length === CIPHERTEXT_LENGTH ? ml_kem768.decapsulate(ciphertext, this.#secretKey) : undefined
  }
}

export const createNobleMlKem = (random: Random): MlKem => ({
  generate: seed => new NobleMlKemKey(seed ? checkSeed(seed) : randomBytes(random, SEED_LENGTH)),
  encapsulate: encapsulationKey => {
    if (!isEncapsulationKey(encapsulationKey)) return undefined
    const message = randomBytes(random, MESSAGE_LENGTH)
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(encapsulationKey, message)
    return { ciphertext: cipherText, secret: sharedSecret }
  },
})
