/** What the model-based control makes of measurements: rates, round trips, rounds (draft-cardwell-iccrg-bbr-congestion-control-00). */

import fc from 'fast-check'
import t from 'tap'
import { BbrCongestionControl } from '../../../lib/sctp/congestion/bbr.ts'
import { WindowedMaximum } from '../../../lib/sctp/congestion/windowed-maximum.ts'
import { OPTIONS, PACKET, Rounds, sample } from './sample.ts'

/** A path of 1 MB/s and 100 ms: 100 packets fill it. */
const RATE = 1000
const TRIP = 100
const FULL = 100 * PACKET

/** One that has found the path's rate and cruises. */
const cruising = () => {
  const control = new BbrCongestionControl(OPTIONS)
  const rounds = new Rounds(control)
  for (let i = 0; i < 6; i++) rounds.pass({ from: TRIP, rate: RATE })
  // Little in flight: what startup had sent too much has drained.
  control.acknowledged(
    sample({ now: rounds.now, bytes: PACKET, delivered: rounds.delivered, flight: FULL / 2, priorFlight: FULL / 2 }),
  )
  return { control, rounds }
}

t.test('startup grows the rate until three rounds bring no more, then drains, then cruises (4.3.1 to 4.3.3)', t => {
  const control = new BbrCongestionControl(OPTIONS)
  const rounds = new Rounds(control)
  t.equal(control.window, 10 * PACKET)
  t.equal(control.pacingRate, Number.POSITIVE_INFINITY)
  rounds.pass({ from: TRIP })
  t.equal(Math.round(control.pacingRate * 10), 2885, 'a first window a round trip, and the gain that doubles it')
  for (const rate of [100, 200, 400, 800, RATE]) rounds.pass({ from: TRIP, rate })
  t.equal(control.phase, 'startup')
  t.equal(Math.round(control.pacingRate), Math.round(2.885 * RATE * 0.99))
  for (let i = 0; i < 3; i++) rounds.pass({ from: TRIP, rate: RATE })
  t.equal(control.phase, 'drain')
  t.ok(control.pacingRate < 0.4 * RATE)
  const { now, delivered } = rounds
  control.acknowledged(sample({ now, bytes: PACKET, flight: FULL, delivered }))
  t.equal(control.phase, 'probe-rate')
  t.end()
})

t.test('a cycle probes for a quarter more, lets go of it, and cruises', t => {
  const { control, rounds } = cruising()
  const paces = new Set<number>()
  for (let i = 0; i < 40; i++) {
    rounds.pass({ from: TRIP + 4, rate: RATE })
    paces.add(Math.round(control.pacingRate))
  }
  t.same([...paces].sort(), [743, 990, 1238].sort())
  t.equal(control.model.rate, RATE)
  t.ok(control.window >= 2 * FULL && control.window < 2.1 * FULL, `${control.window}`)
  t.end()
})

t.test('loss alone changes neither rate nor window', t => {
  const { control, rounds } = cruising()
  for (let i = 0; i < 30; i++) {
    control.lost(control.window, rounds.now)
    rounds.pass({ from: TRIP, rate: RATE, loss: 0.15 })
    control.recovered(rounds.now)
    t.equal(control.model.rate, RATE)
    t.ok(control.window >= 2 * FULL)
  }
  t.end()
})

t.test('loss while a queue stands slows it down until the next probe', t => {
  const { control, rounds } = cruising()
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 8; i++) {
    rounds.pass({ from: TRIP * 1.5, rate: RATE, loss: 0.05 })
    least = Math.min(least, control.model.rate)
  }
  t.equal(least, 0.9 * RATE)
  for (let i = 0; i < 16; i++) rounds.pass({ from: TRIP, rate: RATE })
  t.equal(control.model.rate, RATE)
  t.end()
})

t.test('a path that loses most of what is sent has become slower', t => {
  const { control, rounds } = cruising()
  rounds.pass({ from: TRIP, rate: RATE / 10, loss: 0.9, bytes: 2 * FULL })
  rounds.pass({ from: TRIP, rate: RATE / 10, loss: 0.1 })
  t.equal(control.model.rate, RATE / 10)
  t.ok(control.window < 0.5 * FULL, `${control.window}`)
  t.end()
})

t.test('an interruption that loses everything for a while leaves the path what it was', t => {
  const { control, rounds } = cruising()
  rounds.pass({ from: TRIP, rate: RATE / 100, loss: 0.99, bytes: 5 * FULL })
  for (let i = 0; i < 2; i++) rounds.pass({ from: TRIP, rate: RATE })
  t.equal(control.model.rate, RATE)
  t.end()
})

t.test('what was measured for lack of data says nothing, unless it is more', t => {
  const { control, rounds } = cruising()
  const { now } = rounds
  for (let i = 1; i < 300; i++) {
    const delivered = rounds.delivered + i * PACKET
    const priorDelivered = delivered - PACKET
    const deliveryRate = 10
    control.acknowledged(
      sample({ now: now + i * 100, bytes: PACKET, delivered, priorDelivered, deliveryRate, applicationLimited: true }),
    )
  }
  t.equal(control.model.rate, RATE)
  const delivered = rounds.delivered + 400 * PACKET
  control.acknowledged(
    sample({ now: now + 40_000, bytes: PACKET, delivered, deliveryRate: 2 * RATE, applicationLimited: true }),
  )
  t.equal(control.model.rate, 2 * RATE)
  t.end()
})

