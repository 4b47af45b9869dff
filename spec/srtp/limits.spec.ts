/** What one key may protect at most (RFC 3711, 9.2): 2^48 RTP packets of a stream, 2^31 RTCP packets. */

import { createCipheriv, createHmac } from 'node:crypto'
import t from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import { HmacSha1 } from '../../lib/crypto/index.ts'
import { CounterModeProtection } from '../../lib/srtp/counter-mode.ts'
import { RtpHeader } from '../../lib/srtp/header.ts'
import { guessIndex, LAST_INDEX } from '../../lib/srtp/packet-index.ts'
import { LAST_RTCP_INDEX } from '../../lib/srtp/rtcp-protection.ts'
import { nodeCrypto } from '../providers.ts'
import { createReceiver, createSender, opened, PROFILES, rtcp, rtp, sealed } from './streams.ts'

t.test('what the RFC says', t => {
  t.equal(LAST_INDEX, 2 ** 48 - 1)
  t.equal(LAST_RTCP_INDEX, 2 ** 31 - 1)
  t.ok(guessIndex(LAST_INDEX, 0) > LAST_INDEX, 'a receiver knows it, too')
  t.end()
})

t.test('all 48 bits of an index are in the key stream and in the tag (RFC 3711, 4.1.1 and 4.2)', t => {
  const [key, salt, authentication] = [1, 2, 3].map(byte => new Uint8Array(20).fill(byte))
  const cipherKey = key!.subarray(0, 16)
  const cipher = nodeCrypto.createBlockCipher(cipherKey)
  const ssrc = 0xdeadbeef
  const mac = new HmacSha1(authentication!)
  const protection = new CounterModeProtection(cipher, salt!.subarray(0, 14), mac, 10, ssrc)
  for (const index of [
    0,
    1,
    0xffff,
    0x1_0000,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 32 + 0x1234,
    2 ** 47 + 5,
    LAST_INDEX - 1,
    LAST_INDEX,
  ]) {
    const plain = rtp(index % 0x1_0000, ssrc, 77)
    const bytes = new Uint8Array(plain.length + 10)
    bytes.set(plain)
    const header = new RtpHeader()
    header.parse(bytes, 0, plain.length)
    protection.seal(bytes, 0, header, plain.length, index)
    const iv = new Uint8Array(16)
    iv.set(salt!.subarray(0, 14))
    const view = new DataView(iv.buffer)
    view.setUint32(4, (view.getUint32(4) ^ ssrc) >>> 0)
    view.setBigUint64(8, view.getBigUint64(8) ^ (BigInt(index) << 16n))
    const text = createCipheriv('aes-128-ctr', cipherKey, iv).update(plain.subarray(12))
    t.equal(hex(bytes.subarray(12, plain.length)), text.toString('hex'), `${index}`)
    const counter = new Uint8Array(4)
    new DataView(counter.buffer).setUint32(0, Math.floor(index / 0x1_0000))
    const tag = createHmac('sha1', authentication!)
      .update(bytes.subarray(0, plain.length))
      .update(counter)
      .digest('hex')
    t.equal(hex(bytes.subarray(plain.length)), tag.slice(0, 20))
  }
  t.end()
})

for (const profile of PROFILES) {
  t.test(`${profile}: the last index of RTP, and none beyond`, t => {
    const sender = createSender(profile, { lastIndex: 0x1_0002 })
    for (const index of [0xffff, 0x1_0000, 0x1_0001, 0x1_0002]) t.ok(sealed(sender, rtp(index)))
    t.equal(sealed(sender, rtp(0x1_0003)), undefined)
    t.equal(sender.counters.exhausted, 1)
    t.ok(sealed(sender, rtp(3, 77)), 'another stream counts by itself')
    t.end()
  })

  t.test(`${profile}: the last index of RTCP, and none beyond`, t => {
    const sender = createSender(profile, { lastRtcpIndex: 2 })
    const receiver = createReceiver(profile)
    for (let index = 0; index <= 2; index++) {
      // It is one count for all streams of a key.
      const bytes = sealed(sender, rtcp(index), true)!
      const wordAt = profile.includes('GCM') ? bytes.length - 4 : bytes.length - 14
      const word = new DataView(bytes.buffer).getUint32(wordAt)
      t.equal(word, 0x8000_0000 + index, 'the bit of encryption, and the index')
      t.ok(opened(receiver, bytes, true))
    }
    t.equal(sealed(sender, rtcp(), true), undefined)
    t.equal(sender.counters.exhausted, 1)
    t.ok(sealed(sender, rtp(1)), 'RTP goes on')
    t.end()
  })
}
