/** DTLS 1.2: the handshake completes, and soon, whichever one of its datagrams is lost, swapped or repeated. */

import t from 'tap'
import type { DtlsOptions } from '../../lib/dtls/index.ts'
import { disturbHandshake } from './disturbance.ts'
import { certificate, type PairOptions } from './pair.ts'

const options = async (client: Partial<DtlsOptions>, server: Partial<DtlsOptions> = {}): Promise<PairOptions> => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
  clientOptions: { versions: ['1.2'], ...client },
  serverOptions: { versions: ['1.3', '1.2'], ...server },
})

const CASES: readonly { name: string; pair: () => Promise<PairOptions> }[] = [
  { name: 'plain', pair: () => options({}) },
  { name: 'with a cookie', pair: () => options({}, { cookieExchange: true }) },
  { name: 'in datagrams of 300 bytes', pair: () => options({ mtu: 300 }, { mtu: 300, cookieExchange: true }) },
  {
    name: 'under AES-CBC',
    pair: () =>
      options(
        { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'] },
        { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'] },
      ),
  },
  {
    name: 'with RSA certificates, in datagrams of 600 bytes',
    pair: async () => ({
      ...(await options({ mtu: 600 }, { mtu: 600 })),
      client: await certificate('rsa', 'client'),
      server: await certificate('rsa', 'server'),
    }),
  },
]

for (const { name, pair } of CASES) {
  t.test(name, async t => {
    const { faults, longest, partly, most, plain, trials } = disturbHandshake(await pair())
    t.comment(
      `${trials} handshakes, ${plain.datagrams} datagrams, at most ${most}; ${plain.took} ms, then ${longest}, ${partly}`,
    )
    t.equal(plain.pair.client.dtls.version, 0xfefd)
    t.same(faults, [])
    // One loss costs one timeout of a second, two in a row a second one that is twice as long.
    t.ok(longest[0] <= plain.took)
    t.ok(longest[1] <= plain.took + 1000)
    t.ok(longest[2] <= plain.took + 3000)
  })
}
