/** How data channels end (RFC 8831 6.7): after what was queued, from either side, from both, and all at once. */

import t from 'tap'
import { chunksOf, seal } from '../sctp/craft.ts'
import { pattern } from '../sctp/pair.ts'
import { ChannelPair, RELIABLE } from './pair.ts'

t.test('close sends what was queued, and then closes both ends', t => {
  for (const seed of [1, 2, 3]) {
    const pair = new ChannelPair({ seed, delay: 20, loss: seed === 1 ? 0 : 0.15 }).connect()
    const { near, far } = pair.open()
    for (let i = 0; i < 20; i++) pair.a.send(near, pattern(10_000, i), false, pair.wire.now)
    pair.a.close(near, pair.wire.now)
    t.equal(near.state, 'closing')
    t.throws(() => pair.a.send(near, pattern(1), false, pair.wire.now), { code: 'invalid-state' })
    pair.a.close(near, pair.wire.now)
    t.ok(pair.wire.run(() => near.state === 'closed' && far.state === 'closed'))
    t.equal(pair.of('b', 'message').length, 20)
    t.same(
      pair.kinds('b').filter(kind => kind.startsWith('clos')),
      ['closing', 'closed'],
    )
    t.same(
      pair.kinds('a').filter(kind => kind.startsWith('clos')),
      ['closed'],
      'who closes is not told of closing',
    )
    t.throws(() => pair.b.send(far, pattern(1), false, pair.wire.now), { code: 'invalid-state' })
    t.equal(near.bufferedAmount, 0)
  }
  t.end()
})

t.test('the side that is closed upon drops what it has not begun to send', t => {
  const pair = new ChannelPair({ delay: 20 }).connect()
  const { near, far } = pair.open()
  pair.wire.run(() => false, 100)
  for (let i = 0; i < 100; i++) pair.b.send(far, pattern(10_000), false, pair.wire.now)
  pair.a.close(near, pair.wire.now)
  t.ok(pair.wire.run(() => near.state === 'closed' && far.state === 'closed'))
  t.equal(pair.of('a', 'message').length, 0, 'the closer gets no more messages')
  const lost = far.bufferedAmount
  t.ok(lost > 800_000 && lost < 1_000_000, `${lost} bytes were not sent, and are not told to be`)
  t.equal(pair.of('b', 'buffered-low').length, 0)
  t.ok(pair.a.counters.lateMessages < 20)
  t.end()
})

t.test('both sides close at once', t => {
  const pair = new ChannelPair({ delay: 20 }).connect()
  const { near, far } = pair.open()
  pair.a.close(near, pair.wire.now)
  pair.b.close(far, pair.wire.now)
  t.ok(pair.wire.run(() => near.state === 'closed' && far.state === 'closed'))
  t.equal(pair.of('a', 'closed').length, 1)
  t.equal(pair.of('b', 'closed').length, 1)
  t.end()
})

t.test('an id is used again only when both directions have been reset', t => {
  let held = false
  const pair = new ChannelPair({
    delay: 10,
    // The far side's requests are held back (made a parameter that is not known): only ours is performed.
    filter: (bytes, from) => {
      if (from === 'a' || !held) return true
      for (const { type, value } of chunksOf(bytes)) if (type === 130 && value[1] === 13) value[1] = 99
      seal(bytes)
      return true
    },
  }).connect()
  const { near, far } = pair.open()
  held = true
  pair.a.close(near, pair.wire.now)
  pair.wire.run(() => false, 300)
  t.equal(near.state, 'closing')
  t.equal(far.state, 'closing')
  t.equal(pair.a.create(RELIABLE).id, 2)
  held = false
  t.ok(pair.wire.run(() => near.state === 'closed' && far.state === 'closed'))
  const again = pair.open({ label: 'again' })
  t.equal(again.near.id, 0)
  pair.sendText('a', again.near, 'x')
  t.ok(pair.wire.run(() => pair.texts('b').length === 1))
  t.end()
})

t.test('a stream that the peer refuses to reset is not used again', t => {
  const pair = new ChannelPair({
    delay: 10,
    filter: (bytes, from) => {
      // The result of each response becomes: denied.
      for (const { type, value } of chunksOf(bytes)) if (from === 'b' && type === 130 && value[1] === 16) value[11] = 2
      seal(bytes)
      return true
    },
  }).connect()
  const { near } = pair.open()
  pair.a.close(near, pair.wire.now)
  t.ok(pair.wire.run(() => near.state === 'closed'))
  t.equal(pair.a.create(RELIABLE).id, 2)
  t.throws(() => pair.a.create({ ...RELIABLE, negotiated: true, id: 0 }), { code: 'id-in-use' })
  t.end()
})

