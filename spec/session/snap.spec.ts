/** Associations that begin in the descriptions: up as soon as DTLS is, and as always where only one side wants that. */

import t from 'tap'
import { createPair } from '../sim/pair.ts'

/** Milliseconds until the channel of the offerer is open, 20 each way, and whether the answer carries an INIT. */
const open = async (a: boolean, b: boolean) => {
  const pair = createPair({ seed: 4, network: { delay: 20 }, a: { sctp: { snap: a } }, b: { sctp: { snap: b } } })
  const channel = pair.a.createDataChannel('data')
  const received: unknown[] = []
  pair.b.ondatachannel = event => {
    event.channel.onmessage = ({ data }) => {
      received.push(data)
      event.channel.send(data)
    }
  }
  channel.onmessage = ({ data }) => received.push(data)
  await pair.sim.run(pair.negotiate())
  await pair.sim.run(() => channel.readyState === 'open')
  const time = pair.sim.now()
  const answered = pair.a.currentRemoteDescription!.sdp.includes('a=sctp-init:')
  channel.send('there and back')
  await pair.sim.run(() => received.length === 2)
  // A later offer says the same of the association that stands.
  await pair.sim.run(pair.negotiate(pair.b))
  channel.send('again')
  await pair.sim.run(() => received.length === 4)
  t.equal(pair.a.sctp?.state, 'connected')
  pair.a.close()
  pair.b.close()
  return { time, answered }
}

t.test('a channel opens sooner by the round trips of the handshake', async t => {
  const usual = await open(false, false)
  const signalled = await open(true, true)
  t.equal(usual.answered, false)
  t.equal(signalled.answered, true)
  t.ok(signalled.time <= usual.time - 40, `${signalled.time} ms in place of ${usual.time}`)
})

t.test('it is as always where only one side signals', async t => {
  t.same(await open(true, false), await open(false, false))
  t.same(await open(false, true), await open(false, false))
})
