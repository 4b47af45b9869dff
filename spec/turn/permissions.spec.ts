/** Permissions: asked for together, kept, let go, refused (RFC 8656, 9 and 10). */

import t from 'tap'
import { Attribute, Method, readXorAddress } from '../../lib/stun/index.ts'
import { PEER, PEER6, World } from './world.ts'

const { createPermission } = Method

/** The addresses that each CreatePermission has asked for. */
const asked = (world: World): string[][] =>
  world
    .requests(createPermission)
    .map(({ message }) =>
      message.attributes
        .filter(({ type }) => type === Attribute.xorPeerAddress)
        .map(({ value }) => readXorAddress(value, message.transactionId)!.address),
    )

const permit = (world: World, ...addresses: string[]): void => {
  for (const address of addresses) world.act((client, now) => client.permit(address, now))
}

t.test('several addresses in one request', async t => {
  const world = await World.allocated()
  permit(world, PEER, '203.0.113.2', '203.0.113.3', PEER)
  await world.elapse(100)
  t.same(asked(world), [[PEER, '203.0.113.2', '203.0.113.3']])
  t.same([...world.server.allocations.values()][0]!.permissions.size, 3)
  t.equal(await world.end(), 0)
})

t.test('many addresses: sixteen a request, four requests at a time', async t => {
  const world = await World.allocated()
  permit(world, ...Array.from({ length: 100 }, (_, i) => `203.0.113.${i}`))
  await world.elapse(1)
  t.same(
    asked(world).map(({ length }) => length),
    [16, 16, 16, 16],
  )
  await world.elapse(100)
  t.same(
    asked(world).map(({ length }) => length),
    [16, 16, 16, 16, 16, 16, 4],
  )
  t.equal([...world.server.allocations.values()][0]!.permissions.size, 100)
  t.equal(await world.end(), 0)
})

t.test('there are not more than 256', async t => {
  const world = await World.allocated()
  for (let i = 0; i < 400; i++) permit(world, `10.1.${i >> 8}.${i & 255}`)
  world.say('to one more', '10.2.0.1')
  await world.elapse(1000)
  t.equal([...world.server.allocations.values()][0]!.permissions.size, 256)
  t.equal(world.client.counters.droppedOverflow, 1, 'packets are counted, once each')
  t.equal(await world.end(), 0)
})

t.test('one that is kept is asked for every four minutes', async t => {
  const world = await World.allocated()
  permit(world, PEER)
  const start = world.sim.now()
  await world.elapse(1_000_000)
  t.same(
    world.requests(createPermission).map(({ at }) => at - start),
    [0, 240_000, 480_000, 720_000, 960_000],
  )
  t.equal(await world.end(), 0)
})

t.test('those that are nearly due are asked for together', async t => {
  const world = await World.allocated()
  permit(world, PEER)
  await world.elapse(20_000)
  permit(world, '203.0.113.2')
  await world.elapse(250_000)
  t.same(asked(world), [[PEER], ['203.0.113.2'], [PEER, '203.0.113.2']])
  t.equal(await world.end(), 0)
})

t.test('one that data made is kept as long as there is data, in either direction', async t => {
  const world = await World.allocated({ client: { channelAfter: Number.POSITIVE_INFINITY } })
  const peer = await world.openPeer()
  world.say('hello')
  await world.elapse(200_000)
  peer.say('still here', world.client.relayed[0]!)
  await world.elapse(240_000)
  t.equal(asked(world).length, 2)
  await world.elapse(400_000)
  t.equal(asked(world).length, 2, 'nothing more to and fro: let go')
  peer.say('too late', world.client.relayed[0]!)
  await world.elapse(1000)
  t.same(
    world.heard.map(({ text }) => text),
    ['still here'],
  )
  world.say('again')
  await world.elapse(1000)
  t.equal(asked(world).length, 3, 'and asked for anew when there is something to send')
  t.same(peer.texts, ['hello', 'again'])
  t.equal(await world.end(), 0)
})

t.test('data that comes seldom loses nothing, whenever the permission would end', async t => {
  for (const gap of [240_000, 250_000, 280_000, 299_900, 305_000, 470_000]) {
    const world = await World.allocated({ client: { channelAfter: 2 } })
    const peer = await world.openPeer()
    for (let i = 0; i < 40; i++) {
      world.say('x')
      await world.elapse(200)
      peer.say('y', world.client.relayed[0]!)
      await world.elapse(gap - 200)
    }
    t.same([peer.texts.length, world.heard.length], [40, 40], `${gap}`)
    t.equal(await world.end(), 0)
  }
})

t.test('one that was let go is kept when that is asked for before its end', async t => {
  const world = await World.allocated()
  world.say('x')
  await world.elapse(295_000)
  permit(world, PEER)
  await world.elapse(600_000)
  const [allocation] = world.server.allocations.values()
  t.ok(allocation!.isPermitted(PEER))
  t.equal(await world.end(), 0)
})