t.test('an id given back is not given out when its stream has become useless since', t => {
  let denied = false
  const pair = new ChannelPair({
    delay: 10,
    filter: (bytes, from) => {
      for (const { type, value } of chunksOf(bytes))
        if (denied && from === 'b' && type === 130 && value[1] === 16) value[11] = 2
      seal(bytes)
      return true
    },
  }).connect()
  const { near } = pair.open()
  pair.a.close(near, pair.wire.now)
  t.ok(pair.wire.run(() => near.state === 'closed'))
  const negotiated = pair.a.create({ ...RELIABLE, negotiated: true, id: 0 })
  pair.wire.settle()
  denied = true
  pair.a.close(negotiated, pair.wire.now)
  t.ok(pair.wire.run(() => negotiated.state === 'closed'))
  t.equal(pair.a.create(RELIABLE).id, 2)
  t.end()
})

t.test('close and open again, a thousand times, through loss', t => {
  const pair = new ChannelPair({ seed: 6, delay: 2, loss: 0.02, reorder: 0.1 }).connect()
  for (let i = 0; i < 1000; i++) {
    const { near, far } = pair.open({ ordered: i % 2 === 0 })
    pair.sendText('a', near, `${i}`)
    pair.sendText('b', far, `${i}`)
    pair.wire.run(() => pair.texts('b').length === 1 && pair.texts('a').length === 1)
    if (pair.texts('b')[0] !== `${i}` || near.id! > 4) t.fail(`round ${i}, id ${near.id}`)
    const side = i % 3 === 0 ? 'b' : 'a'
    pair[side].close(side === 'a' ? near : far, pair.wire.now)
    if (!pair.wire.run(() => near.state === 'closed' && far.state === 'closed')) t.fail(`round ${i} does not close`)
    pair.events.a.length = 0
    pair.events.b.length = 0
    pair.wire.sent.length = 0
  }
  t.equal(pair.a.list.length + pair.b.list.length, 0)
  t.end()
})

t.test('negotiated channels close in the same way, and may be made again', t => {
  const pair = new ChannelPair({ delay: 10 }).connect()
  const options = { ...RELIABLE, negotiated: true, id: 5 }
  for (let i = 0; i < 3; i++) {
    const near = pair.a.create(options)
    const far = pair.b.create(options)
    pair.wire.settle()
    pair.sendText('a', near, `${i}`)
    t.ok(pair.wire.run(() => pair.texts('b').length === i + 1))
    pair.b.close(far, pair.wire.now)
    t.ok(pair.wire.run(() => near.state === 'closed' && far.state === 'closed'))
  }
  t.end()
})

t.test('the association ends: every channel closes, and knows why', t => {
  const pair = new ChannelPair({ delay: 10 }).connect()
  const { near, far } = pair.open()
  const idle = pair.b.create({ ...RELIABLE, negotiated: true, id: 9 })
  pair.a.shutdown(pair.wire.now)
  pair.drain()
  t.equal(near.state, 'closed')
  t.same(pair.kinds('a').slice(-2), ['closed', 'closed'])
  t.notOk(pair.of('a', 'closed')[0]!.error, 'by our own will: no error')
  t.ok(pair.wire.run(() => far.state === 'closed'))
  t.equal(idle.state, 'closed')
  t.match(pair.of('b', 'association').at(-1), { state: 'closed', error: { code: 'sctp-failure', sctpCauseCode: 12 } })
  for (const event of pair.of('b', 'closed')) t.match(event.error, { code: 'sctp-failure', sctpCauseCode: 12 })
  t.throws(() => pair.a.create(RELIABLE), { code: 'invalid-state' })
  pair.a.shutdown(pair.wire.now)
  pair.a.close(near, pair.wire.now)
  pair.a.transportClosed(pair.wire.now)
  pair.wire.run(() => false, 10_000)
  t.equal(pair.of('a', 'closed').length, 1)
  t.end()
})

t.test('a graceful shutdown delivers what was queued', t => {
  const pair = new ChannelPair({ delay: 10, loss: 0.1, seed: 3 }).connect()
  const { near } = pair.open()
  for (let i = 0; i < 20; i++) pair.a.send(near, pattern(5000), false, pair.wire.now)
  pair.a.shutdown(pair.wire.now, { graceful: true })
  t.ok(pair.wire.run(() => pair.a.state === 'closed' && pair.b.state === 'closed'))
  t.equal(pair.of('b', 'message').length, 20)
  t.end()
})

t.test('the transport goes: everything is closed without a word', t => {
  const pair = new ChannelPair({ delay: 10 }).connect()
  const { near } = pair.open()
  pair.a.send(near, pattern(100_000), false, pair.wire.now)
  const waiting = near.bufferedAmount
  t.ok(waiting > 0)
  const before = pair.wire.sent.length
  pair.a.transportClosed(pair.wire.now)
  pair.drain()
  t.equal(near.state, 'closed')
  t.match(pair.of('a', 'closed'), [{ error: { code: 'sctp-failure' } }])
  t.equal(near.bufferedAmount, waiting, 'it stays what it was')
  pair.wire.settle()
  t.equal(pair.wire.sent.length, before)
  t.equal(pair.a.deadline, Number.POSITIVE_INFINITY)
  const unborn = new ChannelPair()
  unborn.a.create(RELIABLE)
  unborn.a.transportClosed(0)
  unborn.drain()
  t.same(unborn.kinds('a'), ['closed', 'closed'])
  t.end()
})
