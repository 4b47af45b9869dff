/** DTLS 1.3 acknowledges what nothing else answers, asks for what is missing, and sends only that again (RFC 9147, 7). */

import t from 'tap'
import { Writer } from '../../lib/bytes/index.ts'
import { Alert, DtlsError, type DtlsRole } from '../../lib/dtls/index.ts'
import { decodeAcknowledgement, encodeAcknowledgement } from '../../lib/dtls/v13/acknowledgement.ts'
import { MAX_ACKNOWLEDGED, ReceivedRecords } from '../../lib/dtls/v13/received-records.ts'
import { isUnified } from '../../lib/dtls/v13/unified-header.ts'
import { certificate, connectedPair, DELAY, Pair, type PairOptions } from './pair.ts'
import { parseRecords, plainRecord } from './wire.ts'
import { spokenFor } from './wire-13.ts'

const options = async (mtu = 1200): Promise<PairOptions> => ({
  version: '1.3',
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
  clientOptions: { mtu },
  serverOptions: { mtu },
})

t.test('an ACK is a list of record numbers of 16 bytes each', t => {
  const records = [
    { epoch: 0, sequence: 7 },
    { epoch: 2, sequence: 0 },
    { epoch: 65535, sequence: 2 ** 48 - 1 },
  ]
  const bytes = encodeAcknowledgement(records)
  t.equal(bytes.length, 2 + 3 * 16)
  t.same([...bytes.subarray(0, 18)], [0, 48, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7])
  t.same(decodeAcknowledgement(bytes, 0, bytes.length), records)
  t.same(decodeAcknowledgement(encodeAcknowledgement([]), 0, 2), [])
  for (const bad of [[], [0], [0, 1, 0], [0, 16], [0, 0, 0], [0, 15, ...new Array<number>(15).fill(0)]]) {
    t.throws(() => decodeAcknowledgement(Uint8Array.from(bad), 0, bad.length), DtlsError, `${bad.length} bytes`)
  }
  t.end()
})

t.test('what is said in an ACK is bounded, in order, and of no later epoch than it may be', t => {
  const received = new ReceivedRecords()
  for (let i = 0; i < 100; i++) received.add(2, 99 - i)
  received.add(0, 1)
  received.add(3, 0)
  const all = received.take(10_000, Number.POSITIVE_INFINITY)
  t.equal(all.length, MAX_ACKNOWLEDGED)
  t.same(all[0], { epoch: 0, sequence: 1 })
  t.same(all.at(-1), { epoch: 3, sequence: 0 })
  t.same(
    all.map(({ epoch, sequence }) => 1000 * epoch + sequence),
    all.map(({ epoch, sequence }) => 1000 * epoch + sequence).sort((a, b) => a - b),
  )
  t.same(received.take(2 + 3 * 16, 2), [
    { epoch: 0, sequence: 1 },
    { epoch: 2, sequence: 0 },
    { epoch: 2, sequence: 1 },
  ])
  t.equal(received.take(1, 2).length, 0)
  t.end()
})

t.test("the client's last flight is acknowledged at once, and sent no more", async t => {
  const pair = connectedPair(await options())
  t.match(pair.server.dtls.counters, { acksSent: 1, flightsRetransmitted: 0 })
  t.match(pair.client.dtls.counters, { acksSent: 0, acksReceived: 1, flightsRetransmitted: 0 })
  for (const { dtls } of pair.ends) t.equal(dtls.deadline, Number.POSITIVE_INFINITY)
})

t.test('the ACK of the last flight is sent again when the client repeats it', async t => {
  const pair = new Pair(await options())
  let lost = 3
  pair.path = (bytes, from, index) => {
    if (from === 'server' && index > 1 && lost-- > 0) return []
    return [{ bytes, delay: DELAY }]
  }
  pair.start()
  pair.run(() => pair.client.dtls.counters.acksReceived > 0)
  t.ok(pair.connected)
  t.equal(pair.server.dtls.counters.acksSent, 4)
  t.equal(pair.now, 2 * DELAY + 1000 + 2000 + 4000 + 2 * DELAY, 'each at once')
  t.equal(pair.client.dtls.counters.flightsRetransmitted, 3)
  t.equal(pair.client.dtls.deadline, Number.POSITIVE_INFINITY)
})

