/** A TURN server that dies while a connection goes through it: our side tells, and a restart leads over another server. */

import t from 'tap'
import { chromium } from './drivers/chromium.ts'
import { relayBy, startCoturn, urlBy, type Way } from './outward.ts'
import { exchange, Party, restartIce, selectedPair, startIfPossible } from './path.ts'

const party = await Party.start(t, chromium)
const other = await startIfPossible(t, startCoturn())
const skip = party.unable ?? (typeof other === 'string' ? other : false)

for (const way of ['udp', 'tcp', 'tls'] as const satisfies readonly Way[]) {
  t.test(`reached over ${way}`, { skip }, async t => {
    if (typeof other === 'string') return
    const dying = await startCoturn()
    t.teardown(() => dying.close())
    const pair = await party.pair(t, true, { configuration: relayBy(way, dying) })
    await pair.connect()
    await exchange(t, pair)
    await dying.stop()
    // Over UDP nothing tells but the silence; a stream that breaks takes the only path along.
    await pair.ours.connectionState('disconnected', 'failed')
    t.match(await pair.ours.report(), { sctp: 'connected', dtls: 'connected' }, 'what is above waits')
    await pair.ours.driver.call('configure', pair.ours.id, relayBy(way, other))
    await restartIce(t, pair)
    await pair.ours.connectionState('connected')
    t.match(await selectedPair(pair.ours), { local: { type: 'relay', url: urlBy(way, other) } })
    t.same(pair.errors, [])
  })
}
