/** Long-term credentials with a TURN server (RFC 8489, 9.2), by MD5 and SHA-256, on both providers. */

import t from 'tap'
import { Attribute, Method, readUsername, type StunMessage } from '../../lib/stun/index.ts'
import { providers } from '../providers.ts'
import { World } from './world.ts'

const allocate = Method.allocate

const run = async (world: World): Promise<void> => {
  world.act((client, now) => client.allocate(now))
  await world.until(() => world.client.state !== 'allocating')
}

const sealOf = (message: StunMessage): string[] =>
  (['messageIntegrity', 'messageIntegritySha256', 'username', 'userhash', 'passwordAlgorithm'] as const).filter(name =>
    message.has(Attribute[name]),
  )

const VARIANTS = [
  { name: 'no list', algorithms: [], anonymous: false, seal: ['messageIntegrity', 'username'] },
  {
    name: 'SHA-256',
    algorithms: [2, 1],
    anonymous: false,
    seal: ['messageIntegritySha256', 'username', 'passwordAlgorithm'],
  },
  {
    name: 'MD5 before SHA-256',
    algorithms: [1, 2],
    anonymous: false,
    seal: ['messageIntegritySha256', 'username', 'passwordAlgorithm'],
  },
  {
    name: 'an unknown one before SHA-256',
    algorithms: [77, 2],
    anonymous: true,
    seal: ['messageIntegritySha256', 'userhash', 'passwordAlgorithm'],
  },
  { name: 'no list, anonymous', algorithms: [], anonymous: true, seal: ['messageIntegrity', 'userhash'] },
]

for (const { name: provider, crypto } of providers) {
  for (const { name, algorithms, anonymous, seal } of VARIANTS) {
    t.test(`${provider}, ${name}: each side proves that it knows the password`, async t => {
      const world = await World.create({ client: { crypto }, server: { algorithms, anonymous } })
      await run(world)
      t.equal(world.client.state, 'allocated')
      t.same(world.answers(allocate), [401, 0])
      t.same(sealOf(world.requests(allocate)[0]!.message), [], 'the first request is bare')
      t.same(sealOf(world.requests(allocate)[1]!.message), seal)
      world.act((client, now) => client.permit('203.0.113.1', now))
      await world.elapse(100)
      t.same(world.answers(Method.createPermission), [0], 'later requests are sealed from the beginning')
      t.same(sealOf(world.requests(Method.createPermission)[0]!.message), seal)
      t.equal(await world.end(), 0)
    })

    t.test(`${provider}, ${name}: a wrong password is refused once, and others are asked for`, async t => {
      const credentials = { username: 'ada', password: 'wrong' }
      const world = await World.create({ client: { crypto, credentials }, server: { algorithms, anonymous } })
      await run(world)
      t.same(world.answers(allocate), [401, 401], 'the same is not tried again')
      t.match(world.events, [
        { type: 'credentials', at: 80 },
        { type: 'failed', code: 401, at: 30_080 },
      ])
      t.equal(await world.end(), 0)
    })
  }
}

t.test('a password with letters outside ASCII, in either form of Unicode', async t => {
  const credentials = { username: 'Zoe\u0308', password: 'Stra\u00dfe\u00a0I' }
  const world = await World.create({ client: { credentials }, server: { users: { 'Zo\u00eb': 'Stra\u00dfe I' } } })
  // The server knows its users by the composed form; a name on the wire is as it was given.
  world.server.users.set(credentials.username, 'Stra\u00dfe I')
  await run(world)
  t.equal(world.client.state, 'allocated')
  t.equal(await world.end(), 0)
})