t.test('a part of a flight is acknowledged after a quarter of the timeout, and only the rest comes again', async t => {
  const small = { mtu: 300, groups: ['x25519'] } as const
  const pair = new Pair({ ...(await options()), clientOptions: small, serverOptions: small })
  let lost = 0
  pair.path = (bytes, from, index) => {
    // Of the server's flight one in the middle.
    if (from === 'server' && index === 1) {
      lost++
      return []
    }
    return [{ bytes, delay: DELAY }]
  }
  pair.start()
  pair.run(() => pair.server.sent.length > 0)
  const before = pair.server.sent.length
  const sentAt = pair.now
  pair.run(() => pair.client.dtls.counters.acksSent > 0)
  t.equal(lost, 1)
  t.equal(pair.now, sentAt + DELAY + 250)
  t.equal(pair.server.sent.length, before)
  pair.run(() => pair.connected)
  t.equal(pair.now, sentAt + 250 + 4 * DELAY)
  const again = pair.server.sent.slice(before)
  t.equal(again.length, 2, 'one datagram of it, and the ACK of the last flight')
  t.equal(pair.server.dtls.counters.flightsRetransmitted, 1)
  t.equal(pair.client.dtls.counters.flightsRetransmitted, 0)
})

t.test('an ACK that names nothing tells of records that came before their keys', async t => {
  const pair = new Pair({ ...(await options()), serverOptions: { cookieExchange: true, mtu: 1200 } })
  pair.path = (bytes, from) => {
    // The ServerHello, once.
    const lost = from === 'server' && pair.server.sent.length === 2
    return lost ? [] : [{ bytes, delay: DELAY }]
  }
  pair.start()
  pair.run(() => pair.client.dtls.counters.acksSent > 0)
  const ack = parseRecords(pair.client.sent.at(-1)!)
  t.match(ack, [{ type: 26, epoch: 0, fragment: Uint8Array.of(0, 0) }])
  const now = pair.now
  pair.run(() => pair.connected)
  t.equal(pair.now, now + 3 * DELAY, 'the server sends its flight at once')
  t.ok(pair.connected)
})

t.test('what the peer goes on with says that our flight came: it is not sent again', async t => {
  const small = { mtu: 300, groups: ['x25519'] } as const
  for (const [role, part] of [
    ['client', 'the first datagram'],
    ['client', 'ServerHello'],
    ['server', 'the first datagram'],
  ] as const) {
    const pair = new Pair({ ...(await options()), clientOptions: small, serverOptions: small })
    const peer: DtlsRole = role === 'client' ? 'server' : 'client'
    let arrived = 0
    let isLast = false
    pair.path = (bytes, from) => {
      // Of the flight that answers a part comes; nothing else ever does, in either direction.
      if (from === peer) isLast ||= role === 'client' || isUnified(bytes[0]!)
      const end = part === 'ServerHello' ? 13 + ((bytes[11]! << 8) | bytes[12]!) : bytes.length
      if (from === peer && isLast) return arrived++ === 0 ? [{ bytes: bytes.subarray(0, end), delay: DELAY }] : []
      return isLast ? [] : [{ bytes, delay: DELAY }]
    }
    pair.start()
    pair.run(() => arrived > 0)
    pair.run(() => false, DELAY)
    const { dtls } = pair[role]
    pair.run(() => dtls.state === 'failed')
    t.match(pair[role].error, { code: 'timeout' }, `${role}, ${part}`)
    t.match(dtls.counters, { flightsRetransmitted: 0, acksSent: 1 })
  }
})

