/** DTLS 1.3 acknowledges what nothing else answers, asks for what is missing, and sends only that again (RFC 9147, 7). */

import t from 'tap'
import { type Packet, Writer } from '../../lib/bytes/index.ts'
import { Flight } from '../../lib/dtls/flight.ts'
import { encodeHandshake } from '../../lib/dtls/handshake-message.ts'
import { Alert, DtlsError, type DtlsRole } from '../../lib/dtls/index.ts'
import { PlaintextSealer } from '../../lib/dtls/record.ts'
import { Retransmission } from '../../lib/dtls/retransmission.ts'
import { decodeAcknowledgement, encodeAcknowledgement, type RecordNumber } from '../../lib/dtls/v13/acknowledgement.ts'
import { CIPHER_SUITES_13, type CipherSuite13 } from '../../lib/dtls/v13/cipher-suite.ts'
import { MAX_ACKNOWLEDGED, ReceivedRecords } from '../../lib/dtls/v13/received-records.ts'
import { Sealer13 } from '../../lib/dtls/v13/record-protection.ts'
import { nodeCrypto } from '../providers.ts'
import { certificate, connectedPair, DELAY, Pair, type PairOptions } from './pair.ts'
import { parseRecords, plainRecord } from './wire.ts'
import { keysOf, spokenFor } from './wire-13.ts'

const [suite] = CIPHER_SUITES_13 as readonly [CipherSuite13]
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

/** A flight of two messages, 400 and 100 bytes, and what becomes of it. */
class Sender {
  readonly plaintext = new PlaintextSealer()
  readonly sealer = new Sealer13(nodeCrypto, suite, keysOf(suite), 2)
  readonly flight = new Flight()
    .message(this.plaintext, encodeHandshake(2, 0, new Uint8Array(400)))
    .message(this.sealer, encodeHandshake(8, 1, new Uint8Array(100)))
  readonly sizes: number[] = []
  readonly retransmission: Retransmission
  done = 0

  constructor(mtu: number) {
    this.retransmission = new Retransmission(1000, mtu, packet => this.sizes.push(packet.length))
  }

  /** The sizes of the datagrams sent since the last time. */
  get sent(): number[] {
    return this.sizes.splice(0)
  }
}

/** A record of a fragment in the clear, and one sealed. */
const plain = (length: number) => 13 + 12 + length
const sealed = (length: number) => 5 + 12 + length + 17

t.test('only what was not acknowledged is sent again', t => {
  const { plaintext, flight, retransmission, sizes } = new Sender(300)
  retransmission.start(flight, 'reply', 0)
  // 275 bytes of the first message; the other 125, and 92 of the second; the last 8.
  t.same(sizes.splice(0), [300, plain(125) + sealed(100)])
  t.equal(plaintext.sequence, 2)
  const ack = (...records: RecordNumber[]) => retransmission.acknowledge(records, false, 100)
  ack({ epoch: 0, sequence: 0 })
  t.same(sizes.splice(0), [plain(125) + sealed(100)])
  ack({ epoch: 0, sequence: 0 })
  t.same(sizes.splice(0), [], 'no news')
  t.equal(retransmission.deadline, 1100, 'the timer began again with the news')
  t.ok(retransmission.advance(1100))
  t.same(sizes.splice(0), [plain(125) + sealed(100)])
  // The numbers of any transmission count, and those that were never given do not.
  ack({ epoch: 2, sequence: 2 }, { epoch: 2, sequence: 77 }, { epoch: 3, sequence: 0 })
  t.same(sizes.splice(0), [])
  t.ok(retransmission.advance(1140))
  t.same(sizes.splice(0), [plain(125)], 'and not sooner after what was sent last')
  ack({ epoch: 0, sequence: 1 })
  t.equal(flight.acknowledged, true)
  t.ok(retransmission.advance(5000))
  t.same(sizes, [], 'nothing is left to send')
  t.end()
})

