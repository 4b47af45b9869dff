/** A flight remembers which record carried what of it, and sends again only what is missing (RFC 9147, 5.8 and 7.2). */

import t from 'tap'
import type { Packet } from '../../lib/bytes/index.ts'
import { Flight } from '../../lib/dtls/flight.ts'
import { encodeHandshake } from '../../lib/dtls/handshake-message.ts'
import { PlaintextSealer } from '../../lib/dtls/record.ts'
import { Retransmission } from '../../lib/dtls/retransmission.ts'
import type { RecordNumber } from '../../lib/dtls/v13/acknowledgement.ts'
import { CIPHER_SUITES_13, type CipherSuite13 } from '../../lib/dtls/v13/cipher-suite.ts'
import { Sealer13 } from '../../lib/dtls/v13/record-protection.ts'
import { nodeCrypto } from '../providers.ts'
import { keysOf } from './wire-13.ts'

const [suite] = CIPHER_SUITES_13 as readonly [CipherSuite13]

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

t.test('a flight of which the peer has a part is not sent whole when the peer repeats its own', t => {
  const { flight, retransmission, sizes } = new Sender(1200)
  retransmission.start(flight, 'reply', 0)
  retransmission.repeated(100)
  t.equal(sizes.length, 2)
  retransmission.acknowledge([{ epoch: 2, sequence: 0 }], false, 200)
  t.equal(sizes.length, 3)
  retransmission.repeated(300)
  t.equal(sizes.length, 3, 'the ACK has asked already')
  t.end()
})

t.test('what the peer repeats is answered a few times until the timer runs out', t => {
  const { flight, retransmission, sizes } = new Sender(1200)
  retransmission.start(flight, 'reply', 0)
  for (let now = 0; now < 1000; now += 10) retransmission.repeated(now)
  t.equal(sizes.length, 1 + 5)
  t.ok(retransmission.advance(1000))
  for (let now = 1000; now < 3000; now += 10) retransmission.repeated(now)
  t.equal(sizes.length, 2 + 10)
  t.end()
})

t.test('who gives up counts from the last time that something arrived', t => {
  const { flight, retransmission } = new Sender(1200)
  retransmission.start(flight, 'reply', 0)
  for (let i = 0; i < 10; i++) t.ok(retransmission.advance(retransmission.deadline))
  const { deadline } = retransmission
  retransmission.acknowledge([{ epoch: 2, sequence: 0 }], false, deadline - 1)
  for (let i = 0; i < 10; i++) t.ok(retransmission.advance(retransmission.deadline))
  t.notOk(retransmission.advance(retransmission.deadline))
  t.end()
})

t.test('a flight that awaits an ACK is done when all of it was acknowledged, and the next one may go at once', t => {
  const { flight, sealer, retransmission, sizes } = new Sender(1200)
  const order: string[] = []
  const next = new Flight().message(sealer, encodeHandshake(24, 2, new Uint8Array(1)))
  retransmission.start(flight, 'ack', 0, () => {
    order.push('first')
    t.notOk(retransmission.busy)
    retransmission.start(next, 'ack', 100, () => order.push('second'))
  })
  t.ok(retransmission.busy)
  retransmission.acknowledge([{ epoch: 2, sequence: 0 }], false, 100)
  t.same(order, [])
  retransmission.acknowledge([{ epoch: 0, sequence: 0 }], false, 100)
  t.same(order, ['first'])
  t.equal(sizes.at(-1), sealed(1))
  t.ok(retransmission.busy)
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

t.test('packets of a flight are handed over one by one', t => {
  const packets: Packet[] = []
  const { flight } = new Sender(200)
  flight.pack(200, packet => packets.push(packet))
  t.ok(packets.length > 2 && packets.every(packet => packet.length <= 200))
  t.end()
})
