/** Whatever a server, or somebody in its place, sends: nothing throws, nothing is believed without proof, nothing grows. */

import fc from 'fast-check'
import t from 'tap'
import { Packet, utf8 } from '../../lib/bytes/index.ts'
import {
  Attribute,
  decodeStun,
  encodeStun,
  errorCode,
  lifetime,
  Method,
  nonce,
  passwordAlgorithms,
  realm,
  type StunMessage,
  xorAddress,
} from '../../lib/stun/index.ts'
import { TurnClient } from '../../lib/turn/index.ts'
import { seededCrypto } from '../providers.ts'
import { PEER, SERVER, World } from './world.ts'

const RUNS = { numRuns: 150 }

/** All that a server has sent in a whole life of a client, to be sent again, cut, or changed. */
const recorded = async (algorithms: readonly number[]): Promise<Uint8Array[]> => {
  const world = await World.create({ client: { channelAfter: 2, families: [4, 6] }, server: { algorithms } })
  const messages: Uint8Array[] = []
  world.server.alter = bytes => {
    messages.push(bytes.slice())
    return bytes
  }
  const peer = await world.openPeer()
  world.act((client, now) => client.allocate(now))
  await world.until(() => world.client.state === 'allocated')
  for (let i = 0; i < 6; i++) {
    world.say('there')
    await world.elapse(100)
    peer.say('and back', world.client.relayed[0]!)
    await world.elapse(100)
  }
  world.server.expireNonce()
  await world.elapse(600_000)
  await world.end()
  return messages
}

t.test('answers with any bit changed, cut anywhere, or sent again', async t => {
  for (const algorithms of [[], [2, 1]]) {
    const messages = await recorded(algorithms)
    t.ok(messages.length > 5)
    const world = await World.allocated({ client: { channelAfter: 2, families: [4, 6] }, server: { algorithms } })
    world.say('x')
    await world.elapse(100)
    const { length } = world.events
    fc.assert(
      fc.property(fc.nat(messages.length - 1), fc.nat(), fc.nat(), fc.nat(2), (index, bit, cut, kind) => {
        const bytes = messages[index]!.slice()
        if (kind === 1) bytes[(bit >> 3) % bytes.length]! ^= 1 << (bit & 7)
        world.receive(kind === 2 ? bytes.slice(0, cut % bytes.length) : bytes)
        return world.client.state === 'allocated'
      }),
      RUNS,
    )
    t.equal(world.events.length, length, 'nothing has come of it')
    world.say('still there')
    await world.elapse(1000)
    t.equal(world.server.counters.toPeers, 2)
    t.equal(await world.end(), 0)
  }
})

t.test('any bytes', async t => {
  const world = await World.allocated({ client: { channelAfter: 1 } })
  world.say('x')
  await world.elapse(1000)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, isStun) => {
      if (isStun && bytes.length >= 20) {
        bytes.set([bytes[0]! & 1, bytes[1]!, 0, (bytes.length - 20) & 0xfc, 0x21, 0x12, 0xa4, 0x42])
        world.receive(bytes.slice(0, 20 + ((bytes.length - 20) & 0xfc)))
      } else {
        world.receive(bytes)
      }
      return world.client.state === 'allocated'
    }),
    RUNS,
  )
  t.equal(await world.end(), 0)
})

t.test('a single changed bit of a sealed answer is always noticed, and the true one still counts', async t => {
  for (const algorithms of [[], [2]]) {
    for (let bit = 0; bit < 8 * 100; bit += 37) {
      const world = await World.create({ server: { algorithms } })
      let changed = 0
      world.server.alter = bytes => {
        if (decodeStun(bytes)?.kind !== 'success' || changed++ > 0) return bytes
        const out = bytes.slice()
        // Behind the transaction id, by which an answer is known.
        out[20 + ((bit >> 3) % (out.length - 20))]! ^= 1 << (bit & 7)
        return out
      }
      world.act((client, now) => client.allocate(now))
      await world.until(() => world.client.state !== 'allocating')
      t.same([world.client.state, world.sim.now()], ['allocated', 580])
      world.server.close()
    }
  }
})

/** A client whose server we are; it answers what `answer` says, if anything. */
const puppet = (answer: (request: StunMessage, now: number) => Uint8Array | undefined, reliable = false) => {
  let now = 0
  const queue: Uint8Array[] = []
  let sent = 0
  const client = new TurnClient({
    crypto: seededCrypto(3),
    credentials: { username: 'ada', password: 'secret' },
    families: [4, 6],
    reliable,
    channelAfter: 1,
    transmit: packet => {
      sent++
      const message = decodeStun(packet.view().slice())
      packet.release()
      const reply = message?.kind === 'request' ? answer(message, now) : undefined
      if (reply !== undefined) queue.push(reply)
    },
    deliver: () => {},
  })
  const run = (until: number): void => {
    for (let step = 0; ; step++) {
      if (step > 50_000) throw new Error('the client does not come to rest')
      const reply = queue.shift()
      if (reply !== undefined) client.receive(reply, now)
      else if (client.deadline > until) break
      else {
        now = Math.max(now, client.deadline)
        client.advance(now)
      }
      if (client.state === 'allocated') client.send(Packet.copy(utf8('x')), PEER, 1 + (step % 100), now)
    }
    now = until
  }
  return { client, run, sent: () => sent }
}

