/** Records of several epochs, of both versions, early and late: what is read, kept, and refused (RFC 9147, 4.2 and 6.1). */

import t from 'tap'
import { concatBytes } from '../../lib/bytes/index.ts'
import { EARLY_RECORDS } from '../../lib/dtls/early-records.ts'
import { createCounters } from '../../lib/dtls/options.ts'
import { RecordLayer } from '../../lib/dtls/record-layer.ts'
import { CIPHER_SUITES_13, type CipherSuite13 } from '../../lib/dtls/v13/cipher-suite.ts'
import { Opener13 } from '../../lib/dtls/v13/record-protection.ts'
import { nodeCrypto } from '../providers.ts'
import { certificate, DELAY, Pair } from './pair.ts'
import { buildRecord, forged, plainRecord } from './wire.ts'
import { keysOf, spokenFor, unifiedRecord } from './wire-13.ts'

const [suite] = CIPHER_SUITES_13 as readonly [CipherSuite13]
const bytesOf = (content: string): Uint8Array => Uint8Array.from(content, c => c.charCodeAt(0))
const options = async () => ({
  version: '1.3' as const,
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

const opener = (epoch: number): Opener13 => new Opener13(nodeCrypto, suite, keysOf(suite, epoch), epoch)
const record = (epoch: number, sequence: number, content: string, type = 23, length = true): Uint8Array =>
  unifiedRecord({ suite, keys: keysOf(suite, epoch), epoch, sequence, type, content: bytesOf(content), length })

/** A record layer, and what it has handed on: type, epoch and content. */
const layer = (forgeryLimit?: number) => {
  const counters = createCounters()
  const contents: string[] = []
  const forgeries: boolean[] = []
  let early = 0
  const records = new RecordLayer(
    counters,
    {
      content: (type, epoch, _sequence, bytes, start, end) =>
        contents.push(`${type} ${epoch} ${String.fromCharCode(...bytes.subarray(start, end))}`),
      early: () => void early++,
      forgeries: limit => forgeries.push(limit),
    },
    forgeryLimit,
  )
  const take = (bytes: Uint8Array, now = 0): string[] => {
    records.receive(bytes.slice(), now)
    return contents.splice(0)
  }
  return { records, counters, take, forgeries, early: () => early }
}

t.test('two bits of the epoch are enough to find its keys, the newest first', t => {
  const { records, counters, take } = layer()
  records.wantData()
  for (let epoch = 2; epoch <= 9; epoch++) {
    records.openWith(opener(epoch))
    t.same(take(record(epoch, 0, 'now')), [`23 ${epoch} now`])
    for (let old = Math.max(2, epoch - 3); old < epoch; old++) {
      t.same(take(record(old, epoch, 'late')), [`23 ${old} late`], `${old} in ${epoch}`)
    }
    if (epoch >= 6) t.same(take(record(epoch - 4, 99, 'too late')), [])
  }
  t.equal(counters.droppedForged, 4)
  t.end()
})

t.test('records ahead of their keys are kept, in both forms, and read in their order', t => {
  const { records, counters, take, early } = layer()
  t.same(take(concatBytes(record(2, 0, 'a', 22), record(3, 0, 'data'), record(2, 1, 'b', 22, false))), [])
  const old = buildRecord({ type: 23, version: 0xfefd, epoch: 1, sequence: 0, fragment: new Uint8Array(40) })
  t.same(take(old), [])
  t.equal(early(), 4)
  records.openWith(opener(2))
  t.ok(records.due)
  records.takeEarly()
  t.same(take(record(2, 2, 'c', 22)), ['22 2 a', '22 2 b', '22 2 c'])
  t.equal(counters.droppedEpoch, 1, 'there is no epoch 1 in DTLS 1.3')
  records.openWith(opener(3))
  records.takeEarly()
  t.same(take(record(2, 3, '', 22)), ['22 2 '], 'data waits for who takes it')
  records.wantData()
  t.ok(records.due)
  t.same(take(record(3, 1, 'more')), ['23 3 data', '23 3 more'])
  t.notOk(records.due)
  t.equal(counters.droppedEarly, 0)
  t.end()
})

t.test('what is kept is bounded', t => {
  const { records, counters, take } = layer()
  for (let i = 0; i < 40; i++) take(record(3, i, `${i}`))
  t.equal(counters.droppedEarly, 40 - EARLY_RECORDS)
  records.openWith(opener(2))
  records.openWith(opener(3))
  for (let i = 40; i < 80; i++) take(record(3, i, `${i}`))
  t.equal(counters.droppedEarly, 80 - EARLY_RECORDS, 'those that were sealed are open now, and fill the room')
  records.wantData()
  t.equal(take(record(3, 99, 'now')).length, EARLY_RECORDS + 1)
  t.end()
})

t.test('a forged record takes no room from data that waits', t => {
  const { records, counters, take } = layer()
  records.openWith(opener(3))
  for (let i = 0; i < 40; i++) take(forged(record(3, i, 'forged')))
  take(record(3, 50, 'genuine'))
  t.match(counters, { droppedForged: 40, droppedEarly: 0 })
  records.wantData()
  records.takeEarly()
  t.same(take(record(3, 51, 'x')), ['23 3 genuine', '23 3 x'])
  t.end()
})

t.test('epochs that neither are nor can come next are refused', t => {
  const { records, counters, take, early } = layer()
  take(record(4, 0, 'no'))
  take(record(5, 0, 'no'))
  t.equal(counters.droppedEpoch, 2)
  records.openWith(opener(2))
  records.openWith(opener(3))
  take(record(4, 0, 'no'))
  records.refusePlaintext()
  take(record(4, 0, 'no'))
  t.equal(counters.droppedEpoch, 4)
  t.equal(early(), 0)
  t.same(take(plainRecord(22, bytesOf('hello'))), [])
  t.equal(counters.droppedEpoch, 5)
  t.end()
})

t.test('the version in a header means nothing once DTLS 1.3 is agreed on', t => {
  const { records, counters, take } = layer()
  const odd = buildRecord({ type: 22, version: 0x1234, epoch: 0, sequence: 0, fragment: bytesOf('x') })
  t.same(take(odd), [])
  t.equal(counters.droppedMalformed, 1)
  records.openWith(opener(2))
  t.same(take(odd), ['22 0 x'])
  t.end()
})

t.test('headers that cannot be read end the datagram', t => {
  const { records, counters, take } = layer()
  records.openWith(opener(3))
  records.wantData()
  const good = record(3, 0, 'good')
  const withId = good.slice()
  withId[0]! |= 0x10
  t.same(take(concatBytes(record(3, 1, 'first'), withId, good)), ['23 3 first'])
  t.same(take(concatBytes(good, record(3, 2, 'cut').subarray(0, 20))), ['23 3 good'])
  t.equal(counters.droppedMalformed, 2)
  t.end()
})

t.test('an earlier epoch ends some time after the peer has used the next', t => {
  const { records, take } = layer()
  records.wantData()
  records.refusePlaintext()
  for (const epoch of [2, 3, 4]) records.openWith(opener(epoch))
  t.same(take(record(3, 0, 'a'), 1e9), ['23 3 a'], 'for as long as there is nothing of the next')
  take(record(4, 0, ''), 1e9)
  t.same(take(record(3, 1, 'b'), 1e9 + 119_999), ['23 3 b'])
  t.same(take(record(3, 2, 'c'), 1e9 + 120_000), [])
  t.same(take(record(2, 1, 'd', 22), 1e9 + 239_999), ['22 2 d'], 'the last flight of the handshake may be repeated')
  t.same(take(record(2, 2, 'e', 22), 1e9 + 240_000), [])
  t.same(take(record(4, 1, 'f'), 1e12), ['23 4 f'])
  t.end()
})

t.test('forgeries are counted for each key', t => {
  const { records, counters, take, forgeries } = layer(10)
  records.wantData()
  records.openWith(opener(2))
  records.openWith(opener(3))
  for (let i = 0; i < 9; i++) take(forged(record(2, i, 'x')))
  t.equal(forgeries.length, 0, 'nothing is asked for in place of an earlier key')
  take(forged(record(2, 9, 'x')))
  t.same(take(record(2, 10, 'y')), [], 'an earlier key is given up')
  for (let i = 0; i < 10; i++) take(forged(record(3, i, 'x')))
  t.same(forgeries, [false, false, false, false, false, true])
  t.equal(counters.droppedForged, 20)
  t.end()
})

t.test('a datagram of forgeries is not looked at to its end', t => {
  const { records, counters, take } = layer()
  records.wantData()
  records.openWith(opener(3))
  const bad = forged(record(3, 0, 'x'))
  t.same(take(concatBytes(bad, bad, bad, record(3, 1, 'y'))), ['23 3 y'])
  t.same(take(concatBytes(bad, bad, bad, bad, record(3, 2, 'y'))), [])
  t.equal(counters.droppedForged, 7)
  t.same(take(record(3, 2, 'z')), ['23 3 z'])
  t.end()
})

t.test('after DTLS 1.2 is agreed on there are no unified headers', async t => {
  const pair = new Pair({ ...(await options()), version: '1.2' })
  pair.start()
  pair.inject(record(2, 0, 'early', 22), 'client', 0)
  pair.run(() => pair.connected)
  t.equal(pair.client.dtls.counters.droppedMalformed, 1)
  pair.inject(record(2, 1, 'late', 22), 'client')
  pair.run()
  t.equal(pair.client.dtls.counters.droppedMalformed, 2)
  t.ok(pair.connected)
})

t.test('what is sent in the clear once keys are there changes nothing', async t => {
  const pair = new Pair(await options())
  // The next message of each flight, as a stranger would have it, before and behind each datagram.
  const spoofs = [1, 2, 3, 4].map(sequence =>
    plainRecord(22, Uint8Array.of(8, 0, 0, 2, 0, sequence, 0, 0, 0, 0, 0, 2, 0, 0), 90 + sequence),
  )
  let strike = false
  pair.path = bytes => {
    const own = { bytes, delay: DELAY }
    if (!strike) return [own]
    return [...spoofs.map(each => ({ bytes: each, delay: DELAY - 1 })), own]
  }
  pair.start()
  // The server has keys now; the client has them once the ServerHello is there.
  pair.run(() => pair.server.sent.length > 0)
  strike = true
  pair.run(() => pair.connected)
  t.ok(pair.connected)
  t.equal(pair.server.dtls.counters.flightsRetransmitted, 0)
})

t.test(
  'data in the epoch of the handshake, records without content or type, and unknown types end the connection',
  async t => {
    for (const [epoch, type, content] of [
      [2, 23, 'data'],
      [3, 0, ''],
      [3, 22, ''],
      [3, 21, ''],
      [3, 20, '\x01'],
      [3, 24, 'heartbeat'],
      [3, 99, 'x'],
    ] as const) {
      const { pair, inject } = await spokenFor(await options())
      inject('client', epoch, type, bytesOf(content))
      t.match(pair.server.error, { code: 'protocol-violation', sentAlert: 10 }, `${type} in epoch ${epoch}`)
      t.match(pair.client.error, { code: 'alert-received', receivedAlert: 10 })
    }
  },
)

t.test('several records of data and one without a length come in one datagram', async t => {
  const { pair, record: made } = await spokenFor(await options())
  const datagram = concatBytes(...['a', 'b', 'c'].map(content => made('client', 3, 23, bytesOf(content))))
  pair.inject(datagram, 'server')
  pair.run()
  t.same(pair.server.texts, ['a', 'b', 'c'])
  t.equal(pair.server.dtls.recordOverhead, 22)
})
