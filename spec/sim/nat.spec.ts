/** NATs by RFC 4787, looked at from outside: mapping, filtering, expiry, hairpinning, ports, and NATs behind NATs. */

import t from 'tap'
import { type NatBehaviour, type NatKind, type NatOptions, Simulation } from '../../lib/sim/index.ts'
import { Talker } from './talker.ts'

const OUTSIDE = '198.51.100.1'

/** One inside socket, and four on the internet: two ports of two addresses, as a server of RFC 5780 has. */
const create = async (options: Partial<NatOptions> = {}) => {
  const sim = new Simulation({ seed: 1, network: { delay: 10 } })
  const nat = sim.createNat({ addresses: [OUTSIDE], ...options })
  const host = sim.createHost({ addresses: ['192.168.0.2'], behind: nat })
  const inner = await Talker.open(host, '192.168.0.2', 5000)
  const server = sim.createHost({ addresses: ['203.0.113.1', '203.0.113.2'] })
  const open = (address: string, port: number) => Talker.open(server, address, port)
  const servers = [
    await open('203.0.113.1', 1111),
    await open('203.0.113.1', 2222),
    await open('203.0.113.2', 1111),
    await open('203.0.113.2', 2222),
  ] as const
  /** Where the inside socket seems to be, asked from one of the servers; undefined when nothing got out. */
  const seenBy = async (index: number): Promise<{ address: string; port: number } | undefined> => {
    inner.say('who am I', servers[index]!.socket)
    await sim.elapse(10)
    return servers[index]!.take().length > 0 ? servers[index]!.from : undefined
  }
  /** Which of the servers reach the inside when they send to `target`. */
  const whoReaches = async (target: { address: string; port: number }): Promise<number[]> => {
    inner.take()
    for (const [i, server] of servers.entries()) server.say(String(i), target)
    await sim.elapse(10)
    return inner.take().map(text => Number(text[0]))
  }
  return { sim, nat, host, inner, servers, seenBy, whoReaches }
}

const PORTS_SEEN: Readonly<Record<NatBehaviour, readonly number[]>> = {
  'endpoint-independent': [0, 0, 0, 0],
  'address-dependent': [0, 0, 1, 1],
  'address-and-port-dependent': [0, 1, 2, 3],
}
const LET_IN: Readonly<Record<NatBehaviour, readonly number[]>> = {
  'endpoint-independent': [0, 1, 2, 3],
  'address-dependent': [0, 1],
  'address-and-port-dependent': [0],
}
const BEHAVIOURS = Object.keys(LET_IN) as NatBehaviour[]

for (const mapping of BEHAVIOURS) {
  for (const filtering of BEHAVIOURS) {
    t.test(`mapping ${mapping}, filtering ${filtering}`, async t => {
      const { seenBy, whoReaches } = await create({ mapping, filtering })
      const first = await seenBy(0)
      t.equal(first!.address, OUTSIDE)
      t.ok(first!.port >= 1024)
      t.same(await whoReaches(first!), LET_IN[filtering])
      const ports = [first!.port]
      for (const i of [1, 2, 3]) ports.push((await seenBy(i))!.port)
      const distinct = [...new Set(ports)]
      t.same(
        ports.map(port => distinct.indexOf(port)),
        PORTS_SEEN[mapping],
      )
      t.equal((await seenBy(0))!.port, first!.port, 'and stays')
    })
  }
}

t.test('the four kinds have the behaviours that their names stand for', async t => {
  const kinds: Record<NatKind, [number, number]> = {
    'full-cone': [1, 4],
    'address-restricted': [1, 2],
    'port-restricted': [1, 1],
    symmetric: [4, 1],
  }
  for (const [kind, [bindings, reach]] of Object.entries(kinds)) {
    const { nat, seenBy, whoReaches } = await create({ kind: kind as NatKind })
    t.equal((await whoReaches((await seenBy(0))!)).length, reach, kind)
    for (const i of [1, 2, 3]) await seenBy(i)
    t.equal(nat.bindings, bindings, kind)
    t.equal(nat.counters.droppedFiltered, 4 - reach, kind)
  }
})

