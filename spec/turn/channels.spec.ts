/** Channels: bound for peers that are worth one, kept, never given to another (RFC 8656, 12). */

import t from 'tap'
import { Attribute, Method, readChannelNumber } from '../../lib/stun/index.ts'
import { PEER, World } from './world.ts'

const { channelBind } = Method

const numbers = (world: World): number[] =>
  world.requests(channelBind).map(({ message }) => readChannelNumber(message.find(Attribute.channelNumber)!)!)

t.test('eight Send indications make a peer worth a channel', async t => {
  const world = await World.allocated()
  const peer = await world.openPeer()
  for (let i = 1; i <= 12; i++) {
    world.say(`${i}`)
    await world.elapse(100)
  }
  t.same(numbers(world), [0x4000])
  t.match(world.client.counters, { sendIndications: 8, channelDataSent: 4 })
  t.match(world.server.counters, { sendIndications: 8, channelDataReceived: 4, toPeers: 12 })
  t.equal(peer.texts.length, 12)
  peer.say('back', world.client.relayed[0]!)
  await world.elapse(100)
  t.match(world.heard, [{ text: 'back', address: PEER, port: 7000 }])
  t.equal(world.client.counters.channelDataReceived, 1)
  t.equal(await world.end(), 0)
})

t.test('each peer has its own number', async t => {
  const world = await World.allocated({ client: { channelAfter: 1 } })
  for (let port = 1; port <= 10; port++) world.say('x', PEER, port)
  await world.elapse(1000)
  for (let port = 1; port <= 10; port++) world.say('x', PEER, port)
  await world.elapse(1000)
  t.same(
    numbers(world).sort(),
    Array.from({ length: 8 }, (_, i) => 0x4000 + i),
    'four requests at a time',
  )
  t.equal(world.server.counters.channelDataReceived, 4)
  t.equal(await world.end(), 0)
})

t.test('one in use is bound again before its end, with its number', async t => {
  const world = await World.allocated({ client: { channelAfter: 1 } })
  const peer = await world.openPeer()
  for (let i = 0; i < 200; i++) {
    world.say('x')
    await world.elapse(10_000)
  }
  t.same(numbers(world), [0x4000, 0x4000, 0x4000, 0x4000, 0x4000])
  const times = world.requests(channelBind).map(({ at }) => at)
  for (const [i, at] of times.slice(1).entries()) t.ok(at - times[i]! < 600_000)
  t.equal(peer.texts.length, 200)
  t.equal(world.client.counters.sendIndications, 1)
  t.equal(await world.end(), 0)
})

t.test('one that is not used is let go, and bound again with its number when it is', async t => {
  const world = await World.allocated({ client: { channelAfter: 1 } })
  const peer = await world.openPeer()
  world.say('one')
  await world.elapse(1000)
  await world.elapse(2_000_000)
  t.equal(numbers(world).length, 1)
  world.say('two')
  await world.elapse(1000)
  world.say('three')
  await world.elapse(1000)
  t.same(peer.texts, ['one', 'two', 'three'])
  t.equal(world.server.counters.dropped, 0)
  t.equal(await world.end(), 0)
})

t.test('data on a channel that is being bound is taken; on others it is dropped', async t => {
  const world = await World.allocated({ client: { channelAfter: 1 } })
  world.say('x')
  await world.elapse(41)
  t.equal(numbers(world).length, 1)
  world.receive(Uint8Array.of(0x40, 0, 0, 1, 0x61))
  t.match(world.heard, [{ text: 'a', address: PEER, port: 7000 }])
  world.receive(Uint8Array.of(0x40, 1, 0, 1, 0x61))
  world.receive(Uint8Array.of(0x4f, 0xff, 0, 1, 0x61))
  t.equal(world.client.counters.droppedUnknownChannel, 2)
  t.equal(world.heard.length, 1)
  t.equal(await world.end(), 0)
})