t.test('a user name with letters outside ASCII is sent as the key is made of it', async t => {
  const composed = 'Am\u00e9lie Ada'
  for (const username of [composed, 'Ame\u0301lie\u00a0Ada']) {
    const client = { credentials: { username, password: 'secret' } }
    const world = await World.create({ client, server: { users: { [composed]: 'secret' } } })
    await run(world)
    t.equal(world.client.state, 'allocated')
    t.equal(readUsername(world.requests(allocate)[1]!.message.find(Attribute.username)!), composed)
    t.equal(await world.end(), 0)
  }
})

t.test('other credentials after a refusal are used at once', async t => {
  const world = await World.create({ client: { credentials: { username: 'ada', password: 'old' } } })
  world.act((client, now) => client.allocate(now))
  await world.until(() => world.events.length > 0)
  await world.elapse(5000)
  world.act((client, now) => client.setCredentials({ username: 'ada', password: 'secret' }, now))
  await world.until(() => world.client.state === 'allocated')
  t.same(world.answers(allocate), [401, 401, 0])
  t.same(
    world.events.map(({ type }) => type),
    ['credentials', 'allocated'],
  )
  t.equal(await world.end(), 0)
})

t.test('a client without credentials asks its owner', async t => {
  const bare = await World.create({ client: { credentials: undefined as never } })
  bare.act((client, now) => client.allocate(now))
  await bare.until(() => bare.events.length > 0)
  t.match(bare.events, [{ type: 'credentials' }])
  bare.act((client, now) => client.setCredentials({ username: 'ada', password: 'secret' }, now))
  await bare.until(() => bare.client.state === 'allocated')
  t.same(bare.answers(allocate), [401, 0])
  t.equal(await bare.end(), 0)
})

t.test('an owner that has no others says so, and need not wait', async t => {
  const world = await World.create({ client: { credentials: { username: 'eve', password: '' } } })
  world.act((client, now) => client.allocate(now))
  await world.until(() => world.events.length > 0)
  world.act((client, now) => client.setCredentials(undefined, now))
  t.match(world.events.slice(1), [{ type: 'failed', code: 401, at: 80 }])
  t.equal(await world.end(), 0)
})

t.test('an owner that always has wrong ones is not asked for ever', async t => {
  const world = await World.create({ client: { credentials: { username: 'ada', password: '0' } } })
  world.act((client, now) => client.allocate(now))
  for (let attempt = 1; attempt < 20 && world.client.state === 'allocating'; attempt++) {
    const { length } = world.events
    await world.until(() => world.events.length > length)
    world.act((client, now) => client.setCredentials({ username: 'ada', password: `${attempt}` }, now))
  }
  t.same(
    world.events.map(({ type }) => type),
    ['credentials', 'credentials', 'credentials', 'failed'],
  )
  t.equal(await world.end(), 0)
})

t.test('a server that needs no proof is taken as it is', async t => {
  const world = await World.create({ server: { users: {} } })
  await run(world)
  t.equal(world.client.state, 'allocated')
  t.same(world.answers(allocate), [0])
  t.equal(await world.end(), 0)
})

t.test('credentials that have expired while there is an allocation: renewed, and nothing is lost', async t => {
  const world = await World.allocated()
  world.server.users.set('ada', 'next')
  await world.until(() => world.events.length > 1)
  t.match(world.events[1], { type: 'credentials', at: 540_040 })
  world.act((client, now) => client.setCredentials({ username: 'ada', password: 'next' }, now))
  await world.elapse(700_000)
  t.equal(world.client.state, 'allocated')
  t.equal(world.events.length, 2)
  t.equal(await world.end(), 0)
})

t.test('a server that binds the allocation to its user name: another name loses it (441)', async t => {
  const world = await World.allocated()
  world.server.users.delete('ada')
  world.server.users.set('1767230000:ada', 'next')
  await world.until(() => world.events.length > 1)
  world.act((client, now) => client.setCredentials({ username: '1767230000:ada', password: 'next' }, now))
  await world.until(() => world.events.length > 2)
  t.match(world.events[2], { type: 'failed', code: 441 })
  t.equal(await world.end(), 0)
})
