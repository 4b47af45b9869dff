/** Messages are split to the MTU and put together from fragments in any order, within bounds. */

import t from 'tap'
import { concatBytes } from '../../lib/bytes/index.ts'
import { DtlsConnection } from '../../lib/dtls/index.ts'
import { MAX_MESSAGE, MESSAGES_AHEAD, Reassembly } from '../../lib/dtls/reassembly.ts'
import { seededRandom } from '../../lib/sim/index.ts'
import { nodeCrypto } from '../providers.ts'
import { certificate, connectedPair, DELAY, Pair, type Path } from './pair.ts'
import { buildMessage, buildRecord, parseRecords, plainRecord } from './wire.ts'

const body = Uint8Array.from({ length: 100 }, (_, i) => i)

/** Puts `body[from, to)` in as a fragment of message `sequence`. */
const put = (reassembly: Reassembly, sequence: number, from: number, to: number, epoch = 0) =>
  reassembly.put(epoch, 11, body.length, sequence, from, body, from, to, true)

t.test('fragments in any order, overlapping and repeated, make the message', t => {
  const orders = [
    [0, 30, 30, 60, 60, 100],
    [60, 100, 30, 60, 0, 30],
    [50, 100, 0, 60],
    [0, 100, 0, 100],
    [10, 20, 0, 90, 5, 95, 80, 100],
    [40, 41, 0, 0, 0, 40, 41, 100],
  ]
  for (const order of orders) {
    const reassembly = new Reassembly()
    for (let i = 0; i < order.length; i += 2) put(reassembly, 0, order[i]!, order[i + 1]!)
    const message = reassembly.next()
    t.strictSame(message?.body, body, order.join())
    t.strictSame(message?.raw, buildMessage(11, 0, body))
    t.equal(reassembly.next(), undefined)
  }
  t.end()
})

t.test('messages come out in sequence, and only when whole', t => {
  const reassembly = new Reassembly()
  put(reassembly, 1, 0, 100)
  put(reassembly, 0, 0, 99)
  t.equal(reassembly.next(), undefined)
  put(reassembly, 0, 99, 100)
  t.equal(reassembly.next()?.sequence, 0)
  t.equal(reassembly.next()?.sequence, 1)
  t.equal(put(reassembly, 0, 0, 100), 'known')
  t.end()
})

t.test('a fragment that contradicts the ones before it begins its message anew', t => {
  for (const [type, length] of [
    [12, 100],
    [11, 101],
  ] as const) {
    const reassembly = new Reassembly()
    t.equal(reassembly.put(0, type, length, 0, 0, body, 0, 60, true), 'taken')
    t.equal(put(reassembly, 0, 50, 100), 'taken')
    t.equal(reassembly.next(), undefined, 'nothing is left of what it contradicts')
    t.equal(put(reassembly, 0, 0, 50), 'taken')
    t.strictSame(reassembly.next()?.raw, buildMessage(11, 0, body))
  }
  const reassembly = new Reassembly()
  for (const length of [7, MAX_MESSAGE, 1, 200, 99, MAX_MESSAGE, 101]) {
    const other = new Uint8Array(length).fill(0xee)
    t.equal(reassembly.put(0, 11, length, 0, 0, other, Math.min(1, length - 1), length, true), 'taken')
  }
  t.equal(put(reassembly, 0, 1, 100), 'taken')
  t.equal(reassembly.next(), undefined, 'nor of any before, however long')
  t.equal(put(reassembly, 0, 0, 1), 'taken')
  t.strictSame(reassembly.next()?.raw, buildMessage(11, 0, body))
  t.end()
})

t.test('an empty fragment of a message that is not empty is dropped', t => {
  const reassembly = new Reassembly()
  t.equal(put(reassembly, 0, 0, 60), 'taken')
  t.equal(reassembly.put(0, 11, 1, 0, 0, body, 0, 0, true), 'dropped')
  t.equal(reassembly.put(0, 11, 1, 0, 1, body, 0, 0, true), 'dropped')
  t.equal(put(reassembly, 0, 60, 100), 'taken')
  t.strictSame(reassembly.next()?.body, body)
  t.equal(reassembly.put(0, 14, 0, 1, 0, body, 0, 0, true), 'taken')
  t.equal(reassembly.next()?.body.length, 0)
  t.end()
})

