/** Allocations: made, refreshed, expired, given back, lost (RFC 8656, 6 to 8). */

import t from 'tap'
import { Attribute, Method, readAddressFamily, readU32 } from '../../lib/stun/index.ts'
import { SERVER, SERVER6, World } from './world.ts'

const types = (world: World, index: number): string[] => {
  const { message } = world.requests(Method.allocate)[index]!
  return Object.entries(Attribute)
    .filter(([, type]) => message.has(type))
    .map(([name]) => name)
    .sort()
}

t.test('an allocation takes two requests, the first without credentials, and tells both addresses', async t => {
  const world = await World.allocated()
  t.equal(world.client.state, 'allocated')
  t.match(world.events, [{ type: 'allocated', at: 80 }])
  t.match(world.client.relayed, [{ address: SERVER }])
  t.match(world.client.mapped, { address: '192.0.2.1' })
  t.same(types(world, 0), ['requestedTransport'])
  t.same(types(world, 1), ['messageIntegrity', 'nonce', 'realm', 'requestedTransport', 'username'])
  t.same(world.answers(Method.allocate), [401, 0])
  t.equal(world.server.allocations.size, 1)
  world.act((client, now) => client.allocate(now))
  t.equal(world.requests(Method.allocate).length, 2, 'asking again does nothing')
  t.equal(await world.end(), 0)
})

t.test('IPv6 alone is asked for by REQUESTED-ADDRESS-FAMILY', async t => {
  const world = await World.allocated({ client: { families: [6] } })
  t.match(world.client.relayed, [{ address: SERVER6 }])
  const asked = world.requests(Method.allocate)[0]!.message
  t.equal(readAddressFamily(asked.find(Attribute.requestedAddressFamily)!), 6)
  t.notOk(asked.has(Attribute.additionalAddressFamily))
  t.equal(await world.end(), 0)
})

t.test('both families: two relayed addresses', async t => {
  const world = await World.allocated({ client: { families: [6, 4] } })
  t.same(world.client.relayed.map(({ address }) => address).sort(), [SERVER, SERVER6])
  const asked = world.requests(Method.allocate)[0]!.message
  t.equal(readAddressFamily(asked.find(Attribute.additionalAddressFamily)!), 6)
  t.notOk(asked.has(Attribute.requestedAddressFamily), 'RFC 8656, 7.1: not together')
  t.equal(await world.end(), 0)
})

t.test('both families from a server that has one: the other is told by ADDRESS-ERROR-CODE', async t => {
  const world = await World.allocated({ client: { families: [4, 6] }, server: { relayAddresses: [SERVER] } })
  t.match(world.client.relayed, [{ address: SERVER }])
  t.equal(world.client.relayed.length, 1)
  t.match(world.client.familyError, { family: 6, code: 440 })
  t.equal(await world.end(), 0)
})

t.test('440 for both families: each alone is asked for', async t => {
  const world = await World.create({ client: { families: [4, 6] } })
  world.server.refuse(440, { times: 2 })
  world.act((client, now) => client.allocate(now))
  await world.until(() => world.client.state !== 'allocating')
  t.same(world.answers(Method.allocate), [401, 440, 440, 0])
  t.match(world.client.relayed, [{ address: SERVER6 }])
  t.equal(await world.end(), 0)
})

t.test('it is refreshed a minute before its end, for as long as it is wanted', async t => {
  const world = await World.allocated({ client: { lifetime: 1200 } })
  t.equal(readU32(world.requests(Method.allocate)[1]!.message.find(Attribute.lifetime)!), 1200)
  await world.elapse(5_000_000)
  t.equal(world.client.state, 'allocated')
  const times = world.requests(Method.refresh).map(({ at }) => at)
  t.same(times, [1_140_000, 2_280_000, 3_420_000, 4_560_000])
  t.equal(readU32(world.requests(Method.refresh)[0]!.message.find(Attribute.lifetime)!), 1200)
  t.equal(world.server.allocations.size, 1)
  t.equal(await world.end(), 0)
})

t.test('a short one is refreshed at half its life', async t => {
  const world = await World.allocated({ server: { lifetime: 30 } })
  await world.elapse(100_000)
  t.same(
    world.requests(Method.refresh).map(({ at }) => at),
    [15_000, 30_000, 45_000, 60_000, 75_000, 90_000],
  )
  t.equal(await world.end(), 0)
})

