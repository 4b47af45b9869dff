/** Messages on data channels: text, bytes, nothing at all; their order, size and what waits to be sent. */

import t from 'tap'
import { Association } from '../../lib/sctp/index.ts'
import { seededCrypto } from '../providers.ts'
import { chunksOf } from '../sctp/craft.ts'
import { pattern, same } from '../sctp/pair.ts'
import { ChannelPair, RELIABLE } from './pair.ts'

t.test('text, bytes and empty messages arrive as what they were', t => {
  const pair = new ChannelPair({ delay: 10 }).connect()
  const { near, far } = pair.open()
  const { now } = pair.wire
  pair.sendText('a', near, 'grüße 🌍')
  pair.a.send(near, pattern(1000), false, now)
  pair.sendText('a', near, '')
  pair.a.send(near, new Uint8Array(0), false, now)
  pair.a.send(near, pattern(1), false, now)
  pair.wire.run(() => pair.of('b', 'message').length === 5)
  const got = pair.of('b', 'message').map(({ data, text }) => [text, Buffer.from(data).toString('hex')])
  t.same(got, [
    [true, Buffer.from('grüße 🌍').toString('hex')],
    [false, Buffer.from(pattern(1000)).toString('hex')],
    [true, ''],
    [false, ''],
    [false, '00'],
  ])
  t.match(near, { messagesSent: 5, bytesSent: 12 + 1000 + 1 + 0 })
  t.match(far, { messagesReceived: 5, bytesReceived: 12 + 1000 + 1 })
  t.end()
})

t.test('a hundred messages of many sizes, echoed through loss', t => {
  const pair = new ChannelPair({ seed: 2, delay: 20, loss: 0.05, reorder: 0.1, duplicate: 0.05 }).connect()
  const { near, far } = pair.open()
  let echoed = 0
  for (let i = 0; i < 50; i++) pair.a.send(near, pattern(1 + ((i * 1237) % 20_000), i), i % 2 === 0, pair.wire.now)
  pair.wire.run(() => {
    const received = pair.of('b', 'message')
    for (; echoed < received.length; echoed++) {
      const { data, text } = received[echoed]!
      pair.b.send(far, data, text, pair.wire.now)
    }
    return pair.of('a', 'message').length === 50
  })
  for (const [i, message] of pair.of('a', 'message').entries()) {
    t.ok(same(message.data, pattern(1 + ((i * 1237) % 20_000), i)))
    t.equal(message.text, i % 2 === 0)
  }
  t.end()
})

t.test('an unordered channel keeps order until the peer has shown that it knows it (RFC 8832 6)', t => {
  const pair = new ChannelPair({ delay: 50 }).connect()
  const unordered = () =>
    pair.wire.sent
      .filter(({ from }) => from === 'a')
      .flatMap(({ bytes }) => chunksOf(bytes))
      .filter(({ type }) => type === 64)
      .map(({ flags }) => (flags & 4) !== 0)
  const near = pair.a.create({ ...RELIABLE, ordered: false })
  pair.wire.settle()
  pair.sendText('a', near, 'one')
  pair.wire.run(() => pair.texts('b').length === 1)
  t.same(unordered(), [false, false], 'OPEN, and the message behind it')
  pair.wire.run(() => false, 100)
  pair.sendText('a', near, 'two')
  pair.wire.run(() => pair.texts('b').length === 2)
  t.same(unordered(), [false, false, true])
  const { channel } = pair.of('b', 'incoming')[0]!
  t.equal(channel.ordered, false)
  pair.wire.sent.length = 0
  pair.sendText('b', channel, 'three')
  pair.wire.run(() => pair.texts('a').length === 1)
  const [answer] = pair.wire.sent
    .filter(({ from }) => from === 'b')
    .flatMap(({ bytes }) => chunksOf(bytes))
    .filter(({ type }) => type === 64)
  t.equal(answer!.flags & 4, 4, 'the peer’s side knows it from the start')
  t.end()
})

t.test('a message before the ACK waits for nothing and arrives after the OPEN', t => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const pair = new ChannelPair({ seed, delay: 30, loss: 0.3 }).connect()
    const near = pair.a.create({ ...RELIABLE, ordered: seed % 2 === 0, maxRetransmits: 5 })
    pair.wire.settle()
    pair.sendText('a', near, 'at once')
    t.ok(pair.wire.run(() => pair.texts('b').length === 1))
    t.same(pair.kinds('b').slice(-2), ['incoming', 'message'])
  }
  t.end()
})

t.test('maxRetransmits 0 and maxPacketLifeTime lose what is lost, and OPEN never', t => {
  for (const policy of [{ maxRetransmits: 0 }, { maxPacketLifeTime: 60 }]) {
    const pair = new ChannelPair({ seed: 8, delay: 20, loss: 0.2 }).connect()
    const { near } = pair.open({ ordered: false, ...policy })
    for (let i = 0; i < 200; i++) {
      pair.sendText('a', near, `${i}`)
      pair.wire.run(() => false, 5)
    }
    pair.wire.run(() => false, 20_000)
    const arrived = pair.texts('b').map(Number)
    t.equal(new Set(arrived).size, arrived.length)
    t.ok(arrived.length > 100 && arrived.length < 200, `${arrived.length} of 200`)
    t.equal(near.bufferedAmount, 0)
  }
  t.end()
})

