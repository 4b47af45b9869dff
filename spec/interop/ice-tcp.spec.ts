/** ICE over TCP (RFC 6544) with peers that connect to us, and with one that we connect to. Nobody hears of UDP candidates. */

import t from 'tap'
import { openTcpMux } from '../../lib/index.ts'
import { chromium } from './drivers/chromium.ts'
import type { PeerStarter } from './drivers/driver.ts'
import { firefox } from './drivers/firefox.ts'
import { pion } from './drivers/pion.ts'
import { processPeer } from './drivers/process.ts'
import { type CandidateFilter, exchange, Party, restartIce, selectedCandidates, selectedPair } from './path.ts'

const isTcp: CandidateFilter = candidate => /^candidate:\S+ \d+ tcp /i.test(candidate)
const isPassive: CandidateFilter = candidate => isTcp(candidate) && / tcptype passive/.test(candidate)

const bothRoles = async (test: (weOffer: boolean, title: string) => Promise<unknown>): Promise<void> => {
  for (const weOffer of [true, false]) await test(weOffer, weOffer ? 'we offer' : 'it offers')
}

const passive = (starter: PeerStarter) =>
  t.test(`${starter.name} connects to us`, async t => {
    const party = await Party.start(t, starter)
    const skip = party.unable ?? false

    await bothRoles((weOffer, title) =>
      t.test(`to a listener of its own; ${title}`, { skip }, async t => {
        const ours = { configuration: { tcpCandidates: ['passive'] }, hears: isTcp }
        const pair = await party.pair(t, weOffer, ours, { hears: isPassive })
        await pair.connect()
        await exchange(t, pair)
        await restartIce(t, pair)
        t.match(await selectedPair(pair.ours), { local: { protocol: 'tcp', tcpType: 'passive' } })
        t.match(await selectedCandidates(pair.ours), {
          local: { protocol: 'tcp', tcpType: 'passive' },
          remote: { protocol: 'tcp' },
        })
        t.match(await selectedCandidates(pair.peer), {
          local: { protocol: 'tcp' },
          remote: { protocol: 'tcp', candidateType: 'host' },
        })
        t.same(pair.errors, [])
      }),
    )

    await bothRoles((weOffer, title) =>
      t.test(`two connections to one port; ${title}`, { skip }, async t => {
        const tcpMux = await openTcpMux()
        t.teardown(() => tcpMux.close())
        const ours = { configuration: { tcpMux, tcpCandidates: [] }, hears: isTcp }
        const pairs = [
          await party.pair(t, weOffer, ours, { hears: isPassive }),
          await party.pair(t, weOffer, ours, { hears: isPassive }),
        ]
        await Promise.all(pairs.map(pair => pair.connect()))
        for (const pair of pairs) {
          await exchange(t, pair)
          t.match(await selectedPair(pair.ours), { local: { protocol: 'tcp', port: tcpMux.port } })
          t.match(await selectedCandidates(pair.peer), { remote: { protocol: 'tcp', port: tcpMux.port } })
          t.same(pair.errors, [])
        }
      }),
    )
  })

await passive(chromium)
await passive(firefox)
await passive(processPeer('wrtc', {}))

const mode = pion({ noTransportStats: true, largestMessage: 65_535 }, ['tcp'])
await t.test(`we connect to ${mode.name}`, async t => {
  const party = await Party.start(t, mode)
  await bothRoles((weOffer, title) =>
    t.test(title, { skip: party.unable ?? false }, async t => {
      const pair = await party.pair(t, weOffer, { hears: isPassive }, { hears: isTcp })
      await pair.connect()
      await exchange(t, pair)
      await restartIce(t, pair)
      t.match(await selectedPair(pair.ours), {
        local: { protocol: 'tcp', tcpType: 'active' },
        remote: { protocol: 'tcp', tcpType: 'passive' },
      })
      t.match(await selectedCandidates(pair.ours), { local: { protocol: 'tcp' }, remote: { protocol: 'tcp' } })
      t.same(pair.errors, [])
    }),
  )
})
