/** The codecs of DTLS 1.3: lengths hold to the byte, what may not be there twice or empty is refused, by the right alert. */

import t from 'tap'
import { concatBytes, fromHex, hex, Reader } from '../../lib/bytes/index.ts'
import type { KeyType } from '../../lib/crypto/index.ts'
import {
  decodeCookie,
  decodeExtensions,
  decodeSelectedVersion,
  decodeVersions,
  ExtensionType,
  encodeCookie,
  encodeSelectedVersion,
  encodeVersions,
} from '../../lib/dtls/extension.ts'
import { DOWNGRADE_10, DOWNGRADE_12, HELLO_RETRY_REQUEST_RANDOM, isDowngraded } from '../../lib/dtls/hello.ts'
import { Alert } from '../../lib/dtls/index.ts'
import { isClassical, NAMED_GROUPS } from '../../lib/dtls/named-group.ts'
import { chooseSignatureScheme13, SIGNATURE_SCHEMES, signatureScheme13 } from '../../lib/dtls/signature-scheme.ts'
import { checkAnsweredExtensions, checkRequestedExtensions } from '../../lib/dtls/v13/extension-legality.ts'
import {
  decodeClientShares,
  decodeSelectedGroup,
  decodeServerShare,
  encodeClientShares,
  encodeSelectedGroup,
  encodeServerShare,
} from '../../lib/dtls/v13/key-share.ts'
import {
  decodeCertificate13,
  decodeCertificateRequest13,
  decodeCertificateVerify,
  decodeEncryptedExtensions,
  decodeFinished13,
  decodeKeyUpdate,
  decodeNewSessionTicket,
  encodeCertificate13,
  encodeCertificateRequest13,
  encodeEncryptedExtensions,
  encodeKeyUpdate,
  signedContent,
} from '../../lib/dtls/v13/messages.ts'
import { nodeCrypto } from '../providers.ts'
import { certificate } from './pair.ts'

const bytes = (digits: string): Uint8Array => fromHex(digits.replaceAll(' ', ''))!
const refused = (alert: number) => ({ name: 'DtlsError', code: 'protocol-violation', sentAlert: alert })
const DECODE = refused(Alert.decodeError)
const ILLEGAL = refused(Alert.illegalParameter)

/** Each with something that it takes. */
const decoders: Readonly<Record<string, readonly [(data: Uint8Array) => unknown, string]>> = {
  EncryptedExtensions: [decodeEncryptedExtensions, '0009 000e0005 0002000100'],
  CertificateRequest: [decodeCertificateRequest13, '00 0008 000d0004 00020403'],
  'a Certificate': [decodeCertificate13, '00 00000d 000002aabb 0000 000001cc 0000'],
  CertificateVerify: [decodeCertificateVerify, '0403 0003 010203'],
  Finished: [data => decodeFinished13(data, 4), '01020304'],
  KeyUpdate: [decodeKeyUpdate, '01'],
  NewSessionTicket: [decodeNewSessionTicket, '00000e10 01020304 01aa 0002bbcc 0008 002a0004 00000400'],
  'the shares of a client': [decodeClientShares, '000c 001d0002aaaa 00170002bbbb'],
  'the share of a server': [decodeServerShare, '001d 0002 aaaa'],
  'the group of a HelloRetryRequest': [decodeSelectedGroup, '001d'],
  'the versions of a client': [decodeVersions, '04 fefc fefd'],
  'the version of a server': [decodeSelectedVersion, 'fefc'],
  'a cookie': [decodeCookie, '0003 010203'],
}

t.test('nothing is taken that is too short or too long', t => {
  for (const [name, [decode, digits]] of Object.entries(decoders)) {
    const whole = bytes(digits)
    t.doesNotThrow(() => decode(whole), name)
    for (let length = 0; length < whole.length; length++) t.throws(() => decode(whole.slice(0, length)), DECODE, name)
    t.throws(() => decode(concatBytes(whole, Uint8Array.of(0))), DECODE, `${name} and a byte`)
  }
  t.end()
})

