/** The handshake completes over a path that loses, repeats and reorders, and gives up on one that is dead. */

import t from 'tap'
import type { DtlsRole } from '../../lib/dtls/index.ts'
import { seededRandom } from '../../lib/sim/index.ts'
import { certificate, connectedPair, DELAY, Pair, type PairOptions, type Path } from './pair.ts'

const options = async (mtu: number): Promise<PairOptions> => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
  clientOptions: { mtu },
  serverOptions: { mtu, cookieExchange: true },
})

/** Messages go through both ways once both sides are connected. */
const works = (pair: Pair): boolean => {
  pair.start()
  pair.run(() => pair.connected)
  // Both must stay so whatever is still under way.
  pair.path = bytes => [{ bytes, delay: DELAY }]
  pair.run(() => false, 200_000)
  if (!pair.connected || !pair.client.send('ping', pair.now) || !pair.server.send('pong', pair.now)) return false
  pair.run()
  return pair.server.texts.join() === 'ping' && pair.client.texts.join() === 'pong' && pair.connected
}

const ROLES: readonly DtlsRole[] = ['client', 'server']
const on = (bytes: Uint8Array, delay = DELAY) => ({ bytes, delay })

const DISTURBANCES: readonly { name: string; path: (role: DtlsRole, n: number) => Path }[] = [
  { name: 'lost', path: (role, n) => (bytes, from, i) => (from === role && i === n ? [] : [on(bytes)]) },
  {
    name: 'repeated at once',
    path: (role, n) => (bytes, from, i) => (from === role && i === n ? [on(bytes), on(bytes)] : [on(bytes)]),
  },
  {
    name: 'repeated late',
    path: (role, n) => (bytes, from, i) => (from === role && i === n ? [on(bytes), on(bytes, 500)] : [on(bytes)]),
  },
  {
    name: 'swapped with the next',
    path: (role, n) => (bytes, from, i) => [on(bytes, from === role && i === n ? DELAY + 1 : DELAY)],
  },
  {
    name: 'late by more than a timeout',
    path: (role, n) => (bytes, from, i) => [on(bytes, from === role && i === n ? 1500 : DELAY)],
  },
  {
    name: 'lost, and the one after it too',
    path: (role, n) => (bytes, from, i) => (from === role && (i === n || i === n + 1) ? [] : [on(bytes)]),
  },
]

for (const mtu of [1200, 300]) {
  t.test(`any one datagram of a handshake is disturbed, at an MTU of ${mtu}`, async t => {
    const pairOptions = await options(mtu)
    const plain = connectedPair(pairOptions)
    for (const role of ROLES) {
      const count = plain[role].sent.length
      t.ok(count >= 3)
      for (const { name, path } of DISTURBANCES) {
        for (let n = 0; n < count; n++) {
          t.ok(works(new Pair({ ...pairOptions, path: path(role, n) })), `the ${role}'s datagram ${n} is ${name}`)
        }
      }
    }
  })
}

t.test('a fifth of all datagrams is lost, and the rest jumbled', async t => {
  const pairOptions = await options(400)
  const failed: number[] = []
  for (let seed = 1; seed <= 120; seed++) {
    const random = seededRandom(seed)
    const byte = new Uint8Array(1)
    const draw = (): number => random.fill(byte)[0]! / 256
    const path: Path = bytes => {
      if (draw() < 0.2) return []
      const delay = DELAY + 40 * draw()
      return draw() < 0.1 ? [on(bytes, delay), on(bytes, delay + 30)] : [on(bytes, delay)]
    }
    if (!works(new Pair({ ...pairOptions, path }))) failed.push(seed)
  }
  t.same(failed, [], 'seeds that failed')
})

t.test('the timer starts from the round trip that is known, doubles, and ends in failure', async t => {
  const pair = new Pair({
    client: await certificate('ec-p256', 'client'),
    server: await certificate('ec-p256', 'server'),
    clientOptions: { initialTimeout: 100 },
    path: () => [],
  })
  const times: number[] = []
  pair.path = () => {
    times.push(pair.now)
    return []
  }
  pair.start()
  pair.run()
  t.same(times, [0, 100, 300, 700, 1500, 3100, 6300, 12700, 25500, 51100, 102300])
  t.match(pair.client.error, { code: 'timeout' })
  t.equal(pair.now, 162_300)
  t.equal(pair.client.dtls.state, 'failed')
  t.equal(pair.client.dtls.deadline, Number.POSITIVE_INFINITY)
  t.equal(pair.client.dtls.counters.flightsRetransmitted, 10)
  t.equal(pair.client.events.length, 1)
})

t.test('a timeout is never shorter than 50 ms nor longer than a minute, and 1 s where nothing is known', async t => {
  for (const [initialTimeout, first] of [
    [1, 50],
    [undefined, 1000],
    [1e9, 60_000],
  ] as const) {
    const pair = new Pair({
      client: await certificate('ec-p256', 'client'),
      server: await certificate('ec-p256', 'server'),
      clientOptions: initialTimeout === undefined ? {} : { initialTimeout },
      path: () => [],
    })
    pair.start()
    t.equal(pair.client.dtls.deadline, first)
  }
})

t.test('a round trip that is known later counts from the next flight on', async t => {
  const { client } = new Pair({
    client: await certificate('ec-p256', 'client'),
    server: await certificate('ec-p256', 'server'),
    path: () => [],
  })
  client.dtls.initialTimeout = 120
  client.dtls.start(0)
  t.equal(client.dtls.deadline, 120)
  client.dtls.initialTimeout = 5000
  client.dtls.advance(120)
  t.equal(client.dtls.deadline, 360)
})

t.test('a message that is sent again travels in records with new numbers', async t => {
  const pair = new Pair({
    client: await certificate('ec-p256', 'client'),
    server: await certificate('ec-p256', 'server'),
    path: () => [],
  })
  pair.start()
  pair.run(() => pair.client.sent.length === 3)
  t.same(
    pair.client.sent.map(datagram => datagram[10]),
    [0, 1, 2],
  )
  const [first, second] = pair.client.sent
  t.strictSame(second?.subarray(13), first?.subarray(13))
})

t.test('a dead path after the first flights ends both sides', async t => {
  for (const alive of [1, 2, 3]) {
    let seen = 0
    const pair = new Pair({
      client: await certificate('ec-p256', 'client'),
      server: await certificate('ec-p256', 'server'),
      path: bytes => (seen++ < alive ? [on(bytes)] : []),
    })
    pair.start()
    pair.run()
    t.equal(pair.client.dtls.state, 'failed', `after ${alive} datagrams`)
    // The longest flight is two datagrams; where nothing is heard, at most five smaller ones.
    for (const { sent, dtls } of pair.ends) {
      t.ok(sent.length < 60 && dtls.counters.flightsRetransmitted <= 20, `${sent.length} datagrams`)
    }
    for (const { dtls } of pair.ends) t.equal(dtls.deadline, Number.POSITIVE_INFINITY)
  }
})
