/** 438 can come to each kind of request, at any time (RFC 8489, 9.2.5). */

import t from 'tap'
import { Method } from '../../lib/stun/index.ts'
import { PEER, World } from './world.ts'

for (const algorithms of [[], [2]]) {
  const name = algorithms.length === 0 ? 'MD5' : 'SHA-256'

  t.test(`${name}: Allocate`, async t => {
    const world = await World.create({ server: { algorithms } })
    world.act((client, now) => client.allocate(now))
    // The nonce of the 401 is stale before it is used.
    await world.elapse(50)
    world.server.expireNonce()
    await world.until(() => world.client.state !== 'allocating')
    t.equal(world.client.state, 'allocated')
    t.same(world.answers(Method.allocate), [401, 438, 0])
    t.equal(await world.end(), 0)
  })

  t.test(`${name}: CreatePermission, and its refresh`, async t => {
    const world = await World.allocated({ server: { algorithms } })
    const peer = await world.openPeer()
    world.server.expireNonce()
    world.say('first')
    await world.elapse(1000)
    t.same(world.answers(Method.createPermission), [438, 0])
    t.same(peer.texts, ['first'])
    world.act((client, now) => client.permit(PEER, now))
    world.server.expireNonce()
    await world.elapse(300_000)
    t.same(world.answers(Method.createPermission), [438, 0, 438, 0])
    t.equal(await world.end(), 0)
  })

  t.test(`${name}: ChannelBind, and its refresh`, async t => {
    const world = await World.allocated({ client: { channelAfter: 1 }, server: { algorithms } })
    const peer = await world.openPeer()
    world.say('one')
    await world.elapse(50)
    world.server.expireNonce()
    await world.elapse(1000)
    t.same(world.answers(Method.channelBind), [438, 0])
    for (let i = 0; i < 70; i++) {
      world.say('on and on')
      await world.elapse(7000)
      if (i === 67) world.server.expireNonce()
    }
    t.same(world.answers(Method.channelBind), [438, 0, 438, 0])
    t.equal(peer.texts.length, 71)
    t.equal(world.server.counters.channelDataReceived, 70)
    t.equal(await world.end(), 0)
  })

  t.test(`${name}: Refresh`, async t => {
    const world = await World.allocated({ server: { algorithms } })
    world.server.expireNonce()
    await world.elapse(600_000)
    t.same(world.answers(Method.refresh), [438, 0])
    t.equal(world.client.state, 'allocated')
    t.equal(world.client.counters.challenges, 2)
    t.equal(await world.end(), 0)
  })
}

t.test('the Refresh that gives the allocation back, once, if the answer is still heard', async t => {
  const world = await World.allocated()
  world.server.expireNonce()
  world.server.refuse(438, { method: Method.refresh })
  world.act((client, now) => client.close(now))
  t.equal(world.client.deadline, Number.POSITIVE_INFINITY)
  await world.elapse(1000)
  t.same(world.answers(Method.refresh), [438, 438])
  t.equal(world.client.state, 'closed')

  const other = await World.allocated()
  other.server.expireNonce()
  other.act((client, now) => client.close(now))
  await other.elapse(1000)
  t.same(other.answers(Method.refresh), [438, 0])
  t.equal(other.server.allocations.size, 0)
  t.equal(await world.end(), 0)
  t.equal(await other.end(), 0)
})

t.test('several requests at a time are each asked again', async t => {
  const world = await World.allocated({ client: { channelAfter: 1 } })
  const peers = await Promise.all([7001, 7002, 7003].map(port => world.openPeer(PEER, port)))
  world.act((client, now) => client.permit(PEER, now))
  await world.elapse(100)
  world.server.expireNonce()
  for (const port of [7001, 7002, 7003]) world.say('hello', PEER, port)
  world.act((client, now) => client.permit('203.0.113.77', now))
  await world.elapse(1000)
  t.same(world.answers(Method.channelBind), [438, 438, 438, 0, 0, 0])
  t.same(world.answers(Method.createPermission), [0, 438, 0])
  t.same(
    peers.map(({ texts }) => texts),
    [['hello'], ['hello'], ['hello']],
  )
  t.equal(await world.end(), 0)
})

t.test('a server that answers every nonce with the next does not keep us busy', async t => {
  const world = await World.allocated()
  world.server.refuse(438, { times: 1000 })
  world.say('never')
  await world.elapse(10_000)
  t.equal(world.requests(Method.createPermission).length, 5)
  t.match(world.events[1], { type: 'failed', code: 438 })
  t.equal(await world.end(), 0)
})
