/** What the configuration says of DTLS: who is taken for the peer, which fingerprints count, what is agreed on. */

import t from 'tap'
import type { RTCConfiguration, RTCErrorDetailType, RTCPeerConnection } from '../../lib/peer/index.ts'
import { createReportingPair } from './reporting-pair.ts'

const ended = (connection: RTCPeerConnection): boolean =>
  ['connected', 'failed', 'closed'].includes(connection.sctp?.transport.state ?? 'new')

/** Lets the two come to an end of their handshake; resolves with their states, and what `a` has told of an error. */
const meet = async (
  pair: ReturnType<typeof createReportingPair>,
  change?: (sdp: string, from: 'a' | 'b') => string,
) => {
  const { a, b, sim, negotiate } = pair
  let errorDetail: RTCErrorDetailType | undefined
  a.createDataChannel('x')
  a.sctp?.transport.addEventListener('error', () => {})
  await sim.run(negotiate(change))
  for (const connection of [a, b]) {
    connection.sctp!.transport.onerror = ({ error }) => {
      if (connection === a) ({ errorDetail } = error)
    }
  }
  await sim.run(() => ended(a) && ended(b))
  await sim.elapse(100)
  const states = [a.sctp!.transport.state, b.sctp!.transport.state]
  a.close()
  b.close()
  return { states, errorDetail }
}

const NOBODY = `a=fingerprint:sha-256 ${Array(32).fill('00').join(':')}`
/** Signalling that names no certificate of b's. */
const anonymous = (sdp: string, from: 'a' | 'b'): string =>
  from === 'b' ? sdp.replace(/a=fingerprint:\S+ \S+/, NOBODY) : sdp

for (const version of ['1.2', '1.3'] as const) {
  const dtlsVersions = [version]
  t.test(`${version}: a peer whose certificate has no announced fingerprint fails, unless it is accepted`, async t => {
    t.match(await meet(createReportingPair(1, { dtlsVersions }), anonymous), {
      states: ['failed', 'failed'],
      errorDetail: 'fingerprint-failure',
    })
    const asked: ArrayBuffer[] = []
    const pair = createReportingPair(2, { dtlsVersions, acceptCertificate: der => asked.push(der) > 0 })
    t.strictSame((await meet(pair, anonymous)).states, ['connected', 'connected'])
    t.equal(asked.length, 1)
    const [shown] = pair.a.sctp!.transport.getRemoteCertificates()
    t.ok(asked[0] instanceof ArrayBuffer)
    t.strictSame(new Uint8Array(shown!), new Uint8Array(asked[0]!))
  })
}

t.test('a peer that is known is not asked about', async t => {
  let asked = 0
  const pair = createReportingPair(3, {
    acceptCertificate: () => {
      asked++
      return false
    },
  })
  t.strictSame((await meet(pair)).states, ['connected', 'connected'])
  t.equal(asked, 0)
})

t.test('only true accepts: not a promise, not an exception, which is reported', async t => {
  const answers: (() => unknown)[] = [() => false, () => 1, () => Promise.resolve(true)]
  for (const [i, answer] of answers.entries()) {
    const pair = createReportingPair(10 + i, { acceptCertificate: answer as () => boolean })
    t.match(await meet(pair, anonymous), { states: ['failed', 'failed'], errorDetail: 'fingerprint-failure' })
    t.strictSame(pair.reported, [])
  }
  const pair = createReportingPair(20, {
    acceptCertificate: () => {
      throw new Error('mine')
    },
  })
  t.strictSame((await meet(pair, anonymous)).states, ['failed', 'failed'])
  t.strictSame(pair.reported, ['mine'])
})

t.test('the connection may be closed while it judges', async t => {
  const pair = createReportingPair(21, {
    acceptCertificate: () => {
      pair.a.close()
      return true
    },
  })
  const { a, b, sim, negotiate } = pair
  a.createDataChannel('x')
  await sim.run(negotiate(anonymous))
  await sim.run(() => a.connectionState === 'closed' && ended(b))
  await sim.elapse(60_000)
  t.not(b.sctp!.transport.state, 'connected')
  t.strictSame(pair.reported, [])
  b.close()
})

const fingerprintsOf = (sdp: string): string[] =>
  [...sdp.matchAll(/^a=fingerprint:(\S+) /gm)].map(([, algorithm]) => algorithm!)

t.test(
  'descriptions announce the certificate by the algorithms asked for, and the peer believes any of them',
  async t => {
    for (const [i, algorithms] of [['sha-256'], ['sha-384'], ['sha-512', 'sha-256', 'sha-512']].entries()) {
      const configuration = { fingerprintAlgorithms: algorithms } as RTCConfiguration
      const pair = createReportingPair(30 + i, configuration)
      t.strictSame((await meet(pair)).states, ['connected', 'connected'])
      t.strictSame(fingerprintsOf(pair.a.localDescription!.sdp), [...new Set(algorithms)])
      t.strictSame(fingerprintsOf(pair.b.localDescription!.sdp), ['sha-256'])
    }
  },
)

t.test('of several hash functions the best counts (RFC 8122, 5), unknown ones do not', async t => {
  const other = (algorithm: string, bytes: number): string =>
    `a=fingerprint:${algorithm} ${Array(bytes).fill('AB').join(':')}`
  const beside = (line: string) => (sdp: string, from: 'a' | 'b') =>
    from === 'b' ? sdp.replace(/a=fingerprint:.*/, `${line}\r\n$&`) : sdp
  const instead = (line: string) => (sdp: string, from: 'a' | 'b') =>
    from === 'b' ? sdp.replace(/a=fingerprint:.*/, line) : sdp
  const lower = (sdp: string) =>
    sdp.replace(/a=fingerprint:(.*)/, (_, text: string) => `a=fingerprint:${text.toLowerCase()}`)
  const sessionLevel = (sdp: string) => {
    const [line] = /a=fingerprint:.*\r\n/.exec(sdp)!
    return sdp.replace(line, '').replace('m=', `${line}m=`)
  }
  const fine = [
    beside(other('sha-1', 20)),
    beside(other('sha3-256', 32)),
    beside(other('sha-256', 32)),
    lower,
    sessionLevel,
  ]
  for (const [i, change] of fine.entries()) {
    t.strictSame((await meet(createReportingPair(40 + i, {}), change)).states, ['connected', 'connected'], `${i}`)
  }
  const wrong = [beside(other('sha-512', 64)), instead(other('sha-1', 20)), instead(other('sha3-256', 32))]
  for (const [i, change] of wrong.entries()) {
    t.match(
      await meet(createReportingPair(50 + i, {}), change),
      { states: ['failed', 'failed'], errorDetail: 'fingerprint-failure' },
      `${i}`,
    )
  }
})
