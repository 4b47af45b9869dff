/** Whatever a peer sends on its streams: nothing throws, nothing grows without bound. */

import fc from 'fast-check'
import t from 'tap'
import { writeOpen } from '../../lib/channel/dcep.ts'
import { Association } from '../../lib/sctp/index.ts'
import { seededCrypto } from '../providers.ts'
import { pattern } from '../sctp/pair.ts'
import { ChannelPair, RELIABLE } from './pair.ts'

/** Data channels on one side, an association that is told what to do on the other. */
const connected = (maxMessageSize = 2000) => {
  const pair = new ChannelPair({ delay: 1 }, { maxMessageSize })
  const raw = new Association({ crypto: seededCrypto(9), transmit: pair.wire.transmit('b') })
  pair.wire.attach(pair.a, raw, () => {
    pair.drain()
    while (raw.nextEvent() !== undefined);
  })
  pair.a.connect({ role: 'client', localPort: 5000, remotePort: 5000, remoteMaxMessageSize: 0 }, 0)
  raw.connect(0)
  pair.wire.run(() => pair.a.state === 'connected' && raw.state === 'established')
  return { pair, raw }
}

const send = (raw: Association, streamId: number, ppid: number, data: Uint8Array, now: number): void => {
  if (data.length > 0 && raw.canSend(streamId)) raw.send(streamId, ppid, data, {}, now)
}

t.test('random messages, openings and resets, while channels are made and closed', t => {
  const open = writeOpen({ label: 'label', protocol: 'p', ordered: false, maxRetransmits: 1, priority: 'low' })
  const step = fc.record({
    what: fc.constantFrom('user', 'user', 'open', 'dcep', 'reset', 'create', 'close', 'send', 'wait'),
    stream: fc.nat(7),
    ppid: fc.constantFrom(51, 53, 54, 56, 57, 99),
    bytes: fc.uint8Array({ maxLength: 30 }),
    flip: fc.nat(open.length * 8),
  })
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.constantFrom('abort', 'shutdown', 'graceful', 'go on'),
      (steps, end) => {
        const { pair, raw } = connected()
        for (const { what, stream, ppid, bytes, flip } of steps) {
          const { now } = pair.wire
          const channels = pair.a.list
          const channel = channels[stream % Math.max(1, channels.length)]
          if (what === 'user') send(raw, stream, ppid, bytes, now)
          if (what === 'dcep') send(raw, stream, 50, bytes, now)
          if (what === 'open') {
            const opening = open.slice()
            if (flip % 3 === 0) opening[flip >> 3]! ^= 1 << (flip & 7)
            send(raw, stream, 50, opening, now)
          }
          if (what === 'reset') raw.resetStreams([stream])
          if (what === 'create') pair.a.create(RELIABLE)
          if (what === 'close' && channel !== undefined) pair.a.close(channel, now)
          if (what === 'send' && channel?.state === 'open') pair.a.send(channel, bytes, ppid === 51, now)
          if (what === 'wait') pair.wire.run(() => false, flip)
        }
        if (end === 'abort') raw.abort(pair.wire.now)
        if (end === 'shutdown') raw.shutdown(pair.wire.now)
        if (end === 'graceful') pair.a.shutdown(pair.wire.now, { graceful: true })
        pair.wire.run(() => false, 5000)
        const messages = pair.of('a', 'message').every(({ channel }) => channel.id !== undefined)
        const closed = end === 'go on' || pair.a.list.length === 0
        return messages && closed
      },
    ),
    { numRuns: 150 },
  )
  t.pass()
  t.end()
})

t.test('labels are kept up to a bound', t => {
  const { pair, raw } = connected(200_000)
  const open = writeOpen({ label: 'l'.repeat(65_535), protocol: 'p'.repeat(65_535), ordered: true, priority: 'low' })
  for (let i = 0; i < 150; i++) {
    raw.send(1 + 2 * i, 50, open, {}, pair.wire.now)
    pair.wire.run(() => false, 20)
  }
  pair.wire.run(() => raw.unacknowledgedChunks === 0)
  t.equal(pair.of('a', 'incoming').length, 127)
  t.equal(pair.a.counters.badOpens, 23)
  t.end()
})

t.test('an OPEN larger than what is taken is refused, so that the peer does not take it for open', t => {
  const { pair, raw } = connected(2000)
  raw.send(1, 50, writeOpen({ label: 'l'.repeat(3000), protocol: '', ordered: true, priority: 'low' }), {}, 0)
  pair.wire.run(() => false, 100)
  t.equal(pair.of('a', 'incoming').length, 0)
  t.notOk(raw.canSend(1) && pair.a.association.counters.reconfigsSent === 0, 'the stream is reset')
  t.equal(pair.a.association.counters.reconfigsSent, 1)
  t.end()
})

t.test('a reset and an ABORT in one turn', t => {
  const { pair, raw } = connected()
  raw.send(1, 50, writeOpen({ label: '', protocol: '', ordered: true, priority: 'low' }), {}, pair.wire.now)
  pair.wire.run(() => pair.of('a', 'incoming').length === 1)
  raw.resetStreams([1])
  raw.flush(pair.wire.now)
  raw.abort(pair.wire.now)
  pair.wire.run(() => false, 100)
  t.equal(pair.a.state, 'closed')
  t.equal(pair.of('a', 'closed').length, 1)
  t.end()
})

t.test('our own buffer may be full when the peer opens a channel', t => {
  const pair = new ChannelPair({ delay: 5 }, { sendBufferLimit: 20_000 }).connect()
  const { near } = pair.open()
  pair.a.send(near, pattern(20_000), false, pair.wire.now)
  pair.wire.settle()
  pair.a.send(near, pattern(20_000 - near.bufferedAmount), false, pair.wire.now)
  t.equal(near.bufferedAmount, 20_000)
  pair.b.create(RELIABLE)
  pair.b.flush(pair.wire.now)
  t.ok(pair.wire.run(() => pair.of('a', 'incoming').length === 1))
  t.end()
})

t.test('a message as large as the buffer may be sent beside the answer to an OPEN', t => {
  const pair = new ChannelPair({ delay: 5 }, { sendBufferLimit: 20_000 }).connect()
  const before = pair.wire.sent.length
  pair.a.create(RELIABLE)
  pair.a.flush(pair.wire.now)
  for (const { bytes } of pair.wire.sent.slice(before)) pair.b.receive(bytes.slice(), pair.wire.now)
  pair.drain()
  const { channel } = pair.of('b', 'incoming')[0]!
  pair.b.send(channel, pattern(20_000), false, pair.wire.now)
  t.throws(() => pair.b.send(channel, pattern(1), false, pair.wire.now), { code: 'buffer-full' })
  t.ok(pair.wire.run(() => pair.of('a', 'message').length === 1))
  t.end()
})
