/** ICE restart (RFC 8445, 9) while data flows in both directions: nothing is lost, and the new credentials are in use. */

import type { End, Pair } from '../pair.ts'
import type { Scenario } from './scenario.ts'

/** How long the messages flow before the restart and after it, in milliseconds. */
const WHILE = 150

const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

async function restarted(t: Parameters<Scenario['run']>[0], pair: Pair, starter: End): Promise<void> {
  await pair.connect()
  const ends = [pair.ours, pair.peer]
  const before = await pair.ours.fragments()
  for (const end of ends) await end.flow('first', 3000)
  await pause(WHILE)
  await starter.offer({ iceRestart: true })
  const after = await pair.ours.changedFragments(before)
  t.not(after.local, before.local, 'our credentials are new')
  t.not(after.remote, before.remote, "the peer's credentials are new")
  await pair.ours.selectedFragment(after.local)
  await pair.peer.selectedFragment(after.remote)
  await pause(WHILE)
  for (const [from, to] of [ends, ends.toReversed()] as [End, End][]) {
    const sent = await from.stopFlow('first')
    t.ok(sent.length > 10, 'messages were sent')
    t.same(await to.received('first', sent.length), sent, `nothing from ${from.driver.name} is lost`)
  }
  await pair.ours.connectionState('connected')
  const { states } = await pair.ours.report()
  t.same(
    states.filter(state => /failed|closed/.test(state)),
    [],
  )
}

export const restart: readonly Scenario[] = [
  {
    name: 'we may restart ICE while data flows: no message is lost',
    fits: quirks => quirks.noRestart !== true,
    run: (t, pair) => restarted(t, pair, pair.ours),
  },
  {
    name: 'the peer may restart ICE while data flows: no message is lost',
    fits: quirks => quirks.noRestart !== true,
    run: (t, pair) => restarted(t, pair, pair.peer),
  },
]
