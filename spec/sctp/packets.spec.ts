/** Packets of other stacks and of the standards are read as they are; malformed ones are dropped and counted. */

import t from 'tap'
import { crc32c, fromHex, utf8 } from '../../lib/bytes/index.ts'
import { fixtureBytes, fixtureJson } from '../fixture.ts'
import {
  type Chunk,
  chunk,
  chunksOf,
  data,
  packet,
  parameter,
  parameterOf,
  sack,
  seal,
  tagOf,
  u32,
  view,
} from './craft.ts'
import { Pair, pattern } from './pair.ts'
import { PEER_TAG, PEER_TSN, Puppet } from './puppet.ts'

const aiortc = (name: string): Uint8Array => fixtureBytes(`rtp-rtcp-sctp-aiortc/sctp_${name}.bin`)
const aiortcChunk = (name: string): Chunk => chunksOf(aiortc(name))[0]!

t.test('CRC-32C gives the published values', t => {
  const { vectors } = fixtureJson('sctp/crc32c.json') as { vectors: { hex: string; crc32c: number }[] }
  t.ok(vectors.length > 4)
  for (const vector of vectors) t.equal(crc32c(fromHex(vector.hex)!), vector.crc32c, vector.hex)
  const bytes = pattern(100)
  for (let start = 0; start < 10; start++) {
    t.equal(crc32c(bytes, start, 90 - start), crc32c(bytes.slice(start, 90 - start)), 'also within a buffer')
  }
  t.end()
})

t.test('every packet of aiortc has a checksum that we find right, and one that is flipped is silently discarded', t => {
  const names = ['abort', 'cookie_echo', 'data', 'data_padding', 'data_truncated', 'data_zero_length', 'error']
  names.push('forward_tsn', 'heartbeat', 'init', 'init_bad_verification', 'reconfig_add_out', 'reconfig_reset_out')
  names.push('reconfig_response', 'sack', 'shutdown', 'shutdown_ack')
  for (const name of names) {
    const puppet = Puppet.established()
    puppet.deliverBytes(aiortc(name))
    t.equal(puppet.association.counters.badChecksum, 0, name)
    puppet.take()
    const flipped = aiortc(name)
    flipped[flipped.length - 1]! ^= 0x10
    puppet.deliverBytes(flipped)
    t.equal(puppet.association.counters.badChecksum, 1)
    t.same(puppet.take(), [])
    t.equal(puppet.association.state, 'established')
  }
  t.end()
})

t.test('aiortc’s chunks, under our tag, do what they say', t => {
  t.test('INIT', t => {
    const puppet = new Puppet()
    puppet.deliverBytes(aiortc('init'))
    t.same(puppet.takeTags(), [0x24521703])
    puppet.deliverBytes(aiortc('init_bad_verification'))
    t.same(puppet.take(), [], 'under a tag: not answered')
    t.end()
  })
  t.test('DATA', t => {
    const puppet = Puppet.established({}, { tsn: 0x9a0f13fc })
    puppet.deliver(aiortcChunk('data'))
    t.same(puppet.messages(), [], 'ahead of a gap, and second in its stream')
    puppet.deliver(data(0x9a0f13fc, [1], { stream: 1 }))
    t.match(puppet.events.at(-1), { type: 'message', streamId: 1, ppid: 51 })
    t.same(puppet.messages()[1], utf8('ping'))
    t.end()
  })
  t.test('malformed DATA', t => {
    const puppet = Puppet.established()
    puppet.deliver(aiortcChunk('data_truncated'))
    t.equal(puppet.association.counters.malformed, 1)
    const zero = aiortc('data_zero_length')
    zero.set(u32(puppet.tag), 4)
    puppet.deliverBytes(seal(zero))
    t.equal(puppet.association.counters.malformed, 2)
    t.equal(puppet.association.state, 'established')
    t.end()
  })
  t.test('SACK of what was not sent, FORWARD TSN of long ago, ERROR', t => {
    const puppet = Puppet.established()
    for (const name of ['sack', 'forward_tsn', 'error']) puppet.deliver(aiortcChunk(name))
    t.equal(puppet.association.counters.lyingSacks + puppet.association.counters.staleSacks, 1)
    t.equal(puppet.association.counters.forwardTsnsReceived, 1)
    t.equal(puppet.association.state, 'established')
    t.end()
  })
  t.test('HEARTBEAT', t => {
    const puppet = Puppet.established()
    puppet.deliver(aiortcChunk('heartbeat'))
    const [ack] = puppet.take()
    t.equal(ack!.type, 5)
    t.same(ack!.value, aiortcChunk('heartbeat').value)
    t.end()
  })
  t.test('RE-CONFIG', t => {
    const puppet = Puppet.established()
    for (const [name, result] of [
      ['reconfig_add_out', 5],
      ['reconfig_reset_out', 5],
    ] as const) {
      puppet.deliver(aiortcChunk(name))
      const [answer] = puppet.take()
      t.equal(answer!.type, 130)
      t.equal(view(answer!).getUint32(8), result, 'a sequence number that was not its turn')
    }
    puppet.deliver(aiortcChunk('reconfig_response'))
    t.same(puppet.take(), [])
    t.end()
  })
  t.test('ABORT', t => {
    const puppet = Puppet.established()
    puppet.deliver(aiortcChunk('abort'))
    const end = puppet.events.at(-1)!
    t.match(end, { type: 'closed', error: { code: 'aborted', causeCode: 13 } })
    t.match(end.type === 'closed' && end.error?.message, /Expected B-bit for TSN=4ce1f17f/)
    t.end()
  })
  t.test('COOKIE ECHO, SHUTDOWN, SHUTDOWN ACK', t => {
    const puppet = Puppet.established()
    puppet.deliver(aiortcChunk('cookie_echo'))
    t.equal(puppet.association.counters.badCookies, 1)
    puppet.deliver(aiortcChunk('shutdown_ack'))
    t.equal(puppet.association.state, 'established', 'a SHUTDOWN ACK that nobody asked for')
    puppet.deliver(aiortcChunk('shutdown'))
    t.equal(puppet.association.state, 'shutdown-ack-sent')
    t.end()
  })
  t.end()
})

