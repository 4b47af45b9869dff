/** How data channels come to be: by DCEP (RFC 8832), or by agreement; their ids, labels and reliability. */

import t from 'tap'
import { fromHex, hex, utf8 } from '../../lib/bytes/index.ts'
import { readDcep, writeAck, writeOpen } from '../../lib/channel/dcep.ts'
import { Association } from '../../lib/sctp/index.ts'
import { seededCrypto } from '../providers.ts'
import { ChannelPair, RELIABLE } from './pair.ts'

t.test('a channel made before the association is up gets its id by the DTLS role, and opens on both sides', t => {
  const pair = new ChannelPair({ delay: 10 })
  const near = pair.a.create({ ...RELIABLE, label: 'a → b', protocol: 'πρ' })
  const other = pair.b.create({ ...RELIABLE, label: 'b → a' })
  t.equal(near.id, undefined)
  t.equal(near.state, 'connecting')
  t.throws(() => pair.sendText('a', near, 'early'), { code: 'invalid-state' })
  pair.connect()
  t.equal(near.id, 0, 'the client has the even ids')
  t.equal(other.id, 1, 'the server the odd ones')
  t.equal(near.state, 'open', 'the association is up: no ACK is waited for')
  pair.wire.run(() => pair.of('b', 'incoming').length === 1)
  const far = pair.of('b', 'incoming')[0]!.channel
  t.match(far, { state: 'open', id: 0, label: 'a → b', protocol: 'πρ', negotiated: false })
  t.same(pair.kinds('a'), ['connecting', 'connected', 'open', 'incoming'])
  t.end()
})

t.test('ids are given out when the DTLS role is agreed on, before DTLS is up', t => {
  const pair = new ChannelPair({ delay: 10 })
  const before = pair.b.create(RELIABLE)
  pair.b.setRole('server')
  t.equal(before.id, 1)
  t.equal(pair.b.create(RELIABLE).id, 3)
  pair.b.setRole('client')
  pair.connect()
  t.equal(pair.b.create(RELIABLE).id, 5, 'the first word counts')
  t.end()
})

t.test('a channel made afterwards opens with the next flush', t => {
  const pair = new ChannelPair({ delay: 10 }).connect()
  const near = pair.a.create(RELIABLE)
  t.equal(near.state, 'connecting')
  t.equal(near.id, 0)
  t.equal(pair.a.create(RELIABLE).id, 2)
  pair.wire.settle()
  t.equal(near.state, 'open')
  t.same(pair.of('a', 'open').length, 2)
  pair.wire.run(() => pair.of('b', 'incoming').length === 2)
  t.same(pair.a.list.length, 2)
  t.same(pair.b.list.length, 2)
  t.end()
})

t.test('order and reliability are independent, and arrive as they were', t => {
  const pair = new ChannelPair({ delay: 5 }).connect()
  for (const ordered of [true, false]) {
    for (const policy of [
      {},
      { maxRetransmits: 0 },
      { maxRetransmits: 65_535 },
      { maxPacketLifeTime: 0 },
      { maxPacketLifeTime: 1500 },
    ]) {
      const { far } = pair.open({ ordered, ...policy })
      t.match(far, { ordered, maxRetransmits: undefined, maxPacketLifeTime: undefined, ...policy })
    }
  }
  for (const priority of ['very-low', 'low', 'medium', 'high'] as const) {
    t.equal(pair.open({ priority }).far.priority, priority)
  }
  t.end()
})

t.test('the messages on the wire (RFC 8832 5)', t => {
  const open = { label: 'é', protocol: 'x', ordered: true, priority: 'low' } as const
  t.equal(hex(writeOpen(open)), '0300010000000000' + '00020001' + 'c3a978', 'lengths count bytes, not characters')
  t.equal(hex(writeOpen({ ...open, ordered: false })).slice(0, 4), '0380')
  t.equal(hex(writeOpen({ ...open, maxRetransmits: 0 })).slice(0, 16), '0301010000000000')
  t.equal(hex(writeOpen({ ...open, ordered: false, maxPacketLifeTime: 258 })).slice(0, 16), '0382010000000102')
  t.equal(hex(writeAck()), '02')
  t.same(readDcep(writeOpen(open)), { type: 'open', ...open })
  t.same(readDcep(writeAck()), { type: 'ack' })
  const whole = writeOpen({ ...open, label: 'a long label' })
  for (let length = 0; length < whole.length; length++) t.equal(readDcep(whole.subarray(0, length)), undefined)
  for (const wrong of ['', '00', '04', '0303010000000000' + '00000000', '0383010000000000' + '00000000']) {
    t.equal(readDcep(fromHex(wrong)!), undefined, wrong)
  }
  t.match(readDcep(fromHex('0300ffff0000000000000000')!), { priority: 'high' })
  const levels = { 0: 'very-low', 128: 'very-low', 129: 'low', 256: 'low', 257: 'medium', 512: 'medium', 513: 'high' }
  for (const [value, priority] of Object.entries(levels)) {
    const number = Number(value).toString(16).padStart(4, '0')
    const open = readDcep(fromHex(`0300${number}0000000000000000`)!)
    t.equal(open?.type === 'open' && open.priority, priority, `webrtc-priority, 5: ${value}`)
  }
  t.end()
})

