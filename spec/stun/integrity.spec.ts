import t from 'tap'
import { concatBytes, fromHex, hex, utf8 } from '../../lib/bytes/index.ts'
import {
  Attribute,
  decodeStun,
  encodeStun,
  longTermKey,
  nonce,
  opaqueString,
  PasswordAlgorithm,
  passwordAlgorithm,
  priority,
  readPasswordAlgorithm,
  readText,
  readUsername,
  realm,
  type StunAttribute,
  type StunMessage,
  userhash,
  username,
  verifyFingerprint,
  verifyIntegrity,
  verifyIntegritySha256,
} from '../../lib/stun/index.ts'
import { fixtureJson } from '../fixture.ts'
import { nodeCrypto, providers } from '../providers.ts'

interface Vector {
  readonly hex: string
  readonly username: string
  readonly password: string
  readonly realm: string
  readonly nonce: string
}
const [vector] = (fixtureJson('stun/rfc8489.json') as { vectors: [Vector] }).vectors
const id = fromHex('78ad3433c6ad72c029da412e')!
const sha1 = nodeCrypto.createMac('sha-1', utf8('password'))
const sha256 = nodeCrypto.createMac('sha-256', utf8('password'))

const decoded = (bytes: Uint8Array): StunMessage => {
  const message = decodeStun(bytes)
  if (message === undefined) throw new Error('not decoded')
  return message
}

/** The message with attributes behind its end, and a header that counts them. */
const append = (message: Uint8Array, ...attributes: readonly StunAttribute[]): Uint8Array => {
  const more = encodeStun({ kind: 'request', method: 1, transactionId: id, attributes }).subarray(20)
  const bytes = concatBytes(message, more)
  const length = bytes.length - 20
  bytes.set([length >> 8, length], 2)
  return bytes
}

for (const { name, crypto } of providers) {
  t.test(`RFC 8489 B.1 holds: SHA-256 and USERHASH (${name})`, t => {
    const message = decoded(fromHex(vector.hex)!)
    const key = longTermKey(crypto, 'sha-256', vector.username, vector.realm, vector.password)
    t.ok(verifyIntegritySha256(message, crypto.createMac('sha-256', key)))
    const md5 = longTermKey(crypto, 'md5', vector.username, vector.realm, vector.password)
    t.notOk(verifyIntegritySha256(message, crypto.createMac('sha-256', md5)), 'the algorithm counts')
    t.notOk(verifyIntegrity(message, crypto.createMac('sha-1', key)), 'there is no MESSAGE-INTEGRITY')
    t.same(message.find(Attribute.userhash), userhash(crypto, vector.username, vector.realm).value)
    t.equal(readText(message.find(Attribute.nonce)!), vector.nonce)
    t.equal(readText(message.find(Attribute.realm)!), vector.realm)
    t.equal(readPasswordAlgorithm(message.find(Attribute.passwordAlgorithm)!)?.algorithm, PasswordAlgorithm.sha256)
    t.end()
  })

  t.test(`RFC 8489 B.1 is what we encode (${name})`, t => {
    const key = longTermKey(crypto, 'sha-256', vector.username, vector.realm, vector.password)
    const bytes = encodeStun({
      kind: 'request',
      method: 1,
      transactionId: id,
      attributes: [
        userhash(crypto, vector.username, vector.realm),
        nonce(vector.nonce),
        realm(vector.realm),
        passwordAlgorithm(PasswordAlgorithm.sha256),
      ],
      integritySha256: crypto.createMac('sha-256', key),
    })
    t.equal(hex(bytes), vector.hex)
    t.end()
  })

  t.test(`names and passwords make one key however they are typed (${name})`, t => {
    // Precomposed and decomposed e-acute; a space of two bytes and that of ASCII (RFC 8265, 4.2.2).
    const typed = longTermKey(crypto, 'md5', 'Ren\u0065\u0301', 'a\u00a0b', '\u3000pass')
    t.same(typed, crypto.hash('md5', utf8('Ren\u00e9:a b: pass')))
    t.same(userhash(crypto, 'Rene\u0301', 'r').value, crypto.hash('sha-256', utf8('Ren\u00e9:r')))
    t.equal(opaqueString('\u216bA'), '\u216bA', 'case and compatibility forms stay: this is not SASLprep')
    t.end()
  })
}

