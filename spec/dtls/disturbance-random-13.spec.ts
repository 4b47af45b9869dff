/** DTLS 1.3: a fifth of all datagrams is lost, and the handshake completes, for a thousand seeds. */

import t from 'tap'
import { shakeHandsAtRandom } from './disturbance.ts'

t.test('over a path that loses a fifth, and jumbles the rest for every other seed', async t => {
  const { faults, times, most } = await shakeHandsAtRandom('1.3', 1000)
  const at = (part: number): number => Math.round(times[Math.floor(part * times.length)] ?? 0)
  const slowest = Math.round(times.at(-1) ?? 0)
  t.comment(`ms: median ${at(0.5)}, 90 % ${at(0.9)}, 99 % ${at(0.99)}, slowest ${slowest}; at most ${most} datagrams`)
  t.same(faults, [])
  t.equal(times.length, 1000)
  // Five timeouts in a row end at 31 s, the sixth at 63 s; nobody gives up before ten, which take minutes.
  t.ok(at(0.99) <= 63_000)
  t.ok(slowest <= 300_000)
})
