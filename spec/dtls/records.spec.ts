/** The record layer takes what is the peer's and new, once; the rest is dropped and counted, and ends nothing. */

import t from 'tap'
import { concatBytes, Packet } from '../../lib/bytes/index.ts'
import { REPLAY_WINDOW, ReplayWindow } from '../../lib/dtls/replay-window.ts'
import { seededRandom } from '../../lib/sim/index.ts'
import { certificate, connectedPair, DELAY, Pair, type Path } from './pair.ts'
import { buildRecord, forged, parseRecords, plainRecord } from './wire.ts'

const options = async () => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

t.test('the window takes every number once, as a set would', t => {
  t.ok(REPLAY_WINDOW >= 64)
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed)
    const window = new ReplayWindow()
    const seen = new Set<number>()
    let highest = -1
    let centre = seed % 2 === 0 ? 0 : 2 ** 47
    for (let i = 0; i < 500; i++) {
      const [a, b, c] = random.fill(new Uint8Array(3))
      if (c! < 5) centre += 10 * REPLAY_WINDOW + a!
      const sequence = Math.max(0, centre + 8 * a! - 4 * b!)
      centre += 1
      const expected = !seen.has(sequence) && highest - sequence < REPLAY_WINDOW
      if (window.isNew(sequence) !== expected) t.fail(`seed ${seed}, step ${i}, ${sequence}`)
      if (!expected) continue
      window.add(sequence)
      seen.add(sequence)
      highest = Math.max(highest, sequence)
    }
  }
  t.pass('20 seeds')
  t.end()
})

t.test('a record is taken once', async t => {
  const pair = connectedPair(await options())
  pair.path = bytes => [
    { bytes, delay: 10 },
    { bytes, delay: 10 },
    { bytes, delay: 500 },
  ]
  for (let i = 0; i < 3; i++) pair.client.send(`message ${i}`, pair.now)
  pair.run()
  t.same(pair.server.texts, ['message 0', 'message 1', 'message 2'])
  t.equal(pair.server.dtls.counters.droppedReplayed, 6)
  t.equal(pair.server.dtls.state, 'connected')
})

t.test('records that are overtaken are taken, those too old are not', async t => {
  const pair = connectedPair(await options())
  const held: Uint8Array[] = []
  pair.path = bytes => {
    held.push(bytes)
    return []
  }
  for (let i = 0; i <= REPLAY_WINDOW; i++) pair.client.send(`${i}`, pair.now)
  pair.server.dtls.receive(held[REPLAY_WINDOW]!.slice(), pair.now)
  pair.server.dtls.receive(held[1]!.slice(), pair.now)
  pair.server.dtls.receive(held[0]!.slice(), pair.now)
  t.same(pair.server.texts, [`${REPLAY_WINDOW}`, '1'])
  t.equal(pair.server.dtls.counters.droppedReplayed, 1)
})

t.test('a forged record is dropped, and the right one still taken', async t => {
  const pair = connectedPair(await options())
  pair.path = bytes => [
    { bytes: forged(bytes), delay: 5 },
    { bytes, delay: 10 },
  ]
  pair.client.send('right', pair.now)
  pair.run()
  t.same(pair.server.texts, ['right'])
  t.equal(pair.server.dtls.counters.droppedForged, 1)
})

t.test('a changed header is a forgery', async t => {
  const pair = connectedPair(await options())
  pair.path = bytes =>
    [0, 1, 3, 4, 5, 10, 12].map(at => {
      const copy = bytes.slice()
      copy[at]! ^= 1
      return { bytes: copy, delay: 5 }
    })
  pair.client.send('data', pair.now)
  pair.run()
  t.same(pair.server.texts, [])
  t.equal(pair.server.dtls.state, 'connected')
})

t.test('several records come in one datagram, good beside bad', async t => {
  const pair = connectedPair(await options())
  const records: Uint8Array[] = []
  pair.path = bytes => {
    records.push(bytes)
    return []
  }
  for (const text of ['one', 'two', 'three']) pair.client.send(text, pair.now)
  const [one, two, three] = records
  const unknown = buildRecord({ ...parseRecords(one!)[0]!, type: 99 })
  const datagram = concatBytes(one!, unknown, forged(two!), three!, two!, Uint8Array.of(23, 0xfe, 0xfd))
  pair.server.dtls.receive(datagram, pair.now)
  t.same(pair.server.texts, ['one', 'three', 'two'])
  t.match(pair.server.dtls.counters, { droppedForged: 1, droppedMalformed: 2 })
})

t.test('bad records end neither a handshake nor a connection', async t => {
  const rubbish = [
    new Uint8Array(0),
    Uint8Array.of(22),
    new Uint8Array(13),
    plainRecord(23, Uint8Array.of(1, 2, 3)),
    plainRecord(21, Uint8Array.of(2)),
    plainRecord(22, Uint8Array.of(1, 0, 0)),
    plainRecord(22, Uint8Array.of(1, 0, 0, 5, 0, 0, 0, 0, 4, 0, 0, 4, 1, 2, 3, 4)),
    plainRecord(20, Uint8Array.of(1)),
    buildRecord({ type: 22, version: 0x0303, epoch: 0, sequence: 0, fragment: new Uint8Array(20) }),
    buildRecord({ type: 23, version: 0xfefd, epoch: 1, sequence: 7, fragment: new Uint8Array(40) }),
    buildRecord({ type: 23, version: 0xfefd, epoch: 1, sequence: 8, fragment: new Uint8Array(3) }),
    buildRecord({ type: 23, version: 0xfefd, epoch: 2, sequence: 9, fragment: new Uint8Array(40) }),
    buildRecord({ type: 23, version: 0xfefd, epoch: 65535, sequence: 9, fragment: new Uint8Array(40) }),
    Uint8Array.of(0x2f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19),
  ]
  const path: Path = (bytes, _from, index) => [
    ...rubbish.slice(index % 2).map(each => ({ bytes: each, delay: DELAY - 1 })),
    { bytes, delay: DELAY },
  ]
  const pair = new Pair({ ...(await options()), path })
  pair.start()
  pair.run(() => pair.connected)
  pair.client.send('still here', pair.now)
  pair.run()
  t.same(pair.server.texts, ['still here'])
  t.equal(pair.server.dtls.state, 'connected')
  t.equal(pair.client.dtls.counters.flightsRetransmitted, 0)
})

