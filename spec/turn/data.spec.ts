/** The ways of data: Send and Data indications, ChannelData, over both families and over streams. */

import fc from 'fast-check'
import t from 'tap'
import { Packet, PacketPool } from '../../lib/bytes/index.ts'
import { Attribute, decodeStun, encodeStun, icmp, Method, readXorAddress, xorAddress } from '../../lib/stun/index.ts'
import { channelData, channelOf, TurnClient, writeChannelData } from '../../lib/turn/index.ts'
import { seededCrypto } from '../providers.ts'
import { PEER, PEER6, SERVER, SERVER6, World } from './world.ts'

t.test('to and fro over IPv4 and IPv6 at once', async t => {
  const world = await World.allocated({ client: { families: [4, 6], channelAfter: 2 } })
  const four = await world.openPeer(PEER)
  const six = await world.openPeer(PEER6)
  for (let i = 0; i < 5; i++) {
    world.say(`to four ${i}`, PEER)
    world.say(`to six ${i}`, PEER6)
    await world.elapse(100)
  }
  t.equal(four.heard[0]!.address, SERVER)
  t.equal(six.heard[0]!.address, SERVER6)
  t.same([four.texts.length, six.texts.length], [5, 5])
  t.match(world.client.counters, { sendIndications: 4, channelDataSent: 6 })
  const relay = (family: string) => world.client.relayed.find(({ address }) => address.includes(family))!
  four.say('from four', relay('.'))
  six.say('from six', relay(':'))
  await world.elapse(100)
  t.same(world.heard, [
    { text: 'from four', address: PEER, port: 7000 },
    { text: 'from six', address: PEER6, port: 7000 },
  ])
  t.equal(await world.end(), 0)
})

for (const seed of [1, 2, 3]) {
  t.test(`over a stream whose bytes come in pieces (seed ${seed})`, async t => {
    const world = await World.allocated({
      stream: true,
      seed,
      client: { channelAfter: 3, families: [4, 6] },
      server: { algorithms: [2] },
    })
    t.equal(world.client.state, 'allocated')
    const peer = await world.openPeer()
    const texts = Array.from({ length: 30 }, (_, i) => 'abcdefg'.slice(0, i % 8).padEnd(i, '.'))
    for (const text of texts) {
      world.say(text)
      await world.elapse(50)
      peer.say(text, world.client.relayed[0]!)
      await world.elapse(50)
    }
    await world.elapse(1000)
    t.same(peer.texts, texts)
    t.same(
      world.heard.map(({ text }) => text),
      texts,
    )
    t.match(world.client.counters, { requestsRetransmitted: 0, malformed: 0, keepalives: 0 })
    t.ok(world.client.counters.channelDataReceived > 20)
    for (const { bytes } of world.sent) t.equal(bytes.length % 4, 0, 'RFC 8656, 12.5: padded')
    t.equal(await world.end(), 0)
  })
}

t.test('over a stream a request is not repeated, and waits as long as over UDP', async t => {
  const world = await World.create({ stream: true })
  const start = world.sim.now()
  world.server.mute = true
  world.act((client, now) => client.allocate(now))
  await world.until(() => world.client.state !== 'allocating')
  t.equal(world.requests(Method.allocate).length, 1)
  t.match(world.events, [{ type: 'failed', code: 701, at: start + 39_500 }])
  t.equal(await world.end(), 0)
})

t.test('over a stream an answer that is not authentic ends the request at once', async t => {
  const world = await World.create({ stream: true })
  world.act((client, now) => client.allocate(now))
  await world.until(() => world.requests(Method.allocate).length === 2)
  world.server.alter = bytes => {
    const out = bytes.slice()
    out[out.length - 1]! ^= 1
    return out
  }
  await world.elapse(100)
  t.match(world.events, [{ type: 'failed', code: 701 }])
  t.equal(await world.end(), 0)
})

/** A client with an allocation and a permission, and what it transmits. */
const direct = (channelAfter: number, reliable = false) => {
  const sent: Uint8Array[] = []
  const packets: Packet[] = []
  const heard: number[][] = []
  const client = new TurnClient({
    crypto: seededCrypto(7),
    families: [4, 6],
    reliable,
    channelAfter,
    transmit: packet => {
      sent.push(packet.view().slice())
      packets.push(packet)
    },
    deliver: data => heard.push([...data]),
  })
  const succeed = (...attributes: { type: number; value: Uint8Array }[]): void => {
    const request = decodeStun(sent.at(-1)!)!
    const { method, transactionId } = request
    client.receive(encodeStun({ kind: 'success', method, transactionId, attributes }), 0)
  }
  client.allocate(0)
  const id = decodeStun(sent[0]!)!.transactionId
  succeed(
    xorAddress(Attribute.xorRelayedAddress, { address: SERVER, port: 49152 }, id),
    xorAddress(Attribute.xorRelayedAddress, { address: SERVER6, port: 49153 }, id),
  )
  return { client, sent, packets, heard, succeed }
}

