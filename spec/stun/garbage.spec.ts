import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { utf8 } from '../../lib/bytes/index.ts'
import {
  Attribute,
  decodeStun,
  encodeStun,
  errorCode,
  icmp,
  passwordAlgorithms,
  plainAddress,
  priority,
  readAddress,
  readAddressErrorCode,
  readAddressFamily,
  readAlternateDomain,
  readAlternateServer,
  readChannelNumber,
  readErrorCode,
  readEvenPort,
  readIcmp,
  readPasswordAlgorithm,
  readPasswordAlgorithms,
  readRequestedTransport,
  readReservationToken,
  readText,
  readTieBreaker,
  readU32,
  readUnknownAttributes,
  readUserhash,
  readUsername,
  readXorAddress,
  username,
  verifyFingerprint,
  verifyIntegrity,
  verifyIntegritySha256,
} from '../../lib/stun/index.ts'
import { fixtureBytes } from '../fixture.ts'
import { nodeCrypto } from '../providers.ts'

const mac = nodeCrypto.createMac('sha-1', utf8('password'))
const mac256 = nodeCrypto.createMac('sha-256', utf8('password'))

const readers = [
  readAddress,
  readAddressErrorCode,
  readAddressFamily,
  readAlternateDomain,
  readChannelNumber,
  readErrorCode,
  readEvenPort,
  readIcmp,
  readPasswordAlgorithm,
  readPasswordAlgorithms,
  readRequestedTransport,
  readReservationToken,
  readText,
  readTieBreaker,
  readU32,
  readUnknownAttributes,
  readUserhash,
  readUsername,
] as const

/** Reads all that can be read of bytes that may be anything. */
const readAll = (bytes: Uint8Array): void => {
  const message = decodeStun(bytes)
  if (message === undefined) return
  verifyIntegrity(message, mac)
  verifyIntegritySha256(message, mac256, 16)
  verifyFingerprint(message)
  readAlternateServer(message)
  let total = 0
  for (const { value } of message.attributes) {
    total += 4 + value.length
    readXorAddress(value, message.transactionId)
    for (const read of readers) read(value)
  }
  if (total > bytes.length) throw new Error('more attributes than bytes')
}

const valid = encodeStun({
  kind: 'request',
  method: 1,
  transactionId: new Uint8Array(12),
  attributes: [
    username('abc:def'),
    priority(1),
    errorCode(300, 'Try Alternate'),
    plainAddress(Attribute.alternateServer, { address: '192.0.2.1', port: 3478 }),
    passwordAlgorithms([2, 1]),
    icmp({ type: 3, code: 4, data: 1500 }),
  ],
  integrity: mac,
  integritySha256: mac256,
  fingerprint: true,
})

t.test('the fuzz corpus of libwebrtc is read without a throw', t => {
  const names = readdirSync('fixtures/libwebrtc-fuzz-corpora/stun')
  t.equal(names.length, 19)
  for (const name of names) t.doesNotThrow(() => readAll(fixtureBytes(`libwebrtc-fuzz-corpora/stun/${name}`)), name)
  t.end()
})

t.test('random bytes behind a right header are read without a throw', t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (body, isWhole) => {
      const bytes = new Uint8Array(20 + body.length)
      bytes.set(valid.subarray(0, 20))
      bytes.set(body, 20)
      if (isWhole) bytes.set([body.length >> 8, body.length & 0xfc], 2)
      readAll(isWhole ? bytes.subarray(0, 20 + (body.length & ~3)) : bytes)
    }),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('an attribute that says it is longer or shorter than it is is read without a throw', t => {
  fc.assert(
    fc.property(fc.nat(valid.length / 4 - 6), fc.nat(0xffff), fc.nat(40), (word, length, near) => {
      for (const value of [length, near]) {
        const bytes = valid.slice()
        bytes.set([value >> 8, value], 20 + 4 * word + 2)
        readAll(bytes)
      }
    }),
    { numRuns: 1000 },
  )
  t.end()
})

t.test('a changed or cut message is read without a throw, and never passes for the original', t => {
  fc.assert(
    fc.property(fc.nat(valid.length * 8 - 1), fc.nat(valid.length), fc.boolean(), (bit, length, isCut) => {
      const bytes = isCut ? valid.slice(0, length) : valid.slice()
      if (!isCut) bytes[bit >> 3]! ^= 1 << (bit & 7)
      readAll(bytes)
      const message = decodeStun(bytes)
      if (message === undefined || (isCut && length === valid.length)) return
      if (verifyFingerprint(message) && verifyIntegrity(message, mac) && verifyIntegritySha256(message, mac256))
        throw new Error('a forgery passes')
    }),
    { numRuns: 2000 },
  )
  t.end()
})