const reply = (
  request: StunMessage,
  kind: 'success' | 'error',
  ...attributes: { type: number; value: Uint8Array }[]
): Uint8Array => encodeStun({ kind, method: request.method, transactionId: request.transactionId, attributes })

t.test('challenges without end: another realm, nonce or list each time', t => {
  let count = 0
  const variants = [
    () => [realm(`realm ${count++}`), nonce('n')],
    () => [realm('r'), nonce(`nonce ${count++}`)],
    () => [realm('r'), nonce(`obMatJos2gAAA${count}`), passwordAlgorithms([(count++ % 2) + 1])],
    () => [realm('r'), nonce(`obMatJos2${'AQgw'[count++ % 4]}AAA`), passwordAlgorithms([2])],
    () => [],
    () => [nonce('n')],
    () => [realm('r'.repeat(800)), nonce('n')],
    () => [realm('r'), nonce('n'), { type: Attribute.passwordAlgorithms, value: Uint8Array.of(0, 2, 255, 255) }],
  ]
  for (const reliable of [false, true]) {
    for (const code of [401, 438]) {
      for (const variant of variants) {
        const { client, run, sent } = puppet(
          request => reply(request, 'error', errorCode(code, ''), ...variant()),
          reliable,
        )
        client.allocate(0)
        run(120_000)
        t.equal(client.state, 'failed')
        t.ok(sent() <= 12, `${sent()}`)
      }
    }
  }
  t.end()
})

t.test('a server without proof that says anything to anything', t => {
  const codes = fc.constantFrom(0, 300, 400, 401, 403, 437, 438, 440, 441, 442, 443, 486, 500, 508, 699)
  const seconds = fc.constantFrom(0, 1, 2, 59, 600, 0x7fff_ffff, 0xffff_ffff)
  fc.assert(
    fc.property(fc.array(codes, { minLength: 1, maxLength: 8 }), seconds, fc.boolean(), (script, life, reliable) => {
      let index = 0
      const { client, run } = puppet(request => {
        const code = request.method === Method.allocate ? 0 : script[index++ % script.length]!
        const relayed = xorAddress(Attribute.xorRelayedAddress, { address: SERVER, port: 5 }, request.transactionId)
        if (code === 0) return reply(request, 'success', relayed, lifetime(life))
        return reply(request, 'error', errorCode(code, 'no'), realm('r'), nonce('n'))
      }, reliable)
      client.allocate(0)
      run(30_000)
      const { state } = client
      client.close(30_000)
      return state === 'allocated' || state === 'failed'
    }),
    { numRuns: 60 },
  )
  t.end()
})

t.test('a flood of indications and ChannelData makes nothing', async t => {
  const world = await World.allocated()
  const before = world.client.deadline
  for (let i = 0; i < 5000; i++) {
    const transactionId = new Uint8Array(12)
    const peer = xorAddress(Attribute.xorPeerAddress, { address: `10.0.${i >> 8}.${i & 255}`, port: i }, transactionId)
    const attributes = [peer, { type: Attribute.data, value: Uint8Array.of(1) }]
    world.receive(encodeStun({ kind: 'indication', method: Method.data, transactionId, attributes }))
    world.receive(Uint8Array.of(0x40 | (i & 15), i & 255, 0, 1, 0))
  }
  t.match(world.client.counters, { droppedUnpermitted: 5000, droppedUnknownChannel: 5000 })
  t.same(world.heard, [])
  t.equal(world.client.deadline, before)
  t.equal(await world.end(), 0)
})

t.test('an answer that comes twice, late, or to another method counts once', async t => {
  const answers: Uint8Array[] = []
  const world = await World.create()
  world.server.alter = bytes => {
    answers.push(bytes)
    return bytes
  }
  world.act((client, now) => client.allocate(now))
  await world.until(() => world.client.state === 'allocated')
  for (const bytes of answers) world.receive(bytes)
  t.equal(world.client.counters.unmatchedResponses, 2)
  world.act((client, now) => client.permit(PEER, now))
  await world.elapse(0)
  const { transactionId } = world.requests(Method.createPermission)[0]!.message
  world.receive(encodeStun({ kind: 'success', method: Method.refresh, transactionId }))
  t.equal(world.client.counters.unmatchedResponses, 3)
  await world.elapse(1000)
  t.equal(world.events.length, 1)
  t.equal(await world.end(), 0)
})