t.test('one of a second is refreshed before it is over; one of none is lost', async t => {
  const world = await World.allocated({ server: { lifetime: 1 } })
  await world.elapse(10_000)
  t.equal(world.client.state, 'allocated')
  const refreshes = world.answers(Method.refresh).length
  t.ok(refreshes >= 15 && refreshes <= 30, `${refreshes}`)
  t.equal(await world.end(), 0)

  const none = await World.allocated({ server: { lifetime: 0, longestLifetime: 0 } })
  await none.elapse(10_000)
  t.match(none.events, [{ type: 'allocated' }, { type: 'failed', code: 701 }])
  t.equal(none.answers(Method.refresh).length, 0)
  t.equal(await none.end(), 0)
})

t.test('a server that falls silent: refreshes go on until the allocation has expired', async t => {
  const world = await World.allocated()
  world.server.mute = true
  await world.elapse(700_000)
  t.match(world.events.slice(1), [{ type: 'failed', code: 701, at: 600_000 }])
  t.same([world.client.state, world.client.relayed, world.client.deadline], ['failed', [], Number.POSITIVE_INFINITY])
  t.ok(world.requests(Method.refresh).length > 7)
  t.equal(await world.end(), 0)
})

t.test('a server that is back in time: nothing is lost', async t => {
  const world = await World.allocated()
  world.server.mute = true
  await world.elapse(590_000)
  world.server.mute = false
  await world.elapse(400_000)
  t.equal(world.client.state, 'allocated')
  t.equal(world.events.length, 1)
  t.equal(await world.end(), 0)
})

t.test('a server that has restarted: 437 to the refresh, and the allocation is lost', async t => {
  const world = await World.allocated()
  world.server.restart()
  await world.elapse(600_000)
  t.same(world.answers(Method.refresh), [438, 437])
  t.match(world.events.slice(1), [{ type: 'failed', code: 437, at: 540_080 }])
  t.equal(await world.end(), 0)
})

t.test('an error of the server’s own to a refresh is asked again', async t => {
  const world = await World.allocated()
  world.server.refuse(500, { method: Method.refresh, times: 3 })
  await world.elapse(700_000)
  t.same(world.answers(Method.refresh), [500, 500, 500, 0])
  t.equal(world.client.state, 'allocated')
  t.equal(await world.end(), 0)
})

t.test('closing gives it back', async t => {
  const world = await World.allocated()
  world.act((client, now) => client.close(now))
  await world.elapse(50)
  t.equal(world.server.allocations.size, 0)
  t.equal(readU32(world.requests(Method.refresh)[0]!.message.find(Attribute.lifetime)!), 0)
  t.same([world.client.state, world.client.deadline], ['closed', Number.POSITIVE_INFINITY])
  world.say('too late')
  world.act((client, now) => {
    client.permit('203.0.113.1', now)
    client.allocate(now)
    client.close(now)
    client.setCredentials({ username: 'bob', password: 'x' }, now)
    client.advance(now)
  })
  t.equal(world.client.counters.droppedUnsendable, 1)
  t.equal(await world.end(), 0)
})

t.test('closing while it is asked for', async t => {
  const world = await World.create()
  world.act((client, now) => client.allocate(now))
  world.act((client, now) => client.close(now))
  await world.elapse(1000)
  t.same(world.events, [])
  t.equal(await world.end(), 0)
})

t.test('closing when the answer is on its way gives it back', async t => {
  const world = await World.create()
  world.act((client, now) => client.allocate(now))
  await world.elapse(50)
  t.equal(world.requests(Method.allocate).length, 2, 'the second names us')
  world.act((client, now) => client.close(now))
  await world.elapse(1000)
  t.same(world.answers(Method.allocate), [401, 0])
  t.same(world.answers(Method.refresh), [0])
  t.equal(world.server.allocations.size, 0)
  t.equal(world.client.counters.requestsSent, 3)
  t.same(world.events, [])
  t.equal(await world.end(), 0)
})

t.test('no family, and a keepalive without end, are mistakes of the caller’s', async t => {
  t.throws(() => new World({ client: { families: [] } }), RangeError)
  for (const keepalive of [0, -1, Number.NaN]) t.throws(() => new World({ client: { keepalive } }), RangeError)
})
