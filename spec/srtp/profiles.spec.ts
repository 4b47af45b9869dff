/** What the four profiles are (RFC 5764, 4.1.2; RFC 7714, 14.2): lengths of tags and keys, and what a handshake's bytes become. */

import t from 'tap'
import { hex, Packet } from '../../lib/bytes/index.ts'
import {
  keyingMaterialLength,
  type SrtpProfile,
  SrtpReceiver,
  SrtpSender,
  splitKeyingMaterial,
} from '../../lib/srtp/index.ts'
import { providers } from '../providers.ts'
import { createReceiver, createSender, keysOf, opened, PROFILES, rtcp, rtp, sealed } from './streams.ts'

const TAGS: Readonly<Record<SrtpProfile, readonly [rtp: number, rtcp: number]>> = {
  SRTP_AES128_CM_HMAC_SHA1_80: [10, 14],
  // Four bytes are too few for RTCP: there the tag has 80 bits all the same.
  SRTP_AES128_CM_HMAC_SHA1_32: [4, 14],
  SRTP_AEAD_AES_128_GCM: [16, 20],
  SRTP_AEAD_AES_256_GCM: [16, 20],
}

for (const profile of PROFILES) {
  t.test(`${profile}: what a packet grows by`, t => {
    const sender = createSender(profile)
    const [ofRtp, ofRtcp] = TAGS[profile]
    for (const length of [0, 1, 15, 16, 17, 1188]) {
      const plain = rtp(length, 9, length)
      const bytes = sealed(sender, plain)!
      t.equal(bytes.length, plain.length + ofRtp)
      t.equal(hex(bytes.subarray(0, 12)), hex(plain.subarray(0, 12)), 'the header stays')
    }
    for (const words of [0, 1, 5]) {
      const plain = rtcp(9, words)
      const bytes = sealed(sender, plain, true)!
      t.equal(bytes.length, plain.length + ofRtcp)
      t.equal(hex(bytes.subarray(0, 8)), hex(plain.subarray(0, 8)))
      t.ok(opened(createReceiver(profile), bytes, true))
    }
    t.end()
  })

  t.test(`${profile}: a byte less than there must be room for is refused, and nothing changed`, t => {
    const [ofRtp, ofRtcp] = TAGS[profile]
    for (const [isRtcp, grows] of [
      [false, ofRtp],
      [true, ofRtcp],
    ] as const) {
      const sender = createSender(profile)
      const plain = isRtcp ? rtcp() : rtp(5)
      const fitted = (room: number) => {
        const bytes = new Uint8Array(plain.length + room)
        bytes.set(plain)
        return new Packet(bytes, 0, plain.length)
      }
      const protect = (packet: Packet) => (isRtcp ? sender.protectRtcp(packet) : sender.protect(packet))
      const narrow = fitted(grows - 1)
      t.notOk(protect(narrow))
      t.equal(hex(narrow.view()), hex(plain))
      t.equal(sender.counters.malformed, 1)
      t.ok(protect(fitted(grows)))
    }
    t.end()
  })

  t.test(`${profile}: what a handshake exports is two keys, then two salts`, t => {
    const length = keyingMaterialLength(profile)
    const isLong = profile.includes('256')
    const [key, salt] = [isLong ? 32 : 16, profile.includes('GCM') ? 12 : 14]
    t.equal(length, 2 * (key + salt))
    const material = Uint8Array.from({ length }, (_, i) => i)
    const { client, server } = splitKeyingMaterial(profile, material)
    t.same([client.masterKey[0], client.masterKey.length], [0, key])
    t.same([server.masterKey[0], server.masterKey.length], [key, key])
    t.same([client.masterSalt[0], client.masterSalt.length], [2 * key, salt])
    t.same([server.masterSalt[0], server.masterSalt.length], [2 * key + salt, salt])
    material.fill(0)
    t.equal(client.masterKey[1], 1, 'copies')
    for (const other of [length - 1, length + 1]) {
      t.throws(() => splitKeyingMaterial(profile, new Uint8Array(other)), RangeError)
    }
    t.end()
  })

  t.test(`${profile}: both providers make the same of every length`, t => {
    const [one, other] = providers.map(({ crypto }) => ({
      sender: new SrtpSender({ crypto, profile, keys: keysOf(profile) }),
      receiver: new SrtpReceiver({ crypto, profile, keys: keysOf(profile) }),
    }))
    let wrong = 0
    for (let length = 0; length <= 300; length++) {
      const plain = rtp(length, 77, length)
      const bytes = sealed(one!.sender, plain)!
      if (hex(bytes) !== hex(sealed(other!.sender, plain)!)) wrong++
      for (const { receiver } of [one!, other!]) if (hex(opened(receiver, bytes)!) !== hex(plain)) wrong++
    }
    t.equal(wrong, 0)
    t.end()
  })
}