t.test('nobody comes in without a binding, whatever the filter', async t => {
  const { sim, nat, inner, servers } = await create({ kind: 'full-cone' })
  servers[0].say('hello', { address: OUTSIDE, port: 5000 })
  servers[0].say('hello', { address: '192.168.0.2', port: 5000 })
  await sim.elapse(10)
  t.same(inner.take(), [])
  t.equal(nat.counters.droppedNoBinding, 1)
  t.equal(sim.counters.droppedNoRoute, 1)
})

t.test('a binding lives by what goes out; what comes in keeps it only where asked', async t => {
  for (const inboundRefresh of [false, true]) {
    const { sim, nat, seenBy, whoReaches } = await create({ bindingLifetime: 30_000, inboundRefresh })
    const first = (await seenBy(0))!
    for (let i = 0; i < 4; i++) {
      await sim.elapse(25_000)
      t.same(await seenBy(0), first)
    }
    await sim.elapse(25_000)
    t.same(await whoReaches(first), [0])
    await sim.elapse(10_000)
    t.same(await whoReaches(first), inboundRefresh ? [0] : [])
    t.equal(nat.bindings, inboundRefresh ? 1 : 0)
    await sim.elapse(31_000)
    t.same(await whoReaches(first), [])
    t.not((await seenBy(0))!.port, first.port)
  }
})

t.test('a filter forgets whom nothing was sent to for the lifetime, though the binding lives', async t => {
  const { sim, seenBy, whoReaches } = await create({ kind: 'port-restricted', bindingLifetime: 30_000 })
  const first = (await seenBy(0))!
  await sim.elapse(20_000)
  await seenBy(1)
  await sim.elapse(20_000)
  t.same(await whoReaches(first), [1])
})

t.test('hairpin: the inside reaches itself by outside addresses, which are also what it sees', async t => {
  for (const hairpin of [true, false]) {
    const { sim, nat, inner, seenBy } = await create({ kind: 'full-cone', hairpin })
    const target = (await seenBy(0))!
    const other = sim.createHost({ addresses: ['192.168.0.3'], behind: nat })
    const neighbour = await Talker.open(other, '192.168.0.3')
    neighbour.say('round', target)
    await sim.elapse(0)
    if (hairpin) {
      t.match(inner.take(), [/^round from 198\.51\.100\.1:\d+$/])
      inner.say('back', inner.from)
      await sim.elapse(0)
      t.same(neighbour.take(), [`back from ${target.address}:${target.port}`])
      t.equal(nat.counters.hairpinned, 2)
    } else {
      t.same(inner.take(), [])
      t.equal(nat.counters.droppedHairpin, 1)
    }
    neighbour.say('direct', inner.socket)
    await sim.elapse(10)
    t.same(inner.take(), [`direct from 192.168.0.3:${neighbour.socket.port}`])
  }
})

t.test('hairpinning goes through the filter like all else', async t => {
  const { sim, nat, inner, seenBy } = await create({ kind: 'port-restricted', hairpin: true })
  const target = (await seenBy(0))!
  const other = await Talker.open(sim.createHost({ addresses: ['192.168.0.3'], behind: nat }), '192.168.0.3')
  other.say('round', target)
  await sim.elapse(10)
  t.same(inner.take(), [])
  t.equal(nat.counters.droppedFiltered, 1)
})

