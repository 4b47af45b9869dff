/** AES-GCM of our own (SP 800-38D), for nonces that are known ahead, against that of the platform and against a plain GHASH. */

import { createCipheriv, randomFillSync } from 'node:crypto'
import t from 'tap'
import { equalBytes } from '../../lib/bytes/index.ts'
import { ComposedGcm } from '../../lib/crypto/gcm/composed-gcm.ts'
import { ghash, readBlock } from '../../lib/crypto/gcm/ghash.ts'
import { HASH_AT, TABLE_AT } from '../../lib/crypto/gcm/ghash-kernel.ts'
import { hashKeyTable } from '../../lib/crypto/gcm/hash-key-table.ts'
import { gcmKernel, INPUT_AT } from '../../lib/crypto/gcm/kernel.ts'
import { KernelAesMask } from '../../lib/crypto/gcm/kernel-mask.ts'
import { KeyStream } from '../../lib/crypto/gcm/key-stream.ts'
import type { Aead } from '../../lib/crypto/index.ts'
import { nodeCrypto } from '../../lib/crypto/node.ts'

const kernel = gcmKernel()!
const REST = 0x1_0000_0000

const randomBytes = (length: number): Uint8Array<ArrayBuffer> => randomFillSync(new Uint8Array(length))

/** What must not be asked for. */
const none: Aead = {
  seal: () => t.fail('a record went elsewhere') as never,
  open: () => t.fail('a record went elsewhere') as never,
}

const ecb = (key: Uint8Array) => {
  const cipher = createCipheriv(key.length === 16 ? 'aes-128-ecb' : 'aes-256-ecb', key, null).setAutoPadding(false)
  return (blocks: Uint8Array): Uint8Array => cipher.update(blocks)
}

