/**
 * A peer that begins the association anew: its channels are gone, unless another transport has come beneath it, which is why
 * Chromium begins anew and keeps its channels (RFC 9260, 5.2.4.1).
 */

import t from 'tap'
import { utf8 } from '../../lib/bytes/index.ts'
import { seededCrypto } from '../providers.ts'
import { ChannelPair, RELIABLE } from './pair.ts'

/** Replaces side `a` of a pair by one that knows nothing, and connects that. */
const reborn = (pair: ChannelPair) => {
  const other = new ChannelPair({ delay: 5 }, { crypto: seededCrypto(77) })
  const fresh = other.a
  other.wire.attach(fresh, fresh)
  const out: Uint8Array[] = []
  other.wire.options = {
    filter: bytes => {
      out.push(bytes.slice())
      return false
    },
  }
  const before = pair.wire.sent.length
  const exchange = (): void => {
    for (const bytes of out.splice(0)) pair.wire.inject('b', bytes)
    for (const { bytes } of pair.wire.sent.splice(before)) fresh.receive(bytes, 0)
    fresh.flush(0)
  }
  fresh.connect({ role: 'client', localPort: 5000, remotePort: 5000, remoteMaxMessageSize: 0 }, 0)
  for (let round = 0; round < 6 && fresh.state !== 'connected'; round++) exchange()
  return { fresh, exchange }
}

t.test('over the same transport: the channels of before are closed, new ones can be made', t => {
  const pair = new ChannelPair({ delay: 5 }).connect()
  const { far } = pair.open()
  pair.sendText('b', far, 'x')
  pair.wire.run(() => pair.texts('a').length === 1)
  const { fresh, exchange } = reborn(pair)
  t.equal(fresh.state, 'connected')
  t.equal(far.state, 'closed')
  t.match(pair.of('b', 'closed'), [{ error: { code: 'sctp-failure' } }])
  t.equal(pair.b.state, 'connected')
  fresh.create(RELIABLE)
  fresh.flush(0)
  exchange()
  t.equal(pair.of('b', 'incoming').length, 2)
  t.end()
})

t.test('over another transport: the channels of before go on, and what waited is no longer counted', t => {
  const pair = new ChannelPair({ delay: 5 }).connect()
  const { far } = pair.open()
  pair.sendText('b', far, 'x')
  pair.wire.run(() => pair.texts('a').length === 1)
  const closing = pair.open({ label: 'closing' })
  pair.wire.options = { filter: () => false }
  const mine = pair.b.create({ ...RELIABLE, label: 'unheard' })
  far.bufferedAmountLowThreshold = 10
  pair.b.send(far, new Uint8Array(250_000), false, pair.wire.now)
  pair.b.close(closing.far, pair.wire.now)
  pair.b.flush(pair.wire.now)
  t.ok(far.bufferedAmount > 10)
  t.equal(closing.far.state, 'closing')
  pair.wire.options = { delay: 5 }

  pair.b.carryOn()
  const { fresh, exchange } = reborn(pair)
  t.equal(closing.far.state, 'closed')
  t.equal(far.state, 'open')
  t.equal(mine.state, 'open')
  t.equal(far.bufferedAmount, 0)
  t.ok(pair.of('b', 'buffered-low').some(({ channel }) => channel === far))
  t.same(
    pair.of('b', 'closed').map(({ channel }) => channel),
    [closing.far],
  )
  exchange()
  exchange()
  const told: string[] = []
  for (let event = fresh.nextEvent(); event !== undefined; event = fresh.nextEvent()) {
    if (event.type === 'incoming') told.push(event.channel.label)
  }
  t.same(told, ['unheard'], 'what the peer may not have heard of is told again')
  pair.b.send(mine, utf8('again'), true, pair.wire.now)
  pair.b.flush(pair.wire.now)
  exchange()
  t.same(
    fresh.list.map(({ messagesReceived }) => messagesReceived),
    [1],
  )
  t.end()
})
