/** Encrypted header extensions (RFC 6904), by libsrtp's vectors, in both forms of RFC 8285. */

import t, { type Test } from 'tap'
import { hex, Packet } from '../../lib/bytes/index.ts'
import {
  keyingMaterialLength,
  type SrtpProfile,
  SrtpReceiver,
  SrtpSender,
  splitKeyingMaterial,
} from '../../lib/srtp/index.ts'
import { fixtureJson } from '../fixture.ts'
import { providers } from '../providers.ts'

const bytes = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))

interface Vector {
  readonly test_key_ext_headers: string
  readonly srtp_plaintext_ref: string
  readonly srtp_ciphertext: string
  readonly headers: number[]
}
const { cases } = fixtureJson('srtp/libsrtp-vectors.json') as { readonly cases: Record<string, Vector> }

const PROFILES: readonly SrtpProfile[] = [
  'SRTP_AES128_CM_HMAC_SHA1_80',
  'SRTP_AES128_CM_HMAC_SHA1_32',
  'SRTP_AEAD_AES_128_GCM',
  'SRTP_AEAD_AES_256_GCM',
]

for (const { name, crypto } of providers) {
  t.test(`${name}: what libsrtp makes of elements 1, 3 and 4`, t => {
    for (const [which, profile, saltLength] of [
      ['srtp_validate_encrypted_extensions_headers', 'SRTP_AES128_CM_HMAC_SHA1_80', 14],
      ['srtp_validate_encrypted_extensions_headers_gcm', 'SRTP_AEAD_AES_128_GCM', 12],
    ] as const) {
      const { test_key_ext_headers, srtp_plaintext_ref, srtp_ciphertext, headers } = cases[which]!
      const key = bytes(test_key_ext_headers)
      const keys = { masterKey: key.slice(0, 16), masterSalt: key.slice(16, 16 + saltLength) }
      const sender = new SrtpSender({ crypto, profile, keys, encryptedExtensions: headers })
      const receiver = new SrtpReceiver({ crypto, profile, keys, encryptedExtensions: headers })
      const packet = Packet.copy(bytes(srtp_plaintext_ref))
      t.ok(sender.protect(packet))
      t.equal(hex(packet.view()), srtp_ciphertext, profile)
      const received = bytes(srtp_ciphertext)
      t.equal(hex(received.subarray(0, receiver.unprotect(received))), srtp_plaintext_ref)
    }
    t.end()
  })

  for (const profile of PROFILES) {
    const keys = splitKeyingMaterial(profile, new Uint8Array(keyingMaterialLength(profile)).fill(9)).client
    /** The extension as it is sent, and as it is received. */
    const pass = (extension: string, ids: number[], t: Test) => {
      const sender = new SrtpSender({ crypto, profile, keys, encryptedExtensions: ids })
      const receiver = new SrtpReceiver({ crypto, profile, keys, encryptedExtensions: ids })
      const plain = `900f123400000000cafebabe${extension}aabbccdd`
      const packet = Packet.copy(bytes(plain))
      t.ok(sender.protect(packet))
      const received = packet.view().slice()
      const sent = hex(received.subarray(12, 12 + extension.length / 2))
      t.equal(hex(received.subarray(0, receiver.unprotect(received))), plain, 'received as it was')
      return sent
    }
    /** Where two texts of the same length differ, by bytes. */
    const changed = (one: string, other: string) =>
      [...one.matchAll(/../g)].flatMap(([pair], i) => (pair === other.slice(2 * i, 2 * i + 2) ? [] : [i]))

    t.test(`${name}: only the data of the elements that are named change, ${profile}`, t => {
      const oneByte = 'bede0004' + '11aaaa' + '2102030405'.slice(0, 6) + '00' + '32010203' + '40ff' + '000000'
      const sent = pass(oneByte, [1, 3], t)
      const places = changed(oneByte, sent)
      t.ok(places.length > 0)
      t.ok(
        places.every(at => [5, 6, 12, 13, 14].includes(at)),
        places.join(),
      )
      const twoByte = '10000004' + '0103aabbcc' + '00' + 'c802ddee' + '0500' + '07020102'
      const other = changed(twoByte, pass(twoByte, [1, 200, 5], t))
      t.ok(other.length > 0)
      t.ok(
        other.every(at => [6, 7, 8, 12, 13].includes(at)),
        other.join(),
      )
      t.end()
    })

    t.test(`${name}: elements whose lengths lie, and what is no element, ${profile}`, t => {
      pass('bede00013fabcdef', [3], t)
      pass('1000000103ffabcd', [3], t)
      pass('10000001000000ff', [255], t)
      t.equal(pass('bede0001f00010ff', [1], t), 'bede0001f00010ff', 'nothing behind the stop')
      t.equal(pass('abcd000110ff10ff', [1], t), 'abcd000110ff10ff', 'another kind of extension')
      t.equal(pass('bede0000', [1], t), 'bede0000')
      t.end()
    })
  }

  t.test(`${name}: what is forged stays as it was, and identifiers that are none throw`, t => {
    const profile = 'SRTP_AEAD_AES_128_GCM'
    const keys = splitKeyingMaterial(profile, new Uint8Array(keyingMaterialLength(profile)).fill(9)).client
    const sender = new SrtpSender({ crypto, profile, keys, encryptedExtensions: [1] })
    const receiver = new SrtpReceiver({ crypto, profile, keys, encryptedExtensions: [1] })
    const packet = Packet.copy(bytes('900f123400000000cafebabebede000110ff0000aabbccdd'))
    sender.protect(packet)
    const forged = packet.view().slice()
    forged[20]! ^= 1
    const before = hex(forged)
    t.equal(receiver.unprotect(forged), -1)
    t.equal(hex(forged), before)
    for (const id of [0, 256, 1.5, -1]) {
      t.throws(() => new SrtpSender({ crypto, profile, keys, encryptedExtensions: [id] }), RangeError)
    }
    t.end()
  })
}