t.test('the peer’s largest message is kept to; zero means any size', t => {
  const pair = new ChannelPair({ delay: 1 }, { maxMessageSize: 5_000_000 }).connect({ b: 1000 })
  const { near, far } = pair.open()
  pair.a.send(near, pattern(1000), false, pair.wire.now)
  t.throws(() => pair.a.send(near, pattern(1001), false, pair.wire.now), { code: 'too-large' })
  t.throws(() => pair.b.send(far, pattern(262_145), false, pair.wire.now), { code: 'too-large' })
  pair.b.send(far, pattern(262_144), false, pair.wire.now)
  t.ok(pair.wire.run(() => pair.of('a', 'message').length === 1))
  const open = new ChannelPair({ delay: 1 }, { maxMessageSize: 5_000_000 }).connect({ b: 0 })
  const channel = open.open().near
  open.a.send(channel, pattern(3_000_000), false, open.wire.now)
  t.ok(open.wire.run(() => open.of('b', 'message').length === 1))
  t.ok(same(open.of('b', 'message')[0]!.data, pattern(3_000_000)))
  t.end()
})

t.test('a message larger than was announced closes the channel, not the association (RFC 8831 6.6)', t => {
  const pair = new ChannelPair({ delay: 5 }, { maxMessageSize: 10_000 }).connect()
  const { near, far } = pair.open()
  const other = pair.open()
  pair.a.send(near, pattern(50_000), false, pair.wire.now)
  t.ok(pair.wire.run(() => near.state === 'closed' && far.state === 'closed'))
  t.match(pair.of('b', 'closed'), [{ error: { code: 'data-channel-failure' } }])
  t.notOk('error' in pair.of('a', 'closed')[0]!)
  pair.sendText('a', other.near, 'still here')
  t.ok(pair.wire.run(() => pair.texts('b').length === 1))
  t.end()
})

t.test('a payload protocol identifier that means nothing closes the channel', t => {
  const pair = new ChannelPair({ delay: 5 })
  const raw = new Association({ crypto: seededCrypto(9), transmit: pair.wire.transmit('b') })
  pair.wire.attach(pair.a, raw, () => pair.drain())
  pair.a.connect({ role: 'client', localPort: 5000, remotePort: 5000, remoteMaxMessageSize: 0 }, 0)
  const channel = pair.a.create({ ...RELIABLE, negotiated: true, id: 4 })
  raw.connect(0)
  pair.wire.run(() => pair.a.state === 'connected' && raw.state === 'established')
  for (const ppid of [51, 53, 56, 57]) raw.send(4, ppid, pattern(1), {}, pair.wire.now)
  raw.send(4, 54, pattern(1), {}, pair.wire.now)
  pair.wire.run(() => channel.state !== 'open')
  t.equal(pair.of('a', 'message').length, 4)
  t.equal(channel.state, 'closing')
  t.equal(pair.a.counters.unknownPayloads, 1)
  t.end()
})

t.test('bufferedAmount is exact, and buffered-low comes when it falls to the threshold', t => {
  const pair = new ChannelPair({ delay: 20 }).connect()
  const { near } = pair.open({ label: 'not counted' })
  pair.wire.run(() => false, 500)
  pair.events.a.length = 0
  near.bufferedAmountLowThreshold = 30_000
  t.equal(near.bufferedAmount, 0)
  for (let i = 0; i < 10; i++) pair.a.send(near, pattern(10_000), false, pair.wire.now)
  pair.sendText('a', near, '')
  t.equal(near.bufferedAmount, 100_000)
  pair.wire.settle()
  const left = near.bufferedAmount
  t.ok(left < 100_000 && left > 30_000, 'what the window took has left')
  t.same(pair.kinds('a'), [])
  t.ok(pair.wire.run(() => pair.of('a', 'buffered-low').length === 1))
  t.ok(near.bufferedAmount <= 30_000)
  t.equal(pair.of('a', 'buffered-low')[0]!.channel, near)
  pair.wire.run(() => near.bufferedAmount === 0)
  t.equal(pair.of('a', 'buffered-low').length, 1)
  near.bufferedAmountLowThreshold = 0
  pair.sendText('a', near, 'x')
  t.equal(near.bufferedAmount, 1)
  // It may be the pacer's turn first.
  pair.wire.run(() => near.bufferedAmount === 0, 1000)
  t.equal(pair.of('a', 'buffered-low').length, 2, 'a threshold of zero: when all has left')
  t.end()
})

t.test('a threshold set before the channel is open holds', t => {
  const pair = new ChannelPair({ delay: 20 })
  const near = pair.a.create(RELIABLE)
  near.bufferedAmountLowThreshold = 5000
  pair.connect()
  pair.events.a.length = 0
  pair.a.send(near, pattern(60_000), false, pair.wire.now)
  pair.wire.run(() => pair.of('a', 'buffered-low').length > 0)
  t.ok(near.bufferedAmount <= 5000)
  t.equal(pair.of('a', 'buffered-low').length, 1)
  t.end()
})

t.test('too much waiting is refused', t => {
  const pair = new ChannelPair({ delay: 20 }, { sendBufferLimit: 50_000 }).connect()
  const { near } = pair.open()
  pair.a.send(near, pattern(50_000), false, pair.wire.now)
  t.throws(() => pair.a.send(near, pattern(1), false, pair.wire.now), { code: 'buffer-full' })
  t.equal(near.messagesSent, 1)
  t.end()
})

t.test('a thousand channels at once', t => {
  const pair = new ChannelPair({ delay: 5 }).connect()
  const channels = Array.from({ length: 1000 }, (_, i) => pair.a.create({ ...RELIABLE, label: `${i}` }))
  pair.wire.settle()
  for (const channel of channels) pair.sendText('a', channel, channel.label)
  t.ok(pair.wire.run(() => pair.texts('b').length === 1000))
  t.ok(pair.of('b', 'message').every(({ channel, data }) => Buffer.from(data).toString() === channel.label))
  for (const channel of channels) pair.a.close(channel, pair.wire.now)
  t.ok(pair.wire.run(() => pair.of('a', 'closed').length === 1000 && pair.of('b', 'closed').length === 1000))
  t.end()
})
