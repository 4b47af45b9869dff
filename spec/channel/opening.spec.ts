/** How data channels come to be: by DCEP, or by agreement. */

import t from 'tap'
import { ChannelPair, RELIABLE } from './pair.ts'

t.test('a channel made before the association is up gets its id by the DTLS role, and opens on both sides', t => {
  const pair = new ChannelPair({ delay: 10 })
  const near = pair.a.create({ ...RELIABLE, label: 'a → b', protocol: 'πρ' })
  const other = pair.b.create({ ...RELIABLE, label: 'b → a' })
  t.equal(near.id, undefined)
  t.equal(near.state, 'connecting')
  pair.connect()
  t.equal(near.id, 0, 'the client has the even ids')
  t.equal(other.id, 1, 'the server the odd ones')
  t.equal(near.state, 'open', 'the association is up: no ACK is waited for')
  pair.wire.run(() => pair.of('b', 'incoming').length === 1)
  const far = pair.of('b', 'incoming')[0]!.channel
  t.equal(far.state, 'open')
  t.equal(far.id, 0)
  t.equal(far.label, 'a → b')
  t.equal(far.protocol, 'πρ')
  t.same(pair.kinds('a'), ['connecting', 'connected', 'open', 'incoming'])
  t.end()
})

t.test('messages go both ways', t => {
  const pair = new ChannelPair({ delay: 10 }).connect()
  const { near, far } = pair.open()
  pair.sendText('a', near, 'to b')
  pair.sendText('b', far, 'to a')
  pair.wire.run(() => pair.texts('a').length === 1 && pair.texts('b').length === 1)
  t.same(pair.texts('a'), ['to a'])
  t.same(pair.texts('b'), ['to b'])
  pair.a.close(near, pair.wire.now)
  pair.wire.run(() => near.state === 'closed' && far.state === 'closed')
  t.equal(near.state, 'closed')
  t.equal(far.state, 'closed')
  t.equal(pair.open().near.id, 0, 'the id is free again')
  t.end()
})
