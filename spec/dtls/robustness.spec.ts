/** Whatever arrives, at whatever stage: nothing throws, nothing grows without bound, nobody is let in by mistake. */

import fc from 'fast-check'
import t from 'tap'
import type { DtlsRole } from '../../lib/dtls/index.ts'
import { certificate, connectedPair, DELAY, Pair, type PairOptions } from './pair.ts'
import { buildRecord, parseRecords } from './wire.ts'

const options = async (): Promise<PairOptions> => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

/** A pair after `stage` datagrams of its handshake. */
const atStage = (pairOptions: PairOptions, stage: number): Pair => {
  const pair = new Pair(pairOptions)
  pair.start()
  pair.run(() => pair.client.sent.length + pair.server.sent.length > stage)
  return pair
}

const role = fc.constantFrom<DtlsRole>('client', 'server')
const stage = fc.integer({ min: 0, max: 4 })

/** Bytes that look like records now and then. */
const recordLike = fc
  .record({
    type: fc.constantFrom(20, 21, 22, 22, 22, 23, 24),
    version: fc.constantFrom(0xfefd, 0xfeff, 0xfefc, 0x0303),
    epoch: fc.constantFrom(0, 0, 0, 1, 2),
    sequence: fc.integer({ min: 0, max: 2 ** 32 }),
    fragment: fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc
        .tuple(
          fc.constantFrom(0, 1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 20, 99),
          fc.integer({ min: 0, max: 8 }),
          fc.uint8Array({ maxLength: 200 }),
        )
        .map(([type, sequence, body]) =>
          Uint8Array.from([type, 0, 0, body.length, 0, sequence, 0, 0, 0, 0, 0, body.length, ...body]),
        ),
    ),
  })
  .map(buildRecord)

t.test('random bytes and random records do no harm', async t => {
  const pairOptions = await options()
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        stage,
        role,
        fc.array(fc.oneof(recordLike, fc.uint8Array({ maxLength: 300 })), { maxLength: 8 }),
        (n, to, datagrams) => {
          const pair = atStage(pairOptions, n)
          const { dtls } = pair[to]
          const before = dtls.state
          for (const datagram of datagrams) dtls.receive(datagram, pair.now)
          pair[to].drain()
          dtls.advance(pair.now)
          return dtls.state === before || (before !== 'connected' && dtls.state !== 'connected')
        },
      ),
      { numRuns: 200 },
    ),
  )
})

t.test('a connection survives all that', async t => {
  const pair = connectedPair(await options())
  let count = 0
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(role, fc.oneof(recordLike, fc.uint8Array({ maxLength: 300 })), (to, datagram) => {
        pair[to].dtls.receive(datagram, pair.now)
        pair.client.send(`${count}`, pair.now)
        pair.run()
        return pair.connected && pair.server.texts.at(-1) === `${count++}`
      }),
      { numRuns: 300 },
    ),
  )
})

t.test('a handshake with changed bits completes as it was meant, or not at all', async t => {
  const pairOptions = await options()
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(
        role,
        fc.integer({ min: 0, max: 1 }),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (from, index, flips, again) => {
          const pair = new Pair({
            ...pairOptions,
            path: (bytes, sender, i) => {
              if (sender !== from || (again ? i < index : i !== index)) return [{ bytes, delay: DELAY }]
              const copy = bytes.slice()
              for (const [at, mask] of flips) copy[at % copy.length]! ^= mask
              return [{ bytes: copy, delay: DELAY }]
            },
          })
          pair.start()
          pair.run(() => pair.connected)
          for (const end of pair.ends) {
            if (end.dtls.state === 'connected' && end.dtls.version !== 0xfefd) return false
          }
          if (!pair.connected) return true
          // Both are connected: then on the same keys, with the right peers.
          const [a, b] = pair.ends.map(end => end.dtls.exportKeyingMaterial('check', 16).join())
          return (
            a === b &&
            pair.client.dtls.remoteCertificate?.join() === pairOptions.server.der.join() &&
            pair.server.dtls.remoteCertificate?.join() === pairOptions.client.der.join()
          )
        },
      ),
      { numRuns: 250 },
    ),
  )
})

t.test('cut datagrams do no harm', async t => {
  const pairOptions = await options()
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(role, fc.integer({ min: 0, max: 1 }), fc.nat(), (from, index, cut) => {
        const pair = new Pair({
          ...pairOptions,
          path: (bytes, sender, i) => [
            { bytes: sender === from && i === index ? bytes.slice(0, cut % bytes.length) : bytes, delay: DELAY },
          ],
        })
        pair.start()
        pair.run(() => pair.connected)
        return pair.connected
      }),
      { numRuns: 100 },
    ),
  )
})

t.test('changed records of a connection are dropped', async t => {
  const pair = connectedPair(await options())
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const before = pair.server.received.length
        pair.path = bytes => {
          const copy = bytes.slice()
          copy[at % copy.length]! ^= mask
          return [{ bytes: copy, delay: DELAY }]
        }
        pair.client.send('0123456789', pair.now)
        pair.run()
        return pair.connected && pair.server.received.length === before
      }),
      { numRuns: 200 },
    ),
  )
})

t.test('a server that is flooded with hellos answers the first and holds little', async t => {
  const pairOptions = await options()
  const hellos = Array.from({ length: 50 }, () => {
    const pair = new Pair(pairOptions)
    pair.client.dtls.start(0)
    return pair.client.sent[0]!
  })
  const pair = new Pair(pairOptions)
  pair.server.dtls.start(0)
  for (const hello of hellos) pair.server.dtls.receive(hello.slice(), 0)
  t.equal(parseRecords(pair.server.sent[0]!)[0]?.fragment[0], 2)
  t.equal(pair.server.sent.length, 1)
})