t.test('ports are kept where asked, unless another has them; addresses are paired or not', async t => {
  const sim = new Simulation({ seed: 1 })
  const server = await Talker.open(sim.createHost({ addresses: ['203.0.113.1'] }), '203.0.113.1', 1)
  const addresses = ['198.51.100.1', '198.51.100.2']
  const seen = async (options: Partial<NatOptions>): Promise<{ address: string; port: number }[]> => {
    const nat = sim.createNat({ addresses, ...options })
    const all: { address: string; port: number }[] = []
    for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) {
      const host = sim.createHost({ addresses: [address], behind: nat })
      for (const port of [4000, 4001]) {
        ;(await Talker.open(host, address, port)).say('x', server.socket)
        await sim.elapse(1)
        all.push(server.from)
      }
    }
    for (const address of addresses) nat.removeAddress(address)
    return all
  }
  const kept = await seen({ portPreservation: true })
  t.same(
    kept.slice(0, 4).map(({ address, port }) => `${address} ${port}`),
    ['198.51.100.1 4000', '198.51.100.1 4001', '198.51.100.2 4000', '198.51.100.2 4001'],
  )
  t.equal(kept[4]!.address, kept[5]!.address)
  t.notOk([4000, 4001].includes(kept[4]!.port))
  const arbitrary = await seen({ pooling: 'arbitrary' })
  t.not(arbitrary[0]!.address, arbitrary[1]!.address)
  t.equal(new Set(arbitrary.map(({ address, port }) => `${address} ${port}`)).size, 6)
})

t.test('bindings are bounded; a restart and a lost address end them', async t => {
  const { sim, nat, seenBy, whoReaches } = await create({ kind: 'symmetric', bindings: 3, bindingLifetime: 30_000 })
  const first = (await seenBy(0))!
  await seenBy(1)
  await seenBy(2)
  t.equal(await seenBy(3), undefined)
  t.equal(nat.counters.droppedOutbound, 1)
  await sim.elapse(31_000)
  t.ok(await seenBy(3), 'there is room again')
  nat.restart()
  t.equal(nat.bindings, 0)
  const again = (await seenBy(0))!
  t.not(again.port, first.port)
  nat.addAddress('198.51.100.9')
  nat.removeAddress(OUTSIDE)
  t.same(await whoReaches(again), [])
  t.equal((await seenBy(0))!.address, '198.51.100.9')
})

t.test('two homes behind a carrier, with the same addresses inside: none of them is seen outside', async t => {
  const sim = new Simulation({ seed: 3, network: { delay: 10 } })
  const carrier = sim.createNat({ addresses: [OUTSIDE], kind: 'full-cone', hairpin: true, name: 'carrier' })
  const leaks: string[] = []
  sim.onPacket = (_time, from, to, _bytes, _fate, _protocol, network) => {
    if (network === 'internet' && /^(192\.168|100\.64)\./.test(from)) leaks.push(`${from} ${to}`)
    if (network === 'carrier' && /^192\.168\./.test(from)) leaks.push(`${from} ${to}`)
  }
  const homes = await Promise.all(
    ['100.64.0.1', '100.64.0.2'].map(async address => {
      const nat = sim.createNat({ addresses: [address], kind: 'full-cone', behind: carrier })
      const host = sim.createHost({ addresses: ['192.168.0.2'], behind: nat })
      return { nat, talker: await Talker.open(host, '192.168.0.2', 5000) }
    }),
  )
  const [one, two] = homes.map(home => home.talker) as [Talker, Talker]
  const server = await Talker.open(sim.createHost({ addresses: ['203.0.113.1'] }), '203.0.113.1', 1)
  const seen: { address: string; port: number }[] = []
  for (const talker of [one, two]) {
    talker.say('hello', server.socket)
    await sim.elapse(10)
    t.equal(server.from.address, OUTSIDE)
    seen.push(server.from)
    server.say('welcome', server.from)
    await sim.elapse(10)
    t.same(talker.take(), ['welcome from 203.0.113.1:1'])
  }
  one.say('neighbour', seen[1]!)
  await sim.elapse(10)
  t.same(two.take(), [`neighbour from ${OUTSIDE}:${seen[0]!.port}`])
  t.equal(carrier.counters.hairpinned, 1)
  t.equal(homes[0]!.nat.counters.sentOut, 2)
  t.same(leaks, [])
})