t.test('labels: empty, the longest there is, and one that is too long', t => {
  const pair = new ChannelPair({ delay: 5 }).connect()
  t.equal(pair.open({ label: '' }).far.label, '')
  const longest = 'é'.repeat(32_767)
  const { far } = pair.open({ label: longest, protocol: 'p'.repeat(65_535) })
  t.equal(far.label, longest)
  t.equal(far.protocol.length, 65_535)
  t.throws(() => pair.a.create({ ...RELIABLE, label: 'é'.repeat(32_768) }), TypeError)
  t.throws(() => pair.a.create({ ...RELIABLE, protocol: 'p'.repeat(65_536) }), TypeError)
  t.throws(() => pair.a.create({ ...RELIABLE, maxRetransmits: 1, maxPacketLifeTime: 1 }), TypeError)
  t.throws(() => pair.a.create({ ...RELIABLE, negotiated: true }), TypeError)
  t.throws(() => pair.a.create({ ...RELIABLE, negotiated: true, id: 65_535 }), TypeError)
  t.end()
})

t.test('negotiated channels say nothing on the wire', t => {
  const pair = new ChannelPair({ delay: 10 })
  const options = { ...RELIABLE, negotiated: true, id: 0 }
  const near = pair.a.create(options)
  t.throws(() => pair.a.create(options), { code: 'id-in-use' })
  const far = pair.b.create(options)
  const own = pair.a.create(RELIABLE)
  pair.connect()
  t.equal(near.state, 'open')
  t.equal(far.state, 'open')
  t.equal(own.id, 2, 'zero is taken')
  pair.sendText('a', near, 'hello')
  pair.sendText('b', far, 'hello too')
  pair.wire.run(() => pair.texts('a').length === 1 && pair.texts('b').length === 1)
  t.same(pair.of('b', 'message')[0]!.channel, far)
  t.equal(pair.of('b', 'incoming').length, 1, 'only the other one')
  t.equal(pair.b.create({ ...RELIABLE, negotiated: true, id: 65_534 }).id, 65_534)
  t.end()
})

t.test('messages for a negotiated channel that this side has yet to make are kept, within a bound', t => {
  const pair = new ChannelPair({ delay: 10 }).connect()
  const options = { ...RELIABLE, negotiated: true, id: 7 }
  const near = pair.a.create(options)
  pair.wire.settle()
  pair.sendText('a', near, 'first')
  pair.sendText('a', near, 'second')
  pair.wire.run(() => false, 100)
  t.same(pair.texts('b'), [])
  const far = pair.b.create(options)
  pair.sendText('a', near, 'third')
  pair.wire.run(() => pair.texts('b').length === 3)
  t.same(pair.texts('b'), ['first', 'second', 'third'])
  t.same(pair.kinds('b').slice(-4), ['open', 'message', 'message', 'message'])
  t.equal(far.messagesReceived, 3)
  const other = pair.a.create({ ...options, id: 9 })
  pair.wire.settle()
  for (let i = 0; i < 20; i++) pair.a.send(other, new Uint8Array(100_000), false, pair.wire.now)
  pair.wire.run(() => false, 10_000)
  t.equal(pair.b.counters.droppedEarlyMessages, 20)
  // A reliable channel has no holes: this one fails.
  const late = pair.b.create({ ...options, id: 9 })
  pair.wire.run(() => late.state === 'closed' && other.state === 'closed', 1000)
  t.equal(pair.of('b', 'message').length, 3)
  t.equal(pair.of('b', 'closed')[0]?.error?.code, 'data-channel-failure')
  t.equal(late.state, 'closed')
  t.equal(other.state, 'closed')
  t.end()
})

t.test('packets that come before connect are kept', t => {
  const pair = new ChannelPair({ delay: 10 })
  pair.a.create(RELIABLE)
  const ports = { localPort: 5000, remotePort: 5000, remoteMaxMessageSize: 0 }
  pair.a.connect({ role: 'server', ...ports }, 0)
  pair.wire.run(() => false, 50)
  t.equal(pair.b.state, 'new')
  pair.b.connect({ role: 'client', ...ports }, pair.wire.now)
  t.ok(pair.wire.run(() => pair.of('b', 'incoming').length === 1))
  t.ok(pair.wire.now < 200, 'no timer was waited for')
  t.equal(pair.of('b', 'incoming')[0]!.channel.id, 1)
  t.end()
})

