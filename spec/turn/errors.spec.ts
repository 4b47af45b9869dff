/** What a server may refuse, and what becomes of it (RFC 8656, 19; RFC 8489, 14.8). */

import t from 'tap'
import { type AddressFamily, Attribute, alternateDomain, Method, plainAddress } from '../../lib/stun/index.ts'
import { PEER, World } from './world.ts'

const run = async (world: World): Promise<void> => {
  world.act((client, now) => client.allocate(now))
  await world.until(() => world.client.state !== 'allocating')
}

const REFUSALS = [400, 403, 420, 437, 440, 441, 442, 486, 500, 508]
for (const code of REFUSALS) {
  t.test(`${code} to Allocate is told`, async t => {
    const world = await World.create()
    world.server.refuse(code, { method: Method.allocate, reason: 'for reasons' })
    await run(world)
    t.match(world.events, [{ type: 'failed', code, reason: 'for reasons', at: 80 }])
    t.notOk('alternate' in world.events[0]!)
    t.equal(world.client.deadline, Number.POSITIVE_INFINITY)
    t.equal(await world.end(), 0)
  })
}

t.test('300 tells where to go, before we have said who we are', async t => {
  const world = await World.create()
  const attributes = () => [
    plainAddress(Attribute.alternateServer, { address: '198.51.100.9', port: 3479 }),
    alternateDomain('two.example.org'),
  ]
  world.server.refuse(300, { bare: true, attributes })
  await run(world)
  const alternate = { address: '198.51.100.9', port: 3479, domain: 'two.example.org' }
  t.match(world.events, [{ type: 'failed', code: 300, alternate, at: 40 }])
  t.equal(await world.end(), 0)
})

t.test('300 to a sealed request counts only when it is sealed too', async t => {
  const world = await World.create()
  const attributes = () => [plainAddress(Attribute.alternateServer, { address: '198.51.100.66', port: 3478 })]
  world.act((client, now) => client.allocate(now))
  await world.elapse(50)
  world.server.refuse(300, { bare: true, attributes })
  await world.until(() => world.client.state !== 'allocating')
  t.match(world.events, [{ type: 'allocated', at: 580 }], 'the retransmission is answered')
  t.equal(world.client.counters.unauthenticatedResponses, 1)
  t.equal(await world.end(), 0)

  const sealed = await World.create()
  sealed.server.refuse(300, { attributes })
  await run(sealed)
  t.match(sealed.events, [{ type: 'failed', code: 300, alternate: { address: '198.51.100.66', port: 3478 } }])
  t.equal(await sealed.end(), 0)
})

t.test('an error without proof to a sealed request is told when nothing better comes', async t => {
  const world = await World.create()
  world.act((client, now) => client.allocate(now))
  await world.elapse(50)
  world.server.refuse(486, { bare: true, times: 100 })
  await world.until(() => world.client.state !== 'allocating')
  t.match(world.events, [{ type: 'failed', code: 486, at: 39_540 }])
  t.equal(world.requests(Method.allocate).length, 8)
  t.equal(await world.end(), 0)
})

t.test('nobody answers: 701 after 39.5 s, or as the timing says', async t => {
  const world = await World.create()
  world.server.mute = true
  await run(world)
  t.match(world.events, [{ type: 'failed', code: 701, at: 39_500 }])
  t.same(
    world.requests(Method.allocate).map(({ at }) => at),
    [0, 500, 1500, 3500, 7500, 15_500, 31_500],
  )
  t.equal(world.client.counters.requestsRetransmitted, 6)
  t.equal(await world.end(), 0)

  const short = await World.create({ client: { timing: { initialTimeout: 100, requests: 2, lastWait: 3 } } })
  short.server.mute = true
  await run(short)
  t.match(short.events, [{ type: 'failed', code: 701, at: 400 }])
  t.equal(await short.end(), 0)
})

t.test('a success without a relayed address of a family asked for is no success', async t => {
  for (const families of [[4], [6], [4, 6]] as AddressFamily[][]) {
    const world = await World.create({ client: { families }, server: { users: {} } })
    world.server.alter = bytes => {
      // XOR-RELAYED-ADDRESS becomes an attribute that nobody knows.
      const out = bytes.slice()
      for (let at = 20; at < out.length; at += 4 + ((out[at + 2]! << 8) | out[at + 3]!))
        if (out[at + 1] === 0x16) out[at] = 0xff
      return out
    }
    await run(world)
    t.match(world.events, [{ type: 'failed', code: 500 }])
    t.equal(await world.end(), 0)
  }
})

t.test('437 to whatever comes later: the allocation is lost', async t => {
  for (const method of [Method.refresh, Method.createPermission, Method.channelBind]) {
    const world = await World.allocated({ client: { channelAfter: 1 } })
    world.server.refuse(437, { method })
    world.say('x')
    await world.until(() => world.events.length > 1)
    t.match(world.events.slice(1), [{ type: 'failed', code: 437 }])
    t.equal(world.client.state, 'failed')
    world.say('y')
    t.equal(world.client.counters.droppedUnsendable, 1)
    t.equal(await world.end(), 0)
  }
})

t.test('400 to what is in order: a refresh tells whether there is an allocation still', async t => {
  for (const method of [Method.createPermission, Method.channelBind]) {
    for (const isRestarted of [true, false]) {
      const world = await World.allocated({ client: { channelAfter: 1 } })
      await world.elapse(20_000)
      if (isRestarted && method === Method.createPermission) world.server.restart()
      else if (isRestarted) {
        world.say('x')
        await world.elapse(50)
        world.server.restart()
      }
      // As coturn does without an allocation.
      world.server.refuse(400, { method })
      world.say('x')
      await world.elapse(1000)
      t.same(world.answers(Method.refresh), isRestarted ? [437] : [0])
      t.equal(world.client.state, isRestarted ? 'failed' : 'allocated')
      t.equal(await world.end(), 0)
    }
  }
})

t.test('400 again and again does not become a flood of refreshes', async t => {
  const world = await World.allocated()
  world.server.refuse(400, { method: Method.createPermission, times: 1000 })
  for (let i = 0; i < 60; i++) {
    world.say('x', `203.0.113.${i}`)
    await world.elapse(500)
  }
  t.same(world.answers(Method.refresh), [0, 0])
  t.equal(await world.end(), 0)
})

t.test('508 to a permission is a refusal of the peer only', async t => {
  const world = await World.allocated()
  world.server.refuse(508, { method: Method.createPermission })
  world.say('x')
  await world.elapse(1000)
  t.match(world.events.slice(1), [{ type: 'peer-refused', address: PEER, code: 508 }])
  t.equal(world.client.state, 'allocated')
  t.equal(await world.end(), 0)
})

t.test('403 to a refresh: the allocation is lost', async t => {
  const world = await World.allocated()
  world.server.refuse(403, { method: Method.refresh })
  await world.elapse(600_000)
  t.match(world.events.slice(1), [{ type: 'failed', code: 403 }])
  t.equal(await world.end(), 0)
})
