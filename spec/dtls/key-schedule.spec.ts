/** The key schedule of DTLS 1.3 against the trace of RFC 8448, section 3, which is of TLS, and what DTLS changes in it. */

import { createHmac } from 'node:crypto'
import t from 'tap'
import { concatBytes, fromHex, hex, utf8 } from '../../lib/bytes/index.ts'
import { parseCertificate } from '../../lib/crypto/index.ts'
import { HandshakeType } from '../../lib/dtls/handshake-message.ts'
import { signatureScheme13 } from '../../lib/dtls/signature-scheme.ts'
import { CIPHER_SUITES_13 } from '../../lib/dtls/v13/cipher-suite.ts'
import { expandLabel, KeySchedule13, trafficKeys } from '../../lib/dtls/v13/key-schedule.ts'
import {
  decodeCertificate13,
  decodeCertificateVerify,
  decodeEncryptedExtensions,
  decodeFinished13,
  decodeNewSessionTicket,
  signedContent,
} from '../../lib/dtls/v13/messages.ts'
import { Transcript13 } from '../../lib/dtls/v13/transcript.ts'
import { fixtureJson } from '../fixture.ts'
import { nodeCrypto, providers } from '../providers.ts'

const TLS = 'tls13 '
const trace = fixtureJson('tls13/rfc8448-section-3.json') as Record<string, string>
const bytes = (name: string): Uint8Array => fromHex(trace[name]!)!
const aes128 = CIPHER_SUITES_13[0]!
const aes256 = CIPHER_SUITES_13[1]!

/** A message of TLS as DTLS has it: the transcript must not see the difference. */
const raw = (name: string): Uint8Array => {
  const message = bytes(name)
  const dtlsHeader = Uint8Array.of(0, 7, 0, 0, 0, message[1]!, message[2]!, message[3]!)
  return concatBytes(message.subarray(0, 4), dtlsHeader, message.subarray(4))
}
const body = (name: string): Uint8Array => bytes(name).subarray(4)

for (const { name, crypto } of providers) {
  t.test(`the handshake of RFC 8448, section 3, on ${name}`, t => {
    const ours = crypto.createKeyAgreement('x25519', bytes('clientPrivateKey'))
    const theirs = crypto.createKeyAgreement('x25519', bytes('serverPrivateKey'))
    const shared = ours.agree(theirs.publicKey)!
    t.equal(hex(shared), trace.sharedSecret)

    const transcript = new Transcript13()
    transcript.add(raw('clientHello'))
    transcript.chooseHash(crypto, aes128.hash)
    transcript.add(raw('serverHello'))
    t.equal(hex(transcript.hash()), trace.helloTranscriptHash)

    const schedule = new KeySchedule13(crypto, aes128, TLS)
    const handshake = schedule.handshakeSecrets(shared, transcript.hash())
    t.equal(hex(handshake.client), trace.clientHandshakeTrafficSecret)
    t.equal(hex(handshake.server), trace.serverHandshakeTrafficSecret)
    const clientKeys = trafficKeys(crypto, aes128, handshake.client, TLS)
    t.equal(hex(clientKeys.key), trace.clientHandshakeKey)
    t.equal(hex(clientKeys.iv), trace.clientHandshakeIv)
    const serverKeys = trafficKeys(crypto, aes128, handshake.server, TLS)
    t.equal(hex(serverKeys.key), trace.serverHandshakeKey)
    t.equal(hex(serverKeys.iv), trace.serverHandshakeIv)

    t.same([...decodeEncryptedExtensions(body('encryptedExtensions')).keys()], [10, 28, 0])
    transcript.add(raw('encryptedExtensions'))
    const { context, entries } = decodeCertificate13(body('certificate'))
    t.equal(context.length, 0)
    t.equal(entries.length, 1)
    transcript.add(raw('certificate'))
    const { scheme, signature } = decodeCertificateVerify(body('certificateVerify'))
    const key = crypto.importPublicKey(parseCertificate(entries[0]!.data)!.spki)!
    const entry = signatureScheme13(scheme, key.type)!
    t.equal(entry.name, 'rsa_pss_rsae_sha256')
    t.ok(key.verify(entry.name, signedContent('server', transcript.hash()), signature))
    t.notOk(key.verify(entry.name, signedContent('client', transcript.hash()), signature), 'sides are told apart')
    transcript.add(raw('certificateVerify'))
    t.equal(
      hex(schedule.verifyData(handshake.server, transcript.hash())),
      hex(decodeFinished13(body('serverFinished'), 32)),
    )
    transcript.add(raw('serverFinished'))
    t.equal(hex(transcript.hash()), trace.finishedTranscriptHash)

    const application = schedule.applicationSecrets(transcript.hash())
    t.equal(hex(application.client), trace.clientApplicationTrafficSecret)
    t.equal(hex(application.server), trace.serverApplicationTrafficSecret)
    t.equal(hex(schedule.exporterSecret), trace.exporterMasterSecret)
    const clientData = trafficKeys(crypto, aes128, application.client, TLS)
    t.equal(hex(clientData.key), trace.clientApplicationKey)
    t.equal(hex(clientData.iv), trace.clientApplicationIv)
    const serverData = trafficKeys(crypto, aes128, application.server, TLS)
    t.equal(hex(serverData.key), trace.serverApplicationKey)
    t.equal(hex(serverData.iv), trace.serverApplicationIv)
    t.equal(
      hex(schedule.verifyData(handshake.client, transcript.hash())),
      hex(decodeFinished13(body('clientFinished'), 32)),
    )

    const ticket = decodeNewSessionTicket(body('newSessionTicket'))
    t.equal(ticket.lifetime, 30)
    t.equal(hex(ticket.nonce), '0000')
    t.same([...ticket.extensions.keys()], [42])
    t.end()
  })

  t.test(`the labels of DTLS, on ${name}`, t => {
    const secret = new Uint8Array(32).fill(7)
    const context = Uint8Array.of(1, 2, 3)
    // HKDF-Expand with one block is HMAC(secret, info || 1); info is length, label and context, each behind its length.
    const oracle = (label: string): string => {
      const info = concatBytes(Uint8Array.of(0, 20, label.length), utf8(label), Uint8Array.of(3), context)
      return createHmac('sha256', secret).update(info).update(Uint8Array.of(1)).digest('hex').slice(0, 40)
    }
    t.equal(hex(expandLabel(crypto, 'sha-256', secret, 'key', context, 20)), oracle('dtls13key'))
    t.equal(hex(expandLabel(crypto, 'sha-256', secret, 'key', context, 20, TLS)), oracle('tls13 key'))

    for (const suite of CIPHER_SUITES_13) {
      const keys = trafficKeys(crypto, suite, secret)
      t.same([keys.key.length, keys.iv.length, keys.sn.length], [suite.keyLength, 12, suite.keyLength], suite.name)
      const none = new Uint8Array(0)
      t.equal(
        hex(keys.sn),
        hex(expandLabel(crypto, suite.hash, secret, 'sn', none, suite.keyLength)),
        'RFC 9147, 4.2.3',
      )
    }
    t.end()
  })
}