t.test('what came without protection gives way to what is protected, and not the reverse', t => {
  const reassembly = new Reassembly()
  put(reassembly, 0, 0, 50, 0)
  put(reassembly, 0, 50, 100, 1)
  t.equal(put(reassembly, 0, 0, 50, 0), 'dropped')
  t.equal(reassembly.next(), undefined)
  put(reassembly, 0, 0, 50, 1)
  t.equal(reassembly.next()?.epoch, 1)
  t.end()
})

t.test('what can be held is bounded', t => {
  const reassembly = new Reassembly()
  t.equal(put(reassembly, MESSAGES_AHEAD - 1, 0, 1), 'taken')
  t.equal(put(reassembly, MESSAGES_AHEAD, 0, 1), 'dropped')
  t.equal(put(reassembly, 65535, 0, 1), 'dropped')
  t.equal(reassembly.put(0, 11, MAX_MESSAGE, 1, 0, body, 0, 1, true), 'taken')
  t.equal(reassembly.put(0, 11, MAX_MESSAGE + 1, 2, 0, body, 0, 1, true), 'dropped')
  t.end()
})

t.test('only the last message of a whole flight, to its last byte, is a repetition', t => {
  const reassembly = new Reassembly()
  put(reassembly, 0, 0, 100)
  put(reassembly, 1, 0, 100)
  reassembly.next()
  t.equal(put(reassembly, 0, 0, 100), 'known', 'in the middle of a flight')
  reassembly.next()
  reassembly.endFlight()
  t.equal(put(reassembly, 0, 0, 100), 'dropped')
  t.equal(put(reassembly, 1, 0, 50), 'dropped')
  t.equal(put(reassembly, 1, 50, 100), 'repeat')
  t.equal(put(reassembly, 1, 50, 100, 1), 'dropped', 'in another epoch than it first came in')
  reassembly.endFlight()
  t.equal(put(reassembly, 1, 50, 100), 'repeat', 'what follows on its own ends no flight')
  t.end()
})

t.test('every part of a flight that was acknowledged is a repetition', t => {
  const reassembly = new Reassembly()
  for (const sequence of [0, 1, 2]) put(reassembly, sequence, 0, 100, 2)
  reassembly.next()
  reassembly.endFlight()
  reassembly.next()
  reassembly.next()
  reassembly.acknowledgeFlight()
  t.equal(put(reassembly, 0, 0, 100, 2), 'repeat')
  t.equal(put(reassembly, 1, 0, 10, 2), 'acknowledged')
  t.equal(put(reassembly, 2, 20, 30, 2), 'acknowledged')
  t.equal(put(reassembly, 3, 0, 100, 3), 'taken')
  reassembly.next()
  t.equal(put(reassembly, 3, 0, 100, 3), 'known')
  reassembly.acknowledgeFlight()
  t.equal(put(reassembly, 3, 0, 100, 3), 'acknowledged')
  t.equal(put(reassembly, 1, 0, 100, 2), 'acknowledged', 'still')
  t.end()
})

t.test('no datagram of a handshake is longer than the MTU', async t => {
  for (const key of ['ec-p256', 'rsa'] as const) {
    for (const mtu of [128, 129, 200, 300, 576, 1200]) {
      const pair = connectedPair({
        client: await certificate(key, 'client'),
        server: await certificate(key, 'server'),
        clientOptions: { mtu },
        serverOptions: { mtu },
      })
      const lengths = pair.ends.flatMap(end => end.sent.map(datagram => datagram.length))
      t.ok(Math.max(...lengths) <= mtu, `${key}, ${mtu}`)
      t.ok(lengths.reduce((a, b) => a + b) / lengths.length > mtu / 4, 'and they are filled')
    }
  }
})

t.test('an MTU that nothing fits in is refused', async t => {
  const own = await certificate('ec-p256')
  for (const mtu of [127, 0, -1, 1200.5, Number.POSITIVE_INFINITY, Number.NaN]) {
    t.throws(
      () =>
        new DtlsConnection({
          crypto: nodeCrypto,
          role: 'client',
          certificate: own,
          fingerprints: [],
          transmit: () => {},
          deliver: () => {},
          mtu,
        }),
      RangeError,
    )
  }
})

