/**
 * Our DTLS 1.3 (and 1.2) alone against NSS, whose DTLS is Firefox's, over UDP on this machine, in both roles: groups
 * with and without HelloRetryRequest, every cipher suite, kinds of certificates, new keys, and the end. Both ends write
 * the same key log, and export the same key material.
 */

import t, { type Test } from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import { type CryptoProvider, fingerprint, type KeyType } from '../../lib/crypto/index.ts'
import { createPortableCrypto } from '../../lib/crypto/portable.ts'
import type { DtlsOptions } from '../../lib/dtls/index.ts'
import { certificate } from '../dtls/pair.ts'
import { nodeCrypto } from '../providers.ts'
import { Nss, type NssIdentity, type NssProgram } from './drivers/nss.ts'
import { DtlsEnd, type Loss } from './dtls-end.ts'
import { startIfPossible } from './path.ts'

const nss = await startIfPossible(t, (async () => new Nss())())
const skip = typeof nss === 'string' ? nss : false

/** What a ServerHello has for its random when it is a HelloRetryRequest (RFC 8446, 4.1.3): how that begins. */
const RETRY = 'cf21ad74e59a6111'
const EXPORTER = 'EXTRACTOR-dtls_srtp'

const V12 = ['-V', 'tls1.2:tls1.2']
const V13 = ['-V', 'tls1.3:tls1.3']
const BOTH = ['-V', 'tls1.2:tls1.3']

/** Bits, as NSS has them, of a group that we name. */
const BITS: Readonly<Record<string, number>> = { x25519mlkem768: 255, x25519: 255, secp256r1: 256, secp384r1: 384 }

const CIPHERS: Readonly<Record<string, string>> = {
  TLS_AES_128_GCM_SHA256: 'AES-GCM 128',
  TLS_AES_256_GCM_SHA384: 'AES-GCM 256',
  TLS_CHACHA20_POLY1305_SHA256: 'CHACHA20POLY1305 256',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'AES-GCM 128',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'AES-GCM 128',
}

interface Case {
  readonly name: string
  /** Versions that NSS may speak: only 1.3 by default. */
  readonly versions?: readonly string[]
  readonly nss?: readonly string[]
  readonly ours?: Partial<DtlsOptions>
  readonly loss?: Loss
  /** The platform's by default. */
  readonly crypto?: CryptoProvider
  /** P-256 by default. */
  readonly ourKey?: KeyType
  readonly theirKey?: NssIdentity
  /** What comes of it: 1.3, X25519MLKEM768 and AES-128-GCM by default. */
  readonly version?: '1.2' | '1.3'
  readonly group?: string
  readonly suite?: string
  /** Whether the server has to ask for another ClientHello: not by default. */
  readonly retry?: boolean
  readonly check?: (t: Test, end: DtlsEnd, program: NssProgram) => Promise<void>
}

const suites: readonly Case[] = [
  { name: 'TLS_AES_128_GCM_SHA256', nss: ['-c', ':1301'] },
  { name: 'TLS_AES_256_GCM_SHA384', nss: ['-c', ':1302'], suite: 'TLS_AES_256_GCM_SHA384' },
  { name: 'TLS_CHACHA20_POLY1305_SHA256', nss: ['-c', ':1303'], suite: 'TLS_CHACHA20_POLY1305_SHA256' },
  { name: 'our choice of suites', ours: { cipherSuites: ['TLS_AES_256_GCM_SHA384'] }, suite: 'TLS_AES_256_GCM_SHA384' },
]

const keys: readonly Case[] = [
  { name: 'RSA certificates', ourKey: 'rsa', theirKey: 'rsa' },
  { name: 'P-384 certificates', ourKey: 'ec-p384', theirKey: 'ec-p384' },
]

const OLD = { version: '1.2', group: 'x25519' } as const
const ECDSA_12 = 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'
const old: readonly Case[] = [
  { name: '1.2, which is all that it speaks', ...OLD, versions: V12, suite: ECDSA_12 },
  { name: '1.2, which is all that we speak', ...OLD, versions: BOTH, ours: { versions: ['1.2'] }, suite: ECDSA_12 },
  { name: '1.3, which is all that we speak', versions: BOTH, ours: { versions: ['1.3'] } },
  { name: '1.3 where both speak both', versions: BOTH },
]

