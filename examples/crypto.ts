/**
 * The primitives alone: a certificate as a peer connection makes one, its fingerprint as it stands in SDP, the identity
 * kept as PEM, a post-quantum key exchange, and a record sealed in place under its secret.
 */

import {
  certificateFromPem,
  certificateToPem,
  createSelfSignedCertificate,
  fingerprint,
  hkdfExpand,
  hkdfExtract,
} from 'purertc/crypto'
import { nodeCrypto as crypto } from 'purertc/crypto/node'

const key = await crypto.generateKey('ec-p256')
const now = Date.now()
const certificate = createSelfSignedCertificate(crypto, key, { notBefore: now, notAfter: now + 30 * 86_400_000 })
console.log(`a=fingerprint:sha-256 ${fingerprint(crypto, 'sha-256', certificate.der)}`)

// What a file would hold; in one text, as many tools write it.
const pem = certificateToPem(certificate)
const both = pem.certificate + pem.privateKey
const kept = certificateFromPem(crypto, both, both)
console.log(
  `kept as PEM: ${fingerprint(crypto, 'sha-256', kept.der) === fingerprint(crypto, 'sha-256', certificate.der)}`,
)

// The client's share of 1216 bytes goes to the server, whose answer of 1120 comes back.
const share = crypto.createKeyShare('x25519mlkem768')
const answer = crypto.answerKeyShare('x25519mlkem768', share.publicKey)
const secret = answer && share.complete(answer.share)
if (secret === undefined) throw new Error('not a valid share')
console.log(`${share.publicKey.length} bytes there, ${answer?.share.length} back, ${secret.length} of secret`)

// Room for the tag is kept behind the text; nothing is copied on the way in.
const text = new TextEncoder().encode('hello')
const record = new Uint8Array(text.length + 16)
record.set(text)
const nonce = crypto.random.fill(new Uint8Array(12))
const header = Uint8Array.of(23, 0xfe, 0xfd)
const prk = hkdfExtract(crypto, 'sha-256', new Uint8Array(0), secret)
const recordKey = hkdfExpand(crypto, 'sha-256', prk, new TextEncoder().encode('example'), 16)
const aead = crypto.createAead('aes-128-gcm', recordKey)
const end = aead.seal(nonce, header, record, 0, text.length)
console.log(`${text.length} bytes sealed into ${end}`)
const opened = aead.open(nonce, header, record, 0, end)
console.log(`opened: ${new TextDecoder().decode(record.subarray(0, opened))}`)
record[0]! ^= 1
console.log(`forged: ${aead.open(nonce, header, record, 0, end)}`)
