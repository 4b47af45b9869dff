/** Our STUN and TURN clients against coturn, over UDP, TCP and TLS: what works, what it refuses, and what it forgets. */

import { createHmac } from 'node:crypto'
import t, { type Test } from 'tap'
import { host } from '../../lib/net/index.ts'
import { Coturn, type CoturnOptions } from './drivers/coturn.ts'
import { CannotStart } from './drivers/driver.ts'
import { bindingOver, Peer, Relay, type RelayOptions, WAYS, type Way } from './relay.ts'

const started = await Coturn.start().catch((error: unknown) => {
  if (!(error instanceof CannotStart)) throw error
  return error.message
})
const unable = typeof started === 'string' ? started : undefined
if (typeof started !== 'string') t.teardown(() => started.close())
// Set where everything is installed (`.ci/run`).
if (unable !== undefined && process.env.PURERTC_REQUIRE_PEERS === '1') t.fail(unable)

/** A test with the server that all share. */
const test = (title: string, body: (t: Test, coturn: Coturn) => Promise<void>) =>
  t.test(title, { skip: unable ?? false }, async t => {
    if (typeof started !== 'string') await body(t, started)
  })

/** A test with a server of its own. */
const testAlone = (title: string, options: CoturnOptions, body: (t: Test, coturn: Coturn) => Promise<void>) =>
  t.test(title, { skip: unable ?? false }, async t => {
    const coturn = await Coturn.start(options)
    t.teardown(() => coturn.close())
    await body(t, coturn)
  })

const open = async (t: Test, coturn: Coturn, way: Way, options?: RelayOptions): Promise<Relay> => {
  const relay = await Relay.open(coturn, way, options)
  t.teardown(() => relay.close())
  return relay
}

const openPeer = async (t: Test, address?: string): Promise<Peer> => {
  const peer = await Peer.open(address)
  t.teardown(() => peer.close())
  return peer
}

test('a Binding request over UDP, TCP and TLS, IPv4 and IPv6, tells where we are', async (t, coturn) => {
  for (const way of WAYS) {
    for (const ipv6 of coturn.address6 === undefined ? [false] : [false, true]) {
      const { mapped, local } = await bindingOver(coturn, way, ipv6)
      t.same(mapped, local, `${way} ${local.address}`)
    }
  }
})

for (const way of WAYS) {
  test(`over ${way}: an allocation, a permission, a channel, and data both ways`, async (t, coturn) => {
    const [peer, other] = [await openPeer(t), await openPeer(t)]
    const relay = await open(t, coturn, way, { channelAfter: 3 })
    await relay.event('allocated')
    t.same(relay.turn.mapped, relay.local)
    const [relayed] = relay.turn.relayed
    t.equal(relayed?.address, '127.0.0.1')
    for (let i = 0; i < 8; i++) await relay.exchange(`message ${i}`, peer)
    await relay.exchange('x'.repeat(1001), other)
    t.ok(peer.received.every(({ address, port }) => address === relayed?.address && port === relayed.port))
    t.equal(peer.received.length, 8)
    const { sendIndications, dataIndications, channelDataSent, channelDataReceived } = relay.turn.counters
    t.ok(sendIndications >= 4 && dataIndications >= 2 && channelDataSent >= 3 && channelDataReceived >= 3)
    t.equal(sendIndications + channelDataSent, 9)
    t.equal(dataIndications + channelDataReceived, 9)
    await coturn.says(/CHANNEL_BIND processed, success/)
    t.match(relay.turn.counters, { malformed: 0, unmatchedResponses: 0, unauthenticatedResponses: 0 })
    t.same(relay.events, [])
  })
}

test('a peer without permission does not get through', async (t, coturn) => {
  const peer = await openPeer(t)
  const relay = await open(t, coturn, 'udp')
  await relay.event('allocated')
  const stranger = await Relay.open(coturn, 'udp')
  await stranger.event('allocated')
  const [to] = relay.turn.relayed
  await stranger.exchange('first', peer)
  stranger.send('let me in', to!)
  // All addresses are one here, and permissions are of addresses: it gets in as soon as the peer is permitted.
  await stranger.exchange('second', peer)
  t.same(relay.received, [])
  await relay.exchange('hello', peer)
  stranger.send('and now', to!)
  await relay.until(() => relay.received.some(({ text }) => text === 'and now'))
  t.notOk(relay.received.some(({ text }) => text === 'let me in'))
  stranger.close()
})

for (const way of WAYS) {
  test(`over ${way}: a wrong password is refused, and may be replaced`, async (t, coturn) => {
    const { username, password } = coturn
    const wrong = { username, password: 'wrong' }
    const refused = await open(t, coturn, way, { credentials: wrong })
    await refused.event('credentials')
    t.equal(refused.turn.state, 'allocating')
    refused.input((turn, now) => turn.setCredentials(undefined, now))
    t.match(await refused.failure(), { code: 401 })
    t.equal(refused.turn.state, 'failed')

    const renewed = await open(t, coturn, way, { credentials: wrong })
    await renewed.event('credentials')
    renewed.input((turn, now) => turn.setCredentials({ username, password }, now))
    await renewed.event('allocated')
  })
}

test('another user name is taken over another flow only', async (t, coturn) => {
  // coturn keeps the first user name that a flow has named, wrong or not, and refuses the next without proof of itself.
  const { username, password } = coturn
  const relay = await open(t, coturn, 'tcp', { credentials: { username: 'nobody', password } })
  await relay.event('credentials')
  relay.input((turn, now) => turn.setCredentials({ username, password }, now))
  t.match(await relay.failure(), { code: 437 })
  await (await open(t, coturn, 'tcp')).event('allocated')
})

