/** Known answers: RFC 3711 B.2 and B.3, RFC 6188 7, RFC 7714 16 and 17, and libsrtp's own. */

import t from 'tap'
import { hex, Packet } from '../../lib/bytes/index.ts'
import { CounterKeyStream } from '../../lib/srtp/counter-key-stream.ts'
import { GcmProtection } from '../../lib/srtp/gcm.ts'
import { RtpHeader } from '../../lib/srtp/header.ts'
import { type SrtpProfile, SrtpReceiver, SrtpSender } from '../../lib/srtp/index.ts'
import { deriveKey, Label } from '../../lib/srtp/key-derivation.ts'
import { profileParameters } from '../../lib/srtp/profile.ts'
import { createRtcpProtection } from '../../lib/srtp/rtcp-protection.ts'
import { fixtureJson } from '../fixture.ts'
import { providers } from '../providers.ts'

const bytes = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))

interface Rfc3711 {
  readonly 'RFC6188_7.1': { session_key: string; counter0: string; keystream_blocks: Record<string, string> }
  readonly 'B.2': { session_key: string; counter0: string; keystream_blocks: Record<string, string> }
  readonly 'B.3': Record<'master_key' | 'master_salt' | 'cipher_key' | 'cipher_salt' | 'auth_key_94', string>
  readonly RFC6188: Record<'master_key' | 'master_salt' | 'cipher_key' | 'cipher_salt' | 'auth_key', string>
}
interface Rfc7714 {
  readonly session_salt: string
  readonly rtp: string
  readonly rtcp: string
  readonly srtcp_index: number
  readonly vectors: { id: string; key: string; kind: string; out: string }[]
}
interface Libsrtp {
  readonly keys: Record<'test_key' | 'test_key_gcm', string>
  readonly cases: Record<string, Record<string, string>>
}

const rfc3711 = fixtureJson('srtp/rfc3711-rfc6188.json') as Rfc3711
const rfc7714 = fixtureJson('srtp/rfc7714.json') as Rfc7714
const libsrtp = fixtureJson('srtp/libsrtp-vectors.json') as Libsrtp