t.test('data on a channel whose time is over is dropped', async t => {
  const world = await World.allocated({ client: { channelAfter: 1 } })
  world.say('x')
  await world.elapse(1000)
  await world.elapse(599_500)
  world.receive(Uint8Array.of(0x40, 0, 0, 1, 0x61))
  t.match(world.client.counters, { droppedUnknownChannel: 0, channelDataReceived: 1 }, 'the server counts from later')
  await world.elapse(60_000)
  world.receive(Uint8Array.of(0x40, 0, 0, 1, 0x61))
  t.match(world.client.counters, { droppedUnknownChannel: 1, channelDataReceived: 1 })
  t.equal(await world.end(), 0)
})

t.test('a server that refuses the channel: data goes on as indications, and it is not asked again', async t => {
  const world = await World.allocated({ client: { channelAfter: 1 } })
  const peer = await world.openPeer()
  world.server.refuse(400, { method: channelBind })
  for (let i = 0; i < 20; i++) {
    world.say('x')
    await world.elapse(10_000)
  }
  t.same(world.answers(channelBind), [400])
  t.equal(peer.texts.length, 20)
  t.equal(world.events.length, 1)
  t.equal(await world.end(), 0)
})

for (const code of [400, 508]) {
  t.test(`${code} to the refresh of a channel: it stands until its end, in both directions`, async t => {
    const world = await World.allocated({ client: { channelAfter: 1 } })
    const peer = await world.openPeer()
    for (let i = 1; i <= 30; i++) {
      if (i === 16) world.server.refuse(code, { method: channelBind })
      world.say('x')
      await world.elapse(100)
      peer.say('y', world.client.relayed[0]!)
      await world.elapse(29_900)
    }
    const binds = world.answers(channelBind)
    t.same(binds, code === 400 ? [0, 400] : [0, 508, 0], 'one of the server’s own is asked again')
    t.equal(peer.texts.length, 30)
    t.equal(world.heard.length, 30)
    t.equal(world.client.counters.droppedUnknownChannel, 0)
    t.equal(world.events.length, 1)
    t.equal(await world.end(), 0)
  })
}

t.test('data on a channel of which every answer was lost is taken', async t => {
  const world = await World.allocated({ client: { channelAfter: 1 } })
  const peer = await world.openPeer()
  world.server.alter = bytes => (bytes[0] === 1 && (bytes[1]! & 0xf) === channelBind ? undefined : bytes)
  world.say('x')
  await world.elapse(60_000)
  peer.say('y', world.client.relayed[0]!)
  await world.elapse(1000)
  t.match(world.heard, [{ text: 'y', address: PEER, port: 7000 }])
  t.equal(world.server.counters.channelDataReceived, 0)
  t.equal(world.client.counters.channelDataReceived, 1)
  t.equal(await world.end(), 0)
})

t.test('403 to a channel is a refusal of the peer', async t => {
  const world = await World.allocated({ client: { channelAfter: 1 } })
  world.server.refuse(403, { method: channelBind })
  world.say('x')
  await world.elapse(1000)
  t.match(world.events.slice(1), [{ type: 'peer-refused', address: PEER, code: 403 }])
  t.equal(await world.end(), 0)
})

t.test('a lost answer: it is asked again, and data goes on meanwhile', async t => {
  const world = await World.allocated({ client: { channelAfter: 1 } })
  const peer = await world.openPeer()
  world.act((client, now) => client.permit(PEER, now))
  await world.elapse(100)
  world.server.mute = true
  for (let i = 0; i < 100; i++) {
    world.say('x')
    await world.elapse(1000)
    if (i === 50) world.server.mute = false
  }
  t.equal(peer.texts.length, 100)
  t.equal(world.client.state, 'allocated')
  t.ok(world.server.counters.channelDataReceived > 20)
  t.equal(await world.end(), 0)
})

t.test('a peer of many ports: those without a channel are forgotten first', async t => {
  const world = await World.allocated({ client: { channelAfter: 2 } })
  const peer = await world.openPeer()
  for (let i = 0; i < 5; i++) {
    world.say('x')
    await world.elapse(100)
  }
  for (let port = 1; port <= 300; port++) world.say('once', PEER, port)
  await world.elapse(1000)
  world.say('x')
  await world.elapse(1000)
  t.same(numbers(world), [0x4000])
  t.equal(peer.texts.length, 6)
  t.equal(world.server.counters.toPeers, 306)
  t.equal(await world.end(), 0)
})
