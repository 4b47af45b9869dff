/** Protected records of DTLS 1.3: every form of their header, their numbers, and what is inside (RFC 9147, 4). */

import t from 'tap'
import type { CryptoProvider } from '../../lib/crypto/index.ts'
import { FORGED, MAX_PLAINTEXT, REPLAYED } from '../../lib/dtls/record.ts'
import { CIPHER_SUITES_13, type CipherSuite13 } from '../../lib/dtls/v13/cipher-suite.ts'
import { Opener13, Sealer13 } from '../../lib/dtls/v13/record-protection.ts'
import {
  isUnified,
  reconstructSequence,
  unifiedHeaderLength,
  unifiedRecordEnd,
} from '../../lib/dtls/v13/unified-header.ts'
import { seededRandom } from '../../lib/sim/index.ts'
import { nodeCrypto, providers } from '../providers.ts'
import { keysOf, sealBy, unifiedRecord } from './wire-13.ts'

const [suite] = CIPHER_SUITES_13 as readonly [CipherSuite13]

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
const bytesOf = (content: string): Uint8Array => Uint8Array.from(content, c => c.charCodeAt(0))

const openerOf = (crypto: CryptoProvider = nodeCrypto, of: CipherSuite13 = suite, epoch = 3): Opener13 =>
  new Opener13(crypto, of, keysOf(of), epoch)

/** What an opener finds in a record: a copy of its content, or why not. */
const open = (opener: Opener13, record: Uint8Array): string | number => {
  const bytes = record.slice()
  const end = opener.open(bytes, 0, bytes.length)
  return end < 0 ? end : `${opener.type} ${text(bytes.subarray(opener.start, end))}`
}

for (const { name, crypto } of providers) {
  for (const each of CIPHER_SUITES_13) {
    t.test(`${each.name} seals and opens with ${name}, and as the other provider does`, t => {
      const sealer = new Sealer13(crypto, each, keysOf(each), 3)
      const twin = new Sealer13(nodeCrypto, each, keysOf(each), 3)
      const opener = openerOf(crypto, each)
      for (const content of ['one', '', 'x'.repeat(1200)]) {
        const record = sealBy(sealer, 23, bytesOf(content))
        t.strictSame(record, sealBy(twin, 23, bytesOf(content)))
        t.equal(record.length, content.length + sealer.before + sealer.after)
        t.equal(record[0], 0b0010_1111)
        t.equal(unifiedRecordEnd(record, 0), record.length)
        t.equal(open(opener, record), `23 ${content}`)
        t.equal(open(opener, record), REPLAYED)
      }
      t.equal(opener.sequence, 2)
      t.end()
    })
  }
}

t.test('every form of the header is read, and every bit of it is authenticated', t => {
  for (const long of [true, false]) {
    for (const length of [true, false]) {
      for (const epoch of [2, 3, 4, 5, 70]) {
        const record = unifiedRecord({ suite, epoch, sequence: 7, type: 22, content: bytesOf('form'), long, length })
        t.ok(isUnified(record[0]!))
        t.equal(unifiedHeaderLength(record[0]!), (long ? 3 : 2) + (length ? 2 : 0))
        t.equal(open(openerOf(nodeCrypto, suite, epoch), record), '22 form')
        for (let bit = 0; bit < 8 * record.length; bit++) {
          const changed = record.slice()
          changed[bit >>> 3]! ^= 1 << (bit & 7)
          const found = open(openerOf(nodeCrypto, suite, epoch), changed)
          if (found !== FORGED) t.fail(`bit ${bit} of ${record.length} bytes: ${found}`)
        }
      }
    }
  }
  t.end()
})

t.test('records end where they say, or with the datagram', t => {
  const shape = { suite, epoch: 3, sequence: 0, type: 23, content: bytesOf('abc') }
  const whole = unifiedRecord({ ...shape, long: true, length: true })
  const rest = unifiedRecord({ ...shape, long: false, length: false })
  const two = new Uint8Array([...whole, ...rest])
  t.equal(unifiedRecordEnd(two, 0), whole.length)
  t.equal(unifiedRecordEnd(two, whole.length), two.length)
  t.equal(unifiedRecordEnd(whole.subarray(0, whole.length - 1), 0), -1, 'cut')
  t.equal(unifiedRecordEnd(whole.subarray(0, 3), 0), -1, 'a part of a header')
  t.equal(unifiedRecordEnd(Uint8Array.of(0x20), 0), -1)
  const withId = whole.slice()
  withId[0]! |= 0x10
  t.equal(unifiedRecordEnd(withId, 0), -1, 'no connection id was agreed on')
  t.end()
})

