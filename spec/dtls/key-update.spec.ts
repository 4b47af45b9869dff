/** Keys are replaced in either direction, when asked to and when they are worn (RFC 9147, 4.5.3 and 8). */

import t from 'tap'
import { DtlsError } from '../../lib/dtls/index.ts'
import { certificate, connectedPair, DELAY, Pair, type PairOptions } from './pair.ts'
import { forged } from './wire.ts'
import { spokenFor } from './wire-13.ts'

const ROLES = ['client', 'server'] as const
const options = async (more: Partial<PairOptions> = {}): Promise<PairOptions> => ({
  version: '1.3',
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
  ...more,
})

t.test('our key is replaced when the peer has acknowledged it, and the peer replaces its own when asked', async t => {
  for (const role of ROLES) {
    for (const requestPeer of [false, true]) {
      const pair = connectedPair(await options())
      const own = pair[role]
      const other = pair[role === 'client' ? 'server' : 'client']
      t.ok(own.dtls.updateKeys(pair.now, requestPeer))
      t.notOk(own.dtls.updateKeys(pair.now), 'one at a time')
      own.send('by the old key', pair.now)
      t.equal(own.sent.at(-1)![0]! & 3, 3)
      pair.run()
      own.send('by the new key', pair.now)
      other.send('back', pair.now)
      t.equal(own.sent.at(-1)![0]! & 3, 0)
      t.equal(other.sent.at(-1)![0]! & 3, requestPeer ? 0 : 3)
      pair.run()
      t.same(other.texts, ['by the old key', 'by the new key'])
      t.same(own.texts, ['back'])
      t.match(own.dtls.counters, { keyUpdatesSent: 1, keyUpdatesReceived: requestPeer ? 1 : 0 })
      for (const { dtls } of pair.ends) t.equal(dtls.deadline, Number.POSITIVE_INFINITY)
    }
  }
})

t.test('one side may go on replacing its key while the other does not', async t => {
  const pair = connectedPair(await options())
  for (let i = 0; i < 10; i++) {
    t.ok(pair.client.dtls.updateKeys(pair.now))
    pair.run()
    pair.client.send(`${i}`, pair.now)
    pair.server.send(`${i}`, pair.now)
    pair.run()
  }
  t.ok(pair.connected)
  t.equal(pair.server.texts.length, 10)
  t.equal(pair.client.texts.length, 10)
  t.equal(pair.client.dtls.counters.keyUpdatesSent, 10)
  t.equal(pair.server.dtls.counters.keyUpdatesSent, 0)
})

t.test('records that the new key overtakes are read', async t => {
  const pair = connectedPair(await options())
  pair.path = bytes => [{ bytes, delay: 500 }]
  pair.client.send('late', pair.now)
  pair.path = bytes => [{ bytes, delay: DELAY }]
  pair.client.dtls.updateKeys(pair.now)
  pair.run(() => pair.client.dtls.counters.keyUpdatesSent === 1)
  pair.client.send('new', pair.now)
  pair.run()
  t.same(pair.server.texts, ['new', 'late'])
})

t.test('a KeyUpdate whose ACK is lost is acknowledged again when it is repeated, and taken once', async t => {
  const pair = connectedPair(await options())
  let lost = 3
  pair.path = (bytes, from) => (from === 'server' && lost-- > 0 ? [] : [{ bytes, delay: DELAY }])
  pair.client.dtls.updateKeys(pair.now)
  pair.run()
  t.equal(pair.client.dtls.counters.keyUpdatesSent, 1)
  t.match(pair.server.dtls.counters, { keyUpdatesReceived: 1, acksSent: 5 })
  t.equal(pair.client.dtls.counters.flightsRetransmitted, 3)
})

t.test('there is nothing to replace before the connection, after it, or in DTLS 1.2', async t => {
  for (const version of ['1.2', '1.3'] as const) {
    const pair = connectedPair(await options({ version }))
    t.equal(pair.client.dtls.updateKeys(pair.now), version === '1.3')
    pair.client.dtls.close(pair.now)
    t.notOk(pair.client.dtls.updateKeys(pair.now))
  }
  const pair = new Pair(await options())
  t.notOk(pair.client.dtls.updateKeys(0))
  pair.start()
  pair.run(() => pair.client.dtls.state === 'connected')
  t.notOk(pair.client.dtls.updateKeys(pair.now), 'the last flight is not acknowledged yet')
  pair.run()
  t.ok(pair.client.dtls.updateKeys(pair.now))
})

t.test('a key that has protected enough records is replaced by itself', async t => {
  const pair = connectedPair(await options({ clientOptions: { keyLimits: { records: 20 } } }))
  for (let i = 0; i < 100; i++) {
    pair.client.send(`${i}`, pair.now)
    if (i % 5 === 4) pair.run()
  }
  pair.run()
  t.same(
    pair.server.texts,
    Array.from({ length: 100 }, (_, i) => `${i}`),
  )
  const { keyUpdatesSent } = pair.client.dtls.counters
  t.ok(keyUpdatesSent >= 4 && keyUpdatesSent <= 6, `${keyUpdatesSent}`)
  t.equal(pair.server.dtls.counters.keyUpdatesSent, 0)
  const old = connectedPair(await options({ version: '1.2', clientOptions: { keyLimits: { records: 5 } } }))
  for (let i = 0; i < 20; i++) t.ok(old.client.send(`${i}`, old.now))
  old.run()
  t.equal(old.server.texts.length, 20)
})

t.test('forgeries have the peer asked for another key, once a key, and end the connection at the limit', async t => {
  const { pair, record } = await spokenFor(await options({ serverOptions: { keyLimits: { forgeries: 10 } } }))
  const strike = (count: number) => {
    for (let i = 0; i < count; i++) {
      pair.inject(
        forged(record('client', 3 + pair.client.dtls.counters.keyUpdatesSent, 23, new Uint8Array(8))),
        'server',
      )
    }
    pair.run()
  }
  strike(4)
  t.equal(pair.server.dtls.counters.keyUpdatesSent, 0)
  strike(1)
  t.match(pair.server.dtls.counters, { keyUpdatesSent: 1, keyUpdatesReceived: 1 })
  strike(7)
  t.match(pair.server.dtls.counters, { keyUpdatesSent: 2, keyUpdatesReceived: 2, droppedForged: 12 })
  pair.client.send('still here', pair.now)
  pair.run()
  t.same(pair.server.texts, ['still here'])
  // The peer acknowledges the next KeyUpdate, and cannot get its own through.
  const keyUpdate = 35
  pair.path = (bytes, from) => (from === 'client' && bytes.length === keyUpdate ? [] : [{ bytes, delay: DELAY }])
  for (let i = 0; i < 8; i++) {
    pair.server.dtls.receive(forged(record('client', 5, 23, new Uint8Array(8))), pair.now)
    pair.run(() => false, 100)
  }
  t.equal(pair.server.dtls.counters.keyUpdatesSent, 3, 'asked once')
  // Now it hears nothing.
  pair.path = () => []
  for (let i = 0; i < 2; i++) {
    t.equal(pair.server.dtls.state, 'connected')
    pair.server.dtls.receive(forged(record('client', 5, 23, new Uint8Array(8))), pair.now)
  }
  pair.server.drain()
  t.equal(pair.server.dtls.state, 'failed')
  t.match(pair.server.error, { code: 'forgery-limit', sentAlert: 20 })
  t.ok(pair.server.error instanceof DtlsError)
})