t.test(
  'a path has the delay of the network once, however many NATs; a link of the way is set between neighbours',
  async t => {
    const sim = new Simulation({ seed: 3, network: { delay: 40 } })
    const carrier = sim.createNat({ addresses: [OUTSIDE] })
    const home = sim.createNat({ addresses: ['100.64.0.1'], behind: carrier })
    const host = sim.createHost({ addresses: ['192.168.0.2'], behind: home })
    const server = sim.createHost({ addresses: ['203.0.113.1'] })
    const [inner, outer] = [await Talker.open(host, '192.168.0.2'), await Talker.open(server, '203.0.113.1', 1)]
    const arrives = async (after: number): Promise<void> => {
      inner.say('x', outer.socket)
      await sim.elapse(after - 0.1)
      t.equal(outer.take().length, 0)
      await sim.elapse(0.1)
      t.equal(outer.take().length, 1)
    }
    await arrives(40)
    sim.setLink(host, home, { delay: 1 })
    sim.setLink(home, carrier, { delay: 2 })
    await arrives(43)
    sim.setLink(carrier, server, { delay: 10 })
    await arrives(13)
    outer.say('back', outer.from)
    await sim.elapse(40)
    t.equal(inner.take().length, 1)
    t.throws(() => sim.setLink(host, server, {}), RangeError)
    t.throws(() => sim.setLink(home, server, {}), RangeError)
  },
)

t.test(
  'IPv6: translated with an outside address of that family, left alone where routed, and else kept in',
  async t => {
    for (const [options, from] of [
      [{ addresses: [OUTSIDE, '2001:db8::1'] }, /^x from \[2001:db8::1\]:\d+$/],
      [{ addresses: [OUTSIDE], routesIpv6: true }, /^x from \[2001:db8:2::2\]:5000$/],
      [{ addresses: [OUTSIDE] }, undefined],
    ] as const) {
      const sim = new Simulation({ seed: 1 })
      const nat = sim.createNat(options)
      const host = sim.createHost({ addresses: ['192.168.0.2', '2001:db8:2::2'], behind: nat })
      const inner = await Talker.open(host, '2001:db8:2::2', 5000)
      const server = await Talker.open(sim.createHost({ addresses: ['2001:db8:1::1'] }), '2001:db8:1::1', 1)
      inner.say('x', server.socket)
      await sim.elapse(1)
      if (from === undefined) {
        t.same(server.take(), [])
        t.equal(nat.counters.droppedOutbound, 1)
      } else {
        t.match(server.take(), [from])
        server.say('y', server.from)
        await sim.elapse(1)
        t.same(inner.take(), ['y from [2001:db8:1::1]:1'])
      }
    }
  },
)

t.test('a host changes networks: an address behind a NAT goes, one behind another comes', async t => {
  const { sim, nat, host, seenBy, servers } = await create()
  await seenBy(0)
  const mobile = sim.createNat({ addresses: ['198.51.100.77'], kind: 'symmetric' })
  host.removeAddress('192.168.0.2')
  host.addAddress('10.9.0.2', 'wwan0', mobile)
  t.equal(await seenBy(0), undefined)
  const talker = await Talker.open(host, '10.9.0.2')
  talker.say('x', servers[0].socket)
  await sim.elapse(10)
  t.equal(servers[0].from.address, '198.51.100.77')
  // The home's address is free for another.
  sim.createHost({ addresses: ['192.168.0.2'], behind: nat })
  t.throws(() => sim.createHost({ addresses: ['192.168.0.2'], behind: nat }), RangeError)
  t.throws(() => sim.createHost({ addresses: [OUTSIDE], behind: nat }), RangeError)
  t.throws(() => sim.createNat({ addresses: [OUTSIDE] }), RangeError)
})

t.test('the same seed draws the same ports', async t => {
  const ports = async (): Promise<(number | undefined)[]> => {
    const { seenBy } = await create({ kind: 'symmetric' })
    const all: (number | undefined)[] = []
    for (const i of [0, 1, 2, 3]) all.push((await seenBy(i))?.port)
    return all
  }
  t.same(await ports(), await ports())
})