t.test('after ten seconds without a shorter round trip little is sent for 200 ms (4.3.4)', t => {
  const { control, rounds } = cruising()
  const deep = () => control.phase === 'probe-round-trip'
  while (!deep() && rounds.now < 20_000) {
    control.sent(PACKET, FULL, rounds.now)
    rounds.pass({ from: TRIP + 20, rate: RATE })
  }
  t.ok(rounds.now > 10_000 && rounds.now < 12_000, `${rounds.now}`)
  t.equal(control.window, 4 * PACKET)
  const { now, delivered } = rounds
  const tell = (after: number, flight: number) =>
    control.acknowledged(
      sample({ now: now + after, bytes: PACKET, roundTrip: TRIP + 5, flight, delivered, priorDelivered: delivered }),
    )
  tell(50, 5 * PACKET)
  tell(100, 4 * PACKET)
  tell(299, 4 * PACKET)
  t.ok(deep())
  tell(301, 4 * PACKET)
  t.notOk(deep())
  t.equal(control.model.roundTrip, TRIP + 5)
  t.ok(control.window > FULL, 'and the window is what it was')
  t.end()
})

t.test('after a pause the round trip is seen without that', t => {
  const { control, rounds } = cruising()
  const now = rounds.now + 60_000
  control.idled(100, now)
  control.sent(PACKET, 0, now)
  t.ok(control.pacingRate <= RATE, 'no probe to begin with')
  control.acknowledged(sample({ now: now + 130, bytes: PACKET, roundTrip: 130, delivered: rounds.delivered + PACKET }))
  t.equal(control.phase, 'probe-rate')
  t.equal(control.model.roundTrip, 130)
  t.end()
})

t.test('a timeout leaves a packet, and what is acknowledged brings the window back', t => {
  const { control, rounds } = cruising()
  const { window } = control
  control.timedOut(window, rounds.now)
  control.timedOut(window, rounds.now)
  t.equal(control.window, PACKET)
  for (let i = 0; i < 9; i++) rounds.pass({ from: TRIP, rate: RATE })
  t.ok(control.window >= 2 * FULL, `${control.window}`)
  control.timedOut(window, rounds.now)
  control.spurious(rounds.now)
  t.ok(control.window >= 2 * FULL, 'at once when it was mistaken')
  t.end()
})

t.test('acknowledgements that come in heaps get a larger window', t => {
  const { control, rounds } = cruising()
  const even = control.window
  let delivered = rounds.delivered
  for (let i = 1; i < 60; i++) {
    const priorDelivered = delivered - FULL
    delivered += 50 * PACKET
    const now = rounds.now + 50 * i
    control.acknowledged(
      sample({ now, bytes: 50 * PACKET, flight: FULL, delivered, priorDelivered, deliveryRate: RATE, roundTrip: 101 }),
    )
  }
  t.ok(control.model.aggregated >= 50 * PACKET, `${control.model.aggregated}`)
  t.ok(control.window >= even + 40 * PACKET)
  t.end()
})

t.test('another size of packets leaves the window what it is, but for four of them', t => {
  const { control } = cruising()
  const { window } = control
  control.setPacketSize(16_300)
  t.equal(control.window, window)
  const fresh = new BbrCongestionControl(OPTIONS)
  fresh.setPacketSize(16_300)
  t.equal(fresh.window, 65_200)
  fresh.setPacketSize(PACKET)
  t.equal(fresh.window, 65_200)
  t.end()
})

t.test('the windowed maximum is never above the true one, and never forgets what is new', t => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1000), fc.nat(3)), { minLength: 1, maxLength: 60 }), steps => {
      const maximum = new WindowedMaximum(10)
      const seen: [number, number][] = []
      let at = 0
      for (const [value, passed] of steps) {
        at += passed
        seen.push([value, at])
        maximum.take(value, at)
        const within = seen.filter(([, when]) => at - when <= 10).map(([v]) => v)
        if (maximum.value > Math.max(...within)) return false
        if (maximum.value < value) return false
      }
      return true
    }),
  )
  t.end()
})

t.test('a rate that was measured while the path was all but down lets four packets leave in a round trip', t => {
  const { control, rounds } = cruising()
  // What arrived was sent more than once, so that no round trip is told.
  for (let round = 0; round < 12; round++) {
    const priorDelivered = rounds.delivered
    for (let i = 0; i < 30; i++) {
      rounds.delivered += 400
      rounds.now += 1000
      const { now, delivered } = rounds
      control.acknowledged(sample({ now, delivered, priorDelivered, bytes: 400, lost: 600, deliveryRate: 0.4 }))
    }
  }
  t.ok(control.model.rate < 1, `${control.model.rate}`)
  t.ok(control.pacingRate >= (4 * PACKET) / TRIP, `${control.pacingRate}`)
  t.end()
})
