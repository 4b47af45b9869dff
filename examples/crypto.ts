/**
 * The primitives alone: a certificate as a peer connection makes one, its fingerprint as it stands in SDP, and a record
 * sealed in place.
 */

import { createSelfSignedCertificate, fingerprint } from 'purertc/crypto'
import { nodeCrypto as crypto } from 'purertc/crypto/node'

const key = await crypto.generateKey('ec-p256')
const now = Date.now()
const certificate = createSelfSignedCertificate(crypto, key, { notBefore: now, notAfter: now + 30 * 86_400_000 })
console.log(`a=fingerprint:sha-256 ${fingerprint(crypto, 'sha-256', certificate.der)}`)

// Room for the tag is kept behind the text; nothing is copied on the way in.
const text = new TextEncoder().encode('hello')
const record = new Uint8Array(text.length + 16)
record.set(text)
const nonce = crypto.random.fill(new Uint8Array(12))
const header = Uint8Array.of(23, 0xfe, 0xfd)
const aead = crypto.createAead('aes-128-gcm', crypto.random.fill(new Uint8Array(16)))
const end = aead.seal(nonce, header, record, 0, text.length)
console.log(`${text.length} bytes sealed into ${end}`)
const opened = aead.open(nonce, header, record, 0, end)
console.log(`opened: ${new TextDecoder().decode(record.subarray(0, opened))}`)
record[0]! ^= 1
console.log(`forged: ${aead.open(nonce, header, record, 0, end)}`)
