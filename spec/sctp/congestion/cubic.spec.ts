/** The curve of CUBIC (RFC 9438). */

import t from 'tap'
import { createCongestionControl } from '../../../lib/sctp/congestion/controllers.ts'
import { OPTIONS, PACKET, Rounds, sample } from './sample.ts'

/** One that lost a packet at a window of `window` packets, on a path of 100 ms. */
const after = (window: number) => {
  const control = createCongestionControl('cubic', OPTIONS)
  control.acknowledged(sample({ roundTrip: 100 }))
  control.acknowledged(sample({ bytes: window * PACKET - control.window }))
  control.lost(0, 0)
  return control
}

/** Lets whole windows be acknowledged until `until`. */
const run = (rounds: Rounds, until: number) => {
  while (rounds.now < until) rounds.pass({ from: 100 })
}

t.test('a loss leaves seven tenths (4.6), two packets at least', t => {
  const control = after(100)
  t.equal(Math.round(control.window), 70_000)
  for (let i = 0; i < 20; i++) control.lost(0, 0)
  t.equal(control.window, 2000)
  t.end()
})

t.test('the window is back after K seconds (4.2), flat there, and then probes', t => {
  const control = after(1000)
  const rounds = new Rounds(control)
  // K is the cube root of (1000 - 700) / 0.4 packets: 9.1 s.
  run(rounds, 1000 + 5000)
  t.ok(control.window > 940_000 && control.window < 1_000_000, `at 5 s ${control.window}`)
  run(rounds, 1000 + 9086)
  t.ok(Math.abs(control.window - 1_000_000) < 5_000, `at K ${control.window}`)
  run(rounds, 1000 + 11_000)
  t.ok(control.window < 1_020_000, `two seconds later ${control.window}`)
  run(rounds, 1000 + 18_000)
  t.ok(control.window > 1_200_000, `at twice K ${control.window}`)
  t.end()
})

t.test('a second loss below the first gives up some of it (fast convergence, 4.7)', t => {
  const control = after(1000)
  control.lost(0, 0)
  t.equal(Math.round(control.window), 490_000)
  const rounds = new Rounds(control)
  // The maximum is 700 * 0.85 = 595; K the cube root of 105 / 0.4: 6.4 s.
  run(rounds, 1000 + 6400)
  t.ok(Math.abs(control.window - 595_000) < 5_000, `${control.window}`)
  t.end()
})

t.test('small windows grow as the standard ones do (4.3)', t => {
  const control = after(20)
  const rounds = new Rounds(control)
  for (let i = 0; i < 10; i++) rounds.pass({ from: 100 })
  // About half a packet a round trip until what was lost is regained.
  t.ok(control.window > 18_500 && control.window < 20_500, `${control.window}`)
  t.end()
})

t.test('a window that is not used waits', t => {
  const control = after(100)
  const rounds = new Rounds(control)
  run(rounds, 2000)
  const { window } = control
  for (let now = 2100; now < 60_000; now += 100) control.acknowledged(sample({ now, bytes: PACKET, limited: false }))
  t.equal(control.window, window)
  control.acknowledged(sample({ now: 60_000, bytes: PACKET }))
  t.ok(control.window < window + PACKET, 'and goes on where it was')
  t.end()
})

t.test('mistaken losses and timeouts are undone, the curve with them', t => {
  const control = after(1000)
  const rounds = new Rounds(control)
  run(rounds, 4000)
  const { window } = control
  control.lost(0, rounds.now)
  control.spurious(rounds.now)
  t.equal(control.window, window)
  control.timedOut(0, rounds.now)
  t.equal(control.window, PACKET)
  control.spurious(rounds.now)
  t.equal(control.window, window)
  rounds.pass({ from: 100 })
  t.ok(control.window > window && control.window < window + 50_000)
  t.end()
})

t.test('a timeout begins anew: slow start up to seven tenths, then the flat part of a curve', t => {
  const control = after(200)
  control.timedOut(0, 0)
  for (let i = 0; i < 200; i++) control.acknowledged(sample({ now: 10, bytes: PACKET }))
  t.ok(Math.abs(control.window - 98_000) < 2000, `${control.window}`)
  t.end()
})

t.test('another size of packets leaves the window what it is', t => {
  const control = after(1000)
  control.setPacketSize(16_300)
  t.equal(Math.round(control.window), 700_000)
  const rounds = new Rounds(control)
  rounds.pass({ from: 100 })
  t.ok(control.window >= 700_000 && control.window < 800_000, `${control.window}`)
  control.setPacketSize(PACKET)
  rounds.pass({ from: 100 })
  t.ok(control.window < 900_000)
  t.end()
})