/** The SCTP packets of a capture of UDP in Ethernet, with the port they came from. */
const udpPayloads = (pcap: Uint8Array): { readonly port: number; readonly bytes: Uint8Array }[] => {
  const fields = new DataView(pcap.buffer, pcap.byteOffset, pcap.length)
  const payloads = []
  for (let at = 24; at < pcap.length; ) {
    const length = fields.getUint32(at + 8, true)
    const ip = at + 16 + 14
    const udp = ip + 4 * (pcap[ip]! & 15)
    const ipv4 = fields.getUint16(at + 16 + 12) === 0x0800
    if (ipv4)
      payloads.push({ port: fields.getUint16(udp), bytes: pcap.slice(udp + 8, udp + fields.getUint16(udp + 4)) })
    at += 16 + length
  }
  return payloads
}

t.test('a session of usrsctp, packet by packet', t => {
  const packets = udpPayloads(fixtureBytes('captures/usrsctp-echo.pcap'))
  t.ok(packets.length > 10)
  for (const { bytes } of packets) t.same(seal(bytes.slice()), bytes, 'the checksum is ours')
  const types = packets.flatMap(({ bytes }) => chunksOf(bytes).map(({ type }) => type))
  for (const type of [1, 2, 10, 11, 0, 3, 7, 8, 14]) t.ok(types.includes(type), `chunk type ${type} occurs`)

  // We answer usrsctp's client in the place of its server, with the ports of the capture.
  const client = packets.find(({ bytes }) => bytes[12] === 1)!
  const ports = new DataView(client.bytes.buffer, client.bytes.byteOffset)
  const puppet = new Puppet({ localPort: ports.getUint16(2), remotePort: ports.getUint16(0), inboundStreams: 2048 })
  puppet.deliverBytes(client.bytes)
  const [answer] = puppet.take()
  t.equal(answer!.type, 2, 'its INIT is answered')
  puppet.learn(answer!)
  const cookie = packet(puppet.tag, chunk(10, 0, puppet.cookie(answer!)))
  cookie.set(client.bytes.subarray(0, 4))
  puppet.deliverBytes(seal(cookie))
  t.equal(puppet.association.state, 'established')
  puppet.take()
  let sent = 0
  for (const { bytes, port } of packets) {
    if (port !== client.port) continue
    const messages = chunksOf(bytes).filter(({ type }) => type === 0)
    if (messages.length === 0) continue
    const under = packet(puppet.tag, ...messages)
    under.set(client.bytes.subarray(0, 4))
    puppet.deliverBytes(seal(under))
    sent += messages.length
  }
  t.ok(sent > 0)
  t.equal(puppet.messages().length, sent, 'each of its messages is delivered')
  t.equal(puppet.association.counters.malformed, 0)
  t.end()
})

t.test('chunks that are not known go by their two high bits (3.2)', t => {
  const run = (type: number) => {
    const puppet = Puppet.established()
    puppet.deliver(chunk(type, 0, [1, 2, 3]), data(PEER_TSN, [1]))
    const errors = puppet.take().filter(out => out.type === 9)
    return { read: puppet.messages().length === 1, reports: errors.map(({ value }) => [...value]) }
  }
  t.same(run(0x3f), { read: false, reports: [] })
  t.same(run(0x7f), { read: false, reports: [[0, 6, 0, 11, 0x7f, 0, 0, 7, 1, 2, 3]] })
  t.same(run(0xbf), { read: true, reports: [] })
  t.same(run(0xff), { read: true, reports: [[0, 6, 0, 11, 0xff, 0, 0, 7, 1, 2, 3]] })
  const puppet = Puppet.established()
  puppet.deliver(...Array.from({ length: 50 }, () => chunk(0xff, 0, [])))
  t.equal(puppet.take().length, 1, 'one report a packet')
  t.end()
})