t.test('a sequence number is the one nearest to what is expected', t => {
  for (const mask of [0xff, 0xffff]) {
    const half = (mask + 1) / 2
    for (const expected of [0, 1, half - 1, half, mask, mask + 1, 3 * mask, 2 ** 32, 2 ** 32 + 5, 2 ** 48 - 1000]) {
      const random = seededRandom(expected % 1000)
      for (let i = 0; i < 200; i++) {
        const [a, b] = random.fill(new Uint8Array(2))
        const distance = ((a! | (b! << 8)) % (half - 1)) * (i % 2 === 0 ? 1 : -1)
        const sequence = expected + distance
        if (sequence < 0) continue
        const low = sequence % (mask + 1)
        if (reconstructSequence(low, mask, expected) !== sequence) t.fail(`${sequence} at ${expected}`)
      }
    }
    t.equal(reconstructSequence(mask, mask, 0), mask, 'there is nothing below zero')
  }
  t.end()
})

t.test('numbers are followed across the wrap of what the header carries, ahead and behind', t => {
  const opener = openerOf()
  const at = (sequence: number, long: boolean): string | number =>
    open(opener, unifiedRecord({ suite, epoch: 3, sequence, type: 23, content: bytesOf('n'), long, length: true }))
  for (const sequence of [0, 100, 227, 354, 300, 256, 255]) t.equal(at(sequence, false), '23 n', `${sequence}`)
  for (const sequence of [32_000, 64_000, 65_535, 65_536, 65_000, 65_700]) {
    t.equal(at(sequence, true), '23 n', `${sequence}`)
    t.equal(opener.sequence, sequence)
  }
  t.equal(at(65_701 + 128, false), FORGED, 'taken for one far behind')
  t.equal(at(65_100, true), '23 n')
  t.equal(at(65_100, true), REPLAYED)
  t.equal(at(60_000, true), REPLAYED, 'too old to tell')
  t.end()
})

t.test('a forged record does not move what is expected', t => {
  const opener = openerOf()
  const record = unifiedRecord({
    suite,
    epoch: 3,
    sequence: 200,
    type: 23,
    content: bytesOf('far'),
    long: false,
    length: true,
  })
  const forged = record.slice()
  forged[forged.length - 1]! ^= 1
  t.equal(open(opener, forged), FORGED)
  const ahead = unifiedRecord({
    suite,
    epoch: 3,
    sequence: 0,
    type: 23,
    content: bytesOf('first'),
    long: false,
    length: true,
  })
  t.equal(open(opener, ahead), '23 first')
  t.end()
})

t.test('padding is taken off; nothing but padding has no type', t => {
  for (const padding of [0, 1, 16, 255]) {
    const shape = { suite, epoch: 3, long: true, length: true, padding }
    t.equal(open(openerOf(), unifiedRecord({ ...shape, sequence: 0, type: 23, content: bytesOf('pad\0') })), '23 pad\0')
    t.equal(open(openerOf(), unifiedRecord({ ...shape, sequence: 0, type: 21, content: bytesOf('') })), '21 ')
    t.equal(open(openerOf(), unifiedRecord({ ...shape, sequence: 0, type: 0, content: bytesOf('') })), '0 ')
  }
  t.equal(
    open(openerOf(), unifiedRecord({ suite, epoch: 3, sequence: 0, content: bytesOf('') })),
    '0 ',
    'not even a type',
  )
  t.end()
})

t.test('a record is neither shorter than its sample nor longer than a record may be', t => {
  const opener = openerOf()
  for (let length = 0; length < 16; length++) {
    const record = new Uint8Array(5 + length)
    record.set([0x2f, 0, 0, 0, length])
    t.equal(open(opener, record), FORGED)
  }
  const sealed = (length: number): string | number => {
    const record = unifiedRecord({ suite, epoch: 3, sequence: length, type: 23, content: new Uint8Array(length) })
    return opener.open(record, 0, record.length)
  }
  t.equal(sealed(MAX_PLAINTEXT), 5 + MAX_PLAINTEXT)
  t.equal(sealed(MAX_PLAINTEXT + 1), FORGED)
  t.end()
})

t.test('keys under AES-GCM wear out long before the numbers do; those of ChaCha20 do not', t => {
  for (const each of CIPHER_SUITES_13) {
    const sealer = new Sealer13(nodeCrypto, each, keysOf(each), 3)
    sealer.sequence = 2 ** 24 - 1
    t.equal(sealer.worn, false)
    sealBy(sealer, 23, bytesOf('the last one'))
    t.equal(sealer.worn, each.aead !== 'chacha20-poly1305', each.name)
    sealer.sequence = 2 ** 48
    t.ok(sealer.exhausted)
  }
  t.end()
})
