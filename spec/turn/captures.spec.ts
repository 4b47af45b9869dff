/** What a real server has answered to a real client, and what Chrome has sent to one. */

import t from 'tap'
import { fromHex, Packet } from '../../lib/bytes/index.ts'
import type { CryptoProvider } from '../../lib/crypto/index.ts'
import { Attribute, decodeStun, Method, readXorAddress, type StunMessage } from '../../lib/stun/index.ts'
import { channelData, channelOf, isChannelData, TurnClient, writeChannelData } from '../../lib/turn/index.ts'
import { fixtureBytes, fixtureText } from '../fixture.ts'
import { nodeCrypto } from '../providers.ts'

/** UDP payloads of a capture (libpcap, Ethernet, IPv4). */
const datagrams = (capture: Uint8Array): Uint8Array[] => {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.byteLength)
  const payloads: Uint8Array[] = []
  for (let at = 24; at + 16 <= capture.length; ) {
    const length = view.getUint32(at + 8, true)
    const frame = capture.subarray(at + 16, at + 16 + length)
    payloads.push(frame.slice(14 + 4 * (frame[14]! & 15) + 8))
    at += 16 + length
  }
  return payloads
}

const flow = datagrams(fixtureBytes('stun/coturn.pcap'))
/** The answer to a request of the capture. */
const answer = (index: number): Uint8Array => {
  const request = decodeStun(flow[index]!)!
  const same = (bytes: Uint8Array): boolean =>
    decodeStun(bytes)?.transactionId.every((byte, i) => byte === request.transactionId[i]) ?? false
  return flow.slice(index + 1).find(same)!
}

/** Allocate, Allocate again with credentials, CreatePermission: of one of the clients. */
const ALLOCATE = 8
const ALLOCATE_SEALED = 10
const CREATE_PERMISSION = 31

t.test("coturn's answers to another client make our allocation, when our transactions have the same names", t => {
  const ids = [ALLOCATE, ALLOCATE_SEALED, CREATE_PERMISSION].map(index =>
    decodeStun(flow[index]!)!.transactionId.slice(),
  )
  const random = {
    fill: <T extends Uint8Array>(target: T): T => {
      target.set(ids.shift() ?? new Uint8Array(target.length))
      return target
    },
  }
  const crypto: CryptoProvider = { ...nodeCrypto, random }
  const sent: StunMessage[] = []
  const client = new TurnClient({
    crypto,
    credentials: { username: 'user', password: 'pass' },
    families: [4],
    reliable: false,
    keepalive: Number.POSITIVE_INFINITY,
    transmit: packet => sent.push(decodeStun(packet.view())!),
    deliver: () => {},
  })
  client.allocate(0)
  client.receive(answer(ALLOCATE), 1)
  client.receive(answer(ALLOCATE_SEALED), 2)
  t.same(client.nextEvent(), { type: 'allocated' })
  t.match(client.relayed, [{ address: '127.0.0.1' }])
  const peer = decodeStun(flow[CREATE_PERMISSION]!)!
  const { address } = readXorAddress(peer.find(Attribute.xorPeerAddress)!, peer.transactionId)!
  client.permit(address, 3)
  client.advance(3)
  client.receive(answer(CREATE_PERMISSION), 4)
  client.send(Packet.copy(new Uint8Array(4)), address, 3480, 5)
  t.match(client.counters, { sendIndications: 1, unauthenticatedResponses: 0, malformed: 0 })
  t.same(
    sent.map(({ method }) => method),
    [Method.allocate, Method.allocate, Method.createPermission, Method.send],
  )
  t.end()
})

t.test('with another password, the same answers are not believed', t => {
  const ids = [ALLOCATE, ALLOCATE_SEALED].map(index => decodeStun(flow[index]!)!.transactionId.slice())
  const random = {
    fill: <T extends Uint8Array>(target: T): T => {
      target.set(ids.shift() ?? new Uint8Array(target.length))
      return target
    },
  }
  const client = new TurnClient({
    crypto: { ...nodeCrypto, random },
    credentials: { username: 'user', password: 'word' },
    families: [4],
    reliable: false,
    transmit: packet => packet.release(),
    deliver: () => {},
  })
  client.allocate(0)
  client.receive(answer(ALLOCATE), 1)
  client.receive(answer(ALLOCATE_SEALED), 2)
  t.equal(client.state, 'allocating')
  t.equal(client.counters.unauthenticatedResponses, 1)
  t.end()
})

const lines = (file: string): Uint8Array[] =>
  fixtureText(`stun/pion-turn-chrome/${file}`)
    .trim()
    .split('\n')
    .map(line => fromHex(line.trim())!)

t.test("Chrome's allocation has the attributes that ours has", t => {
  const [bare, , sealed, success] = lines('01_chromeallocreq.hex').map(bytes => decodeStun(bytes)!)
  const client = new TurnClient({
    crypto: nodeCrypto,
    families: [4],
    reliable: false,
    transmit: packet => {
      const ours = decodeStun(packet.view())!
      for (const { type, value } of ours.attributes) t.same(bare!.find(type), value)
    },
    deliver: () => {},
  })
  client.allocate(0)
  t.same(
    sealed!.attributes.map(({ type }) => type).filter(type => type !== 0x802f),
    [Attribute.requestedTransport, Attribute.username, Attribute.realm, Attribute.nonce, Attribute.messageIntegrity],
  )
  t.ok(success!.has(Attribute.xorRelayedAddress))
  t.end()
})

t.test("Chrome's ChannelData is read, and written the same", t => {
  const frames = lines('02_chandata.hex')
  t.equal(frames.length, 2)
  for (const frame of frames) {
    t.ok(isChannelData(frame))
    t.equal(channelOf(frame), 0x4000)
    const data = channelData(frame)
    const packet = writeChannelData(Packet.copy(data), 0x4000, frame.length > data.length + 4)
    t.same(packet.view(), frame)
  }
  t.same(decodeStun(channelData(frames[0]!))?.method, Method.binding)
  t.end()
})