t.test('verification tags (8.5)', t => {
  const puppet = Puppet.established()
  for (const wrong of [0, puppet.tag ^ 1, PEER_TAG]) {
    puppet.deliverBytes(packet(wrong, data(PEER_TSN, [1])))
    puppet.deliverBytes(packet(wrong, chunk(6, 0)))
    puppet.deliverBytes(packet(wrong, chunk(7, 0, u32(0))))
    puppet.deliverBytes(packet(wrong, chunk(4, 0, parameter(1, [1, 2, 3, 4]))))
  }
  t.same(puppet.take(), [])
  t.equal(puppet.association.counters.badTag, 12)
  t.equal(puppet.association.state, 'established')
  puppet.deliverBytes(packet(puppet.tag, chunk(6, 1)))
  t.equal(puppet.association.state, 'established', 'reflected, but our own tag')
  puppet.deliverBytes(packet(PEER_TAG, chunk(6, 1)))
  t.equal(puppet.association.state, 'closed', 'reflected, the peer’s tag: from a peer that knows of no association')
  t.end()
})

t.test('packets out of the blue (8.4)', t => {
  const puppet = Puppet.established()
  puppet.association.abort(0)
  puppet.flush()
  puppet.take()
  const answer = (...chunks: Chunk[]) => {
    puppet.deliverBytes(packet(77, ...chunks))
    const tags = puppet.sent.map(tagOf)
    return puppet.take().map(({ type, flags }, i) => ({ type, flags, tag: tags[i] }))
  }
  t.same(answer(data(1, [1])), [{ type: 6, flags: 1, tag: 77 }])
  t.same(answer(sack(1)), [{ type: 6, flags: 1, tag: 77 }])
  t.same(answer(chunk(8, 0)), [{ type: 14, flags: 1, tag: 77 }], 'SHUTDOWN ACK: SHUTDOWN COMPLETE')
  for (const type of [6, 14, 11]) t.same(answer(chunk(type, 0)), [], `chunk ${type} is not answered`)
  t.same(answer(chunk(9, 0, [0, 3, 0, 8, 0, 0, 0, 0])), [], 'nor is a stale cookie')
  puppet.deliverBytes(packet(77))
  t.same(puppet.take(), [])
  t.end()
})

t.test('packets are bundled, padded, and no larger than they may be', t => {
  for (const mtu of [600, 1172, 1173]) {
    const pair = Pair.established({ delay: 5 }, { mtu })
    pair.wire.sent.length = 0
    for (let size = 1; size < 300; size += 7) pair.a.send(0, 53, pattern(size), {}, pair.wire.now)
    pair.a.send(1, 53, pattern(10_000), {}, pair.wire.now)
    t.ok(pair.wire.run(() => pair.messages('b').length === 44))
    const packets = pair.wire.sent.filter(({ from }) => from === 'a').map(({ bytes }) => bytes)
    t.ok(packets.every(bytes => bytes.length <= mtu && bytes.length % 4 === 0))
    const total = packets.reduce((sum, bytes) => sum + bytes.length, 0)
    t.ok(total / packets.length > 0.85 * mtu, `packets of ${mtu} bytes are full`)
    t.ok(packets.some(bytes => chunksOf(bytes).length > 3))
    for (const bytes of packets) {
      const chunks = chunksOf(bytes)
      t.equal(12 + chunks.reduce((sum, { value }) => sum + ((value.length + 7) & ~3), 0), bytes.length)
    }
  }
  t.end()
})

t.test('control chunks stand before DATA in a packet (6.10)', t => {
  const types = [1, 2, 3, 4].flatMap(seed => {
    const pair = Pair.established({ seed, delay: 10, loss: 0.2 })
    for (let i = 0; i < 60; i++) {
      pair.a.send(i, 53, pattern(700), { maxRetransmits: i % 2 }, pair.wire.now)
      pair.b.send(i, 53, pattern(900), {}, pair.wire.now)
      pair.a.resetStreams([i])
      pair.wire.run(() => false, 15)
    }
    pair.wire.run(() => pair.of('a', 'reset-done').length > 0 && pair.b.unacknowledgedChunks === 0)
    pair.b.shutdown(pair.wire.now)
    pair.wire.run(() => pair.a.state === 'closed')
    return pair.wire.sent.map(({ bytes }) => chunksOf(bytes).map(({ type }) => type))
  })
  t.ok(types.some(list => list.length > 1 && list.includes(130)))
  t.ok(types.some(list => list.includes(192) || list.includes(194)))
  for (const list of types) {
    const firstData = list.findIndex(type => type === 0 || type === 64)
    if (firstData >= 0 && list.slice(firstData).some(type => type !== 0 && type !== 64)) t.fail(list.join())
  }
  t.end()
})

t.test('a report travels in an INIT ACK whole, even for a parameter of odd length', t => {
  const puppet = new Puppet()
  puppet.deliverBytes(packet(0, { ...chunk(1, 0, [...u32(9), ...u32(9999), 0, 1, 0, 1, ...u32(1), 0xc9, 9, 0, 5, 1]) }))
  const [answer] = puppet.take()
  t.same([...parameterOf(answer!, 8)!.subarray(0, 5)], [0xc9, 9, 0, 5, 1])
  t.end()
})
