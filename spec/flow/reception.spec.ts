import t from 'tap'
import { NackGenerator } from '../../lib/flow/nack-generator.ts'
import { ReceptionStatistics } from '../../lib/flow/reception-statistics.ts'
import { SequenceWindow } from '../../lib/flow/sequence-window.ts'

const CYCLE = 0x1_0000

t.test('counts losses, late packets and duplicates as RFC 3550 A.3 does', t => {
  const statistics = new ReceptionStatistics(90_000)
  const receive = (...numbers: number[]) => numbers.map(number => statistics.receive(number, 0, 100, 12, 0))
  receive(10, 11, 12, 14, 16)
  t.equal(statistics.expected, 7)
  t.equal(statistics.packetsLost, 2)
  const first = statistics.report(7, 0, 0)
  t.equal(first.fractionLost, Math.floor((2 * 256) / 7))
  t.equal(first.packetsLost, 2)
  t.equal(first.highestSequenceNumber, 16)
  // What comes late was not lost; what comes twice makes up for what was.
  receive(13, 16, 16)
  t.equal(statistics.packetsLost, -1)
  const second = statistics.report(7, 1, 2)
  t.equal(second.fractionLost, 0)
  t.equal(second.packetsLost, -1)
  t.equal(second.lastSenderReport, 1)
  t.equal(second.delaySinceLastSenderReport, 2)
  // What overtook the first packet of all.
  receive(8)
  t.equal(statistics.expected, 9)
  t.equal(statistics.packetsReceived, 9)
  t.equal(statistics.bytesReceived, 900)
  t.equal(statistics.headerBytesReceived, 9 * 12)
  t.end()
})

t.test('extends sequence numbers over their wrap, and over many', t => {
  const statistics = new ReceptionStatistics(90_000)
  t.equal(statistics.receive(0xfffe, 0, 1, 12, 0), CYCLE + 0xfffe)
  t.equal(statistics.receive(1, 0, 1, 12, 0), 2 * CYCLE + 1)
  t.equal(statistics.receive(0xffff, 0, 1, 12, 0), CYCLE + 0xffff)
  t.equal(statistics.extend(0), 2 * CYCLE)
  t.equal(statistics.packetsLost, 1)
  t.equal(statistics.report(1, 0, 0).highestSequenceNumber, CYCLE + 1)
  for (let number = 2; number < 3 * CYCLE; number += 1000) statistics.receive(number & 0xffff, 0, 1, 12, 0)
  t.equal(statistics.report(1, 0, 0).highestSequenceNumber >>> 16, 3)
  t.end()
})

t.test('takes a source that jumps for begun anew, once two packets say so (A.1)', t => {
  const statistics = new ReceptionStatistics(90_000)
  for (let number = 100; number < 200; number++) statistics.receive(number, 0, 1, 12, 0)
  t.equal(statistics.receive(30_000, 0, 1, 12, 0), -1)
  t.equal(statistics.packetsReceived, 100, 'a stray one counts for nothing')
  t.equal(statistics.receive(200, 0, 1, 12, 0), CYCLE + 200)
  t.equal(statistics.receive(50_000, 0, 1, 12, 0), -1)
  t.equal(statistics.receive(50_001, 0, 1, 12, 0), 2 * CYCLE + 50_001)
  t.equal(statistics.receive(50_002, 0, 1, 12, 0), 2 * CYCLE + 50_002)
  t.equal(statistics.packetsLost, 0)
  t.equal(statistics.report(1, 0, 0).fractionLost, 0)
  t.end()
})

t.test('reckons jitter as RFC 3550 A.8 does', t => {
  const statistics = new ReceptionStatistics(8000)
  // Packets every 20 ms, 160 units; they come 0, 10, 0, 5 ms late: differences of 80, 80 and 40 units.
  const late = [0, 10, 0, 5]
  late.forEach((more, index) => void statistics.receive(index, 0xffff_ff00 + 160 * index, 1, 12, 20 * index + more))
  let jitter = 0
  for (const difference of [80, 80, 40]) jitter += (difference - jitter) / 16
  t.ok(Math.abs(statistics.jitter - jitter) < 1e-9)
  t.equal(statistics.report(1, 0, 0).jitter, Math.floor(jitter))
  // Another clock: what jitter there was is the same time.
  statistics.changeClock(48_000)
  t.ok(Math.abs(statistics.jitter - 6 * jitter) < 1e-9)
  statistics.receive(4, 0, 1, 12, 80)
  t.ok(Math.abs(statistics.jitter - 6 * jitter) < 1e-9, 'two clocks are not compared')
  t.end()
})

t.test('hands out each number once', t => {
  const window = new SequenceWindow()
  t.ok(window.take(70_000))
  t.notOk(window.take(70_000))
  t.ok(window.take(69_000))
  t.ok(window.take(74_000))
  t.notOk(window.take(69_000), 'too old to know')
  t.ok(window.take(70_001))
  t.ok(window.take(200_000))
  t.notOk(window.take(74_000))
  t.ok(window.take(199_999))
  t.end()
})

t.test('asks for what is missing: at once, then once a round trip, and not for ever', t => {
  const nack = new NackGenerator()
  nack.roundTripTime = 80
  nack.receive(CYCLE - 2, 0)
  t.equal(nack.deadline, Number.POSITIVE_INFINITY)
  nack.receive(CYCLE + 1, 0)
  t.same(nack.due(0), [0xffff, 0])
  t.ok(nack.misses(CYCLE))
  t.same(nack.due(50), [])
  nack.receive(CYCLE, 60)
  t.notOk(nack.misses(CYCLE))
  t.same(nack.due(99), [])
  t.same(nack.due(100), [0xffff])
  let asked = 0
  for (let now = 110; now < 5000; now += 10) asked += nack.due(now).length
  t.equal(asked, 8, 'ten times in all')
  t.equal(nack.givenUp, 1)
  t.equal(nack.deadline, Number.POSITIVE_INFINITY)
  t.end()
})

t.test('asks at its deadline and then moves it, at whatever fraction of a millisecond', t => {
  for (let round = 0; round < 200; round++) {
    const nack = new NackGenerator()
    nack.roundTripTime = 20 + round / 7
    let now = 1000 * round + round / 3
    nack.receive(CYCLE, now)
    nack.receive(CYCLE + 2, now)
    let asked = 0
    for (; nack.deadline < Number.POSITIVE_INFINITY && asked < 30; asked++) {
      now = Math.max(now, nack.deadline)
      nack.due(now)
      if (nack.deadline <= now) t.fail(`it stands still at ${now}`)
    }
    if (asked > 12) t.fail(`${asked} times`)
  }
  t.pass()
  t.end()
})

t.test('keeps no list of all that a jump leaves out', t => {
  const nack = new NackGenerator()
  nack.receive(100, 0)
  nack.receive(2600, 0)
  t.equal(nack.due(0).length, 1000)
  nack.receive(40_000, 1)
  t.same(nack.due(200), [], 'a source that begins anew')
  nack.receive(40_003, 200)
  t.same(nack.due(200), [40_001, 40_002])
  nack.forgetBefore(40_002)
  t.same(nack.due(400), [40_002])
  t.end()
})
