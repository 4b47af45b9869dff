/** Negotiated channels that only one side has made: they close too, and their ids come back (RFC 8831 6.7). */

import t from 'tap'
import { chunksOf, seal } from '../sctp/craft.ts'
import { ChannelPair, RELIABLE } from './pair.ts'

const RE_CONFIG = 130
const OUTGOING_RESET = 13
const negotiated = { ...RELIABLE, negotiated: true, id: 6 }

/** What has been sent to `b` since `from` arrives, ahead of all else that is due there. */
const overtake = (pair: ChannelPair, from: number): void => {
  for (const { bytes } of pair.wire.sent.slice(from)) pair.b.receive(bytes.slice(), pair.wire.now)
  pair.drain()
}

/** Resets that `side` has sent. */
const resets = (pair: ChannelPair, side: 'a' | 'b'): number =>
  pair.wire.sent.filter(
    ({ from, bytes }) =>
      from === side && chunksOf(bytes).some(({ type, value }) => type === RE_CONFIG && value[1] === OUTGOING_RESET),
  ).length

t.test('who has no channel on a stream that is reset, resets it too', t => {
  const pair = new ChannelPair({ delay: 10 }).connect()
  const near = pair.a.create(negotiated)
  pair.wire.settle()
  pair.sendText('a', near, 'to nobody')
  pair.a.close(near, pair.wire.now)
  t.ok(pair.wire.run(() => near.state === 'closed', 1000))
  pair.wire.run(() => false, 1000)
  t.equal(resets(pair, 'a'), 1)
  t.equal(resets(pair, 'b'), 1, 'and that is not answered again')
  const again = { near: pair.a.create(negotiated), far: pair.b.create(negotiated) }
  pair.wire.settle()
  pair.sendText('a', again.near, 'there')
  pair.sendText('b', again.far, 'here')
  t.ok(pair.wire.run(() => pair.texts('b').includes('there') && pair.texts('a').includes('here')))
  t.notOk(pair.texts('b').includes('to nobody'))
  t.end()
})

t.test('a channel made while its stream is being reset waits for that', t => {
  const pair = new ChannelPair({ delay: 50 }).connect()
  const near = pair.a.create(negotiated)
  pair.wire.settle()
  pair.a.close(near, pair.wire.now)
  pair.wire.run(() => resets(pair, 'b') > 0)
  const far = pair.b.create(negotiated)
  pair.wire.run(() => near.state === 'closed')
  t.not(far.state, 'closed')
  pair.wire.run(() => far.state === 'open', 1000)
  t.equal(far.state, 'open')
  t.end()
})

t.test('a peer that does not answer is waited for for a while; the id waits on', t => {
  let deaf = true
  const pair = new ChannelPair({
    delay: 10,
    // Resets of the far side never arrive: they are made parameters that are not known.
    filter: (bytes, from) => {
      if (from === 'a' || !deaf) return true
      for (const { type, value } of chunksOf(bytes))
        if (type === RE_CONFIG && value[1] === OUTGOING_RESET) value[1] = 99
      seal(bytes)
      return true
    },
  }).connect()
  const near = pair.a.create(negotiated)
  const far = pair.b.create(negotiated)
  pair.wire.settle()
  const closedAt = pair.wire.now
  pair.a.close(near, pair.wire.now)
  pair.wire.run(() => false, 5000)
  t.equal(near.state, 'closing')
  t.ok(pair.wire.run(() => near.state === 'closed', 20_000))
  t.ok(pair.wire.now - closedAt >= 10_000 && pair.wire.now - closedAt < 11_000, `${pair.wire.now - closedAt} ms`)
  t.notOk(pair.of('a', 'closed')[0]!.error)
  t.throws(() => pair.a.create(negotiated), { code: 'id-in-use' })
  deaf = false
  t.ok(pair.wire.run(() => far.state === 'closed', 30_000))
  pair.wire.run(() => false, 1000)
  const again = pair.a.create(negotiated)
  pair.wire.settle()
  t.equal(again.state, 'open')
  t.end()
})

t.test('a refusal is no conversation', t => {
  const pair = new ChannelPair({ delay: 10 }).connect()
  const near = pair.a.create({ ...RELIABLE, label: 'x' })
  // An OPEN that makes no sense: the far side resets the stream, ours answers, and that is all.
  pair.wire.options = {
    delay: 10,
    filter: (bytes, from) => {
      for (const { type, value } of chunksOf(bytes)) {
        if (from === 'a' && (type === 0 || type === 64) && value[type === 0 ? 12 : 16] === 3)
          value[type === 0 ? 13 : 17] = 0x77
      }
      seal(bytes)
      return true
    },
  }
  t.ok(pair.wire.run(() => near.state === 'closed', 5000))
  pair.wire.run(() => false, 5000)
  t.equal(resets(pair, 'a'), 1)
  t.equal(resets(pair, 'b'), 1)
  t.end()
})

t.test('a channel that the peer closes before it is open here is closed, and its id is free again', t => {
  const pair = new ChannelPair({ delay: 10 }).connect()
  const near = pair.a.create(negotiated)
  pair.wire.settle()
  pair.wire.run(() => false, 500)
  const before = pair.wire.sent.length
  pair.a.close(near, pair.wire.now)
  pair.a.flush(pair.wire.now)
  const far = pair.b.create(negotiated)
  overtake(pair, before)
  t.ok(pair.wire.run(() => near.state === 'closed', 1000))
  t.equal(far.state, 'closed')
  t.equal(pair.of('b', 'open').length, 0)
  const again = pair.b.create(negotiated)
  const other = pair.a.create(negotiated)
  pair.wire.run(() => again.state === 'open' && other.state === 'open', 1000)
  pair.sendText('b', again, 'x')
  t.ok(pair.wire.run(() => pair.texts('a').includes('x')))
  t.end()
})

t.test('an OPEN for the stream of a negotiated channel closes both, also when that is not open yet', t => {
  const pair = new ChannelPair({ delay: 10 }).connect()
  const before = pair.wire.sent.length
  const near = pair.a.create(RELIABLE)
  pair.a.flush(pair.wire.now)
  const far = pair.b.create({ ...RELIABLE, negotiated: true, id: 0 })
  overtake(pair, before)
  t.ok(pair.wire.run(() => near.state === 'closed', 1000))
  t.equal(near.id, 0)
  t.equal(far.state, 'closed')
  t.match(pair.of('b', 'closed'), [{ error: { code: 'data-channel-failure' } }])
  t.equal(pair.b.counters.badOpens, 1)
  t.end()
})
