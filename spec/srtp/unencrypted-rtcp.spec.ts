/** SRTCP that is authenticated and not encrypted (RFC 3711, 3.4; RFC 7714, 9.3): the bit E is zero, the rest is in the clear. */

import { createCipheriv, createHmac } from 'node:crypto'
import t from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import { deriveRtcpKeys } from '../../lib/srtp/key-derivation.ts'
import { profileParameters } from '../../lib/srtp/profile.ts'
import { nodeCrypto } from '../providers.ts'
import { createReceiver, keysOf, opened, PROFILES, rtcp } from './streams.ts'

const SSRC = 0xcafebabe

for (const profile of PROFILES) {
  const parameters = profileParameters(profile)
  const keys = deriveRtcpKeys(nodeCrypto, keysOf(profile), parameters)

  /** As a peer would that does not encrypt its reports. */
  const inTheClear = (plain: Uint8Array, index: number): Uint8Array => {
    const word = new Uint8Array(4)
    new DataView(word.buffer).setUint32(0, index)
    if (!parameters.aead) {
      const tag = createHmac('sha1', keys.authentication).update(plain).update(word).digest().subarray(0, 10)
      return Uint8Array.from([...plain, ...word, ...tag])
    }
    const nonce = keys.salt.slice(0, 12)
    const view = new DataView(nonce.buffer)
    view.setUint32(2, (view.getUint32(2) ^ SSRC) >>> 0)
    view.setUint32(8, (view.getUint32(8) ^ index) >>> 0)
    const name = keys.encryption.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm'
    const cipher = createCipheriv(name, keys.encryption, nonce)
    cipher.setAAD(Uint8Array.from([...plain, ...word]))
    cipher.final()
    return Uint8Array.from([...plain, ...cipher.getAuthTag(), ...word])
  }

  t.test(`${profile}: it is taken, once`, t => {
    const receiver = createReceiver(profile)
    for (const words of [0, 3, 40]) {
      const plain = rtcp(SSRC, words)
      const bytes = inTheClear(plain, words)
      const text = opened(receiver, bytes, true)
      t.equal(text && hex(text), hex(plain))
      t.equal(opened(receiver, bytes, true), undefined)
    }
    t.equal(receiver.counters.replayed, 3)
    t.end()
  })

  t.test(`${profile}: any bit that was changed is seen, that of encryption too`, t => {
    const receiver = createReceiver(profile)
    const bytes = inTheClear(rtcp(SSRC), 7)
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [0x01, 0x80]) {
        const forged = bytes.slice()
        forged[at]! ^= bit
        if (opened(receiver, forged, true) !== undefined) t.fail(`byte ${at}`)
      }
    }
    t.ok(opened(receiver, bytes, true), 'and the right one is taken afterwards')
    t.end()
  })
}
