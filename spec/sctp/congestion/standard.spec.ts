/** The arithmetic of the standard window (RFC 9260 7.2), and when its first slow start ends (RFC 9406). */

import t from 'tap'
import { createCongestionControl } from '../../../lib/sctp/congestion/controllers.ts'
import type { CongestionControlName } from '../../../lib/sctp/index.ts'
import { OPTIONS, PACKET, Rounds, sample } from './sample.ts'

const create = (packetSize = PACKET) => createCongestionControl('standard', { ...OPTIONS, packetSize })

/** One that has left slow start at `window` packets. */
const avoiding = (window: number) => {
  const control = create()
  while (control.window < 2 * window * PACKET) {
    control.acknowledged(sample({ bytes: Math.min(PACKET, 2 * window * PACKET - control.window) }))
  }
  control.lost(control.window, 0)
  return control
}

t.test('ten packets at first, of large ones two (RFC 6928)', t => {
  t.equal(create(1144).window, 11_440)
  t.equal(create(1460).window, 14_600)
  t.equal(create(16_300).window, 32_600)
  t.throws(() => createCongestionControl('vegas' as CongestionControlName, OPTIONS), TypeError)
  t.end()
})

t.test('slow start grows by what was acknowledged, at whatever heap (7.2.1)', t => {
  const control = create()
  control.acknowledged(sample({ bytes: 1500 }))
  t.equal(control.window, 11_500)
  control.acknowledged(sample({ bytes: 11_500 }))
  t.equal(control.window, 23_000)
  control.acknowledged(sample({ bytes: PACKET, advanced: false }))
  control.acknowledged(sample({ bytes: PACKET, recovering: true }))
  control.acknowledged(sample({ bytes: PACKET, limited: false }))
  t.equal(control.window, 23_000, 'not without the cumulative TSN, in a recovery, or when it is not used')
  t.end()
})

t.test('a loss halves it, to four packets at least (7.2.3), and avoidance adds a packet a window (7.2.2)', t => {
  const control = avoiding(20)
  t.equal(control.window, 20_000)
  control.acknowledged(sample({ bytes: 19_999 }))
  t.equal(control.window, 20_000)
  control.acknowledged(sample({ bytes: 1 }))
  t.equal(control.window, 21_000)
  control.acknowledged(sample({ bytes: 20_000, limited: false }))
  t.equal(control.window, 21_000, 'not while it is not used')
  for (let i = 0; i < 5; i++) control.lost(control.window, 0)
  t.equal(control.window, 4000)
  t.end()
})

t.test('what one SACK acknowledges beyond the threshold is no slow start', t => {
  const control = avoiding(20)
  control.timedOut(20_000, 0)
  t.equal(control.window, PACKET)
  control.acknowledged(sample({ bytes: 100_000 }))
  t.equal(control.window, 10_000, 'half of what the window was')
  t.end()
})

t.test('a loss that was none is undone', t => {
  const control = avoiding(20)
  control.lost(20_000, 0)
  t.equal(control.window, 10_000)
  control.spurious(0)
  t.equal(control.window, 20_000)
  control.timedOut(20_000, 0)
  control.timedOut(1000, 0)
  t.equal(control.window, PACKET)
  control.spurious(0)
  t.equal(control.window, 20_000, 'several timeouts in a row too')
  control.spurious(0)
  t.equal(control.window, 20_000)
  t.end()
})

t.test('timeouts in a row remember what the path bore before the first', t => {
  const control = avoiding(20)
  for (let i = 0; i < 4; i++) control.timedOut(1000, 0)
  control.acknowledged(sample({ bytes: 100_000 }))
  t.equal(control.window, 10_000)
  t.end()
})

t.test('a pause halves it for each timeout, down to what it was at first (7.2.1)', t => {
  const control = avoiding(64)
  control.idled(1, 0)
  t.equal(control.window, 32_000)
  control.acknowledged(sample({ bytes: 10_000 }))
  t.equal(control.window, 42_000, 'slow start up to three quarters')
  control.idled(1000, 0)
  t.equal(control.window, 10_000)
  control.idled(1, 0)
  t.equal(control.window, 10_000)
  t.end()
})

t.test('another size of packets leaves it what it is, and is what it grows and stays above by', t => {
  const control = avoiding(100)
  control.setPacketSize(16_300)
  t.equal(control.window, 100_000)
  control.acknowledged(sample({ bytes: 100_000 }))
  t.equal(control.window, 116_300)
  control.lost(0, 0)
  t.equal(control.window, 65_200)
  control.setPacketSize(PACKET)
  t.equal(control.window, 65_200)
  control.lost(0, 0)
  t.equal(control.window, 32_600)
  t.end()
})

t.test('round trips that grow end slow start gently (RFC 9406 4.2)', t => {
  const control = create()
  const rounds = new Rounds(control)
  rounds.pass({ from: 100 })
  rounds.pass({ from: 100 })
  t.equal(control.window, 40_000)
  rounds.pass({ from: 120 })
  t.ok(control.window > 50_000 && control.window < 65_000, 'a quarter of the pace, from its eighth sample on')
  for (let i = 0; i < 6; i++) rounds.pass({ from: 120 })
  const { window } = control
  rounds.pass({ from: 120 })
  t.ok(control.window <= window + 2 * PACKET, 'after five such rounds congestion avoidance')
  t.end()
})

t.test('when they fall again it was jitter, and slow start goes on', t => {
  const control = create()
  const rounds = new Rounds(control)
  rounds.pass({ from: 100 })
  rounds.pass({ from: 100 })
  rounds.pass({ from: 120 })
  rounds.pass({ from: 100 })
  const { window } = control
  rounds.pass({ from: 100 })
  t.equal(control.window, 2 * window)
  t.end()
})

t.test('a round trip that doubled ends slow start at once', t => {
  const control = create()
  const rounds = new Rounds(control)
  rounds.pass({ from: 100 })
  rounds.pass({ from: 100 })
  rounds.pass({ from: 230 })
  const { window } = control
  rounds.pass({ from: 230 })
  t.ok(control.window <= window + PACKET)
  t.end()
})

t.test('packets are paced where a host can: twice the window a round trip, then five quarters', t => {
  const control = create()
  t.equal(control.pacingRate, Number.POSITIVE_INFINITY)
  control.acknowledged(sample({ bytes: PACKET, roundTrip: 0.5 }))
  t.equal(control.pacingRate, Number.POSITIVE_INFINITY, 'not below the resolution of timers')
  const far = create()
  far.acknowledged(sample({ bytes: PACKET, roundTrip: 100 }))
  t.equal(far.pacingRate, 220)
  far.lost(0, 0)
  t.equal(far.pacingRate, (1.25 * 5500) / 100)
  t.end()
})
