/**
 * Key exchange as TLS 1.3 has it (RFC 8446, 4.2.8 and 7.4): one side shares first, the other answers.
 *
 * The hybrid group X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem) is ML-KEM-768 (FIPS 203) and X25519 side by side, ML-KEM
 * first in the shares and in the secret: who breaks one of them still has to break the other. Both providers compose it
 * here from their own primitives.
 */

import { concatBytes } from '../bytes/index.ts'
import { CIPHERTEXT_LENGTH, ENCAPSULATION_KEY_LENGTH } from './ml-kem.ts'
import type {
  ClassicalGroupName,
  CryptoProvider,
  GroupName,
  KeyAgreement,
  KeyShare,
  KeyShareAnswer,
  MlKem,
  MlKemKey,
} from './provider.ts'

const X25519_LENGTH = 32

class ClassicalKeyShare implements KeyShare {
  readonly #agreement: KeyAgreement

  constructor(agreement: KeyAgreement) {
    this.#agreement = agreement
  }

  get group(): GroupName {
    return this.#agreement.group
  }

  get publicKey(): Uint8Array {
    return this.#agreement.publicKey
  }

  complete(answer: Uint8Array): Uint8Array | undefined {
    return this.#agreement.agree(answer)
  }
}

class HybridKeyShare implements KeyShare {
  readonly group = 'x25519mlkem768'
  readonly publicKey: Uint8Array
  readonly #mlKem: MlKemKey
  readonly #x25519: KeyAgreement

  constructor(mlKem: MlKemKey, x25519: KeyAgreement) {
    this.publicKey = concatBytes(mlKem.encapsulationKey, x25519.publicKey)
    this.#mlKem = mlKem
    this.#x25519 = x25519
  }

  complete(answer: Uint8Array): Uint8Array | undefined {
    if (answer.length !== CIPHERTEXT_LENGTH + X25519_LENGTH) return undefined
    // The cheaper one first: a point that gives zeros needs no more.
    const second = this.#x25519.agree(answer.subarray(CIPHERTEXT_LENGTH))
    if (second === undefined) return undefined
    const first = this.#mlKem.decapsulate(answer.subarray(0, CIPHERTEXT_LENGTH))
    return first && concatBytes(first, second)
  }
}

/** The members of a provider that exchange key shares, from its key agreements and its ML-KEM. */
export const keyShares = (
  createKeyAgreement: (group: ClassicalGroupName) => KeyAgreement,
  mlKem: MlKem,
): Pick<CryptoProvider, 'createKeyShare' | 'answerKeyShare'> => {
  const answerHybrid = (share: Uint8Array): KeyShareAnswer | undefined => {
    if (share.length !== ENCAPSULATION_KEY_LENGTH + X25519_LENGTH) return undefined
    const agreement = createKeyAgreement('x25519')
    const second = agreement.agree(share.subarray(ENCAPSULATION_KEY_LENGTH))
    if (second === undefined) return undefined
    const first = mlKem.encapsulate(share.subarray(0, ENCAPSULATION_KEY_LENGTH))
    if (first === undefined) return undefined
    return {
      share: concatBytes(first.ciphertext, agreement.publicKey),
      secret: concatBytes(first.secret, second),
    }
  }
  return {
    createKeyShare: group =>
      group === 'x25519mlkem768'
        ? new HybridKeyShare(mlKem.generate(), createKeyAgreement('x25519'))
        : new ClassicalKeyShare(createKeyAgreement(group)),
    answerKeyShare: (group, share) => {
      if (group === 'x25519mlkem768') return answerHybrid(share)
      const agreement = createKeyAgreement(group)
      const secret = agreement.agree(share)
      return secret && { share: agreement.publicKey, secret }
    },
  }
}