t.test('what has to hold something is not empty', t => {
  for (const [decode, digits] of [
    [decodeCertificate13, '00 000005 000000 0000'],
    [decodeNewSessionTicket, '00000e10 01020304 01aa 0000 0000'],
    [decodeClientShares, '0004 001d0000'],
    [decodeServerShare, '001d 0000'],
    [decodeVersions, '00'],
    [decodeCookie, '0000'],
    [decodeCertificateRequest13, '00 0006 000d0002 0000'],
  ] as const) {
    t.throws(() => decode(bytes(digits)), DECODE, digits)
  }
  t.throws(() => decodeVersions(bytes('03 fefc fe')), DECODE, 'half a version')
  // What may be empty.
  t.equal(decodeEncryptedExtensions(bytes('0000')).size, 0)
  t.same(decodeClientShares(bytes('0000')), [], 'a client that asks for a HelloRetryRequest')
  t.same(decodeCertificate13(bytes('00 000000')).entries, [], 'a client that has no certificate')
  t.end()
})

t.test('what may not be there twice', t => {
  t.throws(() => decodeClientShares(bytes('000a 001d0001aa 001d0001bb')), ILLEGAL)
  t.throws(() => decodeClientShares(bytes('000a 7a7a0001aa 7a7a0001bb')), ILLEGAL, 'of a group that nobody knows too')
  t.throws(() => decodeEncryptedExtensions(bytes('0008 000a0000 000a0000')), ILLEGAL)
  t.throws(() => decodeCertificateRequest13(bytes('00 000c 000d00020403 000d00020403')), ILLEGAL)
  t.throws(() => decodeCertificate13(bytes('00 00000e 000001aa 0008 00050000 00050000')), ILLEGAL)
  t.throws(() => decodeExtensions(new Reader(bytes('0008 00330000 00330000'))), ILLEGAL)
  t.end()
})

t.test('values that mean nothing', t => {
  t.throws(() => decodeKeyUpdate(Uint8Array.of(2)), ILLEGAL)
  t.throws(() => decodeCertificateRequest13(bytes('00 0000')), refused(Alert.missingExtension))
  t.end()
})

t.test('what is written is read', t => {
  const some = new Map([[14, bytes('0002000100')]])
  t.same(decodeEncryptedExtensions(encodeEncryptedExtensions(some)), some)
  t.equal(decodeEncryptedExtensions(encodeEncryptedExtensions(new Map())).size, 0)
  const request = decodeCertificateRequest13(encodeCertificateRequest13([0x0403, 0x0807]))
  t.same(request.schemes, [0x0403, 0x0807])
  t.equal(request.context.length, 0)
  const der = bytes('3003020101')
  const certificate = decodeCertificate13(encodeCertificate13(bytes('0909'), der))
  t.equal(hex(certificate.context), '0909')
  t.same(certificate.entries, [{ data: der, extensions: new Map() }])
  t.same(decodeCertificate13(encodeCertificate13(new Uint8Array(0), undefined)).entries, [])
  t.equal(decodeKeyUpdate(encodeKeyUpdate(true)), true)
  t.equal(decodeKeyUpdate(encodeKeyUpdate(false)), false)
  const shares = [
    { group: 0x11ec, keyExchange: new Uint8Array(1216).fill(1) },
    { group: 29, keyExchange: new Uint8Array(32).fill(2) },
  ]
  t.same(decodeClientShares(encodeClientShares(shares)), shares)
  t.same(decodeServerShare(encodeServerShare(shares[1]!)), shares[1])
  t.equal(decodeSelectedGroup(encodeSelectedGroup(0x11ec)), 0x11ec)
  t.same(decodeVersions(encodeVersions([0xfefc, 0xfefd])), [0xfefc, 0xfefd])
  t.equal(decodeSelectedVersion(encodeSelectedVersion(0xfefc)), 0xfefc)
  t.equal(hex(decodeCookie(encodeCookie(bytes('aabb')))), 'aabb')
  t.end()
})

