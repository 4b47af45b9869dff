/** TCP through NATs (RFC 5382): outward, never inward unasked, and from both sides at once where mappings allow. */

import t from 'tap'
import { type NatKind, type NatOptions, type SimulatedHost, Simulation } from '../../lib/sim/index.ts'
import { connect, type End, listen } from './stream.ts'

const create = (options: Partial<NatOptions> = {}) => {
  const sim = new Simulation({ seed: 1, network: { delay: 10 } })
  const nat = sim.createNat({ addresses: ['198.51.100.1'], ...options })
  const host = sim.createHost({ addresses: ['192.168.0.2'], behind: nat })
  const server = sim.createHost({ addresses: ['203.0.113.1'] })
  return { sim, nat, host, server }
}
const SERVER = { remoteAddress: '203.0.113.1', remotePort: 80, timeout: 5_000 }

t.test('a stream leads out, is seen from the outside address, and outlives hours of silence', async t => {
  const { sim, nat, host, server } = create()
  const ear = await listen(server, { address: '203.0.113.1', port: 80 })
  const end = await sim.run(connect(host, SERVER))
  await sim.elapse(10)
  const there = ear.accepted[0]!
  t.equal(there.socket.remoteAddress, '198.51.100.1')
  await sim.elapse(7_200_000)
  there.say('still there?')
  await sim.elapse(10)
  t.equal(end.text, 'still there?')
  nat.restart()
  end.say('nobody knows it now')
  await sim.elapse(400_000)
  t.same(end.over, { code: 'ETIMEDOUT' })
  t.equal(nat.bindings, 0, 'data alone makes no binding')
})

t.test('a closed stream frees its binding within minutes', async t => {
  const { sim, nat, host, server } = create()
  await listen(server, { address: '203.0.113.1', port: 80 })
  const end = await sim.run(connect(host, SERVER))
  end.socket.close()
  await sim.elapse(1_000)
  t.equal(nat.bindings, 1)
  await sim.elapse(240_000)
  t.equal(nat.bindings, 0)
})

t.test('nobody connects inward without a binding, with one only whom the filter lets in', async t => {
  for (const [kind, code] of [
    ['full-cone', undefined],
    ['port-restricted', 'ETIMEDOUT'],
  ] as const) {
    const { sim, nat, host, server } = create({ kind })
    await listen(host, { address: '192.168.0.2', port: 7000 })
    const ear = await listen(server, { address: '203.0.113.1', port: 80 })
    const inward = { remoteAddress: '198.51.100.1', remotePort: 7000, timeout: 5_000 }
    await t.rejects(sim.run(connect(server, inward)), { code: 'ETIMEDOUT' })
    await sim.run(connect(host, { ...SERVER, address: '192.168.0.2', port: 7000 }))
    await sim.elapse(10)
    const { remoteAddress, remotePort } = ear.accepted[0]!.socket
    const attempt = sim.run(connect(server, { remoteAddress, remotePort, timeout: 5_000 }))
    if (code === undefined) await attempt
    else await t.rejects(attempt, { code })
    t.equal(nat.bindings, 1)
  }
})

/** What a host finds out about its outside port by connecting to a server, as ICE-TCP does (RFC 6544, section 5.2). */
const outsideOf = async (sim: Simulation, host: SimulatedHost, server: SimulatedHost, port: number): Promise<End> => {
  const ear = await listen(server, { address: '203.0.113.1', port: 80 })
  const address = host.interfaces().find(item => !item.internal)!.address
  await sim.run(connect(host, { ...SERVER, address, port }))
  await sim.elapse(10)
  ear.listener.close()
  return ear.accepted[0]!
}

t.test('both sides open at once through two NATs; not when one maps by destination', async t => {
  for (const kind of ['port-restricted', 'symmetric'] as NatKind[]) {
    const { sim, host, server } = create()
    const nat = sim.createNat({ addresses: ['198.51.100.2'], kind })
    const other = sim.createHost({ addresses: ['192.168.0.2'], behind: nat })
    const here = (await outsideOf(sim, host, server, 7000)).socket
    const there = (await outsideOf(sim, other, server, 7000)).socket
    const address = '192.168.0.2'
    const both = Promise.all([
      connect(host, { ...remote(there), address, port: 7000, timeout: 5_000 }),
      connect(other, { ...remote(here), address, port: 7000, timeout: 5_000 }),
    ])
    if (kind === 'symmetric') {
      await t.rejects(sim.run(both), { code: 'ETIMEDOUT' })
      continue
    }
    const [one, two] = await sim.run(both)
    one.say('from one')
    two.say('from two')
    await sim.elapse(10)
    t.same([one.text, two.text], ['from two', 'from one'])
  }
})

const remote = ({ remoteAddress, remotePort }: { remoteAddress: string; remotePort: number }) => ({
  remoteAddress,
  remotePort,
})