const composed = (key: Uint8Array, iv: Uint8Array): Aead => new ComposedGcm(kernel, ecb(key), iv, none, 20_000)
const platform = (key: Uint8Array): Aead =>
  nodeCrypto.createAead(key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', key)

/** The nonce of a record: its number mixed into the initialization vector. */
const nonceOf = (iv: Uint8Array, number: number): Uint8Array => {
  const nonce = iv.slice()
  const view = new DataView(nonce.buffer)
  view.setUint32(8, (view.getUint32(8) ^ (number % REST)) >>> 0)
  view.setUint32(4, (view.getUint32(4) ^ Math.floor(number / REST)) >>> 0)
  return nonce
}

const KEYS = [16, 32] as const

/** Seals under a number with both, and opens what came of it; says what was wrong. */
const compare = (
  ways: { readonly sealer: Aead; readonly opener: Aead; readonly reference: Aead },
  iv: Uint8Array,
  number: number,
  length: number,
  additionalLength: number,
): string | undefined => {
  const nonce = nonceOf(iv, number)
  const additional = randomBytes(additionalLength)
  const buffer = randomBytes(length + 30)
  const text = buffer.slice()
  const expected = buffer.slice()
  const end = ways.sealer.seal(nonce, additional, buffer, 5, 5 + length)
  if (end !== ways.reference.seal(nonce, additional, expected, 5, 5 + length)) return `${number}: ends elsewhere`
  if (!equalBytes(buffer, expected)) return `${number}, ${length} bytes: sealed otherwise`
  if (ways.opener.open(nonce, additional, buffer, 5, end) !== 5 + length)
    return `${number}, ${length} bytes: not opened`
  if (!equalBytes(buffer.subarray(0, 5 + length), text.subarray(0, 5 + length))) return `${number}: another text`
  return undefined
}

const waysOf = (length: number) => {
  const key = randomBytes(length)
  const iv = randomBytes(12)
  return { iv, ways: { sealer: composed(key, iv), opener: composed(key, iv), reference: platform(key) } }
}

t.test('the kernel hashes as the plain one does, whatever the number of blocks', t => {
  for (let blocks = 1; blocks <= 70; blocks++) {
    const [key, input] = [readBlock(randomBytes(16), 0), randomBytes(16 * blocks)]
    kernel.hashOwner = undefined
    kernel.bytes.set(hashKeyTable(key), TABLE_AT)
    kernel.bytes.set(input, INPUT_AT)
    kernel.bytes.fill(0, HASH_AT, HASH_AT + 16)
    kernel.ghash(INPUT_AT, blocks)
    t.same(readBlock(kernel.bytes, HASH_AT), ghash(key, input), `${blocks} blocks`)
  }
  t.end()
})

for (const keyLength of KEYS) {
  t.test(`every length of text and of additional data, a key of ${keyLength} bytes`, t => {
    const { iv, ways } = waysOf(keyLength)
    const wrong: string[] = []
    let number = 0
    for (let length = 0; length <= 2100; length++) wrong.push(compare(ways, iv, number++, length, length % 41) ?? '')
    for (const length of [4095, 4096, 16_384, 16_401, 20_000]) wrong.push(compare(ways, iv, number++, length, 5) ?? '')
    t.same(
      wrong.filter(each => each !== ''),
      [],
    )
    t.end()
  })

  t.test(`numbers in a row, lost, late, far ahead, across 2^32, a key of ${keyLength} bytes`, t => {
    const { iv, ways } = waysOf(keyLength)
    const numbers = [
      ...Array.from({ length: 100 }, (_, i) => i),
      ...[110, 111, 105, 112, 140, 141, 142, 139, 138, 2, 143, 1000, 1001, 0],
      ...Array.from({ length: 60 }, (_, i) => REST - 30 + i),
      ...[REST - 1, REST, 5 * REST, 5 * REST + 1, REST * 65_535 + 17, REST * 65_535 + 18, 0],
    ]
    const sizes = [1178, 40, 1178, 1178, 60, 1900]
    const wrong = numbers.map((number, i) => compare(ways, iv, number, sizes[i % sizes.length]!, 13))
    t.same(
      wrong.filter(each => each !== undefined),
      [],
    )
    t.end()
  })
}

t.test('the mask of a record number is a block of AES: the platform’s, and the example of FIPS 197', t => {
  const example = Uint8Array.from({ length: 16 }, (_, i) => 0x11 * i)
  for (const [length, first] of [
    [16, [0x69, 0xc4]],
    [32, [0x8e, 0xa2]],
  ] as const) {
    const key = Uint8Array.from({ length }, (_, i) => i)
    t.same([...new KernelAesMask(kernel, key).compute(example, 0)], first, `appendix C, ${8 * length} bits`)
  }
  for (let i = 0; i < 400; i++) {
    const keys = [randomBytes(16), randomBytes(32)]
    const sample = randomBytes(40)
    const masks = keys.map(key => new KernelAesMask(kernel, key))
    for (const [which, mask] of [...masks.entries(), ...masks.entries()]) {
      const expected = ecb(keys[which]!)(sample.subarray(i % 25, (i % 25) + 16))
      if (!equalBytes(mask.compute(sample, i % 25), expected.subarray(0, 2))) t.fail(`another block, key ${which}`)
    }
  }
  t.throws(() => new KernelAesMask(kernel, new Uint8Array(16)).compute(new Uint8Array(20), 5), RangeError)
  t.end()
})

t.test('a nonce that is not one of the row is as good as any', t => {
  const { iv, ways } = waysOf(16)
  for (let i = 0; i < 50; i++) {
    t.equal(compare(ways, randomBytes(12), i, 300, 5), undefined)
    t.equal(compare(ways, iv, i, 300, 5), undefined)
  }
  t.end()
})

t.test('anywhere in a buffer of any size, with additional data of any length', t => {
  const key = randomBytes(16)
  const iv = randomBytes(12)
  const [sealer, opener] = [
    nodeCrypto.createAead('aes-128-gcm', key, iv),
    nodeCrypto.createAead('aes-128-gcm', key, iv),
  ]
  const reference = platform(key)
  let number = 0
  for (const size of [700, 4095, 4096, 4097, 9000]) {
    for (const start of [0, 1, 60, 1023, 1024, 1025, 3000]) {
      for (const additionalLength of [0, 12, 20, 1008, 1023, 1024, 1025, 3000]) {
        if (start + 600 > size) continue
        const nonce = nonceOf(iv, number++)
        const additional = randomBytes(additionalLength)
        const buffer = randomBytes(size)
        const [text, expected] = [buffer.slice(), buffer.slice()]
        const end = sealer.seal(nonce, additional, buffer, start, start + 500)
        reference.seal(nonce, additional, expected, start, start + 500)
        const where = `${start} of ${size}, ${additionalLength} bytes more`
        if (!equalBytes(buffer, expected)) t.fail(`sealed otherwise: ${where}`)
        if (opener.open(nonce, additional, buffer, start, end) !== start + 500) t.fail(`not opened: ${where}`)
        buffer.set(text.subarray(start + 500, end), start + 500)
        if (!equalBytes(buffer, text)) t.fail(`not as it was: ${where}`)
      }
    }
  }
  t.ok(number > 100)
  t.end()
})

t.test('two keys by turns do not get in each other’s way', t => {
  const [one, other] = [waysOf(16), waysOf(32)]
  for (let i = 0; i < 40; i++) {
    t.equal(compare(one.ways, one.iv, i, 500, 5), undefined)
    t.equal(compare(other.ways, other.iv, i, 700, 13), undefined)
  }
  t.end()
})

t.test('what is forged leaves the buffer as it was, and the next record opens', t => {
  const { iv, ways } = waysOf(16)
  for (let i = 0; i < 200; i++) {
    const nonce = nonceOf(iv, i)
    const additional = randomBytes(5)
    const buffer = randomBytes(116)
    ways.sealer.seal(nonce, additional, buffer, 0, 100)
    const forged = buffer.slice()
    forged[i % 116]! ^= 1 << (i & 7)
    const before = forged.slice()
    t.equal(ways.opener.open(nonce, additional, forged, 0, 116), -1)
    t.ok(equalBytes(forged, before))
    const other = additional.slice()
    other[i % 5]! ^= 0x80
    t.equal(ways.opener.open(nonce, other, forged, 0, 116), -1)
    t.equal(ways.opener.open(nonceOf(iv, i + 1), additional, buffer, 0, 116), -1)
    t.equal(ways.opener.open(nonce, additional, buffer, 0, 116), 100)
  }
  t.end()
})

t.test('no number ever gets the key stream of another', t => {
  const key = randomBytes(16)
  const iv = randomBytes(12)
  const encrypt = ecb(key)
  const stream = new KeyStream(encrypt, iv)
  let number = 0
  for (let i = 0; i < 3000; i++) {
    number += i % 50 === 49 ? 1 + (i % 40) : 1
    const blocks = 1 + ((i * 7919) % 120)
    stream.find(nonceOf(iv, number), blocks)
    const input = new Uint8Array(16 * blocks)
    for (let block = 0; block < blocks; block++) {
      input.set(nonceOf(iv, number), 16 * block)
      new DataView(input.buffer).setUint32(16 * block + 12, block + 1)
    }
    const expected = encrypt(input)
    if (!equalBytes(stream.bytes.subarray(stream.offset, stream.offset + input.length), expected)) {
      t.fail(`number ${number}, ${blocks} blocks`)
    }
  }
  t.end()
})

t.test(
  'the provider’s own, with and without the nonces known ahead, agree at every length around where it changes ways',
  t => {
    const key = randomBytes(16)
    const iv = randomBytes(12)
    const [sealer, opener] = [
      nodeCrypto.createAead('aes-128-gcm', key, iv),
      nodeCrypto.createAead('aes-128-gcm', key, iv),
    ]
    const ways = { sealer, opener, reference: platform(key) }
    let number = 0
    for (const around of [2048, 8192]) {
      for (let length = around - 40; length <= around + 40; length += 3) {
        t.equal(compare(ways, iv, number++, length, 13), undefined)
        t.equal(compare(ways, iv, number++, 100, 13), undefined)
      }
    }
    t.end()
  },
)