/** The two bits of the epoch in a record of DTLS 1.3 (RFC 9147, 4). */
const epochBits = (record: Uint8Array | undefined): number => (record?.[0] ?? 0) & 3

/** Data goes on under the new keys of both ends: ours, and the peer's, for which it is asked. */
const update: Case = {
  name: 'new keys',
  check: async (t, end, program) => {
    let rounds = 0
    // It acknowledges what came some milliseconds ago when it hears something new.
    const until = async (condition: () => boolean) => {
      while (!condition() && rounds < 1_000) await exchangeData(end, program, `round ${rounds++}`)
    }
    const { counters } = end.dtls
    for (let updates = 1; updates <= 2; updates++) {
      await until(() => end.input((dtls, now) => dtls.updateKeys(now, true)))
      await until(() => counters.keyUpdatesSent === updates && counters.keyUpdatesReceived === updates)
    }
    await exchangeData(end, program, 'the end')
    // The first epoch of data is 3.
    t.equal(epochBits(end.received.at(-1)), 5 & 3, 'its keys')
    t.equal(epochBits(end.sent.at(-1)), 5 & 3, 'our keys')
  },
}

/** Without the platform's cryptography: ML-KEM too is our own dependency's. */
const portableCrypto = createPortableCrypto(nodeCrypto.random)
const portable: Case = { name: 'the portable provider', crypto: portableCrypto }

/** What we send again soon. */
const nth = (n: number) => (_: Uint8Array, index: number) => index === n
const lossy = (name: string, loss: Loss): Case => ({
  name,
  loss,
  ours: { initialTimeout: 50 },
  check: async (t, end) => {
    t.equal(end.lost, 1, 'there was one to lose')
  },
})

const exchangeData = async (end: DtlsEnd, program: NssProgram, text: string) => {
  end.send(`${text} to nss\n`)
  await program.says(new RegExp(`${text} to nss`))
  program.write(`${text} from nss\n`)
  await end.hears(`${text} from nss\n`)
}

const checkSession = async (t: Test, end: DtlsEnd, program: NssProgram, each: Case) => {
  const { version = '1.3', group = 'x25519mlkem768', suite = 'TLS_AES_128_GCM_SHA256', retry = false } = each
  const { dtls } = end
  t.equal(dtls.version, version === '1.3' ? 0xfefc : 0xfefd)
  t.equal(dtls.group, group)
  t.equal(dtls.cipherSuite?.name, suite)
  t.match(await program.session(), { version, cipher: CIPHERS[suite], groupBits: BITS[group] })
  const hellos = (dtls.role === 'client' ? end.received : end.sent).filter(datagram => hex(datagram).includes(RETRY))
  t.equal(hellos.length, retry ? 1 : 0, `${hellos.length} HelloRetryRequest`)
  await exchangeData(end, program, 'hello')
  t.same([...program.keyLog].sort(), [...end.keyLog].sort(), 'the key log')
  await each.check?.(t, end, program)
}

await t.test('as the client of tstclnt -P server', { skip }, async t => {
  const cases: readonly Case[] = [
    { name: 'by default' },
    ...suites,
    ...keys,
    { name: 'x25519, which is all that it has', nss: ['-I', 'x25519'], group: 'x25519' },
    { name: 'P-256, which is all that it has', nss: ['-I', 'P256'], group: 'secp256r1', retry: true },
    { name: 'P-384, which is all that it has', nss: ['-I', 'P384'], group: 'secp384r1', retry: true },
    { name: 'P-256, which is all that we have', ours: { groups: ['secp256r1'] }, group: 'secp256r1' },
    { name: 'a session ticket, of which we make no use', nss: ['-u'] },
    { name: 'datagrams of 300 bytes from us', ours: { mtu: 300 } },
    ...old,
    update,
    portable,
    ...[0, 1, 2].flatMap(n => [
      lossy(`our datagram ${n} is lost`, { sent: nth(n) }),
      lossy(`its datagram ${n} is lost`, { received: nth(n) }),
    ]),
  ]
  for (const each of cases) {
    await t.test(each.name, async t => {
      if (typeof nss === 'string') return
      const { theirKey = 'ec-p256', versions = V13, crypto = nodeCrypto } = each
      const { program, port } = await nss.server(theirKey, [...versions, ...(each.nss ?? [])])
      t.teardown(() => program.kill())
      const der = nss.certificate(theirKey)
      const end = await DtlsEnd.open(
        {
          role: 'client',
          crypto,
          certificate: await certificate(each.ourKey ?? 'ec-p256', 'ours', crypto),
          fingerprints: [{ algorithm: 'sha-256', value: fingerprint(nodeCrypto, 'sha-256', der) }],
          ...each.ours,
        },
        port,
        each.loss,
      )
      t.teardown(() => end.close())
      await end.connected()
      t.strictSame(end.dtls.remoteCertificate, der)
      await checkSession(t, end, program, each)
      // A server ends when it is told no more.
      program.endInput()
      await end.closed()
      t.equal(await program.exit(), 0)
    })
  }
})

