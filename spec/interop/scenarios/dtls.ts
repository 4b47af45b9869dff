/**
 * Which version of DTLS two ends agree on, and in which roles: by their defaults, by our configuration, and with the
 * roles turned round (RFC 8842, 5: the answerer is the client unless it is told otherwise).
 */

import type { Test } from 'tap'
import { RTCPeerConnection } from '../../../lib/index.ts'
import type { Pair } from '../pair.ts'
import { always, type Scenario } from './scenario.ts'

type Stat = Readonly<Record<string, unknown>>

const transportOf = (stats: readonly Stat[]): Stat => stats.find(({ type }) => type === 'transport') ?? {}

const CLASSICAL = /^(x25519|secp256r1)$/

const VERSIONS = {
  '1.2': {
    tlsVersion: 'FEFD',
    tlsGroup: CLASSICAL,
    dtlsCipher: /^TLS_ECDHE_(ECDSA|RSA)_WITH_AES_\d+_GCM_SHA\d+$/,
  },
  '1.3': { tlsVersion: 'FEFC', tlsGroup: /^X25519MLKEM768$/, dtlsCipher: /^TLS_AES_\d+_GCM_SHA\d+$/ },
} as const

type Version = keyof typeof VERSIONS

/** What this peer and we agree on when neither is told what to offer. */
const usual = ({ peer }: Pair): Version => (peer.driver.quirks.dtls12 ? '1.2' : '1.3')

/** Connects: both ends tell the same of what DTLS has agreed on, and data flows. */
const check = async (t: Test, pair: Pair, version: Version, clientOffers = false): Promise<void> => {
  const { quirks } = pair.peer.driver
  await pair.connect()
  const ours = transportOf(await pair.ours.stats())
  t.match(ours, {
    dtlsState: 'connected',
    ...VERSIONS[version],
    ...(quirks.classicalGroups && { tlsGroup: CLASSICAL }),
  })
  const weAreClient = clientOffers === (pair.offerer === pair.ours)
  t.equal(ours.dtlsRole, weAreClient ? 'client' : 'server')
  if (quirks.noTransportStats !== true) {
    const peer = transportOf(await pair.peer.stats())
    for (const name of ['dtlsState', 'tlsVersion', 'dtlsCipher']) t.equal(peer[name], ours[name], name)
    t.equal(peer.dtlsRole, weAreClient ? 'server' : 'client')
  }
  await pair.peer.echo('first')
  const sent = await pair.ours.send('first', [{ kind: 'binary', size: 20_000, seed: 1 }])
  t.same(await pair.ours.received('first', 1), sent)
}

/** Whether the roles can be turned round. */
const turnable: Scenario['fits'] = ({ wantsActpass, numbersByIceRole }, weOffer) =>
  numbersByIceRole !== true && !(weOffer && wantsActpass === true)

const limited = (version: Version, fits: Scenario['fits']): readonly Scenario[] => [
  {
    name: `DTLS ${version}, which is all that we offer`,
    fits,
    ours: { dtlsVersions: [version] },
    run: (t, pair) => check(t, pair, version),
  },
  {
    name: `DTLS ${version}, which is all that we offer, and the offerer is the client`,
    fits: (quirks, weOffer) => fits(quirks, weOffer) && turnable(quirks, weOffer),
    ours: { dtlsVersions: [version] },
    offeredSetup: 'active',
    run: (t, pair) => check(t, pair, version, true),
  },
]

const generate = (algorithm: object) => async () => ({
  certificates: [await RTCPeerConnection.generateCertificate(algorithm as { name: string })],
})

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
  hash: 'SHA-256',
}

/** What we are known by. */
const known: readonly Pick<Scenario, 'name' | 'fits' | 'ours'>[] = [
  { name: 'our certificate has an RSA key', fits: always, ours: generate(RSA) },
  {
    name: 'our certificate has a key on P-384',
    fits: ({ noP384 }) => noP384 !== true,
    ours: generate({ name: 'ECDSA', namedCurve: 'P-384' }),
  },
  {
    name: 'our fingerprint is by SHA-384',
    fits: ({ sha256Only }) => sha256Only !== true,
    ours: { fingerprintAlgorithms: ['sha-384'] },
  },
  {
    name: 'our fingerprints are by SHA-256 and SHA-512',
    fits: always,
    ours: { fingerprintAlgorithms: ['sha-256', 'sha-512'] },
  },
]

export const dtls: readonly Scenario[] = [
  {
    name: 'the version, cipher suite and roles of DTLS by default',
    fits: always,
    run: (t, pair) => check(t, pair, usual(pair)),
  },
  {
    name: 'the version, cipher suite and roles of DTLS when the offerer is the client',
    fits: turnable,
    offeredSetup: 'active',
    run: (t, pair) => check(t, pair, usual(pair), true),
  },
  ...limited('1.2', always),
  ...limited('1.3', quirks => quirks.dtls12 !== true),
  ...known.map((each): Scenario => ({ ...each, run: (t, pair) => check(t, pair, usual(pair)) })),
]
