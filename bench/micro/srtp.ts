/** What SRTP does with a packet of 1,200 bytes, beside its hash. */

import { createHash, createHmac } from 'node:crypto'
import { Packet } from '../../lib/bytes/index.ts'
import { HmacSha1 } from '../../lib/crypto/index.ts'
import { nodeCrypto } from '../../lib/crypto/node.ts'
import { keyingMaterialLength, type SrtpProfile, SrtpSender, splitKeyingMaterial } from '../../lib/srtp/index.ts'
import { suite } from './suite.ts'

const LENGTH = 1200
const PROFILES: readonly SrtpProfile[] = [
  'SRTP_AES128_CM_HMAC_SHA1_80',
  'SRTP_AES128_CM_HMAC_SHA1_32',
  'SRTP_AEAD_AES_128_GCM',
  'SRTP_AEAD_AES_256_GCM',
]

const key = new Uint8Array(20).fill(7)
const bytes = new Uint8Array(LENGTH + 48 + 64).fill(0x55)
const mac = new HmacSha1(key)
const inner = new Uint8Array(64).fill(0x36)
const message = bytes.subarray(48, 48 + LENGTH)

suite(`HMAC-SHA1 of ${LENGTH} bytes`, LENGTH, {
  'our own, in WebAssembly': () => {
    mac.load(bytes, 48, 48 + LENGTH)
    mac.authenticate(1)
  },
  'two hashes of the platform': () =>
    createHash('sha1').update(inner).update(createHash('sha1').update(inner).update(message).digest()).digest(),
  'an HMAC of the platform': () => createHmac('sha1', key).update(message).digest(),
})

const ways: Record<string, () => unknown> = {}
for (const profile of PROFILES) {
  const keys = splitKeyingMaterial(profile, new Uint8Array(keyingMaterialLength(profile)).fill(3)).client
  const sender = new SrtpSender({ crypto: nodeCrypto, profile, keys })
  const plain = new Uint8Array(LENGTH)
  plain[0] = 0x80
  const packet = Packet.copy(plain)
  const { start, end } = packet
  let sequenceNumber = 0
  ways[profile] = () => {
    packet.bytes[start + 2] = sequenceNumber >> 8
    packet.bytes[start + 3] = sequenceNumber++
    packet.end = end
    return sender.protect(packet)
  }
}
suite(`protect, ${LENGTH} bytes`, LENGTH, ways)
