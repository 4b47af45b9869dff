/** A thousand connections on one UDP port: all connect, each hears its own peer, and nothing is left. */

import t from 'tap'
import { openUdpBase } from '../../lib/gather/udp-base.ts'
import { UdpMux } from '../../lib/gather/udp-mux.ts'
import { Simulation } from '../../lib/sim/index.ts'
import { AgentAt } from './agent-at.ts'

const SERVER = '10.0.0.1'

t.test('a thousand clients, and a restart of a hundred while they talk', async t => {
  const sim = new Simulation({ seed: 7, network: { delay: 20 } })
  const server = sim.createHost({ addresses: [SERVER] })
  const mux = await UdpMux.open(server, { port: 3478 })
  const port = mux.ports[0]!
  const clientHosts = Array.from({ length: 10 }, (_, i) => sim.createHost({ addresses: [`10.0.1.${i}`] }))
  const pairs = await Promise.all(
    Array.from({ length: 1000 }, async (_, i) => {
      const host = clientHosts[i % 10]!
      const client = new AgentAt(host, 'controlling')
      client.use((await openUdpBase(host, { address: `10.0.1.${i % 10}`, receive: client.receive }))!)
      const ours = new AgentAt(server, 'controlled')
      const share = port.share({ receive: ours.receive })
      share.fragments([ours.agent.localParameters.usernameFragment])
      ours.use(share)
      client.learn(ours)
      ours.learn(client)
      return { client, ours, share }
    }),
  )
  t.equal(server.openSockets, 1)
  await sim.elapse(1000)
  t.equal(pairs.filter(({ client, ours }) => client.connected && ours.connected).length, 1000)
  t.match(port.usage, { shares: 1000, fragments: 1000, addresses: 1000, overBound: 0 })

  const talk = async (text: string): Promise<number> => {
    for (const [i, { client, ours }] of pairs.entries()) {
      ours.say(`${text} to ${i}`)
      client.say(`${text} from ${i}`)
    }
    await sim.elapse(25)
    return pairs.filter(
      ({ client, ours }, i) =>
        client.heard.splice(0).join() === `${text} to ${i}` && ours.heard.splice(0).join() === `${text} from ${i}`,
    ).length
  }
  t.equal(await talk('hello'), 1000)

  for (const { client, ours, share } of pairs.slice(0, 100)) {
    const former = ours.agent.localParameters.usernameFragment
    const now = sim.now()
    ours.agent.restart(fresh(), now)
    client.agent.restart(fresh(), now)
    share.fragments([former, ours.agent.localParameters.usernameFragment])
    ours.agent.endOfLocalCandidates(now)
    client.agent.endOfLocalCandidates(now)
    client.learn(ours)
    ours.learn(client)
  }
  t.equal(await talk('restarting'), 1000)
  await sim.elapse(1000)
  t.equal(pairs.filter(({ client, ours }) => client.connected && ours.connected).length, 1000)
  t.equal(await talk('again'), 1000)
  t.match(mux.counters, { malformed: 0, unmatchedResponses: 0, unknownSource: 0, fragmentConflicts: 0 })

  for (const { client, ours } of pairs) {
    client.close()
    ours.close()
  }
  t.match(port.usage, { shares: 0, fragments: 0, transactions: 0, addresses: 0 })
  mux.close()
  t.equal(server.openSockets + clientHosts.reduce((sum, host) => sum + host.openSockets, 0), 0)
})

t.test('both ends on one port each: all checks find their connection although all have the same addresses', async t => {
  const sim = new Simulation({ seed: 8, network: { delay: 20 } })
  const hosts = [sim.createHost({ addresses: [SERVER] }), sim.createHost({ addresses: ['10.0.0.2'] })]
  const muxes = await Promise.all(hosts.map(host => UdpMux.open(host, { port: 3478 })))
  const join = (side: 0 | 1): AgentAt => {
    const end = new AgentAt(hosts[side]!, side === 0 ? 'controlling' : 'controlled')
    const share = muxes[side]!.ports[0]!.share({ receive: end.receive })
    share.fragments([end.agent.localParameters.usernameFragment])
    end.use(share)
    return end
  }
  const ends: AgentAt[] = []
  for (let i = 0; i < 50; i++) {
    const [a, b] = [join(0), join(1)]
    a.learn(b)
    b.learn(a)
    ends.push(a, b)
  }
  await sim.elapse(1000)
  t.equal(ends.filter(({ connected }) => connected).length, 100)
  // Consent goes on: it needs every answer.
  await sim.elapse(60_000)
  t.equal(ends.filter(({ connected }) => connected).length, 100)
  t.match(muxes[0]!.counters, { unmatchedResponses: 0 })
  for (const end of ends) end.close()
  for (const mux of muxes) mux.close()
  t.equal(hosts[0]!.openSockets + hosts[1]!.openSockets, 0)
})

let serial = 0
const fresh = () => ({ usernameFragment: `fresh${++serial}`, password: `passwordpasswordpassword${serial}` })
