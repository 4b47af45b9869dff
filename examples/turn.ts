/**
 * TURN alone: a client gets a relayed address, sends to a peer through it, and hears the answer, in virtual time.
 *
 * The client does no I/O and reads no clock: this program carries what it transmits, and calls `advance` when its deadline
 * has come. The server here is a script that knows just what this client asks, and of the peer it does what an echo would.
 */

import { Packet, utf8 } from 'purertc/bytes'
import { nodeCrypto as crypto } from 'purertc/crypto/node'
import {
  Attribute,
  data,
  decodeStun,
  encodeStun,
  errorCode,
  lifetime,
  longTermKey,
  Method,
  nonce,
  realm,
  type StunAttribute,
  type StunMessage,
  verifyIntegrity,
  xorAddress,
} from 'purertc/stun'
import { channelData, channelOf, TurnClient, writeChannelData } from 'purertc/turn'

const PEER = { address: '203.0.113.7', port: 7000 }
const RELAYED = { address: '198.51.100.1', port: 49_200 }
const MAPPED = { address: '192.0.2.1', port: 50_000 }
const DELAY = 15
const flying: { at: number; land: () => void }[] = []
let now = 0
const later = (land: () => void): void => {
  flying.push({ at: now + DELAY, land })
}
const nameOf = (method: number): string => Object.entries(Method).find(([, number]) => number === method)?.[0] ?? '?'

// The server: who does not prove to know the password is challenged, and everything else succeeds.
const credentials = { username: 'ada', password: 'engine' }
const key = longTermKey(crypto, 'md5', credentials.username, 'example.org', credentials.password)
const mac = crypto.createMac('sha-1', key)

const answer = (request: StunMessage): Uint8Array => {
  const { method, transactionId } = request
  if (!verifyIntegrity(request, mac)) {
    const challenge = [errorCode(401, 'Unauthenticated'), realm('example.org'), nonce('a nonce')]
    return encodeStun({ kind: 'error', method, transactionId, attributes: challenge })
  }
  const attributes: StunAttribute[] = []
  if (method === Method.allocate) {
    attributes.push(xorAddress(Attribute.xorRelayedAddress, RELAYED, transactionId))
    attributes.push(xorAddress(Attribute.xorMappedAddress, MAPPED, transactionId), lifetime(600))
  } else if (method === Method.refresh) {
    attributes.push({ type: Attribute.lifetime, value: request.find(Attribute.lifetime) ?? lifetime(600).value })
  }
  return encodeStun({ kind: 'success', method, transactionId, attributes, integrity: mac })
}

/** What the peer says to what it hears, on the way back through the server. */
const echo = (said: Uint8Array, channel: number): Uint8Array => {
  const reply = utf8(new TextDecoder().decode(said).toUpperCase())
  if (channel >= 0) return writeChannelData(Packet.copy(reply), channel, false).view()
  const transactionId = crypto.random.fill(new Uint8Array(12))
  const peer = xorAddress(Attribute.xorPeerAddress, PEER, transactionId)
  return encodeStun({ kind: 'indication', method: Method.data, transactionId, attributes: [peer, data(reply)] })
}

const serve = (bytes: Uint8Array): Uint8Array | undefined => {
  const channel = channelOf(bytes)
  if (channel >= 0) {
    console.log(`${now} ms: server: ChannelData on channel 0x${channel.toString(16)}, ${bytes.length} bytes`)
    return echo(channelData(bytes), channel)
  }
  const message = decodeStun(bytes)
  if (message === undefined) return undefined
  console.log(`${now} ms: server: ${nameOf(message.method)} ${message.kind}, ${bytes.length} bytes`)
  if (message.kind === 'request') return answer(message)
  const said = message.find(Attribute.data)
  return said && echo(said, -1)
}

const client = new TurnClient({
  crypto,
  credentials,
  families: [4],
  reliable: false,
  // By default a peer is worth a channel after eight Send indications.
  channelAfter: 2,
  transmit: packet => {
    const bytes = packet.view().slice()
    packet.release()
    later(() => {
      const reply = serve(bytes)
      if (reply !== undefined) later(() => client.receive(reply, now))
    })
  },
  deliver: (bytes, address, port) =>
    console.log(`${now} ms: client: "${new TextDecoder().decode(bytes)}" from ${address}:${port}`),
})

/** Lets virtual time pass until `end` milliseconds. */
const run = (end: number): void => {
  for (;;) {
    for (let event = client.nextEvent(); event !== undefined; event = client.nextEvent())
      console.log(`${now} ms: client: ${event.type}`)
    const next = Math.min(client.deadline, ...flying.map(({ at }) => at))
    if (next > end) break
    now = Math.max(now, next)
    for (const { at, land } of flying.splice(0)) {
      if (at <= now) land()
      else flying.push({ at, land })
    }
    client.advance(now)
  }
  now = end
}

client.allocate(now)
run(100)
for (const { address, port } of client.relayed) console.log(`relayed address ${address}:${port}`)
for (const word of ['one', 'two', 'three']) {
  client.send(Packet.copy(utf8(word)), PEER.address, PEER.port, now)
  run(now + 100)
}
client.close(now)
run(now + 100)
console.log(`${client.counters.sendIndications} Send indications, ${client.counters.channelDataSent} ChannelData`)
