/** How many round trips a connection takes to open: none is lost to a timer (virtual time, 20 ms each way). */

import t from 'tap'
import { createPair } from '../sim/pair.ts'

t.test('a channel is open after five round trips, whoever offers', async t => {
  for (const role of ['a', 'b'] as const) {
    const pair = createPair({ seed: 2, network: { delay: 20 } })
    const channel = pair[role].createDataChannel('data')
    const negotiated = pair.negotiate(pair[role])
    await pair.sim.run(() => channel.readyState === 'open')
    await negotiated
    // ICE one, DTLS two (client certificates), SCTP and DCEP together less than two.
    t.ok(pair.sim.now() <= 5 * 40, `${pair.sim.now()} ms`)
    t.comment(`offered by ${role}: ${pair.sim.now()} ms`)
    pair.a.close()
    pair.b.close()
  }
})
