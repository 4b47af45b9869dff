/** DTLS 1.3: the handshake completes, and soon, whichever one of its datagrams is lost, swapped or repeated. */

import t from 'tap'
import type { DtlsOptions } from '../../lib/dtls/index.ts'
import { disturbHandshake } from './disturbance.ts'
import { certificate, type PairOptions } from './pair.ts'

const CLASSICAL = ['x25519', 'secp256r1', 'secp384r1'] as const

const options = async (client: Partial<DtlsOptions>, server: Partial<DtlsOptions> = {}): Promise<PairOptions> => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
  clientOptions: { versions: ['1.3', '1.2'], groups: CLASSICAL, ...client },
  serverOptions: { versions: ['1.3', '1.2'], ...server },
})

const CASES: readonly { name: string; pair: () => Promise<PairOptions> }[] = [
  { name: 'plain', pair: () => options({}) },
  { name: 'with a cookie', pair: () => options({}, { cookieExchange: true }) },
  { name: 'with a HelloRetryRequest for another group', pair: () => options({}, { groups: ['secp384r1'] }) },
  {
    name: 'in datagrams of 300 bytes, with a cookie',
    pair: () => options({ mtu: 300 }, { mtu: 300, cookieExchange: true }),
  },
  { name: 'in datagrams of 160 bytes', pair: () => options({ mtu: 160 }, { mtu: 160 }) },
  {
    name: 'with RSA certificates, in datagrams of 600 bytes',
    pair: async () => ({
      ...(await options({ mtu: 600 }, { mtu: 600 })),
      client: await certificate('rsa', 'client'),
      server: await certificate('rsa', 'server'),
    }),
  },
  {
    name: 'with X25519MLKEM768, whose ClientHello takes two datagrams',
    pair: () => options({ groups: ['x25519mlkem768', ...CLASSICAL] }),
  },
]

for (const { name, pair } of CASES) {
  t.test(name, async t => {
    const { faults, longest, partly, most, plain, trials } = disturbHandshake(await pair())
    t.comment(
      `${trials} handshakes, ${plain.datagrams} datagrams, at most ${most}; ${plain.took} ms, then ${longest}, ${partly}`,
    )
    t.equal(plain.pair.client.dtls.version, 0xfefc)
    t.same(faults, [])
    // One loss costs one timeout of a second, two in a row a second one that is twice as long.
    t.ok(longest[0] <= plain.took)
    t.ok(longest[1] <= plain.took + 1000)
    t.ok(longest[2] <= plain.took + 3000)
    // What is left of a flight is acknowledged after a quarter of a second, and the rest follows.
    t.ok(partly <= plain.took + 300)
  })
}
