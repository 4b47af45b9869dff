/** A certification authority made for one run, and the server certificates that it signs (RFC 5280). */

import { concatBytes, utf8 } from '../../lib/bytes/index.ts'
import {
  bits,
  context,
  der,
  OCTET_STRING,
  oid,
  SEQUENCE,
  SET,
  sequence,
  UTF8_STRING,
  unsigned,
} from '../../lib/crypto/der.ts'
import type { PrivateKey } from '../../lib/crypto/index.ts'
import { encodeTime } from '../../lib/crypto/time.ts'
import { addressBytes } from '../../lib/stun/index.ts'
import { nodeCrypto } from '../providers.ts'

const HOUR = 3_600_000
const BOOLEAN_TRUE = Uint8Array.of(0x01, 0x01, 0xff)
/** ecdsa-with-SHA256 (RFC 5758, 3.2). */
const ALGORITHM = sequence(oid('1.2.840.10045.4.3.2'))

const nameOf = (commonName: string): Uint8Array =>
  sequence(der(SET, sequence(oid('2.5.4.3'), der(UTF8_STRING, utf8(commonName)))))

const pem = (label: string, bytes: Uint8Array): string => {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

interface Contents {
  readonly key: PrivateKey
  readonly subject: string
  readonly issuer: string
  readonly notAfter: number
  readonly extensions: readonly Uint8Array[]
}

const certificate = (signer: PrivateKey, { key, subject, issuer, notAfter, extensions }: Contents): string => {
  const serial = nodeCrypto.random.fill(new Uint8Array(8))
  serial[0] = (serial[0]! & 0x3f) | 0x40
  const tbs = sequence(
    der(context(0), unsigned(Uint8Array.of(2))),
    unsigned(serial),
    ALGORITHM,
    nameOf(issuer),
    sequence(encodeTime(Date.now() - 48 * HOUR), encodeTime(notAfter)),
    nameOf(subject),
    key.publicKey.spki,
    der(context(3), sequence(...extensions)),
  )
  return pem('CERTIFICATE', sequence(tbs, ALGORITHM, bits(signer.sign('ecdsa_secp256r1_sha256', tbs))))
}

/** What a TLS server is given, in PEM. */
export interface ServerCertificate {
  readonly cert: string
  readonly key: string
}

export interface Authority {
  /** Its own certificate, in PEM. */
  readonly ca: string
  /** A certificate for these host names and addresses; `expired` ended an hour ago. */
  issue(names: readonly string[], options?: { readonly expired?: boolean }): Promise<ServerCertificate>
}

/** subjectAltName (4.2.1.6): dNSName is [2], iPAddress is [7]. */
const subjectAltName = (names: readonly string[]): Uint8Array => {
  const entries = names.map(name => {
    const address = addressBytes(name)
    return address === undefined ? der(0x82, utf8(name)) : der(0x87, address)
  })
  return sequence(oid('2.5.29.17'), der(OCTET_STRING, der(SEQUENCE, concatBytes(...entries))))
}

export const createAuthority = async (): Promise<Authority> => {
  const signer = await nodeCrypto.generateKey('ec-p256')
  const issuer = `Authority of a spec ${Date.now()}`
  // basicConstraints (4.2.1.9), critical: this one may sign others.
  const maySign = sequence(oid('2.5.29.19'), BOOLEAN_TRUE, der(OCTET_STRING, sequence(BOOLEAN_TRUE)))
  const notAfter = Date.now() + 24 * HOUR
  return {
    ca: certificate(signer, { key: signer, subject: issuer, issuer, notAfter, extensions: [maySign] }),
    issue: async (names, { expired = false } = {}) => {
      const key = await nodeCrypto.generateKey('ec-p256')
      const cert = certificate(signer, {
        key,
        subject: 'Server of a spec',
        issuer,
        notAfter: expired ? Date.now() - HOUR : notAfter,
        extensions: [subjectAltName(names)],
      })
      return { cert, key: pem('PRIVATE KEY', key.pkcs8) }
    },
  }
}
