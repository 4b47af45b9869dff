/** Whatever arrives, at whatever stage: nothing throws, nothing grows without bound, nobody is let in by mistake. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import { Writer } from '../../lib/bytes/index.ts'
import type { DtlsOptions, DtlsRole } from '../../lib/dtls/index.ts'
import { OpenPair } from './liar.ts'
import { certificate, connectedPair, DELAY, Pair, type PairOptions } from './pair.ts'
import { buildRecord, parseRecords } from './wire.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

type Versions = NonNullable<DtlsOptions['versions']>
const VERSIONS: readonly Versions[] = [['1.2'], ['1.3']]

const options = async (versions: Versions): Promise<PairOptions> => {
  const both: Partial<DtlsOptions> = { versions, groups: ['x25519', 'secp256r1'] }
  return {
    client: await certificate('ec-p256', 'client'),
    server: await certificate('ec-p256', 'server'),
    clientOptions: both,
    serverOptions: both,
  }
}

/** A pair after `stage` datagrams of its handshake. */
const atStage = (pairOptions: PairOptions, stage: number): Pair => {
  const pair = new Pair(pairOptions)
  pair.start()
  pair.run(() => pair.client.sent.length + pair.server.sent.length > stage)
  return pair
}

const role = fc.constantFrom<DtlsRole>('client', 'server')
const stage = fc.integer({ min: 0, max: 4 })

/** What looks like a handshake message now and then. */
const messageLike = fc
  .tuple(
    fc.constantFrom(0, 1, 2, 3, 4, 8, 11, 12, 13, 14, 15, 16, 20, 24, 99, 254),
    fc.integer({ min: 0, max: 8 }),
    fc.uint8Array({ maxLength: 200 }),
  )
  .map(([type, sequence, body]) =>
    Uint8Array.from([type, 0, 0, body.length, 0, sequence, 0, 0, 0, 0, 0, body.length, ...body]),
  )

/** Bytes that look like records now and then: of DTLSPlaintext, or with a unified header. */
const recordLike = fc.oneof(
  fc
    .record({
      type: fc.constantFrom(20, 21, 22, 22, 22, 23, 24, 26),
      version: fc.constantFrom(0xfefd, 0xfeff, 0xfefc, 0x0303),
      epoch: fc.constantFrom(0, 0, 0, 1, 2),
      sequence: fc.integer({ min: 0, max: 2 ** 32 }),
      fragment: fc.oneof(fc.uint8Array({ maxLength: 100 }), messageLike),
    })
    .map(buildRecord),
  fc
    .tuple(fc.integer({ min: 0x20, max: 0x3f }), fc.uint8Array({ maxLength: 100 }))
    .map(([first, rest]) => Uint8Array.of(first, 0, 0, 0, rest.length, ...rest)),
)
const datagram = fc.oneof(recordLike, fc.uint8Array({ maxLength: 300 }))