for (const { name, crypto } of providers) {
  for (const [title, vector] of [
    ['RFC 3711, B.2', rfc3711['B.2']],
    ['RFC 6188, 7.1', rfc3711['RFC6188_7.1']],
  ] as const)
    t.test(`${name}: the key stream of ${title}`, t => {
      const { session_key, counter0, keystream_blocks } = vector
      // The initial counter as a salt: with neither an SSRC nor an index mixed in.
      const stream = new CounterKeyStream(
        crypto.createBlockCipher(bytes(session_key)),
        bytes(counter0).subarray(0, 14),
        0,
      )
      stream.find(0, 0xff02)
      for (const [block, expected] of Object.entries(keystream_blocks)) {
        const at = 4 * stream.offset + 16 * Number(block)
        t.equal(hex(stream.bytes.subarray(at, at + 16)), expected, block)
      }
      t.end()
    })

  t.test(`${name}: the keys of RFC 3711, B.3, and of RFC 6188, 7`, t => {
    for (const vector of [rfc3711['B.3'], rfc3711.RFC6188]) {
      const keys = { masterKey: bytes(vector.master_key), masterSalt: bytes(vector.master_salt) }
      const derive = (label: number, length: number): string => hex(deriveKey(crypto, keys, label, length))
      t.equal(derive(Label.rtpEncryption, vector.cipher_key.length / 2), vector.cipher_key)
      t.equal(derive(Label.rtpSalt, 14), vector.cipher_salt)
      const authentication = 'auth_key' in vector ? vector.auth_key : vector.auth_key_94
      t.equal(derive(Label.rtpAuthentication, authentication.length / 2), authentication)
    }
    t.end()
  })

  t.test(`${name}: RFC 7714, 16 and 17`, t => {
    const salt = bytes(rfc7714.session_salt)
    for (const { id, key, kind, out } of rfc7714.vectors) {
      const sealed = bytes(out)
      if (kind === 'srtp') {
        const plain = bytes(rfc7714.rtp)
        const common = crypto.createAead(key.length === 32 ? 'aes-128-gcm' : 'aes-256-gcm', bytes(key))
        const protection = new GcmProtection(crypto, bytes(key), salt, common, 0x5501a0b2)
        const room = new Uint8Array(plain.length + 16)
        room.set(plain)
        const header = new RtpHeader()
        t.ok(header.parse(plain, 0, plain.length))
        t.equal(protection.seal(room, 0, header, plain.length, 0xf17b), sealed.length, id)
        t.equal(hex(room), out, id)
        t.equal(protection.open(sealed, 0, header, sealed.length, 0xf17b), plain.length, id)
        t.equal(hex(sealed.subarray(0, plain.length)), rfc7714.rtp, id)
        continue
      }
      const profile = profileParameters(key.length === 32 ? 'SRTP_AEAD_AES_128_GCM' : 'SRTP_AEAD_AES_256_GCM')
      const keys = { encryption: bytes(key), salt, authentication: new Uint8Array(0) }
      const protection = createRtcpProtection(crypto, keys, profile)
      const plain = bytes(rfc7714.rtcp)
      if (kind === 'srtcp') {
        const room = new Uint8Array(plain.length + 20)
        room.set(plain)
        t.equal(protection.seal(room, 0, plain.length, 0x4d617273, rfc7714.srtcp_index), sealed.length, id)
        t.equal(hex(room), out, id)
      }
      t.equal(protection.open(sealed, 0, sealed.length, 0x4d617273), plain.length, id)
      t.equal(hex(sealed.subarray(0, plain.length)), rfc7714.rtcp, id)
    }
    t.end()
  })

  t.test(`${name}: what libsrtp makes of its packets`, t => {
    const cases: [name: string, profile: SrtpProfile, key: string, salt: number][] = [
      ['srtp_validate', 'SRTP_AES128_CM_HMAC_SHA1_80', libsrtp.keys.test_key, 14],
      ['srtp_validate_gcm', 'SRTP_AEAD_AES_128_GCM', libsrtp.keys.test_key_gcm, 12],
    ]
    for (const [which, profile, text, saltLength] of cases) {
      const { srtp_ciphertext = '', srtcp_ciphertext = '', rtcp_plaintext_ref = '', ...others } = libsrtp.cases[which]!
      const rtp = others.srtp_plaintext_ref ?? others.rtp_plaintext_ref ?? ''
      const key = bytes(text)
      const keys = { masterKey: key.slice(0, 16), masterSalt: key.slice(16, 16 + saltLength) }
      const sender = new SrtpSender({ crypto, profile, keys })
      const receiver = new SrtpReceiver({ crypto, profile, keys })
      const packet = Packet.copy(bytes(rtp))
      t.ok(sender.protect(packet))
      t.equal(hex(packet.view()), srtp_ciphertext)
      const sealed = bytes(srtp_ciphertext)
      t.equal(hex(sealed.subarray(0, receiver.unprotect(sealed))), rtp)
      t.equal(receiver.unprotect(bytes(srtp_ciphertext)), -1, 'once')
      // Theirs begins with the index 1.
      const plain = bytes(rtcp_plaintext_ref)
      sender.protectRtcp(Packet.copy(plain))
      const report = Packet.copy(plain)
      t.ok(sender.protectRtcp(report))
      t.equal(hex(report.view()).slice(-8), hex(bytes(srtcp_ciphertext)).slice(-8))
      const sealedReport = bytes(srtcp_ciphertext)
      t.equal(hex(sealedReport.subarray(0, receiver.unprotectRtcp(sealedReport))), rtcp_plaintext_ref)
      t.equal(receiver.unprotectRtcp(bytes(srtcp_ciphertext)), -1, 'once')
    }
    t.end()
  })
}
