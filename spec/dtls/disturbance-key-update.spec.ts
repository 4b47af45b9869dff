/** KeyUpdates of DTLS 1.3 take effect on both sides, whichever one of the datagrams around them is disturbed. */

import t from 'tap'
import type { DtlsOptions, DtlsRole } from '../../lib/dtls/index.ts'
import { DISTURBANCES, eachDisturbance, faultOf, ROLES, seededPath } from './disturbance.ts'
import { certificate, clear, connectedPair, type Pair, type PairOptions, type Path } from './pair.ts'

const options = async (more: Partial<DtlsOptions> = {}): Promise<PairOptions> => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
  clientOptions: { versions: ['1.3'], groups: ['x25519'], ...more },
  serverOptions: { versions: ['1.3'], ...more },
})

type Counts = Record<DtlsRole, number>
const other = { client: 'server', server: 'client' } as const

interface Exchange {
  readonly name: string
  /** What is done at once; data follows on the heels of it. */
  readonly begin: (pair: Pair) => void
  /** How often each side replaces its key. */
  readonly updates: Counts
}

const EXCHANGES: readonly Exchange[] = [
  {
    name: 'the client replaces its key',
    begin: pair => pair.client.dtls.updateKeys(pair.now),
    updates: { client: 1, server: 0 },
  },
  {
    name: 'the server replaces its key and asks for the other',
    begin: pair => pair.server.dtls.updateKeys(pair.now, true),
    updates: { client: 1, server: 1 },
  },
  {
    name: 'both do so at once',
    begin: pair => {
      for (const { dtls } of pair.ends) dtls.updateKeys(pair.now)
    },
    updates: { client: 1, server: 1 },
  },
]

/** Runs it on that path, with data around it. Returns what is wrong. */
const faultIn = (pair: Pair, { begin, updates }: Exchange, path: Path): string | undefined => {
  const before = ROLES.map(role => pair[role].dtls.counters.keyUpdatesSent)
  pair.path = path
  begin(pair)
  for (const role of ROLES) pair[role].send(`${role} at once`, pair.now)
  pair.run(() => false, 30_000)
  const fault = faultOf(pair)
  if (fault !== undefined) return fault
  for (const [i, role] of ROLES.entries()) {
    const sent = pair[role].dtls.counters.keyUpdatesSent - before[i]!
    if (sent !== updates[role]) return `the ${role} replaced its key ${sent} times`
    if (pair[other[role]].dtls.counters.keyUpdatesReceived !== pair[role].dtls.counters.keyUpdatesSent) {
      return `the other side of the ${role} does not use the same key`
    }
  }
  return undefined
}

for (const exchange of EXCHANGES) {
  t.test(`${exchange.name}, and any one datagram is disturbed`, async t => {
    const pairOptions = await options()
    // One connection goes through all of it, so that the epochs run far beyond the two bits which name them.
    const pair = connectedPair(pairOptions)
    const sent = (): Counts => ({ client: pair.client.sent.length, server: pair.server.sent.length })
    const start = sent()
    t.equal(faultIn(pair, exchange, clear), undefined, 'undisturbed')
    const end = sent()
    const faults: string[] = []
    const counts = { client: end.client - start.client - 1, server: end.server - start.server - 1 }
    let trials = 0
    for (const { name, role, n, path } of eachDisturbance(counts)) {
      const fault = faultIn(pair, exchange, path(role, n))
      if (fault !== undefined) faults.push(`${name}: ${fault}`)
      trials++
    }
    t.ok(trials >= 2 * DISTURBANCES.length)
    t.same(faults, [])
  })
}

t.test('a hundred KeyUpdates of both sides over a path that loses a fifth and jumbles the rest', async t => {
  const pair = connectedPair(await options({ initialTimeout: 100 }))
  pair.path = seededPath(7, true)
  const counts: Counts = { client: 0, server: 0 }
  for (let round = 0; round < 100; round++) {
    const role = ROLES[round % 2]!
    if (pair[role].dtls.updateKeys(pair.now, round % 3 === 0)) counts[role]++
    for (const each of ROLES) pair[each].send(`${round}`, pair.now)
    const next = pair.now + 3000
    pair.run(() => false, 3000)
    pair.now = next
  }
  pair.run(() => false, 200_000)
  t.ok(counts.client > 25 && counts.server > 25, `${counts.client} and ${counts.server} were begun`)
  t.equal(faultOf(pair), undefined)
  for (const role of ROLES) {
    const { keyUpdatesSent } = pair[role].dtls.counters
    t.ok(keyUpdatesSent >= counts[role])
    t.equal(pair[other[role]].dtls.counters.keyUpdatesReceived, keyUpdatesSent)
  }
})