await t.test('as the server of tstclnt -P client', { skip }, async t => {
  const cases: readonly Case[] = [
    { name: 'by default' },
    ...suites,
    ...keys,
    // It sends one key share: of its first group.
    { name: 'x25519, which is all that it has', nss: ['-I', 'x25519'], group: 'x25519' },
    { name: 'P-256, which is all that it has', nss: ['-I', 'P256'], group: 'secp256r1' },
    { name: 'x25519, which is all that we have', ours: { groups: ['x25519'] }, group: 'x25519', retry: true },
    { name: 'P-384, which is all that we have', ours: { groups: ['secp384r1'] }, group: 'secp384r1', retry: true },
    { name: 'a cookie first', ours: { cookieExchange: true }, retry: true },
    {
      name: 'a cookie first, and another group',
      ours: { cookieExchange: true, groups: ['secp256r1'] },
      group: 'secp256r1',
      retry: true,
    },
    { name: 'extensions of which we make no use', nss: ['-T', '-U', '-E', '-u', '-B'] },
    { name: 'datagrams of 300 bytes from us', ours: { mtu: 300 } },
    ...old,
    update,
    portable,
    ...[0, 1, 2].map(n => lossy(`our datagram ${n} is lost`, { sent: nth(n) })),
    // Its hello it would never send again; ACKs of its own are shorter than its certificate.
    lossy('its certificate is lost', { received: ({ length }, index) => index > 0 && length > 200 }),
  ]
  for (const each of cases) {
    await t.test(each.name, async t => {
      if (typeof nss === 'string') return
      const { theirKey = 'ec-p256', versions = V13, crypto = nodeCrypto } = each
      const der = nss.certificate(theirKey)
      const end = await DtlsEnd.open(
        {
          role: 'server',
          crypto,
          certificate: await certificate(each.ourKey ?? 'ec-p256', 'ours', crypto),
          fingerprints: [{ algorithm: 'sha-256', value: fingerprint(nodeCrypto, 'sha-256', der) }],
          ...each.ours,
        },
        undefined,
        each.loss,
      )
      t.teardown(() => end.close())
      const program = nss.client(end.port, theirKey, [...versions, '-x', `${EXPORTER}:60`, ...(each.nss ?? [])])
      t.teardown(() => program.kill())
      await end.connected()
      t.strictSame(end.dtls.remoteCertificate, der)
      await checkSession(t, end, program, each)
      const exported = hex(end.dtls.exportKeyingMaterial(EXPORTER, 60))
      // A client ends when it is told no more, and hears no more.
      program.endInput()
      end.closeDtls()
      t.equal(await program.exit(), 0)
      const printed = /Keying Material:((?:\s+[0-9a-f]{2}(?::[0-9a-f]{2})*:?)+)/.exec(program.output)?.[1]
      t.equal(printed?.replaceAll(/[\s:]/g, ''), exported, 'the exported keys')
    })
  }

  await t.test('without a certificate it is refused', async t => {
    if (typeof nss === 'string') return
    const end = await DtlsEnd.open({ role: 'server', certificate: await certificate('ec-p256'), fingerprints: [] })
    t.teardown(() => end.close())
    const program = nss.client(end.port, undefined, V13)
    t.teardown(() => program.kill())
    const refused = await end.connected().catch(error => error)
    t.match(refused, { sentAlert: 116 }, 'certificate_required')
    await program.says(/CERTIFICATE_REQUIRED/)
  })
})