t.test('what comes before the permission is kept: 16 packets an address, 128 in all', async t => {
  const world = await World.allocated()
  const peer = await world.openPeer()
  for (let i = 0; i < 20; i++) world.say(`${i}`)
  t.equal(world.client.counters.droppedOverflow, 4)
  for (let host = 10; host < 30; host++) for (let i = 0; i < 10; i++) world.say('x', `203.0.113.${host}`)
  t.equal(world.client.counters.droppedOverflow, 4 + 200 - 112)
  await world.elapse(100)
  t.same(
    peer.texts,
    Array.from({ length: 16 }, (_, i) => `${i}`),
  )
  for (let i = 0; i < 10; i++) world.say(`later ${i}`)
  await world.elapse(100)
  t.equal(peer.texts.length, 26, 'the room is free again')
  t.equal(await world.end(), 0)
})

t.test('a refused address is told once, and asked for again after a minute', async t => {
  const world = await World.allocated()
  world.server.forbidden.add(PEER)
  world.say('one')
  await world.elapse(1000)
  t.match(world.events.slice(1), [{ type: 'peer-refused', address: PEER, code: 403 }])
  t.equal(world.client.counters.droppedRefused, 1)
  world.say('two')
  permit(world, PEER)
  await world.elapse(1000)
  t.equal(world.requests(createPermission).length, 1)
  t.equal(world.client.counters.droppedRefused, 2)
  await world.elapse(60_000)
  world.server.forbidden.clear()
  const peer = await world.openPeer()
  world.say('three')
  await world.elapse(1000)
  t.same(peer.texts, ['three'])
  t.equal(await world.end(), 0)
})

for (const code of [500, 508]) {
  t.test(`${code} to the refresh of a permission: it stands, and is asked for again`, async t => {
    const world = await World.allocated()
    const peer = await world.openPeer()
    permit(world, PEER)
    await world.elapse(200_000)
    world.server.refuse(code, { method: createPermission, times: 3 })
    for (let i = 0; i < 120; i++) {
      world.say('x')
      await world.elapse(1000)
    }
    t.same(world.answers(createPermission), [0, code, code, code, 0])
    t.equal(peer.texts.length, 120)
    t.match(world.events, [{ type: 'allocated' }])
    t.equal(await world.end(), 0)
  })
}

t.test('one refused address among several does not take the others with it', async t => {
  const world = await World.allocated()
  world.server.forbidden.add('203.0.113.2')
  permit(world, PEER, '203.0.113.2', '203.0.113.3')
  await world.elapse(1000)
  t.same(asked(world), [[PEER, '203.0.113.2', '203.0.113.3'], [PEER], ['203.0.113.2'], ['203.0.113.3']])
  t.match(world.events.slice(1), [{ type: 'peer-refused', address: '203.0.113.2', code: 403 }])
  t.same([...[...world.server.allocations.values()][0]!.permissions.keys()], [PEER, '203.0.113.3'])
  await world.elapse(240_000)
  t.same(asked(world).slice(4), [[PEER, '203.0.113.3']])
  t.equal(await world.end(), 0)
})

t.test('an address of a family that is not relayed is refused without asking (443)', async t => {
  const world = await World.allocated()
  world.say('over IPv6', PEER6)
  await world.elapse(1000)
  t.match(world.events.slice(1), [{ type: 'peer-refused', address: PEER6, code: 443 }])
  t.equal(world.requests(createPermission).length, 0)
  t.equal(await world.end(), 0)
})

t.test('a server that does not answer: the address is refused with 701', async t => {
  const world = await World.allocated()
  world.server.mute = true
  world.say('anybody')
  await world.elapse(45_000)
  t.match(world.events.slice(1), [{ type: 'peer-refused', address: PEER, code: 701 }])
  t.equal(world.client.state, 'allocated')
  t.equal(await world.end(), 0)
})

t.test('addresses in other spellings are the same; what is no address is the caller’s mistake', async t => {
  const world = await World.allocated({ client: { families: [4, 6] } })
  const peer = await world.openPeer(PEER6)
  world.say('a', PEER6)
  await world.elapse(100)
  world.say('b', '2001:DB8:2:0::1')
  world.say('c', '2001:0db8:0002:0000:0000:0000:0000:0001')
  await world.elapse(100)
  t.same(peer.texts, ['a', 'b', 'c'])
  t.equal(world.requests(createPermission).length, 1)
  t.throws(() => world.say('x', 'peer.example'), TypeError)
  t.throws(() => permit(world, ''), TypeError)
  world.say('port 0', PEER, 0)
  world.say('port 70000', PEER, 70_000)
  t.equal(world.client.counters.droppedUnsendable, 2)
  t.equal(await world.end(), 0)
})