t.test('where extensions may be', t => {
  const offered = new Map(
    Object.values(ExtensionType)
      .filter(type => type !== ExtensionType.cookie)
      .map(type => [type, new Uint8Array(0)]),
  )
  const { supportedGroups, useSrtp, supportedVersions, cookie, keyShare, signatureAlgorithms, extendedMasterSecret } =
    ExtensionType
  const allowed = {
    ServerHello: [supportedVersions, keyShare],
    HelloRetryRequest: [supportedVersions, keyShare, cookie],
    EncryptedExtensions: [supportedGroups, useSrtp],
    Certificate: [],
  } as const
  for (const [place, types] of Object.entries(allowed) as [keyof typeof allowed, readonly number[]][]) {
    for (const type of Object.values(ExtensionType)) {
      const check = () => checkAnsweredExtensions(new Map([[type, new Uint8Array(0)]]), place, offered)
      if (types.includes(type)) t.doesNotThrow(check, `${type} in ${place}`)
      else t.throws(check, type === cookie ? refused(Alert.unsupportedExtension) : ILLEGAL, `${type} in ${place}`)
    }
    const unknown = new Map([[0x7a7a, new Uint8Array(0)]])
    t.throws(() => checkAnsweredExtensions(unknown, place, offered), refused(Alert.unsupportedExtension), 'unasked')
    t.doesNotThrow(() => checkAnsweredExtensions(unknown, place, unknown), 'unknown here, but asked for')
  }
  checkRequestedExtensions(new Map([signatureAlgorithms, 0x7a7a].map(type => [type, new Uint8Array(0)])))
  for (const type of [keyShare, extendedMasterSecret, useSrtp]) {
    t.throws(() => checkRequestedExtensions(new Map([[type, new Uint8Array(0)]])), ILLEGAL)
  }
  t.end()
})

t.test('what signs a CertificateVerify', async t => {
  const keyOf = async (type: KeyType) => (await certificate(type)).privateKey
  const [rsa, p384, ed25519] = [await keyOf('rsa'), await keyOf('ec-p384'), await keyOf('ed25519')]
  const signs = (key: KeyType) =>
    SIGNATURE_SCHEMES.filter(({ id }) => signatureScheme13(id, key) !== undefined).map(({ name }) => name)
  t.same(signs('ec-p256'), ['ecdsa_secp256r1_sha256'], 'the curve is tied to the scheme')
  t.same(signs('ec-p384'), ['ecdsa_secp384r1_sha384'])
  t.same(signs('ed25519'), ['ed25519'])
  t.same(signs('rsa'), ['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512'], 'PSS only')
  t.equal(signatureScheme13(0x0203, 'ec-p256'), undefined, 'SHA-1')
  t.equal(chooseSignatureScheme13(rsa, [0x0401, 0x0805, 0x0804])?.name, 'rsa_pss_rsae_sha256')
  t.equal(chooseSignatureScheme13(rsa, [0x0401, 0x0501, 0x0601]), undefined)
  t.equal(chooseSignatureScheme13(p384, [0x0403]), undefined)
  t.equal(chooseSignatureScheme13(ed25519, [0x7a7a, 0x0807])?.name, 'ed25519')

  // The example of RFC 8446, 4.4.3.
  const content = signedContent('server', new Uint8Array(32).fill(1))
  t.equal(
    hex(content),
    `${'20'.repeat(64)}544c5320312e332c207365727665722043657274696669636174655665726966 79 00 ${'01'.repeat(32)}`.replaceAll(
      ' ',
      '',
    ),
  )
})

t.test('constants', t => {
  t.equal(
    hex(HELLO_RETRY_REQUEST_RANDOM),
    hex(
      nodeCrypto.hash(
        'sha-256',
        Uint8Array.from('HelloRetryRequest', c => c.charCodeAt(0)),
      ),
    ),
  )
  const random = (end: Uint8Array) => concatBytes(new Uint8Array(24), end)
  t.ok(isDowngraded(random(DOWNGRADE_12)) && isDowngraded(random(DOWNGRADE_10)))
  t.notOk(isDowngraded(random(new Uint8Array(8))))
  t.equal(String.fromCharCode(...DOWNGRADE_12.subarray(0, 7)), 'DOWNGRD')
  t.same(
    NAMED_GROUPS.map(({ id }) => id),
    [0x11ec, 29, 23, 24],
  )
  t.same(
    NAMED_GROUPS.filter(isClassical).map(({ id }) => id),
    [29, 23, 24],
  )
  t.end()
})