test('without credentials the server’s challenge asks for them', async (t, coturn) => {
  const { username, password } = coturn
  const relay = await open(t, coturn, 'udp', { credentials: undefined })
  await relay.event('credentials')
  relay.input((turn, now) => turn.setCredentials({ username, password }, now))
  t.ok(await relay.event('allocated'))
})

test('an allocation of IPv6, over IPv4 and over IPv6', async (t, coturn) => {
  if (coturn.address6 === undefined) return t.comment('no IPv6 here')
  const peer = await openPeer(t, '::1')
  for (const ipv6 of [false, true]) {
    const relay = await open(t, coturn, 'udp', { families: [6], ipv6 })
    await relay.event('allocated')
    t.match(relay.turn.relayed, [{ address: '::1' }])
    await relay.exchange(`over IPv${ipv6 ? 6 : 4}`, peer)
    t.match(peer.received.at(-1), relay.turn.relayed[0]!)
  }
})

test('of both families asked for at once, IPv4 is given', async (t, coturn) => {
  // coturn knows ADDITIONAL-ADDRESS-FAMILY by the number of a draft (0x8032), not by that of RFC 8656 (0x8000).
  const relay = await open(t, coturn, 'udp', { families: [4, 6] })
  await relay.event('allocated')
  t.match(relay.turn.relayed, [{ address: '127.0.0.1' }])
  await relay.exchange('by IPv4', await openPeer(t))
})

// coturn tells this lifetime in its answer to Allocate only, and itself counts 600 seconds at least: of its own accord it
// forgets nobody within a spec. What is seen here is that we refresh in time, by what we were told.
testAlone(
  'stale nonces are answered, and an allocation is refreshed before its end',
  { staleNonce: 1, lifetime: 2 },
  async (t, coturn) => {
    const peer = await openPeer(t)
    for (const way of WAYS) {
      const relay = await open(t, coturn, way)
      await relay.event('allocated')
      const { counters } = relay.turn
      const [challenges, refreshed, end] = [counters.challenges, coturn.count(/ refreshed, /), host.now() + 2000]
      for (let i = 0; host.now() < end || counters.challenges === challenges; i++) {
        // A request that needs a nonce, and data that does not.
        relay.input((turn, now) => turn.permit(`127.0.1.${i & 0xff}`, now))
        await relay.exchange(`round ${i}`, peer)
        await new Promise(resolve => setTimeout(resolve, 25))
      }
      t.ok(coturn.count(/ refreshed, /) > refreshed)
      t.equal(relay.turn.state, 'allocated')
      t.same(relay.events, [])
      relay.close()
    }
  },
)

for (const way of WAYS) {
  testAlone(
    `over ${way}: a server that was restarted has forgotten us, which is told`,
    { lifetime: 2 },
    async (t, coturn) => {
      const peer = await openPeer(t)
      const relay = await open(t, coturn, way)
      await relay.event('allocated')
      await relay.exchange('before', peer)
      await coturn.restart()
      if (way === 'udp') {
        // The next refresh tells. To a request for a permission coturn says 400, as to anything that makes no sense.
        t.match(await relay.failure(), { code: 437 })
        t.equal(relay.turn.state, 'failed')
      } else {
        await relay.until(() => relay.closings.length > 0)
      }
      const again = await open(t, coturn, way)
      await again.event('allocated')
      await again.exchange('after', peer)
    },
  )
}

testAlone('a server that has gone is noticed', {}, async (t, coturn) => {
  await coturn.stop()
  await t.rejects(Relay.open(coturn, 'tcp'), { code: 'ECONNREFUSED' })
  await t.rejects(Relay.open(coturn, 'tls'), { code: 'ECONNREFUSED' })
})

const SECRET = 'a secret of the server and of whoever gives out its passwords'

testAlone(
  'a user name that has expired is refused, and another one wanted',
  { lines: ['use-auth-secret', `static-auth-secret=${SECRET}`] },
  async (t, coturn) => {
    const credentials = (expires: number) => {
      const username = `${expires}:alice`
      return { username, password: createHmac('sha1', SECRET).update(username).digest('base64') }
    }
    const now = Math.floor(Date.now() / 1000)
    const relay = await open(t, coturn, 'udp', { credentials: credentials(now - 60) })
    await relay.event('credentials')
    const renewed = await open(t, coturn, 'udp', { credentials: credentials(now + 600) })
    await renewed.event('allocated')
    await renewed.exchange('hello', await openPeer(t))
    t.match(renewed.turn.counters, { challenges: 1 })
  },
)

testAlone(
  'a peer that the server does not relay to is told',
  { lines: ['denied-peer-ip=127.0.0.2'] },
  async (t, coturn) => {
    const peer = await openPeer(t)
    const relay = await open(t, coturn, 'udp')
    await relay.event('allocated')
    relay.send('no', { address: '127.0.0.2', port: peer.port })
    t.match(await relay.event('peer-refused'), { address: '127.0.0.2', code: 403 })
    await relay.exchange('yes', peer)
  },
)

testAlone('a quota that is reached is told', { lines: ['user-quota=1'] }, async (t, coturn) => {
  const first = await open(t, coturn, 'udp')
  await first.event('allocated')
  const second = await open(t, coturn, 'udp')
  t.match(await second.failure(), { code: 486 })
})

test('a server that sends its clients on is followed by its word', async (t, coturn) => {
  const sending = await Coturn.start({ lines: [`alternate-server=${coturn.address}:${coturn.port}`] })
  t.teardown(() => sending.close())
  const relay = await open(t, sending, 'udp')
  t.match(await relay.failure(), { code: 300, alternate: { address: coturn.address, port: coturn.port } })
})