t.test('a flight that awaits an ACK is done when all of it was acknowledged, and the next one goes', t => {
  const { flight, sealer, retransmission, sizes } = new Sender(1200)
  const order: string[] = []
  const next = new Flight().message(sealer, encodeHandshake(24, 2, new Uint8Array(1)))
  retransmission.start(flight, 'ack', 0, () => order.push('first'))
  t.ok(retransmission.busy)
  retransmission.start(next, 'ack', 10, () => order.push('second'))
  t.equal(sizes.length, 1, 'it waits')
  retransmission.acknowledge([{ epoch: 2, sequence: 0 }], false, 100)
  t.same(order, [])
  retransmission.acknowledge([{ epoch: 0, sequence: 0 }], false, 100)
  t.same(order, ['first'])
  t.equal(sizes.at(-1), sealed(1))
  retransmission.acknowledge([{ epoch: 2, sequence: sealer.sequence - 1 }], false, 200)
  t.same(order, ['first', 'second'])
  t.notOk(retransmission.busy)
  t.equal(retransmission.deadline, Number.POSITIVE_INFINITY)
  t.end()
})

t.test('an ACK that names nothing has the flight sent again, once a timeout', t => {
  const { flight, retransmission, sizes } = new Sender(1200)
  retransmission.start(flight, 'reply', 0)
  const empty = (now: number) => retransmission.acknowledge([], true, now)
  empty(5)
  t.equal(sizes.length, 1, 'it crossed the flight')
  t.equal(retransmission.deadline, 40)
  t.ok(retransmission.advance(40))
  t.equal(sizes.length, 2)
  for (let now = 50; now < 1000; now += 10) empty(now)
  t.equal(sizes.length, 2)
  t.ok(retransmission.advance(1000))
  t.equal(sizes.length, 3, 'the timer went on')
  empty(1100)
  t.equal(sizes.length, 4)
  t.end()
})

t.test('an ACK in the clear is believed until nothing comes of it', t => {
  const { flight, retransmission, sizes } = new Sender(1200)
  retransmission.start(flight, 'reply', 0)
  const whole = sizes[0]!
  retransmission.acknowledge([{ epoch: 0, sequence: 0 }], true, 100)
  t.same(sizes.slice(1), [sealed(100)])
  t.equal(retransmission.deadline, 1000, 'and does not put the timer off')
  t.ok(retransmission.advance(1000))
  t.same(sizes.slice(2), [whole])
  t.end()
})

t.test('where the peer stays silent datagrams become smaller', t => {
  const { flight, retransmission, sizes } = new Sender(1200)
  const large = new Flight().message(new PlaintextSealer(), encodeHandshake(1, 0, new Uint8Array(1500)))
  const largest = (): number => Math.max(...sizes.splice(0))
  retransmission.start(large, 'reply', 0)
  t.equal(largest(), 1200)
  const later = () => {
    t.ok(retransmission.advance(retransmission.deadline))
    return largest()
  }
  t.equal(later(), 1200)
  t.equal(later(), 548)
  t.equal(later(), 548)
  t.equal(later(), 274)
  for (let i = 4; i < 10; i++) t.equal(later(), 274)
  t.notOk(retransmission.advance(retransmission.deadline), 'the peer is gone')
  const other = new Sender(1200)
  other.retransmission.start(flight, 'reply', 0)
  for (let i = 0; i < 6; i++) {
    other.retransmission.heard()
    other.retransmission.advance(other.retransmission.deadline)
  }
  t.equal(other.retransmission.mtu, 1200, 'it was heard in between')
  const small = new Sender(400)
  small.retransmission.start(small.flight, 'reply', 0)
  for (let i = 0; i < 6; i++) small.retransmission.advance(small.retransmission.deadline)
  t.equal(small.retransmission.mtu, 400, 'as it was asked for')
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

t.test('packets of a flight are handed over one by one', t => {
  const packets: Packet[] = []
  const { flight } = new Sender(200)
  flight.pack(200, packet => packets.push(packet))
  t.ok(packets.length > 2 && packets.every(packet => packet.length <= 200))
  t.end()
})
