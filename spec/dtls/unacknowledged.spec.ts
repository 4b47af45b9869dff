/** A peer of DTLS 1.3 that talks on but never acknowledges: the session stays, as long as its key may be used. */

import t from 'tap'
import { Sealer13 } from '../../lib/dtls/v13/record-protection.ts'
import { certificate, clear, connectedPair, Pair, type PairOptions, type Path } from './pair.ts'

const MINUTE = 60_000
const options = async (): Promise<PairOptions> => ({
  version: '1.3',
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

/** Lets nothing of the server's pass but data. */
const withoutAcks: Path = (bytes, from, index) =>
  from === 'server' && bytes.length < 150 ? [] : clear(bytes, from, index)

/** Ten more minutes, of which the server talks during the first so many milliseconds, every ten seconds. */
const pass = (pair: Pair, talking: number) => {
  const start = pair.now
  for (let at = 0; at < 10 * MINUTE; at += 10_000) {
    if (at < talking) pair.server.send('data '.repeat(40), pair.now)
    pair.run(() => false, 10_000)
    pair.now = Math.max(pair.now, start + at + 10_000)
  }
}

t.test('the last flight of a client goes out once a minute at most while the server talks', async t => {
  const pair = new Pair(await options())
  // No ACK of the server's comes.
  pair.path = (bytes, from, index) => (pair.connected ? withoutAcks : clear)(bytes, from, index)
  pair.start()
  pair.run(() => pair.connected)
  pass(pair, 10 * MINUTE)
  const { client } = pair
  t.equal(client.dtls.state, 'connected')
  t.equal(client.texts.length, 60)
  const { flightsRetransmitted } = client.dtls.counters
  pass(pair, 10 * MINUTE)
  const again = client.dtls.counters.flightsRetransmitted - flightsRetransmitted
  t.ok(again >= 9 && again <= 10, `${again} times in ten minutes`)
  t.ok(client.send('still here', pair.now))
  // An ACK ends it, however late.
  pair.path = clear
  pair.run(() => client.dtls.deadline === Number.POSITIVE_INFINITY, 2 * MINUTE)
  t.equal(client.dtls.deadline, Number.POSITIVE_INFINITY)
  t.same([client.dtls.state, pair.server.dtls.state], ['connected', 'connected'])
})

t.test('who has fallen silent too is gone', async t => {
  const pair = connectedPair(await options())
  pair.path = withoutAcks
  t.ok(pair.client.dtls.updateKeys(pair.now))
  pass(pair, 10 * MINUTE)
  t.equal(pair.client.dtls.state, 'connected')
  pass(pair, 0)
  t.match(pair.client.error, { code: 'timeout' })
  t.equal(pair.client.dtls.deadline, Number.POSITIVE_INFINITY)
})

t.test('a key that cannot be replaced protects no more records than it may', async t => {
  const pair = connectedPair({ ...(await options()), clientOptions: { cipherSuites: ['TLS_AES_128_GCM_SHA256'] } })
  const seal = Sealer13.prototype.seal
  t.teardown(() => {
    Sealer13.prototype.seal = seal
  })
  let skipped = false
  Sealer13.prototype.seal = function (this: Sealer13, ...rest) {
    if (!skipped) this.sequence = Math.floor(2 ** 24.5) - 3
    skipped = true
    return seal.apply(this, rest)
  }
  pair.path = (bytes, from, index) => (from === 'server' ? [] : clear(bytes, from, index))
  t.ok(pair.client.send('one', pair.now))
  t.equal(pair.client.dtls.counters.datagramsSent, pair.client.sent.length)
  t.ok(pair.client.send('three, behind the KeyUpdate', pair.now))
  t.notOk(pair.client.send('four', pair.now))
  pair.client.drain()
  t.match(pair.client.error, { code: 'sequence-exhausted' })
  t.equal(pair.client.dtls.deadline, Number.POSITIVE_INFINITY)
})
