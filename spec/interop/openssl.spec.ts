/**
 * Our DTLS 1.2 alone against OpenSSL's own programs over UDP on this machine, in both roles: every cipher suite, group,
 * kind of certificate and SRTP profile, cookies, small datagrams. Both ends export the same key material.
 */

import t, { type Test } from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import type { Certificate, KeyType } from '../../lib/crypto/index.ts'
import { type DtlsOptions, SRTP_PROFILES, type SrtpProfile } from '../../lib/dtls/index.ts'
import { certificate, sha256Of } from '../dtls/pair.ts'
import { OpenSsl } from './drivers/openssl.ts'
import type { Program } from './drivers/program.ts'
import { DtlsEnd, type Loss } from './dtls-end.ts'
import { startIfPossible } from './path.ts'

const openssl = await startIfPossible(t, (async () => new OpenSsl())())
const skip = typeof openssl === 'string' ? openssl : false

/** What OpenSSL calls what we agree on. */
const SUITES = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
} as const

const PROFILES: Readonly<Record<SrtpProfile, string>> = {
  SRTP_AEAD_AES_128_GCM: 'SRTP_AEAD_AES_128_GCM',
  SRTP_AEAD_AES_256_GCM: 'SRTP_AEAD_AES_256_GCM',
  SRTP_AES128_CM_HMAC_SHA1_80: 'SRTP_AES128_CM_SHA1_80',
  SRTP_AES128_CM_HMAC_SHA1_32: 'SRTP_AES128_CM_SHA1_32',
}

type Suite = keyof typeof SUITES

interface Case {
  readonly name: string
  /** What OpenSSL is given, beside what the other members say. */
  readonly openssl?: readonly string[]
  readonly ours?: Partial<DtlsOptions>
  readonly loss?: Loss
  /** The kinds of the certificates: P-256 by default. */
  readonly ourKey?: KeyType
  readonly theirKey?: KeyType
  /** Our certificate is one that OpenSSL has made. */
  readonly foreign?: boolean
  readonly suite?: Suite
  readonly group?: string
  readonly profile?: SrtpProfile
  readonly check?: (t: Test, end: DtlsEnd) => void
}

const keyOf = (suite: Suite): KeyType => (suite.includes('_RSA_') ? 'rsa' : 'ec-p256')

/** Both ends are of that suite's kind: for either role the server's certificate decides. */
const suites: readonly Case[] = (Object.keys(SUITES) as Suite[]).flatMap((suite): Case[] => {
  const each: Case = {
    name: suite,
    ours: { cipherSuites: [suite] },
    suite,
    ourKey: keyOf(suite),
    theirKey: keyOf(suite),
  }
  // RFC 7366: what encrypts first is preferred wherever there is a MAC.
  return suite.includes('_CBC_') ? [each, { ...each, name: `${suite}, MAC first`, openssl: ['-no_etm'] }] : [each]
})

const RSA = { ourKey: 'rsa', theirKey: 'rsa' } as const

const groups: readonly Case[] = (
  [
    ['x25519', 'X25519'],
    ['secp256r1', 'P-256'],
    ['secp384r1', 'P-384'],
  ] as const
).flatMap(([group, theirs]): Case[] => [
  // With RSA certificates: the groups limit the curves of the others too (RFC 8422, 5.1.1).
  { name: `${group}, which is all that it has`, openssl: ['-groups', theirs], group, ...RSA },
  { name: `${group}, which is all that we have`, ours: { groups: [group] }, group, ...RSA },
])

const profiles: readonly Case[] = SRTP_PROFILES.map(profile => ({ name: profile, profile }))

const keys: readonly Case[] = [
  { name: 'P-384 certificates', ourKey: 'ec-p384', theirKey: 'ec-p384' },
  { name: 'we have RSA, it has P-256', ourKey: 'rsa' },
  { name: 'we have P-256, it has RSA', theirKey: 'rsa' },
  {
    name: 'RSA without PSS',
    ...RSA,
    openssl: ['-sigalgs', 'RSA+SHA256', '-client_sigalgs', 'RSA+SHA256'],
  },
]

/** An identity that was kept as PEM, by OpenSSL. */
const foreign: readonly Case[] = (['ec-p256', 'ec-p384', 'rsa', 'ed25519'] as const).map(ourKey => ({
  name: `our identity comes from OpenSSL: ${ourKey}`,
  ourKey,
  foreign: true,
}))

const LARGEST = 300
const largest = (datagrams: readonly Uint8Array[]): number => Math.max(...datagrams.map(({ length }) => length))

const small: Case = {
  name: 'datagrams of 300 bytes',
  ...RSA,
  ours: { mtu: LARGEST },
  openssl: ['-mtu', `${LARGEST}`],
  check: (t, end) => {
    t.ok(largest(end.sent) <= LARGEST, `the largest that we sent has ${largest(end.sent)} bytes`)
    t.ok(largest(end.received) <= LARGEST, `the largest that it sent has ${largest(end.received)} bytes`)
  },
}

