/** What a server of ours does with real peers: many connections on one UDP port, and the lite role. */

import t from 'tap'
import { openUdpMux } from '../../lib/index.ts'
import { chromium } from './drivers/chromium.ts'
import { firefox } from './drivers/firefox.ts'
import { pion } from './drivers/pion.ts'
import { processPeer } from './drivers/process.ts'
import { exchange, Party, restartIce, selectedCandidates } from './path.ts'

const ROLES = [true, false] as const
const titleOf = (weOffer: boolean): string => (weOffer ? 'we offer' : 'it offers')

await t.test('one UDP port, with Chromium', async t => {
  const party = await Party.start(t, chromium)
  const skip = party.unable ?? false
  for (const weOffer of ROLES) {
    await t.test(`two connections at once; ${titleOf(weOffer)}`, { skip }, async t => {
      const udpMux = await openUdpMux()
      t.teardown(() => udpMux.close())
      const ours = { configuration: { udpMux, tcpCandidates: [] } }
      const pairs = [await party.pair(t, weOffer, ours), await party.pair(t, weOffer, ours)]
      await Promise.all(pairs.map(pair => pair.connect()))
      for (const pair of pairs) {
        await exchange(t, pair)
        await restartIce(t, pair)
        t.match(await selectedCandidates(pair.ours), { local: { protocol: 'udp', port: udpMux.port } })
        t.match(await selectedCandidates(pair.peer), { remote: { protocol: 'udp', port: udpMux.port } })
        t.same(pair.errors, [])
      }
      t.match(udpMux.counters, { malformed: 0, fragmentConflicts: 0, socketErrors: 0 })
    })
  }
})

const roleOf = (stats: readonly Record<string, unknown>[]) => stats.find(({ type }) => type === 'transport')?.iceRole

for (const starter of [chromium, firefox, processPeer('wrtc', {})]) {
  await t.test(`we are lite, with ${starter.name}`, async t => {
    const party = await Party.start(t, starter)
    for (const weOffer of ROLES) {
      await t.test(titleOf(weOffer), { skip: party.unable ?? false }, async t => {
        const pair = await party.pair(t, weOffer, { configuration: { iceLite: true } })
        await pair.connect()
        t.equal(roleOf(await pair.ours.stats()), 'controlled')
        await exchange(t, pair)
        await restartIce(t, pair)
        await pair.ours.connectionState('connected')
        t.same(pair.errors, [])
      })
    }
  })
}

const lite = pion({ noTransportStats: true, largestMessage: 65_535 }, ['lite'])
await t.test('pion is lite', async t => {
  const party = await Party.start(t, lite)
  for (const weOffer of ROLES) {
    await t.test(titleOf(weOffer), { skip: party.unable ?? false }, async t => {
      const pair = await party.pair(t, weOffer, {})
      await pair.connect()
      t.equal(roleOf(await pair.ours.stats()), 'controlling')
      await exchange(t, pair)
      await restartIce(t, pair)
      t.same(pair.errors, [])
    })
  }
})
