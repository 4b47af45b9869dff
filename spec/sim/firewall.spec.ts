/** Firewalls: only what the inside has begun comes in; UDP may be blocked, TCP held to some ports; NATs on either side. */

import t from 'tap'
import { type FirewallOptions, Simulation } from '../../lib/sim/index.ts'
import { connect, listen } from './stream.ts'
import { Talker } from './talker.ts'

const create = async (options: FirewallOptions = {}) => {
  const sim = new Simulation({ seed: 1, network: { delay: 10 } })
  const firewall = sim.createFirewall(options)
  const host = sim.createHost({ addresses: ['198.51.100.5'], behind: firewall })
  const server = sim.createHost({ addresses: ['203.0.113.1', '203.0.113.2'] })
  const inner = await Talker.open(host, '198.51.100.5', 5000)
  const outer = await Talker.open(server, '203.0.113.1', 1111)
  return { sim, firewall, host, server, inner, outer }
}
const to = (remotePort: number) => ({ remoteAddress: '203.0.113.1', remotePort, timeout: 3_000 })

t.test('addresses are seen as they are; who was not asked does not come in', async t => {
  const { sim, firewall, server, inner, outer } = await create({ lifetime: 30_000 })
  const stranger = await Talker.open(server, '203.0.113.2', 1111)
  outer.say('too early', inner.socket)
  await sim.elapse(10)
  inner.say('question', outer.socket)
  await sim.elapse(10)
  t.same(outer.take(), ['question from 198.51.100.5:5000'])
  outer.say('answer', inner.socket)
  stranger.say('nobody asked', inner.socket)
  await sim.elapse(10)
  t.same(inner.take(), ['answer from 203.0.113.1:1111'])
  t.equal(firewall.counters.droppedInbound, 2)
  await sim.elapse(25_000)
  outer.say('more', inner.socket)
  await sim.elapse(25_000)
  outer.say('and more', inner.socket)
  await sim.elapse(31_000)
  outer.say('too late', inner.socket)
  await sim.elapse(10)
  t.equal(inner.take().length, 2)
  inner.say('question', outer.socket)
  await sim.elapse(1)
  firewall.restart()
  outer.say('forgotten', inner.socket)
  await sim.elapse(20)
  t.same(inner.take(), [])
})

t.test('UDP blocked, TCP only to port 443', async t => {
  const { sim, firewall, host, server, inner, outer } = await create({ udp: false, tcp: [443] })
  inner.say('x', outer.socket)
  await sim.elapse(10)
  t.same(outer.take(), [])
  const secure = await listen(server, {
    address: '203.0.113.1',
    port: 443,
    certificate: { names: ['turn.example.org'] },
  })
  await listen(server, { address: '203.0.113.1', port: 80 })
  const end = await sim.run(connect(host, { ...to(443), tls: { serverName: 'turn.example.org' } }))
  end.say('through')
  secure.accepted[0]!.say('and back')
  await sim.elapse(10)
  t.same([secure.accepted[0]!.text, end.text], ['through', 'and back'])
  await t.rejects(sim.run(connect(host, to(80))), { code: 'ETIMEDOUT' })
  await listen(host, { address: '198.51.100.5', port: 443 })
  const inward = { remoteAddress: '198.51.100.5', remotePort: 443, timeout: 3_000 }
  await t.rejects(sim.run(connect(server, inward)), { code: 'ETIMEDOUT' })
  // One SYN out of three to port 80 is the first; none came in.
  t.equal(firewall.counters.droppedOutbound, 1 + 2)
  t.equal(firewall.counters.droppedInbound, 2)
})

t.test('a firewall may refuse at once, and may let UDP to one port', async t => {
  const { sim, host, server, inner } = await create({ udp: [53], tcp: false, rejects: true })
  await t.rejects(sim.run(connect(host, to(443))), { code: 'ECONNREFUSED' })
  t.equal(sim.now(), 0)
  const resolver = await Talker.open(server, '203.0.113.1', 53)
  inner.say('x', resolver.socket)
  await sim.elapse(10)
  t.equal(resolver.take().length, 1)
})

t.test('two hosts behind firewalls reach each other once both have sent, over UDP and TCP', async t => {
  const { sim, host, inner } = await create()
  const other = sim.createHost({ addresses: ['198.51.100.6'], behind: sim.createFirewall() })
  const there = await Talker.open(other, '198.51.100.6', 6000)
  inner.say('lost', there.socket)
  await sim.elapse(10)
  there.say('arrives', inner.socket)
  await sim.elapse(10)
  inner.say('arrives too', there.socket)
  await sim.elapse(10)
  t.same(inner.take(), ['arrives from 198.51.100.6:6000'])
  t.same(there.take(), ['arrives too from 198.51.100.5:5000'])

  const [one, two] = await sim.run(
    Promise.all([
      connect(host, { remoteAddress: '198.51.100.6', remotePort: 7001, address: '198.51.100.5', port: 7000 }),
      connect(other, { remoteAddress: '198.51.100.5', remotePort: 7000, address: '198.51.100.6', port: 7001 }),
    ]),
  )
  one.say('simultaneous open')
  await sim.elapse(10)
  t.equal(two.text, 'simultaneous open')
})

t.test('a NAT behind a firewall, and a firewall behind a NAT', async t => {
  for (const order of ['NAT behind firewall', 'firewall behind NAT']) {
    const sim = new Simulation({ seed: 1 })
    const nat = (behind?: ReturnType<Simulation['createFirewall']>) =>
      sim.createNat({ addresses: ['198.51.100.1'], kind: 'full-cone', ...(behind && { behind }) })
    const behind =
      order === 'NAT behind firewall'
        ? nat(sim.createFirewall({ udp: [1111] }))
        : sim.createFirewall({ udp: [1111], behind: nat() })
    const inner = await Talker.open(sim.createHost({ addresses: ['192.168.0.2'], behind }), '192.168.0.2')
    const server = sim.createHost({ addresses: ['203.0.113.1'] })
    const [allowed, other] = [
      await Talker.open(server, '203.0.113.1', 1111),
      await Talker.open(server, '203.0.113.1', 2222),
    ]
    inner.say('x', allowed.socket)
    inner.say('x', other.socket)
    await sim.elapse(1)
    t.equal(allowed.from.address, '198.51.100.1', order)
    t.same(other.take(), [], order)
    allowed.say('answer', allowed.from)
    other.say('nobody asked', allowed.from)
    await sim.elapse(1)
    t.same(inner.take(), ['answer from 203.0.113.1:1111'], order)
  }
})

t.test('addresses that come and go behind a firewall are known outside', async t => {
  const { sim, host, inner, outer } = await create()
  host.removeAddress('198.51.100.5')
  inner.say('x', outer.socket)
  host.addAddress('198.51.100.6')
  t.throws(() => sim.createHost({ addresses: ['198.51.100.6'] }), RangeError)
  sim.createHost({ addresses: ['198.51.100.5'] })
  const again = await Talker.open(host, '198.51.100.6')
  again.say('y', outer.socket)
  await sim.elapse(10)
  t.same(outer.take(), [`y from 198.51.100.6:${again.socket.port}`])
})
