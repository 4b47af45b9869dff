/**
 * RSA signatures by BigInt (RFC 8017): EMSA-PKCS1-v1_5 (8.2, 9.2) and EMSA-PSS (8.1, 9.1), for the portable provider.
 *
 * Signing is NOT constant-time: BigInt arithmetic takes a time that depends on its numbers. Each signature is blinded
 * by a random factor, so that the time tells of a number that nobody else knows; but on a host shared with others,
 * prefer the node provider. Verifying handles nothing secret.
 */

import { concatBytes, equalBytes, fromHex } from '../bytes/index.ts'
import type { Random } from '../machine/index.ts'
import { fromBig, modInverse, modPow, toBig } from './big.ts'
import { CryptoError } from './error.ts'
import type { HashName } from './provider.ts'
import { HASH_LENGTH, type SchemeTerms } from './schemes.ts'

/** RSAPublicKey (RFC 8017, A.1.1): magnitudes, most significant byte first, without leading zeros. */
export interface RsaPublicParts {
  readonly modulus: Uint8Array
  readonly publicExponent: Uint8Array
}

/** RSAPrivateKey of two primes (RFC 8017, A.1.2). */
export interface RsaPrivateParts extends RsaPublicParts {
  readonly privateExponent: Uint8Array
  readonly prime1: Uint8Array
  readonly prime2: Uint8Array
  readonly exponent1: Uint8Array
  readonly exponent2: Uint8Array
  readonly coefficient: Uint8Array
}

/** A hash of the parts as if joined: the provider's own. */
export type HashFunction = (name: HashName, ...parts: readonly Uint8Array[]) => Uint8Array

export const bitLength = (magnitude: Uint8Array): number =>
  magnitude.length === 0 ? 0 : magnitude.length * 8 - Math.clz32(magnitude[0]!) + 24

/** Whether the numbers of a private key belong together (primality aside). */
export const isSoundRsaKey = (key: RsaPrivateParts): boolean => {
  const [n, e, d] = [toBig(key.modulus), toBig(key.publicExponent), toBig(key.privateExponent)]
  const [p, q] = [toBig(key.prime1), toBig(key.prime2)]
  const [dp, dq, coefficient] = [toBig(key.exponent1), toBig(key.exponent2), toBig(key.coefficient)]
  if (p <= 2n || q <= 2n || p * q !== n) return false
  if ((e * d) % (p - 1n) !== 1n || (e * d) % (q - 1n) !== 1n) return false
  return dp === d % (p - 1n) && dq === d % (q - 1n) && coefficient < p && (coefficient * q) % p === 1n
}

/** What stands before the hash in a DigestInfo (RFC 8017, 9.2, note 1). */
const DIGEST_INFO: Partial<Record<HashName, Uint8Array>> = {
  'sha-256': fromHex('3031300d060960864801650304020105000420')!,
  'sha-384': fromHex('3041300d060960864801650304020205000430')!,
  'sha-512': fromHex('3051300d060960864801650304020305000440')!,
}

/** EMSA-PKCS1-v1_5 of `data` in `length` bytes: there is one encoding only, so a signature is checked by making it anew. */
const encodePkcs1 = (hash: HashFunction, name: HashName, data: Uint8Array, length: number): Uint8Array | undefined => {
  const info = DIGEST_INFO[name]
  if (info === undefined) return undefined
  const digest = hash(name, data)
  const padding = length - 3 - info.length - digest.length
  if (padding < 8) return undefined
  return concatBytes(Uint8Array.of(0, 1), new Uint8Array(padding).fill(0xff), Uint8Array.of(0), info, digest)
}

/** MGF1 (RFC 8017, B.2.1). */
const mask = (hash: HashFunction, name: HashName, seed: Uint8Array, length: number): Uint8Array => {
  const blocks: Uint8Array[] = []
  for (let i = 0; i * HASH_LENGTH[name] < length; i++)
    blocks.push(hash(name, seed, Uint8Array.of(i >>> 24, i >>> 16, i >>> 8, i)))
  return concatBytes(...blocks).subarray(0, length)
}

const xor = (target: Uint8Array, other: Uint8Array): void => {
  for (let i = 0; i < target.length; i++) target[i]! ^= other[i]!
}