t.test('a schedule advances once, and exports in one way only', t => {
  const schedule = new KeySchedule13(nodeCrypto, aes256)
  const digest = new Uint8Array(48).fill(1)
  t.throws(() => schedule.exporterSecret, { code: 'invalid-state' })
  t.throws(() => schedule.export('label', 16, undefined), { code: 'invalid-state' })
  t.throws(() => schedule.applicationSecrets(digest), { code: 'invalid-state' })
  const handshake = schedule.handshakeSecrets(new Uint8Array(64), digest)
  t.throws(() => schedule.handshakeSecrets(new Uint8Array(64), digest), { code: 'invalid-state' })
  const application = schedule.applicationSecrets(digest)
  t.throws(() => schedule.applicationSecrets(digest), { code: 'invalid-state' })
  const secrets = [handshake.client, handshake.server, application.client, application.server, schedule.exporterSecret]
  t.equal(new Set(secrets.map(hex)).size, 5)
  for (const secret of secrets) t.equal(secret.length, 48)

  const next = schedule.nextSecret(application.client)
  t.equal(hex(next), hex(expandLabel(nodeCrypto, 'sha-384', application.client, 'traffic upd', new Uint8Array(0), 48)))
  // RFC 8446, 7.5: no context is an empty one.
  const plain = hex(schedule.export('EXPORTER-x', 60, undefined))
  t.equal(plain, hex(schedule.export('EXPORTER-x', 60, new Uint8Array(0))))
  t.not(plain, hex(schedule.export('EXPORTER-x', 60, Uint8Array.of(0))))
  t.not(plain, hex(schedule.export('EXPORTER-y', 60, undefined)))
  t.throws(() => schedule.export('x'.repeat(250), 16, undefined), RangeError)
  t.throws(() => schedule.export('x', 255 * 48 + 1, undefined), RangeError)
  t.end()
})

t.test('a HelloRetryRequest leaves of the first ClientHello its hash', t => {
  const transcript = new Transcript13()
  t.throws(() => transcript.hash(), { code: 'invalid-state' })
  t.throws(() => transcript.replaceByHash(), { code: 'invalid-state' })
  transcript.add(raw('clientHello'))
  transcript.chooseHash(nodeCrypto, 'sha-256')
  transcript.replaceByHash()
  transcript.add(raw('serverHello'))
  const first = nodeCrypto.hash('sha-256', bytes('clientHello'))
  const messageHash = concatBytes(Uint8Array.of(HandshakeType.messageHash, 0, 0, 32), first)
  t.equal(hex(transcript.hash()), hex(nodeCrypto.hash('sha-256', messageHash, bytes('serverHello'))))
  transcript.chooseHash(nodeCrypto, 'sha-256')
  t.equal(hex(transcript.hash()), hex(nodeCrypto.hash('sha-256', messageHash, bytes('serverHello'))))
  t.throws(() => transcript.chooseHash(nodeCrypto, 'sha-384'), { code: 'invalid-state' })
  t.end()
})