for (const versions of VERSIONS) {
  const name = `DTLS ${versions[0]}`

  t.test(`${name}: random bytes and random records do no harm`, async t => {
    const pairOptions = await options(versions)
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(stage, role, fc.array(datagram, { maxLength: 8 }), (n, to, datagrams) => {
          const pair = atStage(pairOptions, n)
          const { dtls } = pair[to]
          const before = dtls.state
          for (const each of datagrams) dtls.receive(each, pair.now)
          pair[to].drain()
          dtls.advance(pair.now)
          return dtls.state === before || (before !== 'connected' && dtls.state !== 'connected')
        }),
        { numRuns: 80 },
      ),
    )
  })

  t.test(`${name}: a connection survives all that`, async t => {
    const pair = connectedPair(await options(versions))
    let count = 0
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(role, datagram, (to, each) => {
          pair[to].dtls.receive(each, pair.now)
          pair.client.send(`${count}`, pair.now)
          pair.run()
          return pair.connected && pair.server.texts.at(-1) === `${count++}`
        }),
        { numRuns: 200 },
      ),
    )
  })

  t.test(`${name}: cut datagrams do no harm`, async t => {
    const pairOptions = await options(versions)
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
        { numRuns: 40 },
      ),
    )
  })

  t.test(`${name}: changed records of a connection are dropped`, async t => {
    const pair = connectedPair(await options(versions))
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

  t.test(`${name}: a server that is flooded with hellos answers the first`, async t => {
    const pairOptions = await options(versions)
    const hellos = Array.from({ length: 50 }, () => {
      const pair = new Pair(pairOptions)
      pair.client.dtls.start(0)
      return pair.client.sent[0]!
    })
    const pair = new Pair(pairOptions)
    pair.server.dtls.start(0)
    for (const hello of hellos) pair.server.dtls.receive(hello.slice(), 0)
    t.equal(pair.server.sent[0]![13], 2)
    t.equal(pair.server.sent.length, 1)
    if (versions[0] === '1.2') t.equal(parseRecords(pair.server.sent[0]!)[0]?.fragment[0], 2)
  })

  t.test(`${name}: what a flood leaves behind is bounded, and so is what it is answered by`, async t => {
    const pairOptions = await options(versions)
    const flood = floodOf(2500)
    for (const to of ['client', 'server'] as const) {
      for (const n of [0, 1, 9]) {
        const pair = atStage(pairOptions, n)
        const end = pair[to]
        const before = await occupied()
        const sent = end.sent.length
        for (const each of flood) end.dtls.receive(each.slice(), pair.now)
        t.ok(end.sent.length - sent <= 4, `${end.sent.length - sent} datagrams of the ${to} at stage ${n}`)
        end.sent.length = 0
        const grown = (await occupied()) - before
        // Ten messages of 32 KiB under way, and early records of another 32 KiB: a tenth of the flood.
        t.ok(grown < 1_000_000, `${grown} bytes in the ${to} at stage ${n}`)
        t.ok(end.dtls.counters.datagramsReceived >= flood.length)
      }
    }
  })
}

t.test('DTLS 1.3: an authentic peer that says what it likes ends its own connection at most', async t => {
  const pairOptions = await options(['1.3'])
  const content = fc.oneof(
    fc.tuple(fc.constant(22), messageLike),
    fc.tuple(fc.constant(26), fc.uint8Array({ maxLength: 60 })),
    // A list of record numbers with a right length.
    fc.tuple(
      fc.constant(26),
      fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 9 })), { maxLength: 9 }).map(list => {
        const writer = new Writer().u16(16 * list.length)
        for (const [epoch, sequence] of list) writer.u32(0).u32(epoch).u32(0).u32(sequence)
        return writer.finish()
      }),
    ),
    fc.tuple(fc.constantFrom(20, 21, 22, 24, 25, 26, 255), fc.uint8Array({ maxLength: 60 })),
  )
  let ended = 0
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(role, fc.array(content, { minLength: 1, maxLength: 6 }), (liar, said) => {
        const pair = new OpenPair(pairOptions)
        pair.start()
        pair.run(() => pair.connected)
        const victim = pair[liar === 'client' ? 'server' : 'client']
        const sent = victim.sent.length
        for (const [i, [type, bytes]] of said.entries()) {
          victim.dtls.receive(pair.sealAs(liar, type, bytes, 100 + i), pair.now)
        }
        victim.drain()
        if (victim.dtls.state !== 'connected') ended++
        return victim.sent.length - sent <= 2 * said.length && victim.dtls.state !== 'connecting'
      }),
      { numRuns: 80 },
    ),
  )
  t.ok(ended > 0)
})

/** Bytes in use, once what is not has been swept up, which happens beside the program. */
const occupied = async (): Promise<number> => {
  for (let i = 0; i < 2; i++) {
    collectGarbage()
    await new Promise(resolve => setImmediate(resolve))
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Datagrams of some 1300 bytes that ask for memory: pieces of long messages, records ahead of their keys, long ACKs. */
const floodOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => {
    const piece = new Uint8Array(1200).fill(i)
    const length = 32768 - (i % 7)
    const offset = (i * 1200) % 30000
    const message = new Writer()
      .u8(11 + (i % 3))
      .u24(length)
      .u16(i % 23)
      .u24(offset)
      .vector24(piece)
      .finish()
    const record = (type: number, epoch: number, fragment: Uint8Array) =>
      buildRecord({ type, version: 0xfefd, epoch, sequence: i, fragment })
    switch (i % 5) {
      case 0:
      case 1:
        return record(22, 0, message)
      case 2:
        return record(23, 1 + (i % 2), piece)
      case 3:
        return Uint8Array.of(0x2c | (i & 3), i >>> 8, i, piece.length >>> 8, piece.length, ...piece)
      default:
        return record(26, 0, new Writer().vector16(piece).finish())
    }
  })