/** Each of the first datagrams in turn: either end has two until it is done. OpenSSL sends again after a second, or when we do. */
const losses: readonly Case[] = [0, 1].flatMap(n => {
  const nth = (_: Uint8Array, index: number) => index === n
  const lossy = { openssl: ['-timeout'], ours: { initialTimeout: 50 } }
  return [
    { ...lossy, name: `our datagram ${n} is lost`, loss: { sent: nth } },
    { ...lossy, name: `its datagram ${n} is lost`, loss: { received: nth } },
  ]
})

/** What OpenSSL is to take and to tell; its end of each case is the only one that says how. */
const optionsFor = ({ suite, profile, openssl = [] }: Case): string[] => [
  // Its default level would refuse the MAC of the CBC suites where the platform's policy is strict.
  ...(suite === undefined ? [] : ['-cipher', `${SUITES[suite]}:@SECLEVEL=1`]),
  ...['-use_srtp', profile === undefined ? Object.values(PROFILES).join(':') : PROFILES[profile]],
  ...['-keymatexport', 'EXTRACTOR-dtls_srtp', '-keymatexportlen', '60'],
  ...openssl,
]

/** What both ends have come to, once connected, and that data flows. */
const checkSession = async (t: Test, end: DtlsEnd, program: Program, each: Case, theirs: Certificate) => {
  const { dtls } = end
  const keyed = ((await program.says(/Keying material: ?([0-9A-F]+)\s/))[1] ?? '').toLowerCase()
  t.equal(end.lost, each.loss === undefined ? 0 : 1)
  t.equal(hex(dtls.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60)), keyed, 'the exported keys')
  t.equal(dtls.version, 0xfefd)
  t.equal(dtls.group, each.group ?? 'x25519')
  if (each.suite !== undefined) t.equal(dtls.cipherSuite?.name, each.suite)
  t.equal(dtls.srtpProfile, each.profile ?? SRTP_PROFILES[0])
  t.match(program.output, new RegExp(`SRTP Extension negotiated, profile=${PROFILES[dtls.srtpProfile!]}\\s`))
  t.strictSame(dtls.remoteCertificate, theirs.der)
  program.write('from openssl\n')
  await end.hears('from openssl\n')
  end.send('to openssl\n')
  await program.says(/to openssl/)
  each.check?.(t, end)
}

const identities = async ({ ourKey = 'ec-p256', theirKey = 'ec-p256', foreign = false }: Case) => ({
  ours: foreign && typeof openssl !== 'string' ? openssl.make(ourKey) : await certificate(ourKey, 'ours'),
  theirs: await certificate(theirKey, 'theirs'),
})

await t.test('as the client of openssl s_server', { skip }, async t => {
  const cookie: Case = {
    name: 'a cookie first',
    openssl: ['-listen'],
    check: (t, end) => t.equal(end.firstMessages[0], 3, 'HelloVerifyRequest'),
  }
  // OpenSSL 3.0 takes an Ed25519 certificate for a server in TLS 1.2, but not in DTLS 1.2.
  const ed25519: Case = { name: 'we have Ed25519', ourKey: 'ed25519' }
  for (const each of [...suites, ...groups, ...profiles, ...keys, ...foreign, ed25519, cookie, small, ...losses]) {
    await t.test(each.name, async t => {
      if (typeof openssl === 'string') return
      const { ours, theirs } = await identities(each)
      const args = [...openssl.identity(theirs), '-Verify', '1', ...optionsFor(each)]
      const { program, port } = await openssl.server(args)
      t.teardown(() => program.kill())
      const fingerprints = [sha256Of(theirs)]
      const options = { role: 'client', certificate: ours, fingerprints, ...each.ours } as const
      const end = await DtlsEnd.open(options, port, each.loss)
      t.teardown(() => end.close())
      await end.connected()
      await checkSession(t, end, program, each, theirs)
      end.closeDtls()
      await program.says(/DONE/)
    })
  }
})

await t.test('as the server of openssl s_client', { skip }, async t => {
  const cookie: Case = {
    name: 'a cookie first',
    ours: { cookieExchange: true },
    check: (t, end) => t.equal(end.sent[0]?.[13], 3, 'HelloVerifyRequest'),
  }
  const ed25519: Case = { name: 'Ed25519 certificates', ourKey: 'ed25519', theirKey: 'ed25519' }
  for (const each of [...suites, ...groups, ...profiles, ...keys, ...foreign, ed25519, cookie, small, ...losses]) {
    await t.test(each.name, async t => {
      if (typeof openssl === 'string') return
      const { ours, theirs } = await identities(each)
      const fingerprints = [sha256Of(theirs)]
      const options = { role: 'server', certificate: ours, fingerprints, ...each.ours } as const
      const end = await DtlsEnd.open(options, undefined, each.loss)
      t.teardown(() => end.close())
      const program = openssl.client(end.port, [...openssl.identity(theirs), ...optionsFor(each)])
      t.teardown(() => program.kill())
      await end.connected()
      await checkSession(t, end, program, each, theirs)
      t.match(program.output, /Extended master secret: yes/)
      const master = (await program.says(/Master-Key: ?([0-9A-F]+)\s/))[1]!.toLowerCase()
      t.match(end.keyLog, [new RegExp(`^CLIENT_RANDOM [0-9a-f]{64} ${master}$`)], 'the key log')
      program.write('Q\n')
      await end.closed()
    })
  }
})