t.test('hellos are taken in records of any version of DTLS', async t => {
  for (const version of ['1.2', '1.3'] as const) {
    for (const low of [0x00, 0xfc, 0xfe, 0xff]) {
      const path: Path = bytes => {
        const copy = bytes.slice()
        if (copy[0] === 22 && (copy[13] === 1 || copy[13] === 2)) copy[2] = low
        return [{ bytes: copy, delay: DELAY }]
      }
      const pair = new Pair({ ...(await options()), version, path })
      pair.start()
      pair.run(() => pair.connected, 500)
      t.ok(pair.connected, `${version} by 0xfe${low.toString(16)}`)
    }
  }
})

t.test('records that overtake the flight that makes them readable are kept', async t => {
  // The client's last flight in small datagrams, in reverse: Finished comes before the key exchange.
  const pair = new Pair({
    ...(await options()),
    clientOptions: { mtu: 200 },
    serverOptions: { mtu: 200 },
    path: (bytes, _from, index) => [{ bytes, delay: 100 - index }],
  })
  pair.start()
  pair.run(() => pair.connected)
  t.ok(pair.connected)
  t.equal(pair.client.dtls.counters.flightsRetransmitted + pair.server.dtls.counters.flightsRetransmitted, 0)
  t.equal(pair.server.dtls.counters.droppedEpoch, 0)
})

t.test('application data that overtakes Finished is kept until it can be believed', async t => {
  const pair = new Pair(await options())
  const late: Uint8Array[] = []
  pair.path = (bytes, from) => {
    // The server's last flight waits; what the server sends after it does not.
    if (from === 'server' && parseRecords(bytes)[0]?.type === 20) {
      late.push(bytes)
      return []
    }
    return [{ bytes, delay: DELAY }]
  }
  pair.start()
  pair.run(() => pair.server.dtls.state === 'connected')
  pair.server.send('early', pair.now)
  pair.server.send('bird', pair.now)
  pair.run(() => false, 50)
  t.same(pair.client.texts, [])
  t.equal(pair.client.dtls.state, 'connecting')
  pair.inject(late[0]!, 'client')
  pair.run(() => false, 50)
  t.equal(pair.client.dtls.state, 'connected')
  t.same(pair.client.texts, ['early', 'bird'])
})

t.test('what is kept of early records is bounded', async t => {
  const pair = new Pair(await options())
  pair.path = (bytes, from) =>
    from === 'server' && parseRecords(bytes)[0]?.type === 20 ? [] : [{ bytes, delay: DELAY }]
  pair.start()
  pair.run(() => pair.server.dtls.state === 'connected')
  for (let i = 0; i < 40; i++) pair.server.send(`${i}`, pair.now)
  pair.run(() => false, 50)
  t.equal(pair.client.dtls.counters.droppedEarly, 24)
  pair.path = bytes => [{ bytes, delay: DELAY }]
  pair.run(() => pair.connected)
  pair.run()
  t.same(
    pair.client.texts,
    Array.from({ length: 16 }, (_, i) => `${i}`),
  )
})

t.test('a record is sealed in the packet that is handed in', async t => {
  for (const [suite, before] of [
    ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 21],
    ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 13],
  ] as const) {
    const packets: Packet[] = []
    const pair = connectedPair({ ...(await options()), clientOptions: { cipherSuites: [suite] } })
    const { dtls } = pair.client
    const sent = pair.client.sent.length
    const packet = Packet.copy(new Uint8Array(1000))
    const { start, end } = packet
    t.ok(dtls.send(packet, pair.now))
    packets.push(packet)
    t.equal(packet.start, start - before)
    t.equal(packet.end, end + 16)
    const [record] = parseRecords(pair.client.sent[sent]!)
    t.match(record, { type: 23, version: 0xfefd, epoch: 1, sequence: 1 })
    t.equal(dtls.counters.dataBytesSent, 1000)
  }
})

t.test('a packet that cannot be a record is the mistake of the caller', async t => {
  const { client, now } = connectedPair(await options())
  t.throws(() => client.dtls.send(Packet.of(new Uint8Array(100)), now), RangeError)
  t.throws(() => client.dtls.send(new Packet(new Uint8Array(100), 21, 85), now), RangeError)
  t.ok(client.dtls.send(new Packet(new Uint8Array(100), 21, 84), now))
  t.throws(() => client.dtls.send(Packet.copy(new Uint8Array(16385)), now), RangeError)
  t.ok(client.dtls.send(Packet.copy(new Uint8Array(16384)), now))
  t.ok(client.dtls.send(Packet.copy(new Uint8Array(0)), now))
})