t.test('ids run out where the streams do', t => {
  const pair = new ChannelPair({ delay: 1 }).connect()
  t.equal(pair.a.maxChannels, 65_535)
  for (let i = 0; i < 32_768; i++) pair.a.create(RELIABLE)
  t.throws(() => pair.a.create(RELIABLE), { code: 'no-id-left' })
  t.equal(pair.a.list.at(-1)!.id, 65_534)
  t.end()
})

/** A peer that speaks SCTP and sends whatever it is told to. */
const againstRaw = (streams = 65_535) => {
  const pair = new ChannelPair({ delay: 5 })
  const raw = new Association({
    crypto: seededCrypto(9),
    transmit: pair.wire.transmit('b'),
    inboundStreams: streams,
    outboundStreams: streams,
  })
  const events: ReturnType<typeof raw.nextEvent>[] = []
  pair.wire.attach(pair.a, raw, () => {
    pair.drain()
    for (let event = raw.nextEvent(); event !== undefined; event = raw.nextEvent()) events.push(event)
  })
  const ports = { localPort: 5000, remotePort: 5000, remoteMaxMessageSize: 0 }
  return {
    pair,
    raw,
    events,
    connect: () => {
      pair.a.connect({ role: 'client', ...ports }, 0)
      raw.connect(0)
      pair.wire.run(() => pair.a.state === 'connected' && raw.state === 'established')
    },
  }
}

const OPEN = writeOpen({ label: 'x', protocol: '', ordered: true, priority: 'low' })

t.test('an OPEN that breaks the rules is answered by resetting the stream', t => {
  const { pair, raw, events, connect } = againstRaw()
  connect()
  raw.send(2, 50, OPEN, {}, pair.wire.now)
  raw.send(3, 50, utf8('nonsense'), {}, pair.wire.now)
  raw.send(5, 50, OPEN.subarray(0, 11), {}, pair.wire.now)
  raw.send(7, 50, Uint8Array.of(2), {}, pair.wire.now)
  pair.wire.run(() => false, 100)
  const reset = events.flatMap(event => (event?.type === 'incoming-reset' ? event.streamIds : []))
  t.same(reset.sort(), [2, 3, 5], 'an id of the wrong parity, and what is malformed; an ACK out of place is ignored')
  t.equal(pair.a.counters.badOpens, 3)
  raw.send(9, 50, OPEN, {}, pair.wire.now)
  pair.wire.run(() => pair.of('a', 'incoming').length === 1)
  raw.send(9, 50, OPEN, {}, pair.wire.now)
  pair.wire.run(() => false, 100)
  t.match(pair.of('a', 'incoming')[0]!.channel.state, /clos/, 'opened twice: closed')
  t.end()
})

t.test('an OPEN on a stream that the peer has not reset since its last channel is refused', t => {
  const { pair, raw, events, connect } = againstRaw()
  connect()
  raw.send(1, 50, OPEN, {}, pair.wire.now)
  pair.wire.run(() => pair.of('a', 'incoming').length === 1)
  const { channel } = pair.of('a', 'incoming')[0]!
  pair.a.close(channel, pair.wire.now)
  t.ok(pair.wire.run(() => channel.state === 'closed', 20_000))
  raw.send(1, 50, OPEN, {}, pair.wire.now)
  pair.wire.run(() => false, 500)
  t.equal(pair.of('a', 'incoming').length, 1)
  t.equal(pair.a.counters.badOpens, 1)
  t.equal(events.filter(event => event?.type === 'incoming-reset').length, 2, 'and the peer is told')
  t.end()
})

t.test('a peer with few streams has few channels', t => {
  const { pair, connect } = againstRaw(4)
  const channels = Array.from({ length: 4 }, () => pair.a.create(RELIABLE))
  connect()
  t.equal(pair.a.maxChannels, 4)
  t.same(
    channels.map(({ state }) => state),
    ['open', 'open', 'closed', 'closed'],
  )
  t.match(pair.of('a', 'closed'), [{ error: { code: 'no-id-left' } }, { error: { code: 'no-id-left' } }])
  t.throws(() => pair.a.create(RELIABLE), { code: 'no-id-left' })
  t.end()
})

t.test('a channel that was closed before it opened is never heard of', t => {
  const pair = new ChannelPair({ delay: 5 })
  const near = pair.a.create(RELIABLE)
  pair.a.close(near, 0)
  t.equal(near.state, 'closed')
  pair.connect()
  const second = pair.a.create(RELIABLE)
  pair.a.close(second, pair.wire.now)
  pair.wire.run(() => false, 500)
  t.equal(pair.of('b', 'incoming').length, 0)
  t.same(pair.kinds('a'), ['closed', 'connecting', 'connected', 'closed'])
  t.equal(pair.open().near.id, 0)
  t.end()
})