t.test('both integrities may be there: SHA-1 first, then SHA-256 over it, then FINGERPRINT', t => {
  const attributes = [username('a:b'), priority(1)]
  const bytes = encodeStun({
    kind: 'request',
    method: 1,
    transactionId: id,
    attributes,
    integrity: sha1,
    integritySha256: sha256,
    fingerprint: true,
  })
  const message = decoded(bytes)
  t.same(
    message.attributes.map(({ type }) => type),
    [
      Attribute.username,
      Attribute.priority,
      Attribute.messageIntegrity,
      Attribute.messageIntegritySha256,
      Attribute.fingerprint,
    ],
  )
  t.ok(verifyIntegrity(message, sha1) && verifyIntegritySha256(message, sha256) && verifyFingerprint(message))
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice()
    changed[at]! ^= 0x40
    const other = decodeStun(changed)
    if (other === undefined) continue
    t.equal(verifyIntegrity(other, sha1), at >= message.integritySha256At, `MESSAGE-INTEGRITY, byte ${at}`)
    t.equal(verifyIntegritySha256(other, sha256), at >= message.fingerprintAt, `-SHA256, byte ${at}`)
  }
  t.end()
})

t.test('behind an integrity only a stronger one and FINGERPRINT count (RFC 8489, 14.5 and 14.6)', t => {
  const fields = { kind: 'request', method: 1, transactionId: id, attributes: [priority(1)] } as const
  const forged = username('forged')
  const weak = decoded(append(encodeStun({ ...fields, integrity: sha1 }), forged))
  t.ok(verifyIntegrity(weak, sha1))
  t.notOk(weak.has(Attribute.username))

  const strong = encodeStun({ ...fields, integritySha256: sha256 })
  const appended = decoded(append(strong, forged))
  t.ok(verifyIntegritySha256(appended, sha256))
  t.notOk(appended.has(Attribute.username))

  const late = { type: Attribute.messageIntegrity, value: new Uint8Array(20) }
  const message = decoded(append(strong, late))
  t.equal(message.integrityAt, -1, 'a MESSAGE-INTEGRITY behind -SHA256 is none')
  t.notOk(message.has(Attribute.messageIntegrity))

  // The second one is right for what stands before it, the first is not: only the first is looked at.
  const false256 = { type: Attribute.messageIntegritySha256, value: new Uint8Array(32) }
  const twice = encodeStun({ ...fields, attributes: [false256, forged], integritySha256: sha256 })
  t.notOk(verifyIntegritySha256(decoded(twice), sha256))
  t.notOk(decoded(twice).has(Attribute.username))

  const between = decoded(encodeStun({ ...fields, attributes: [late, forged], integritySha256: sha256 }))
  t.ok(verifyIntegritySha256(between, sha256), 'is over what is not seen, too')
  t.equal(readUsername(between.find(Attribute.username) ?? utf8('none')), 'none')
  t.end()
})

t.test('a truncated SHA-256 passes only where it is allowed, and never below 16 bytes (RFC 8489, 14.6)', t => {
  const fields = { kind: 'request', method: 1, transactionId: id } as const
  const cut = (length: number): StunMessage => {
    // A truncated tag is over a header that counts the shorter attribute.
    const head = encodeStun(fields)
    head[3] = 4 + length
    const tag = sha256.compute(head).subarray(0, length)
    return decoded(append(encodeStun(fields), { type: Attribute.messageIntegritySha256, value: tag }))
  }
  t.ok(verifyIntegritySha256(cut(32), sha256))
  for (const length of [16, 20, 24, 28]) {
    t.notOk(verifyIntegritySha256(cut(length), sha256), `${length} where nobody allowed it`)
    t.ok(verifyIntegritySha256(cut(length), sha256, 16), `${length} where 16 are enough`)
  }
  t.notOk(verifyIntegritySha256(cut(20), sha256, 24))
  for (const length of [0, 4, 12, 15, 17, 30]) t.notOk(verifyIntegritySha256(cut(length), sha256, 16), `${length}`)
  const long = { type: Attribute.messageIntegritySha256, value: new Uint8Array(36) }
  t.notOk(verifyIntegritySha256(decoded(append(encodeStun(fields), long)), sha256, 16), 'too long')
  t.throws(() => verifyIntegritySha256(cut(32), sha256, 12), RangeError)
  t.throws(() => verifyIntegritySha256(cut(32), sha256, 36), RangeError)
  t.end()
})