t.test('several messages in one record are taken one by one', async t => {
  const pair = new Pair({
    client: await certificate('ec-p256', 'client'),
    server: await certificate('ec-p256', 'server'),
    path: (datagram, from) => {
      const records = parseRecords(datagram)
      const plain = records.filter(record => record.type === 22 && record.epoch === 0)
      const rest = records.filter(record => !plain.includes(record))
      const joined = { ...plain[0]!, fragment: concatBytes(...plain.map(record => record.fragment)) }
      const bytes = concatBytes(...(plain.length > 0 ? [buildRecord(joined)] : []), ...rest.map(buildRecord))
      return [{ bytes, delay: from === 'client' ? DELAY : DELAY + 1 }]
    },
  })
  pair.start()
  pair.run(() => pair.connected)
  t.ok(pair.connected)
  t.equal(pair.client.dtls.counters.flightsRetransmitted, 0)
})

t.test('fragments of one byte each, jumbled, make a handshake', async t => {
  const random = seededRandom(7)
  const pair = new Pair({
    client: await certificate('ec-p256', 'client'),
    server: await certificate('ec-p256', 'server'),
    path: datagram =>
      parseRecords(datagram).flatMap(record => {
        const { fragment } = record
        const whole = { bytes: buildRecord(record), delay: DELAY }
        if (record.type !== 22 || record.epoch !== 0) return [whole]
        const type = fragment[0]!
        const sequence = (fragment[4]! << 8) | fragment[5]!
        const content = fragment.subarray(12)
        if (content.length === 0) return [whole]
        return [...content].map((_, i) => ({
          bytes: buildRecord({ ...record, fragment: buildMessage(type, sequence, content, i, i + 1) }),
          delay: DELAY + random.fill(new Uint8Array(1))[0]!,
        }))
      }),
  })
  pair.start()
  pair.run(() => pair.connected)
  t.ok(pair.connected)
})

/** What anybody who can reach the path could send: the beginning of a Certificate of another length. */
const spoofs = [
  buildMessage(11, 1, new Uint8Array(1), 0, 0),
  buildMessage(11, 1, new Uint8Array(5), 0, 1),
  buildMessage(12, 1, new Uint8Array(5), 0, 1),
  buildMessage(11, 1, new Uint8Array(MAX_MESSAGE), 0, 1),
].map((fragment, i) => plainRecord(22, fragment, 99 + i))

t.test('spoofed fragments before each flight do not keep the handshake from completing', async t => {
  for (const spoof of spoofs) {
    const pair = new Pair({
      client: await certificate('ec-p256', 'client'),
      server: await certificate('ec-p256', 'server'),
      path: bytes => [
        { bytes: spoof, delay: DELAY },
        { bytes, delay: DELAY },
      ],
    })
    pair.start()
    for (const role of ['client', 'server'] as const) pair.inject(spoof, role, 0)
    pair.run(() => pair.connected)
    t.ok(pair.connected)
    t.equal(pair.client.dtls.counters.flightsRetransmitted, 0)
  }
})

t.test('what a spoofed fragment undid in the middle of a flight, the next retransmission heals', async t => {
  for (const spoof of spoofs.slice(1)) {
    let spoofed = 0
    const path: Path = (bytes, from) => {
      const [{ epoch, fragment }] = parseRecords(bytes) as [ReturnType<typeof parseRecords>[0]]
      const genuine = { bytes, delay: DELAY }
      if (epoch !== 0 || fragment[0] !== 11 || (from === 'client' ? spoofed & 1 : spoofed & 2)) return [genuine]
      spoofed |= from === 'client' ? 1 : 2
      return [genuine, { bytes: spoof, delay: DELAY }]
    }
    const pair = new Pair({
      client: await certificate('ec-p256', 'client'),
      server: await certificate('ec-p256', 'server'),
      clientOptions: { mtu: 200 },
      serverOptions: { mtu: 200 },
      path,
    })
    pair.start()
    pair.run(() => pair.connected)
    t.ok(pair.connected)
    t.equal(spoofed, 3, 'in both directions')
    for (const { dtls } of pair.ends) t.ok(dtls.counters.flightsRetransmitted > 0)
    t.ok(pair.now < 10_000)
  }
})