/** EMSA-PSS of `data` in `size` bits. Undefined when the key is too short for the hash and its salt. */
const encodePss = (
  hash: HashFunction,
  name: HashName,
  data: Uint8Array,
  salt: Uint8Array,
  size: number,
): Uint8Array | undefined => {
  const length = Math.ceil(size / 8)
  const hashLength = HASH_LENGTH[name]
  const blockLength = length - hashLength - 1
  if (blockLength < salt.length + 1) return undefined
  const h = hash(name, new Uint8Array(8), hash(name, data), salt)
  const block = new Uint8Array(blockLength)
  block[blockLength - salt.length - 1] = 1
  block.set(salt, blockLength - salt.length)
  xor(block, mask(hash, name, h, blockLength))
  block[0]! &= 0xff >>> (8 * length - size)
  return concatBytes(block, h, Uint8Array.of(0xbc))
}

/** EMSA-PSS verification: the salt, always as long as the hash, is read back and the encoding made anew. */
const isPss = (hash: HashFunction, name: HashName, data: Uint8Array, encoded: Uint8Array, size: number): boolean => {
  const hashLength = HASH_LENGTH[name]
  const blockLength = encoded.length - hashLength - 1
  if (blockLength < hashLength + 1) return false
  const block = encoded.slice(0, blockLength)
  xor(block, mask(hash, name, encoded.subarray(blockLength, blockLength + hashLength), blockLength))
  const expected = encodePss(hash, name, data, block.subarray(blockLength - hashLength), size)
  return expected !== undefined && equalBytes(expected, encoded)
}

export const verifyRsa = (
  hash: HashFunction,
  terms: SchemeTerms,
  key: RsaPublicParts,
  data: Uint8Array,
  signature: Uint8Array,
): boolean => {
  const length = key.modulus.length
  const n = toBig(key.modulus)
  const s = toBig(signature)
  if (signature.length !== length || s >= n) return false
  const m = modPow(s, toBig(key.publicExponent), n)
  if (terms.padding === 'pkcs1') {
    const expected = encodePkcs1(hash, terms.hash, data, length)
    return expected !== undefined && equalBytes(fromBig(m, length), expected)
  }
  const size = bitLength(key.modulus) - 1
  const encodedLength = Math.ceil(size / 8)
  if (m >> BigInt(8 * encodedLength) !== 0n) return false
  return isPss(hash, terms.hash, data, fromBig(m, encodedLength), size)
}

/** A random number from 1 to n - 1: 64 bits more than n has, reduced (FIPS 186-5, A.3.1). */
const randomBelow = (random: Random, n: bigint, length: number): bigint =>
  (toBig(random.fill(new Uint8Array(length + 8))) % (n - 1n)) + 1n

/** Undefined when the key is too short for the scheme. */
export const signRsa = (
  hash: HashFunction,
  random: Random,
  terms: SchemeTerms,
  key: RsaPrivateParts,
  data: Uint8Array,
): Uint8Array | undefined => {
  const length = key.modulus.length
  const encoded =
    terms.padding === 'pkcs1'
      ? encodePkcs1(hash, terms.hash, data, length)
      : encodePss(
          hash,
          terms.hash,
          data,
          random.fill(new Uint8Array(HASH_LENGTH[terms.hash])),
          bitLength(key.modulus) - 1,
        )
  if (encoded === undefined) return undefined
  const [n, e, p, q] = [toBig(key.modulus), toBig(key.publicExponent), toBig(key.prime1), toBig(key.prime2)]
  const m = toBig(encoded)
  let factor: bigint
  let inverse: bigint | undefined
  do {
    factor = randomBelow(random, n, length)
    inverse = modInverse(factor, n)
  } while (inverse === undefined)
  const blinded = (m * modPow(factor, e, n)) % n
  // The Chinese remainder theorem (RFC 8017, 5.1.2, step 2b): two powers of half the length.
  const s1 = modPow(blinded % p, toBig(key.exponent1), p)
  const s2 = modPow(blinded % q, toBig(key.exponent2), q)
  const h = (((s1 - s2) % p) + p) * toBig(key.coefficient)
  const s = ((s2 + q * (h % p)) * inverse) % n
  // A fault in one half would give away the factors (Boneh, DeMillo, Lipton 1997): nothing wrong goes out.
  if (modPow(s, e, n) !== m) throw new CryptoError('ERR_CRYPTO_FAULT', 'an RSA signature came out wrong')
  return fromBig(s, length)
}
