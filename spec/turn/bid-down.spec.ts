/** Whoever sits on the way must not make the proof weaker (RFC 8489, 9.2.1 and 9.2.5). */

import t from 'tap'
import { utf8 } from '../../lib/bytes/index.ts'
import {
  Attribute,
  decodeStun,
  encodeStun,
  errorCode,
  Method,
  nonce,
  nonceFeatures,
  realm,
  type StunAttribute,
  type StunMessage,
} from '../../lib/stun/index.ts'
import { World } from './world.ts'

const { allocate } = Method

/** The message with other attributes, and no integrity. */
const rewritten = (message: StunMessage, change: (attribute: StunAttribute) => StunAttribute | undefined): Uint8Array =>
  encodeStun({
    kind: message.kind,
    method: message.method,
    transactionId: message.transactionId,
    attributes: message.attributes.flatMap(attribute => change(attribute) ?? []),
  })

const run = async (world: World): Promise<void> => {
  world.act((client, now) => client.allocate(now))
  await world.until(() => world.client.state !== 'allocating')
}

t.test('the features of a nonce are its 24 bits behind the cookie', t => {
  t.equal(nonceFeatures(utf8('obMatJos2gAAA')), 0x800000)
  t.equal(nonceFeatures(utf8('obMatJos2QAAAxyz')), 0x400000)
  t.equal(nonceFeatures(utf8('obMatJos2AAAB')), 1)
  t.equal(nonceFeatures(utf8('obMatJos2AAAf//499k954d6OL34oL9FSTvy64sA')), 0x1f)
  for (const text of ['', 'obMatJos2', 'obMatJos2AAA', 'obmatJos2gAAA', 'obMatJos2g!AA', 'obMatJos2gAA=', '\u00ff'])
    t.equal(nonceFeatures(utf8(text)), 0, text)
  t.end()
})

t.test('PASSWORD-ALGORITHMS taken out of the challenge: the cookie tells, and nothing is sent', async t => {
  const world = await World.create({ server: { algorithms: [2] } })
  world.server.alter = bytes =>
    rewritten(decodeStun(bytes)!, attribute =>
      attribute.type === Attribute.passwordAlgorithms ? undefined : attribute,
    )
  await run(world)
  t.match(world.events, [{ type: 'failed', code: 401 }])
  t.equal(world.requests(allocate).length, 1)
  t.equal(await world.end(), 0)
})

t.test('the cookie changed as well: the server does not know such a nonce, and the client gives up', async t => {
  const world = await World.create({ server: { algorithms: [2] } })
  world.server.alter = bytes => {
    const message = decodeStun(bytes)!
    if (message.kind !== 'error') return bytes
    return rewritten(message, attribute => {
      if (attribute.type === Attribute.passwordAlgorithms) return undefined
      return attribute.type === Attribute.nonce ? nonce('a nonce of my own') : attribute
    })
  }
  await run(world)
  t.match(world.events, [{ type: 'failed', code: 438 }])
  t.ok(world.requests(allocate).length < 8)
  t.equal(await world.end(), 0)
})

t.test('a list made weaker: the echo shows it to the server, whose 400 without proof is not believed', async t => {
  const world = await World.create({ server: { algorithms: [2, 1] } })
  world.server.alter = bytes =>
    rewritten(decodeStun(bytes)!, attribute =>
      attribute.type === Attribute.passwordAlgorithms
        ? { type: attribute.type, value: attribute.value.slice(4) }
        : attribute,
    )
  await run(world)
  t.equal(world.answers(allocate)[0], 401)
  t.ok(
    world
      .answers(allocate)
      .slice(1)
      .every(code => code === 400),
  )
  t.match(world.events, [{ type: 'failed', code: 400, at: 39_540 }], 'told at the end, when nothing better has come')
  t.equal(await world.end(), 0)
})

t.test('a list of algorithms that we do not know', async t => {
  const world = await World.create({ server: { algorithms: [77, 78] } })
  await run(world)
  t.match(world.events, [{ type: 'failed', code: 401 }])
  t.equal(world.requests(allocate).length, 1)
  t.equal(await world.end(), 0)
})

t.test('once the server has proven itself by SHA-256, a challenge without it is not met', async t => {
  const world = await World.allocated({ server: { algorithms: [2] } })
  world.act((client, now) => client.permit('203.0.113.1', now))
  await world.elapse(0)
  const { message } = world.requests(Method.createPermission)[0]!
  world.receive(
    encodeStun({
      kind: 'error',
      method: Method.createPermission,
      transactionId: message.transactionId,
      attributes: [errorCode(438, ''), realm('example.org'), nonce('plain')],
    }),
  )
  await world.elapse(1000)
  t.equal(world.requests(Method.createPermission).length, 1, 'nothing is hashed by MD5 for whoever asks')
  t.match(world.events[1], { type: 'failed', code: 438 })
  t.equal(await world.end(), 0)
})

t.test('a success whose nonce promises algorithms that it does not name is ignored', async t => {
  const world = await World.create({ server: { algorithms: [2] } })
  let dropped = 0
  world.server.alter = bytes => {
    const message = decodeStun(bytes)!
    if (message.kind !== 'success' || dropped++ > 0) return bytes
    return encodeStun({
      kind: 'success',
      method: message.method,
      transactionId: message.transactionId,
      attributes: [...message.attributes.slice(0, -1), nonce('obMatJos2gAAAx')],
    })
  }
  await run(world)
  t.equal(world.client.state, 'allocated')
  t.equal(world.client.counters.unauthenticatedResponses, 1)
  t.equal(world.events[0]!.at, 580, 'by the answer to the retransmission')
  t.equal(await world.end(), 0)
})
