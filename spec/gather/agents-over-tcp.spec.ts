/** ICE over each kind of TCP base: agents connect, talk, keep their consent, and learn when the connection is gone. */

import t, { type Test } from 'tap'
import { TcpActiveBase } from '../../lib/gather/tcp-active.ts'
import { TcpMux } from '../../lib/gather/tcp-mux.ts'
import { openTcpPassiveBase } from '../../lib/gather/tcp-passive.ts'
import { openTcpSimultaneousBase } from '../../lib/gather/tcp-simultaneous.ts'
import { Simulation } from '../../lib/sim/index.ts'
import { AgentAt } from './agent-at.ts'

const A = '10.0.0.1'
const B = '10.0.0.2'

const world = () => {
  const sim = new Simulation({ seed: 1, network: { delay: 20 } })
  const a = sim.createHost({ addresses: [A] })
  const b = sim.createHost({ addresses: [B] })
  return { sim, a, b, one: new AgentAt(a, 'controlling'), two: new AgentAt(b, 'controlled') }
}

const shown = async (t: Test, w: ReturnType<typeof world>): Promise<void> => {
  const { sim, a, b, one, two } = w
  two.learn(one)
  one.learn(two)
  await sim.elapse(2000)
  t.same([one.connected, two.connected], [true, true])
  one.say('to two')
  two.say('to one')
  await sim.elapse(100)
  t.same([one.heard, two.heard], [['to one'], ['to two']])
  await sim.elapse(120_000)
  t.same([one.connected, two.connected], [true, true], 'consent goes on')
  t.same([one.lostPaths, two.lostPaths], [0, 0])
  one.close()
  await sim.elapse(100)
  t.ok(two.lostPaths > 0)
  t.equal(two.connected, false)
  two.close()
  await sim.elapse(60_000)
  t.equal(a.openSockets + b.openSockets, 0)
}

for (const active of ['controlling', 'controlled'] as const) {
  t.test(`an active side that is ${active}, and a passive one`, async t => {
    const w = world()
    const [first, second] = active === 'controlling' ? [w.one, w.two] : [w.two, w.one]
    const [here, there] = active === 'controlling' ? [w.a, w.b] : [w.b, w.a]
    const address = here === w.a ? A : B
    first.use(new TcpActiveBase(here, { address, receive: first.receive, lost: first.lost }), 'active')
    const passive = await openTcpPassiveBase(there, {
      address: address === A ? B : A,
      receive: second.receive,
      lost: second.lost,
    })
    second.use(passive!, 'passive')
    await shown(t, w)
  })
}

t.test('two simultaneous sides', async t => {
  const w = world()
  const { a, b, one, two } = w
  one.use((await openTcpSimultaneousBase(a, { address: A, receive: one.receive, lost: one.lost }))!, 'so')
  two.use((await openTcpSimultaneousBase(b, { address: B, receive: two.receive, lost: two.lost }))!, 'so')
  await shown(t, w)
})

t.test('fifty peers over one TCP port', async t => {
  const sim = new Simulation({ seed: 2, network: { delay: 20 } })
  const server = sim.createHost({ addresses: [A] })
  const client = sim.createHost({ addresses: [B] })
  const mux = await TcpMux.open(server, { port: 443 })
  const pairs = Array.from({ length: 50 }, () => {
    const [ours, theirs] = [new AgentAt(server, 'controlled'), new AgentAt(client, 'controlling')]
    const share = mux.ports[0]!.share({ receive: ours.receive, lost: ours.lost })
    share.fragments([ours.agent.localParameters.usernameFragment])
    ours.use(share, 'passive')
    theirs.use(new TcpActiveBase(client, { address: B, receive: theirs.receive, lost: theirs.lost }), 'active')
    ours.learn(theirs)
    theirs.learn(ours)
    return { ours, theirs }
  })
  await sim.elapse(3000)
  t.equal(pairs.filter(({ ours, theirs }) => ours.connected && theirs.connected).length, 50)
  for (const [i, { ours, theirs }] of pairs.entries()) {
    ours.say(`to ${i}`)
    theirs.say(`from ${i}`)
  }
  await sim.elapse(100)
  t.equal(
    pairs.filter(({ ours, theirs }, i) => ours.heard.join() === `from ${i}` && theirs.heard.join() === `to ${i}`)
      .length,
    50,
  )
  t.equal(mux.ports[0]!.usage.connections, 50)
  for (const { ours, theirs } of pairs) {
    ours.close()
    theirs.close()
  }
  mux.close()
  await sim.elapse(60_000)
  t.equal(server.openSockets + client.openSockets, 0)
})
