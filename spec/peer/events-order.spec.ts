/** The order in which a connection tells what happens to it (webrtc-pc, 4.4.1, 5.6, 6.1, 6.2), in virtual time. */

import t from 'tap'
import { createPair } from '../sim/pair.ts'
import { logChannel, logConnection, logTransports } from './event-log.ts'

/** The entries of `log` that begin with one of the words. */
const only = (log: readonly string[], ...words: string[]) =>
  log.filter(entry => words.some(word => entry.startsWith(word)))

t.test('from the first channel to the first message', async t => {
  const pair = createPair({ seed: 11, network: { delay: 10 } })
  const { a, b, sim } = pair
  const log = { a: [] as string[], b: [] as string[] }
  logConnection(a, log.a)
  logConnection(b, log.b)
  a.addEventListener('signalingstatechange', () => logTransports(a, log.a), { once: true })
  b.addEventListener('signalingstatechange', () => logTransports(b, log.b), { once: true })
  a.onnegotiationneeded = async () => {
    await pair.negotiate()
    log.a.push('negotiated')
  }
  b.ondatachannel = ({ channel }) => {
    channel.send('from the datachannel event')
    channel.addEventListener('open', () => channel.send('from the open event'))
  }
  const channel = a.createDataChannel('chat')
  logChannel(channel, log.a)
  t.strictSame(log.a, [], 'nothing is fired inside of a call')
  t.equal(a.sctp, null)
  await sim.run(() => only(log.a, 'chat message').length === 2)

  t.strictSame(only(log.a, 'negotiation', 'signaling', 'negotiated'), [
    'negotiationneeded: stable',
    'signalingstatechange: have-local-offer',
    'signalingstatechange: stable',
    'negotiated',
  ])
  t.strictSame(only(log.a, 'ice gathering', 'icegathering', 'icecandidate'), [
    'ice gatheringstatechange: gathering',
    'icegatheringstatechange: gathering',
    'icecandidate: host',
    'icecandidate: host',
    'icecandidate: end',
    'ice gatheringstatechange: complete',
    'icegatheringstatechange: complete',
    'icecandidate: null',
  ])
  const connected = [
    'ice statechange: checking',
    'iceconnectionstatechange: checking',
    'connectionstatechange: connecting',
    'ice selectedcandidatepairchange',
    'ice statechange: connected',
    'iceconnectionstatechange: connected',
    'dtls statechange: connecting',
    'dtls statechange: connected',
    'connectionstatechange: connected',
    'sctp statechange: connected',
    'chat open: open',
  ]
  const told = only(log.a, 'ice ', 'iceconnection', 'connection', 'dtls', 'sctp', 'chat open').filter(
    entry => !/gathering|completed/.test(entry),
  )
  t.strictSame([...told].sort(), [...connected].sort())
  const place = (entry: string) => told.indexOf(entry)
  const before = (...entries: string[]) => {
    for (let i = 1; i < entries.length; i++)
      t.ok(place(entries[i - 1]!) < place(entries[i]!), `${entries[i - 1]} before ${entries[i]}`)
  }
  before('ice statechange: checking', 'iceconnectionstatechange: checking', 'connectionstatechange: connecting')
  before('ice selectedcandidatepairchange', 'dtls statechange: connected')
  before('ice statechange: connected', 'iceconnectionstatechange: connected')
  before('dtls statechange: connected', 'connectionstatechange: connected', 'sctp statechange: connected')
  before('sctp statechange: connected', 'chat open: open')

  t.strictSame(only(log.b, 'signaling'), ['signalingstatechange: have-remote-offer', 'signalingstatechange: stable'])
  t.strictSame(only(log.b, 'datachannel', 'chat open'), ['datachannel: chat open', 'chat open: open'])
  t.strictSame(only(log.a, 'chat message'), [
    'chat message: from the datachannel event',
    'chat message: from the open event',
  ])
  a.close()
  b.close()
})

t.test('a handler that awaits misses no message', async t => {
  const pair = createPair({ seed: 12 })
  const received: unknown[] = []
  let opened = false
  pair.b.ondatachannel = async ({ channel }) => {
    await new Promise(resolve => channel.addEventListener('open', resolve, { once: true }))
    opened = true
    for (;;) {
      // Several turns of the microtask queue between two messages, as code with `await` takes.
      for (let i = 0; i < 5; i++) await undefined
      const { data } = await new Promise<{ data: unknown }>(resolve =>
        channel.addEventListener('message', resolve, { once: true }),
      )
      received.push(data)
    }
  }
  const channel = pair.a.createDataChannel('burst')
  channel.onopen = () => {
    for (let i = 0; i < 50; i++) channel.send(String(i))
  }
  void pair.negotiate()
  await pair.sim.run(() => received.length >= 50)
  t.ok(opened)
  t.strictSame(
    received,
    Array.from({ length: 50 }, (_, i) => String(i)),
  )
  pair.a.close()
  pair.b.close()
})

t.test('messages that come before the datachannel event are kept for its handler', async t => {
  const pair = createPair({ seed: 13, network: { delay: 5 } })
  const received: unknown[] = []
  pair.b.ondatachannel = ({ channel }) => {
    channel.onmessage = ({ data }) => received.push(data)
  }
  const first = pair.a.createDataChannel('first')
  first.onopen = () => {
    const second = pair.a.createDataChannel('second')
    second.onopen = () => {
      second.send('at once')
      second.send('and again')
    }
  }
  void pair.negotiate()
  await pair.sim.run(() => received.length === 2)
  t.strictSame(received, ['at once', 'and again'])
  pair.a.close()
  pair.b.close()
})

t.test('the second channel needs no negotiation', async t => {
  const pair = createPair({ seed: 14 })
  const log: string[] = []
  logConnection(pair.a, log)
  pair.a.createDataChannel('one')
  pair.a.createDataChannel('two')
  pair.a.onnegotiationneeded = () => void pair.negotiate()
  await pair.sim.run(() => pair.a.sctp?.state === 'connected')
  const third = pair.a.createDataChannel('three')
  await pair.sim.run(() => third.readyState === 'open')
  t.strictSame(only(log, 'negotiationneeded'), ['negotiationneeded: stable'])
  pair.a.restartIce()
  await pair.sim.run(() => only(log, 'negotiationneeded').length === 2)
  t.pass('a restart does')
  pair.a.close()
  pair.b.close()
})

t.test('a wrong fingerprint fails DTLS, and the connection says so', async t => {
  const pair = createPair({ seed: 15 })
  const { a, b, sim } = pair
  const log: string[] = []
  const errors: string[] = []
  a.createDataChannel('never')
  await sim.run(a.setLocalDescription())
  const forged = a.localDescription!.sdp.replace(/(a=fingerprint:sha-256 )..:../, '$100:00')
  await sim.run(b.setRemoteDescription({ type: 'offer', sdp: forged }))
  await sim.run(b.setLocalDescription())
  logConnection(b, log)
  logTransports(b, log)
  b.sctp!.transport.onerror = ({ error }) => errors.push(error.errorDetail)
  await sim.run(a.setRemoteDescription(b.localDescription!))
  await sim.run(() => b.connectionState === 'failed')
  t.strictSame(errors, ['fingerprint-failure'])
  t.strictSame(only(log, 'dtls', 'connectionstatechange: failed'), [
    'dtls statechange: connecting',
    'dtls error: fingerprint-failure',
    'dtls statechange: failed',
    'connectionstatechange: failed',
  ])
  a.close()
  b.close()
})
