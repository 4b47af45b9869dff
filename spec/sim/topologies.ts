/** What is true of every topology: all that is behind NATs and firewalls connects, directly where it can. */

import { endingOf, peerAt } from './site.ts'
import { drawTopology } from './topology.ts'

interface Test {
  ok(value: unknown, message: string): unknown
  equal(found: unknown, wanted: unknown, message: string): unknown
  comment(message: string): void
}

/** Connects two peers in each of the topologies from seed `first` to seed `last`. */
export const showTopologies = async (t: Test, first: number, last: number): Promise<void> => {
  let relayed = 0
  let told = 0
  for (let seed = first; seed <= last; seed++) {
    const { internet, hosts, description, direct } = await drawTopology(seed)
    const [a, b] = hosts.map((host, i) => peerAt(host, seed * 2 + i))
    const ending = await endingOf(internet.sim, a!, b!)
    t.ok(ending.connected, description)
    if (direct !== undefined) t.equal(ending.relayed, !direct, `${description}: relayed only if there is no other way`)
    if (direct !== undefined) told++
    if (ending.relayed) relayed++
  }
  const count = last - first + 1
  t.comment(`${relayed} of ${count} through a relay; of ${told} it is known whether they must`)
  t.ok(relayed > count / 10 && relayed < count * 0.9 && told > count / 10, 'the draw is of all sorts')
}
