/** Runs the scenarios against one peer, in both roles. A peer that cannot start is reported test by test, and why. */

import t from 'tap'
import { CannotStart, type Driver, type PeerStarter } from './drivers/driver.ts'
import { startOurs } from './drivers/ours.ts'
import { End, Pair, SignalSource } from './pair.ts'
import { type Scenario, scenarios } from './scenarios/index.ts'

/** Set where everything is installed (`.ci/run`): a peer that cannot start is then a failure. */
const required = process.env.PURERTC_REQUIRE_PEERS === '1'

export async function interop(starter: PeerStarter): Promise<void> {
  const { name } = starter
  let peer: Driver | string
  try {
    peer = await starter.start()
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error
    if (required) return void t.fail(error.message)
    peer = error.message
  }
  const ours = await startOurs()
  const sources = typeof peer === 'string' ? undefined : { ours: new SignalSource(ours), peer: new SignalSource(peer) }
  if (typeof peer !== 'string') t.comment(`peer: ${peer.name}`)
  let connections = 0

  const run = (scenario: Scenario, weOffer: boolean) => {
    const title = `${name} ${weOffer ? 'answers' : 'offers'}: ${scenario.name}`
    if (typeof peer === 'string') return t.test(title, { skip: peer }, () => {})
    if (!scenario.fits(peer.quirks, weOffer)) return
    const id = `connection ${connections++}`
    const [oursEnd, peerEnd] = [new End(ours, id), new End(peer, id)]
    return t.test(title, async t => {
      const pair = new Pair(oursEnd, peerEnd, weOffer ? oursEnd : peerEnd, scenario.offeredSetup)
      const configuration = typeof scenario.ours === 'function' ? await scenario.ours() : scenario.ours
      await Promise.all([oursEnd.create(configuration), peerEnd.create(scenario.peer?.(peer.quirks))])
      if (sources !== undefined) {
        pair.carry(sources.ours, oursEnd, peerEnd)
        pair.carry(sources.peer, peerEnd, oursEnd)
      }
      try {
        await scenario.run(t, pair)
      } catch (error) {
        for (const end of [oursEnd, peerEnd])
          t.comment(`${end.driver.name}: ${JSON.stringify(await end.report().catch(String))}`)
        for (const problem of pair.errors) t.comment(problem)
        throw error
      } finally {
        await pair.close()
      }
      t.same(pair.errors, [], 'no error in the signalling')
    })
  }

  t.teardown(async () => {
    await ours.close()
    if (typeof peer !== 'string') await peer.close()
  })
  for (const weOffer of [true, false]) for (const scenario of scenarios) await run(scenario, weOffer)
}
