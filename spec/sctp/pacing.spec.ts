/** Packets leave at the rate that congestion control asks for, with timers of a millisecond. */

import t from 'tap'
import { Pacer } from '../../lib/sctp/pacer.ts'

const PACKET = 1200

/** Sends as much as it may at each of these moments. */
const sentAt = (pacer: Pacer, rate: number, moments: readonly number[]): number[] =>
  moments.map(now => {
    let packets = 0
    for (; packets < 10_000 && pacer.allows(rate, PACKET, now); packets++) pacer.sent(PACKET, rate, now)
    if (packets < 10_000) pacer.resume(rate, PACKET, now)
    return packets
  })

t.test('without a rate nothing is held back', t => {
  const [sent] = sentAt(new Pacer(), Number.POSITIVE_INFINITY, [0])
  t.equal(sent, 10_000)
  t.end()
})

t.test('the rate is kept, fast or slow', t => {
  for (const packetsPerMillisecond of [0.01, 0.3, 1, 7, 100]) {
    const moments = Array.from({ length: 1000 }, (_, i) => i)
    const total = sentAt(new Pacer(), PACKET * packetsPerMillisecond, moments).reduce((sum, n) => sum + n, 0)
    const expected = 1000 * packetsPerMillisecond
    t.ok(total >= expected && total <= expected + 2 * packetsPerMillisecond + 2, `${total} of ${expected}`)
  }
  t.end()
})

t.test('two packets at least leave at once', t => {
  t.equal(sentAt(new Pacer(), 10, [0])[0], 2)
  t.end()
})

t.test('what a late timer missed is made up for, and no more than that', t => {
  const [first, late] = sentAt(new Pacer(), PACKET, [0, 20])
  t.equal(first! + late!, 22)
  t.end()
})

t.test('nothing is saved up while there is nothing to send', t => {
  const pacer = new Pacer()
  sentAt(pacer, PACKET, [0])
  pacer.rest()
  t.equal(sentAt(pacer, PACKET, [10_000])[0], 2)
  t.end()
})

t.test('it says when it goes on', t => {
  const pacer = new Pacer()
  sentAt(pacer, PACKET / 10, [0])
  const at = pacer.resume(PACKET / 10, PACKET, 0)
  t.notOk(pacer.allows(PACKET / 10, PACKET, at - 1))
  t.ok(pacer.allows(PACKET / 10, PACKET, at))
  t.end()
})