t.test('data is written in place when the packet has room, and copied when it has not', t => {
  for (const address of [PEER, PEER6]) {
    for (const reliable of [false, true]) {
      const { client, packets, succeed } = direct(2, reliable)
      client.permit(address, 0)
      client.advance(0)
      succeed()
      for (const length of [0, 1, 2, 3, 4, 100, 1200]) {
        const pool = new PacketPool(1500)
        for (const hasRoom of [true, false]) {
          const data = Uint8Array.from({ length }, (_, i) => i)
          let packet = Packet.of(data.slice())
          if (hasRoom) {
            packet = pool.take()
            packet.bytes.set(data, packet.start)
            packet.end += length
          }
          const before = packets.length
          client.send(packet, address, 1234, 0)
          const out = packets[before]!
          const view = out.view()
          if (hasRoom) t.equal(out.bytes, packet.bytes, 'in place')
          if (before < 5) {
            const message = decodeStun(view)!
            t.same([message.kind, message.method], ['indication', Method.send])
            t.same(message.find(Attribute.data), data)
            const peer = message.find(Attribute.xorPeerAddress)!
            t.same(readXorAddress(peer, message.transactionId), { address, port: 1234 })
          } else {
            t.same([channelOf(view), channelData(view)], [0x4000, data])
            t.equal(view.length, 4 + length + (reliable ? -length & 3 : 0))
          }
          // The second indication has made the peer worth a channel: a request for it is the last that went out.
          if (before === 3) succeed()
        }
      }
    }
  }
  t.end()
})

t.test('a packet that cannot be relayed is dropped and released', t => {
  const { client } = direct(1)
  const pool = new PacketPool(70_000)
  const packet = pool.take()
  packet.end += 65_530
  client.send(packet, PEER, 1234, 0)
  t.equal(client.counters.droppedUnsendable, 1)
  t.equal(pool.take().bytes, packet.bytes, 'the buffer is back in its pool')
  t.end()
})

t.test('Data indications: from permitted addresses only, whatever the port', t => {
  const { client, heard, succeed } = direct(8)
  const indicate = (address: string, ...more: { type: number; value: Uint8Array }[]): void => {
    const transactionId = new Uint8Array(12)
    const peer = xorAddress(Attribute.xorPeerAddress, { address, port: 99 }, transactionId)
    client.receive(
      encodeStun({ kind: 'indication', method: Method.data, transactionId, attributes: [peer, ...more] }),
      0,
    )
  }
  const data = { type: Attribute.data, value: Uint8Array.of(1, 2, 3) }
  indicate(PEER, data)
  t.same([heard, client.counters.droppedUnpermitted], [[], 1])
  client.permit(PEER, 0)
  indicate(PEER, data)
  t.equal(client.counters.droppedUnpermitted, 2, 'it has not been asked for yet')
  client.advance(0)
  indicate(PEER, data)
  t.same(heard, [[1, 2, 3]], 'the answer may be slower than the data')
  succeed()
  indicate(PEER, data)
  indicate(PEER6, data)
  t.same([heard.length, client.counters.droppedUnpermitted], [2, 3])
  indicate(PEER)
  indicate(PEER, icmp({ type: 3, code: 1, data: 0 }))
  client.receive(encodeStun({ kind: 'indication', method: Method.data, transactionId: new Uint8Array(12) }), 0)
  t.match(client.counters, { malformed: 2, icmpErrors: 1 })
  t.end()
})

t.test('what is nothing for a client is counted', t => {
  const { client } = direct(8)
  const transactionId = new Uint8Array(12)
  client.receive(encodeStun({ kind: 'request', method: Method.binding, transactionId }), 0)
  client.receive(encodeStun({ kind: 'indication', method: Method.send, transactionId }), 0)
  client.receive(encodeStun({ kind: 'success', method: Method.binding, transactionId }), 0)
  for (const bytes of [[], [0x40], [0x40, 0, 0, 5, 1], [0x50, 0, 0, 0], [0x80, 1, 2, 3], [0, 1]])
    client.receive(Uint8Array.from(bytes), 0)
  t.match(client.counters, { ignoredMethods: 2, unmatchedResponses: 1, malformed: 6 })
  t.end()
})

t.test('silence towards the server is broken every 15 s over UDP', async t => {
  const world = await World.allocated()
  await world.elapse(100_000)
  const indications = world.sent.filter(({ message }) => message?.kind === 'indication')
  t.equal(indications.length, 6)
  t.equal(world.client.counters.keepalives, 6)
  for (const [i, { at }] of indications.entries()) t.equal(at, 40 + (i + 1) * 15_000)
  t.equal(await world.end(), 0)
})

t.test('whatever ChannelData is written is read back', t => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 0x4000, max: 0x4fff }),
      fc.boolean(),
      fc.boolean(),
      (data, channel, padded, hasRoom) => {
        const packet = hasRoom ? Packet.copy(data) : Packet.of(data.slice())
        const frame = writeChannelData(packet, channel, padded).view()
        if (padded && frame.length % 4 !== 0) return false
        return channelOf(frame) === channel && channelData(frame).every((byte, i) => byte === data[i])
      },
    ),
  )
  t.end()
})