t.test('before the version is known the hello asks for what is missing, and no ACK', async t => {
  const small = { mtu: 300, groups: ['x25519'] } as const
  const pair = new Pair({ ...(await options()), clientOptions: small, serverOptions: small })
  pair.path = (bytes, from, index) => (from === 'server' && index === 0 ? [] : [{ bytes, delay: DELAY }])
  pair.start()
  pair.run(() => pair.server.sent.length > 0)
  pair.run(() => pair.connected)
  t.ok(pair.connected)
  t.equal(pair.now, 2 * DELAY + 250 + 3 * DELAY)
  t.match(pair.client.dtls.counters, { flightsRetransmitted: 1, acksSent: 0 })
})

t.test('no ACK is sent or believed where DTLS 1.3 is not agreed on', async t => {
  for (const version of ['1.2', '1.3'] as const) {
    const pair = new Pair({ ...(await options()), version })
    pair.start()
    const sent = pair.client.sent.length
    pair.inject(plainRecord(26, Uint8Array.of(0, 0)), 'client', 0)
    pair.run(() => false, 1)
    t.equal(pair.client.sent.length, sent)
    t.match(pair.client.dtls.counters, { acksReceived: 0, droppedMalformed: 1 })
    pair.run(() => pair.connected)
    t.ok(pair.connected)
  }
  const split = new Pair({
    ...(await options(300)),
    path: (bytes, _from, index) => (index === 1 ? [] : [{ bytes, delay: DELAY }]),
  })
  split.start()
  split.run(() => false, 900)
  t.equal(split.server.sent.length, 0, 'a hello of which a part is missing says nothing yet')
})

t.test('an ACK of a record of a later epoch than its own ends the connection', async t => {
  for (const role of ['client', 'server'] as const) {
    const { pair, inject } = await spokenFor(await options())
    const other: DtlsRole = role === 'client' ? 'server' : 'client'
    inject(role, 3, 26, encodeAcknowledgement([{ epoch: 3, sequence: 0 }]))
    t.ok(pair.connected)
    inject(role, 3, 26, encodeAcknowledgement([{ epoch: 4, sequence: 0 }]))
    t.match(pair[other].error, { code: 'protocol-violation', sentAlert: Alert.illegalParameter })
  }
})

t.test('in the clear such an ACK ends a handshake only if nothing else comes', async t => {
  const spoof = plainRecord(26, encodeAcknowledgement([{ epoch: 2, sequence: 0 }]))
  const pair = new Pair(await options())
  pair.path = bytes => [
    { bytes: spoof, delay: DELAY - 1 },
    { bytes, delay: DELAY },
    { bytes: spoof, delay: DELAY },
  ]
  pair.start()
  pair.run(() => pair.connected)
  t.ok(pair.connected)
  const alone = new Pair(await options())
  alone.path = (bytes, from) => (from === 'client' ? [{ bytes, delay: DELAY }] : [])
  alone.start()
  alone.run(() => alone.server.sent.length > 0)
  alone.inject(spoof, 'server', 1)
  alone.path = () => []
  alone.run(() => alone.server.dtls.state === 'failed')
  t.match(alone.server.error, { sentAlert: Alert.illegalParameter })
})

t.test('a malformed ACK that is authentic ends the connection', async t => {
  const { pair, inject } = await spokenFor(await options())
  inject('client', 3, 26, new Writer().u16(3).u24(0).finish())
  t.match(pair.server.error, { sentAlert: Alert.decodeError })
})

t.test('protected records ahead of a ServerHello have a client ask again, but no server', async t => {
  const ahead = Uint8Array.from([0x2e, 1, 2, 0, 35, ...new Uint8Array(35)])
  for (const [role, times] of [
    ['client', 1],
    ['server', 0],
  ] as const) {
    const pair = new Pair({ ...(await options()), version: '1.2' })
    pair.start()
    // Nothing comes but the first hello.
    pair.path = () => []
    pair.run(() => pair.server.sent.length > 0, 100)
    pair.inject(ahead, role)
    pair.run(() => false, 900)
    t.equal(pair[role].dtls.counters.flightsRetransmitted, times, role)
  }
})
