/** The machine changes networks while a connection stands: no restart, no signalling, nothing lost. */

import t from 'tap'
import { World } from './world.ts'

t.test('an address goes and another comes: the connection moves over', async t => {
  for (const mover of ['caller', 'callee']) {
    const world = new World(1)
    const { sim } = world
    const moving = sim.createHost({ addresses: ['192.0.2.1'] })
    const still = sim.createHost({ addresses: ['198.51.100.1'] })
    const [a, b] = mover === 'caller' ? [moving, still] : [still, moving]
    const [caller, callee] = [world.connect(a), world.connect(b)]
    const call = await world.call(caller, callee)
    await call.say('at home')
    moving.removeAddress('192.0.2.1')
    await sim.elapse(300)
    moving.addAddress('203.0.113.9')
    const left = sim.now()
    await call.say('on the road')
    t.ok(sim.now() - left < 10_000, `the ${mover} was heard again after ${sim.now() - left} ms`)
    await sim.elapse(60_000)
    await call.say('still there')
    t.strictSame(call.heard, ['at home', 'on the road', 'still there'])
    const mine = mover === 'caller' ? caller : callee
    t.notMatch(mine.localDescription!.sdp, /203\.0\.113\.9/)
    caller.restartIce()
    await sim.run(world.negotiate(caller, callee))
    await sim.elapse(3000)
    t.match(mine.localDescription!.sdp, /a=candidate:.* 203\.0\.113\.9 .* typ host/, 'a restart tells where it is now')
    t.notMatch(mine.localDescription!.sdp, /192\.0\.2\.1 /)
    await call.say('after the restart')
    call.close()
    await sim.elapse(1000)
    t.strictSame([moving.openSockets, still.openSockets], [0, 0])
  }
})

t.test('of two addresses, one goes: the other takes over at once', async t => {
  for (const mover of ['caller', 'callee']) {
    const world = new World(2)
    const { sim } = world
    const moving = sim.createHost({ addresses: ['192.0.2.1', '192.0.2.2'] })
    const still = sim.createHost({ addresses: ['198.51.100.1'] })
    const [a, b] = mover === 'caller' ? [moving, still] : [still, moving]
    const connections = [world.connect(a), world.connect(b)] as const
    const call = await world.call(...connections)
    // Until the nomination is through and backups stand.
    await sim.elapse(5000)
    const { iceTransport } = connections[mover === 'caller' ? 0 : 1].sctp!.transport
    const used = iceTransport.getSelectedCandidatePair()!.local.address!
    moving.removeAddress(used)
    const left = sim.now()
    await call.say('on the other')
    t.ok(sim.now() - left < 3000, `the ${mover} was heard again after ${sim.now() - left} ms`)
    t.not(iceTransport.getSelectedCandidatePair()!.local.address, used)
    await sim.elapse(60_000)
    await call.say('still there')
    call.close()
  }
})

t.test('a path that goes dead without a word is left for another', async t => {
  for (const direction of ['both', 'out', 'in']) {
    const world = new World(3)
    const { sim } = world
    const home = sim.createNat({ addresses: ['203.0.113.1'], kind: 'port-restricted' })
    const mobile = sim.createNat({ addresses: ['203.0.113.2'], kind: 'port-restricted' })
    const a = sim.createHost({ addresses: ['10.0.0.5'], behind: home })
    a.addAddress('10.1.0.5', 'wwan0', mobile)
    const b = sim.createHost({ addresses: ['198.51.100.1'] })
    const connections = [world.connect(a), world.connect(b, { exposeRemoteAddresses: true })] as const
    const call = await world.call(...connections)
    await sim.elapse(5000)
    const selected = connections[1].sctp!.transport.iceTransport.getSelectedCandidatePair()!
    const dead = selected.remote.address === '203.0.113.1' ? home : mobile
    if (direction !== 'in') sim.setLink(dead, b, { loss: 1 })
    if (direction !== 'out') sim.setLink(b, dead, { loss: 1 })
    const left = sim.now()
    await call.say('by another way')
    t.ok(sim.now() - left < 20_000, `${direction}: heard again after ${sim.now() - left} ms`)
    await sim.elapse(120_000)
    await call.say('still there')
    t.strictSame(
      connections.map(({ connectionState }) => connectionState),
      ['connected', 'connected'],
    )
    call.close()
  }
})
