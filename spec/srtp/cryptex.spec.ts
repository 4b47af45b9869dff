/** Cryptex (RFC 9335): header extensions and contributing sources encrypted with the payload, by libsrtp's vectors. */

import t from 'tap'
import { hex, Packet, PacketPool } from '../../lib/bytes/index.ts'
import { type SrtpProfile, SrtpReceiver, SrtpSender } from '../../lib/srtp/index.ts'
import { fixtureJson } from '../fixture.ts'
import { providers } from '../providers.ts'

const bytes = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))

const libsrtp = fixtureJson('srtp/libsrtp-vectors.json') as {
  readonly keys: Record<'test_key' | 'test_key_gcm', string>
  readonly cases: Record<string, Record<string, string>>
}

const CASES: readonly { which: string; profile: SrtpProfile; key: string; saltLength: number; suffix: string }[] = [
  {
    which: 'srtp_validate_cryptex',
    profile: 'SRTP_AES128_CM_HMAC_SHA1_80',
    key: libsrtp.keys.test_key,
    saltLength: 14,
    suffix: '_cryptex',
  },
  {
    which: 'srtp_validate_gcm_cryptex',
    profile: 'SRTP_AEAD_AES_128_GCM',
    key: libsrtp.keys.test_key_gcm,
    saltLength: 12,
    suffix: '_cryptex_gcm',
  },
]
const NAMES = [
  '1bytehdrext',
  '2bytehdrext',
  '1bytehdrext_cc',
  '2bytehdrext_cc',
  '1byte_empty_hdrext_cc',
  '2byte_empty_hdrext_cc',
]

for (const { name, crypto } of providers) {
  for (const { which, profile, key, saltLength, suffix } of CASES) {
    const keys = { masterKey: bytes(key).slice(0, 16), masterSalt: bytes(key).slice(16, 16 + saltLength) }
    const create = () => ({
      sender: new SrtpSender({ crypto, profile, keys, cryptex: true }),
      receiver: new SrtpReceiver({ crypto, profile, keys, cryptex: true }),
    })

    t.test(`${name}: what libsrtp makes of extensions and sources, ${profile}`, t => {
      const { sender, receiver } = create()
      for (const each of NAMES) {
        const plain = libsrtp.cases[which]![`srtp_${each}_ref`]!
        const sealed = libsrtp.cases[which]![`srtp_${each}${suffix}`]!
        const packet = Packet.copy(bytes(plain))
        t.ok(sender.protect(packet))
        t.equal(hex(packet.view()), sealed, each)
        const received = bytes(sealed)
        const forged = received.slice()
        forged[forged.length - 1]! ^= 1
        const before = hex(forged)
        t.equal(receiver.unprotect(forged), -1)
        t.equal(hex(forged), before, 'what is forged stays as it was')
        t.equal(hex(received.subarray(0, receiver.unprotect(received))), plain, each)
      }
      t.end()
    })

    t.test(`${name}: sources without an extension get an empty one, ${profile}`, t => {
      const { sender, receiver } = create()
      const plain = bytes('820f1235decafbadcafebabe0001e2400000b26eabababababababababababababababab')
      const open = `92${hex(plain).slice(2, 40)}bede0000${hex(plain).slice(40)}`
      const room = new PacketPool(200)
      const inFront = room.take()
      inFront.bytes.set(plain, inFront.start)
      inFront.end = inFront.start + plain.length
      const behind = new Packet(new Uint8Array(plain.length + 20), 0, plain.length)
      behind.bytes.set(plain)
      behind.bytes[3]!++
      const nowhere = new Packet(new Uint8Array(plain.length + (saltLength === 12 ? 16 : 10) + 3), 0, plain.length)
      nowhere.bytes.set(plain)
      nowhere.bytes[3]! += 2
      t.ok(sender.protect(inFront))
      t.ok(sender.protect(behind))
      t.notOk(sender.protect(nowhere))
      for (const packet of [inFront, behind]) {
        const received = packet.view().slice()
        t.equal(hex(received).slice(40, 48), 'c0de0000')
        t.not(hex(received).slice(24, 40), '0001e2400000b26e', 'sources are not to be seen')
        const end = receiver.unprotect(received)
        received[3] = 0x35
        t.equal(hex(received.subarray(0, end)), open)
      }
      t.end()
    })

    t.test(`${name}: a packet that has nothing to hide, and one that does not hide it, ${profile}`, t => {
      const { sender, receiver } = create()
      const plain = '800f1234decafbadcafebabeabababababababababababababababab'
      const packet = Packet.copy(bytes(plain))
      t.ok(sender.protect(packet))
      const usual = new SrtpSender({ crypto, profile, keys })
      const same = Packet.copy(bytes(plain))
      usual.protect(same)
      t.equal(hex(packet.view()), hex(same.view()), 'the same as without Cryptex')
      const extended = libsrtp.cases[which]!['srtp_1bytehdrext_cc_ref']!
      const shown = Packet.copy(bytes(extended))
      usual.protect(shown)
      const received = shown.view().slice()
      t.equal(hex(received.subarray(0, receiver.unprotect(received))), extended)
      t.end()
    })

    t.test(`${name}: an extension of another form is not sent in the clear, ${profile}`, t => {
      const { sender } = create()
      const packet = Packet.copy(bytes('900f1235decafbadcafebabeabcd000151000200abababababababababababababababab'))
      const before = hex(packet.view())
      t.notOk(sender.protect(packet))
      t.equal(hex(packet.view()), before)
      t.equal(sender.counters.malformed, 1)
      packet.bytes.set(bytes('bede'), packet.start + 12)
      t.ok(sender.protect(packet), 'its number is not used up')
      t.end()
    })

    t.test(`${name}: switched on and off between packets, ${profile}`, t => {
      const { sender, receiver } = create()
      const plain = libsrtp.cases[which]!['srtp_2bytehdrext_cc_ref']!
      for (let i = 0; i < 40; i++) {
        sender.cryptex = i % 3 !== 0
        const packet = Packet.copy(bytes(plain))
        packet.bytes[packet.start + 3] = i
        const expected = hex(packet.view())
        sender.protect(packet)
        const received = packet.view().slice()
        t.equal(hex(received).slice(40, 44), i % 3 === 0 ? '1000' : 'c2de')
        t.equal(hex(received.subarray(0, receiver.unprotect(received))), expected)
      }
      t.end()
    })
  }
}
