/**
 * Every pair of NAT kinds, and the candidates on which ICE ends: direct wherever that is possible, through the relay where
 * it is not.
 */

import t from 'tap'
import type { NatBehaviour, NatKind, SimulatedHost } from '../../lib/sim/index.ts'
import { hasDirectPath, type Translation } from './reachability.ts'
import { behindNat, createInternet, endingOf, ICE_SERVERS, type Internet, peerAt } from './site.ts'

type Site = 'open' | NatKind | 'tls-only'

const hostAt = (internet: Internet, site: Site, number: number): SimulatedHost => {
  const { sim } = internet
  if (site === 'open') return sim.createHost({ addresses: [`198.51.100.${number}`] })
  if (site !== 'tls-only') return behindNat(internet, number, { kind: site })
  // A company: no UDP, and TCP to port 443 only.
  return behindNat(internet, number, {}, sim.createFirewall({ udp: false, tcp: [443] }))
}

const SITES = ['open', 'full-cone', 'address-restricted', 'port-restricted', 'symmetric', 'tls-only'] as const

/**
 * Local and remote candidate of the selected pair, as the site of the row sees it; columns in the order of `SITES`.
 *
 * A symmetric NAT gives each destination a port of its own, which no server has seen: peer-reflexive. Behind an
 * address-restricted NAT or a full cone such a port is let in; a port-restricted one has never sent to it, but its relay,
 * which goes by the address alone, lets it in: where two relays would do, the pair of higher priority is taken.
 */
const TABLE: Readonly<Record<Site, string>> = {
  open: 'host host | host srflx | host srflx | host srflx | host prflx | host relay',
  'full-cone': 'srflx host | srflx srflx | srflx srflx | srflx srflx | srflx prflx | srflx relay',
  'address-restricted': 'srflx host | srflx srflx | srflx srflx | srflx srflx | srflx prflx | srflx relay',
  'port-restricted': 'srflx host | srflx srflx | srflx srflx | srflx srflx | relay prflx | srflx relay',
  symmetric: 'prflx host | prflx srflx | prflx srflx | prflx relay | prflx relay | prflx relay',
  'tls-only': 'relay host | relay srflx | relay srflx | relay srflx | relay prflx | relay relay',
}

for (const one of SITES) {
  t.test(`from ${one}`, async t => {
    for (const [column, other] of SITES.entries()) {
      const internet = await createInternet(7)
      const a = peerAt(hostAt(internet, one, 1), 1)
      const b = peerAt(hostAt(internet, other, 2), 2)
      const ending = await endingOf(internet.sim, a, b)
      t.ok(ending.connected, `to ${other}: connected`)
      t.equal(ending.pair, TABLE[one].split(' | ')[column], `to ${other}: on this pair`)
      if (one === 'tls-only') t.equal(ending.relayProtocol, 'tls')
    }
  })
}

const BEHAVIOURS: readonly NatBehaviour[] = ['endpoint-independent', 'address-dependent', 'address-and-port-dependent']
const TRANSLATIONS: readonly Translation[] = [
  undefined,
  ...BEHAVIOURS.flatMap(mapping => BEHAVIOURS.map(filtering => ({ mapping, filtering }))),
]
const nameOf = (translation: Translation): string =>
  translation === undefined ? 'open' : `${translation.mapping} mapping, ${translation.filtering} filtering`

t.test('without a relay, of all 100 pairs of behaviours those connect that have a path, and no others', async t => {
  let paths = 0
  for (const one of TRANSLATIONS) {
    for (const other of TRANSLATIONS) {
      const internet = await createInternet(11)
      const at = (translation: Translation, number: number): SimulatedHost =>
        translation === undefined ? hostAt(internet, 'open', number) : behindNat(internet, number, translation)
      const stunOnly = { iceServers: ICE_SERVERS.slice(0, 1) }
      const a = peerAt(at(one, 1), 1, stunOnly)
      const b = peerAt(at(other, 2), 2, stunOnly)
      const possible = hasDirectPath(one, other)
      if (possible) paths++
      const { connected } = await endingOf(internet.sim, a, b)
      t.equal(connected, possible, `${nameOf(one)} - ${nameOf(other)}`)
    }
  }
  t.comment(`${paths} of 100 have a path`)
})

t.test('behind one NAT the two meet inside', async t => {
  const internet = await createInternet(5)
  const { sim } = internet
  const nat = sim.createNat({ addresses: ['198.51.100.1'], kind: 'symmetric' })
  const [a, b] = ['192.168.0.2', '192.168.0.3'].map((address, i) =>
    peerAt(sim.createHost({ addresses: [address], behind: nat }), i + 1),
  )
  const ending = await endingOf(sim, a!, b!)
  t.same([ending.connected, ending.pair], [true, 'host host'])
})

t.test('two homes behind one carrier meet by hairpinning, and by the relay where there is none', async t => {
  for (const hairpin of [true, false]) {
    const internet = await createInternet(5)
    const { sim } = internet
    const carrier = sim.createNat({ addresses: ['198.51.100.1'], hairpin })
    const [a, b] = ['100.64.0.1', '100.64.0.2'].map((address, i) =>
      peerAt(behindNat(internet, 0, { addresses: [address] }, carrier), i + 1),
    )
    const ending = await endingOf(sim, a!, b!)
    t.ok(ending.connected)
    t.equal(ending.relayed, !hairpin)
    if (hairpin) t.equal(ending.pair, 'srflx srflx')
  }
})
