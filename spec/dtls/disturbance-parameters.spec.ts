/**
 * Handshakes of every version, cipher suite, group and kind of certificate, each pair of these at least once, while every
 * one of their datagrams in turn is lost, swapped or repeated.
 */

import t, { type Test } from 'tap'
import type { GroupName, KeyType } from '../../lib/crypto/index.ts'
import type { DtlsOptions } from '../../lib/dtls/index.ts'
import { disturbHandshake } from './disturbance.ts'
import { certificate, type PairOptions } from './pair.ts'

const KEYS: readonly KeyType[] = ['ec-p256', 'ec-p384', 'rsa', 'ed25519']
const SUITES_13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
const CIPHERS_12 = [
  'AES_128_GCM_SHA256',
  'AES_256_GCM_SHA384',
  'CHACHA20_POLY1305_SHA256',
  'AES_128_CBC_SHA',
  'AES_256_CBC_SHA',
]
const CLASSICAL: readonly GroupName[] = ['x25519', 'secp256r1', 'secp384r1']
const GROUPS: readonly GroupName[] = ['x25519mlkem768', ...CLASSICAL]

/** The entry of that number, over and over. */
const cyclic = <T>(list: readonly T[], i: number): T => list[i % list.length]!

const judge = (t: Test, name: string, version: number, suite: string, options: PairOptions): void => {
  const { faults, longest, plain, trials } = disturbHandshake(options)
  const { dtls } = plain.pair.client
  t.same(faults, [], `${name}: ${trials} handshakes`)
  t.equal(dtls.version, version)
  t.equal(dtls.cipherSuite?.name, suite)
  t.ok(longest[0] <= plain.took && longest[1] <= plain.took + 1000 && longest[2] <= plain.took + 3000, `${longest}`)
}

t.test('DTLS 1.3', async t => {
  for (const [i, server] of KEYS.entries()) {
    for (const [j, client] of KEYS.entries()) {
      const group = cyclic(GROUPS, i + j)
      const suite = cyclic(SUITES_13, i + 2 * j)
      const options = { versions: ['1.3'], cipherSuites: [suite], groups: [group] } as const
      judge(t, `${server}, ${client}, ${group}, ${suite}`, 0xfefc, suite, {
        client: await certificate(client, 'client'),
        server: await certificate(server, 'server'),
        clientOptions: options,
        serverOptions: options,
      })
    }
  }
})

t.test('DTLS 1.2', async t => {
  for (const [i, server] of KEYS.entries()) {
    for (let j = 0; j < CIPHERS_12.length; j++) {
      const client = cyclic(KEYS, i + j)
      const group = cyclic(CLASSICAL, i + j)
      const suite = `TLS_ECDHE_${server === 'rsa' ? 'RSA' : 'ECDSA'}_WITH_${cyclic(CIPHERS_12, j)}`
      const options = { versions: ['1.2'], cipherSuites: [suite], groups: [group] } as const
      judge(t, `${server}, ${client}, ${group}, ${suite}`, 0xfefd, suite, {
        client: await certificate(client, 'client'),
        server: await certificate(server, 'server'),
        clientOptions: options,
        serverOptions: options,
      })
    }
  }
})

t.test('one side speaks both versions and the other only 1.2', async t => {
  const both: Partial<DtlsOptions> = { versions: ['1.3', '1.2'] }
  const old: Partial<DtlsOptions> = { versions: ['1.2'] }
  const certificates = { client: await certificate('ec-p256', 'client'), server: await certificate('rsa', 'server') }
  for (const [name, clientOptions, serverOptions] of [
    ['the server', both, old],
    ['the server, which asks for a cookie', both, { ...old, cookieExchange: true }],
    ['the client', old, both],
    ['the client, which is asked for a cookie', old, { ...both, cookieExchange: true }],
  ] as const) {
    const options = { ...certificates, clientOptions, serverOptions }
    judge(t, name, 0xfefd, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', options)
  }
})
