/** A connection from its start to its end: states, events, alerts, and what comes after the handshake is done. */

import t from 'tap'
import { Packet } from '../../lib/bytes/index.ts'
import { Alert, DtlsConnection, type DtlsRole } from '../../lib/dtls/index.ts'
import { nodeCrypto } from '../providers.ts'
import { certificate, connectedPair, DELAY, End, Pair, sha256Of } from './pair.ts'
import { buildMessage, parseRecords, plainRecord, sealAs } from './wire.ts'

const ROLES: readonly DtlsRole[] = ['client', 'server']
const options = async () => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

t.test('states and events in their order', async t => {
  const states: string[] = []
  const trace = {
    event: (_layer: string, name: string, detail: Readonly<Record<string, unknown>>) => {
      if (name === 'state') states.push(String(detail.state))
    },
  }
  const pair = new Pair({ ...(await options()), clientOptions: { trace } })
  const { client } = pair
  t.equal(client.dtls.state, 'new')
  t.equal(client.dtls.deadline, Number.POSITIVE_INFINITY)
  t.notOk(client.send('too early', 0))
  pair.start()
  t.equal(client.dtls.state, 'connecting')
  client.dtls.start(0)
  t.equal(client.sent.length, 1, 'starting again does nothing')
  pair.run(() => pair.connected)
  client.drain()
  client.dtls.close(pair.now)
  client.dtls.close(pair.now)
  pair.run()
  t.same(states, ['connecting', 'connected', 'closed'])
  t.same(client.events, [{ type: 'connected' }, { type: 'closed' }])
  t.same(pair.server.events, [{ type: 'connected' }, { type: 'closed' }])
})

t.test('close_notify closes both sides, from either, and is answered', async t => {
  for (const role of ROLES) {
    const pair = connectedPair(await options())
    const other = pair[role === 'client' ? 'server' : 'client']
    pair[role].dtls.close(pair.now)
    pair.run()
    t.equal(pair[role].dtls.state, 'closed')
    t.equal(other.dtls.state, 'closed')
    t.equal(other.dtls.counters.alertsSent, 1)
    t.notOk(other.send('after the end', pair.now))
    t.equal(other.dtls.deadline, Number.POSITIVE_INFINITY)
    const before = other.dtls.counters.droppedState
    pair.inject(new Uint8Array(20), role === 'client' ? 'server' : 'client')
    pair.run()
    t.equal(other.dtls.counters.droppedState, before + 1)
  }
})

t.test('closing in the middle of a handshake is said in the clear, which the other side does not believe', async t => {
  for (const role of ROLES) {
    const pair = new Pair(await options())
    const other = pair[role === 'client' ? 'server' : 'client']
    pair.start()
    pair.run(() => pair.server.sent.length > 0)
    pair[role].dtls.close(pair.now)
    pair.run(() => false, 1000)
    t.same([pair[role].dtls.state, other.dtls.state], ['closed', 'connecting'])
    t.equal(other.dtls.counters.droppedAlerts, 1)
    pair.run()
    t.match(other.error, { code: 'timeout' })
  }
})

t.test('closing before the start sends nothing', async t => {
  const { client } = new Pair(await options())
  client.dtls.close(0)
  client.drain()
  t.same(client.events, [{ type: 'closed' }])
  t.equal(client.sent.length, 0)
})

t.test('closing from within the delivery of data stops the rest', async t => {
  const received: string[] = []
  const pair = connectedPair({
    ...(await options()),
    serverOptions: {
      deliver: data => {
        received.push(String.fromCharCode(...data))
        pair.server.dtls.close(pair.now)
      },
    },
  })
  const joined: number[] = []
  pair.path = (bytes, from) => {
    if (from === 'client') joined.push(...bytes)
    return []
  }
  pair.client.send('one', pair.now)
  pair.client.send('two', pair.now)
  pair.server.dtls.receive(Uint8Array.from(joined), pair.now)
  t.same(received, ['one'])
  t.equal(pair.server.dtls.state, 'closed')
})

t.test('data may be sent from within the delivery of data', async t => {
  const pair = connectedPair({
    ...(await options()),
    serverOptions: { deliver: (data, now) => void pair.server.dtls.send(Packet.copy(data), now) },
  })
  pair.client.send('echo', pair.now)
  pair.run()
  t.same(pair.client.texts, ['echo'])
})

t.test('data that comes before the owner has heard of the connection is kept for it', async t => {
  const pair = new Pair(await options())
  pair.start()
  pair.run(() => pair.server.dtls.state === 'connected')
  const [finished] = pair.server.sent.slice(-1)
  const client = pair.client.dtls
  pair.path = () => []
  pair.server.send('at once', pair.now)
  client.receive(finished!.slice(), 50)
  client.receive(pair.server.sent.at(-1)!.slice(), 51)
  t.equal(client.state, 'connected')
  t.same(pair.client.texts, [])
  t.equal(client.deadline, Number.POSITIVE_INFINITY)
  pair.client.drain()
  t.same(pair.client.texts, [], 'an event is taken; nothing re-enters its owner')
  t.equal(client.deadline, 51)
  client.advance(52)
  t.same(pair.client.texts, ['at once'])
  t.equal(client.deadline, Number.POSITIVE_INFINITY)
})

t.test(
  'the last flight is sent again when the client repeats its own, also after the end of the handshake',
  async t => {
    const pair = new Pair(await options())
    let lost = 3
    pair.path = (bytes, from) =>
      from === 'server' && parseRecords(bytes)[0]?.type === 20 && lost-- > 0 ? [] : [{ bytes, delay: DELAY }]
    pair.start()
    pair.run(() => pair.server.dtls.state === 'connected')
    pair.server.drain()
    t.equal(pair.server.dtls.deadline, Number.POSITIVE_INFINITY, 'it waits for the client to ask')
    pair.run(() => pair.connected)
    t.ok(pair.connected)
    t.equal(pair.server.dtls.counters.flightsRetransmitted, 3)
    t.equal(pair.server.events.length, 1)
  },
)

t.test('a copied datagram does not make the server send its flight again and again', async t => {
  const pair = connectedPair(await options())
  const sent = pair.server.sent.length
  for (const datagram of pair.client.sent) {
    for (let i = 0; i < 5; i++) pair.inject(datagram, 'server', i)
  }
  pair.run()
  t.equal(pair.server.sent.length, sent)
})

t.test('a new ClientHello in the clear changes nothing once connected', async t => {
  const pair = connectedPair(await options())
  const stranger = new Pair(await options())
  stranger.client.dtls.start(0)
  const sent = pair.server.sent.length
  pair.inject(stranger.client.sent[0]!, 'server')
  pair.inject(pair.client.sent[0]!, 'server')
  pair.run()
  t.equal(pair.server.sent.length, sent)
  t.equal(pair.server.dtls.state, 'connected')
  pair.client.send('unmoved', pair.now)
  pair.run()
  t.same(pair.server.texts, ['unmoved'])
})

const plainAlert = (level: number, description: number) => plainRecord(21, Uint8Array.of(level, description))

t.test('alerts in the clear end no connection', async t => {
  for (const [level, description] of [
    [2, Alert.handshakeFailure],
    [2, 255],
    [1, Alert.closeNotify],
  ] as const) {
    const pair = connectedPair(await options())
    for (const role of ROLES) pair.inject(plainAlert(level, description), role)
    pair.run()
    t.ok(pair.connected)
    for (const { dtls } of pair.ends) t.equal(dtls.counters.droppedEpoch, 1)
  }
})

t.test('a fatal alert in the clear ends a handshake that does not go on until the timeout', async t => {
  for (const description of [Alert.handshakeFailure, 255]) {
    for (const role of ROLES) {
      const pair = new Pair(await options())
      // The client has heard nothing of the server, or the server all of the first hello and nothing of what follows.
      pair.path = (bytes, from, index) => (from === 'client' && index === 0 ? [{ bytes, delay: DELAY }] : [])
      pair.start()
      const end = pair[role]
      pair.run(() => end.sent.length > 0)
      const sentAt = pair.now
      pair.inject(plainAlert(2, description), role, 1)
      pair.inject(plainAlert(2, Alert.internalError), role, 2)
      pair.run(() => false, 500)
      t.equal(end.dtls.state, 'connecting')
      t.equal(end.dtls.deadline, sentAt + 1000)
      pair.run(() => end.dtls.state === 'failed')
      t.equal(pair.now, sentAt + 1000)
      t.match(end.error, { code: 'alert-received', receivedAlert: description, sentAlert: undefined })
      t.equal(end.dtls.counters.alertsReceived, 2)
      t.equal(end.dtls.counters.flightsRetransmitted, 0)
      t.equal(end.dtls.deadline, Number.POSITIVE_INFINITY)
    }
  }
})

t.test('a spoofed alert is overtaken by the flight of the peer', async t => {
  for (const role of ROLES) {
    const pair = new Pair(await options())
    pair.path = bytes => [
      { bytes: plainAlert(2, Alert.handshakeFailure), delay: DELAY },
      { bytes, delay: DELAY },
    ]
    pair.start()
    pair.inject(plainAlert(2, Alert.handshakeFailure), role, 0)
    pair.run(() => pair.connected)
    t.ok(pair.connected)
    t.equal(pair.now, 4 * DELAY)
  }
})

t.test('a spoofed alert is overtaken by a part of a flight whose rest is lost', async t => {
  let lost = false
  const pair = new Pair({ ...(await options()), serverOptions: { mtu: 300 } })
  pair.path = (bytes, from, index) => {
    if (from === 'server' && index === 1) {
      lost = true
      return []
    }
    return [{ bytes, delay: DELAY }]
  }
  pair.start()
  pair.inject(plainAlert(2, Alert.handshakeFailure), 'client', 1)
  pair.run(() => pair.connected)
  t.ok(lost)
  t.ok(pair.connected)
})

t.test('who waits for nothing in particular believes no alert in the clear', async t => {
  const pair = new Pair({ ...(await options()), serverOptions: { cookieExchange: true } })
  pair.server.dtls.start(0)
  pair.inject(plainAlert(2, Alert.handshakeFailure), 'server', 0)
  pair.run()
  t.equal(pair.server.dtls.counters.droppedAlerts, 1)
  pair.client.dtls.start(pair.now)
  pair.run(() => pair.server.sent.length > 0)
  pair.inject(plainAlert(2, Alert.handshakeFailure), 'server', 0)
  pair.run(() => pair.connected)
  t.ok(pair.connected)
  t.equal(pair.server.dtls.counters.droppedAlerts, 2)
})

t.test('close_notify and warnings in the clear end nothing', async t => {
  for (const description of [Alert.closeNotify, Alert.userCanceled]) {
    const pair = new Pair(await options())
    pair.start()
    pair.inject(plainAlert(1, description), 'client', 1)
    pair.inject(plainAlert(2, Alert.closeNotify), 'client', 1)
    pair.inject(plainAlert(1, description), 'server', DELAY + 1)
    pair.run(() => pair.connected)
    t.ok(pair.connected)
    t.same(
      pair.ends.map(({ dtls }) => [dtls.counters.alertsReceived, dtls.counters.droppedAlerts]),
      [
        [2, 2],
        [1, 1],
      ],
    )
  }
})

/** A connected pair, and what is needed to speak for either of its ends. */
const spokenFor = async () => {
  const lines: string[] = []
  const pair = connectedPair({ ...(await options()), clientOptions: { trace: { keyLog: line => lines.push(line) } } })
  const inject = (from: DtlsRole, type: number, ...content: number[]): void => {
    pair.inject(sealAs(from, pair, lines[0]!, type, Uint8Array.from(content)), from === 'client' ? 'server' : 'client')
    pair.run()
  }
  return { pair, inject }
}

t.test('an authenticated fatal alert ends a connection', async t => {
  for (const role of ROLES) {
    const { pair, inject } = await spokenFor()
    const other = pair[role === 'client' ? 'server' : 'client']
    inject(role, 21, 2, Alert.internalError)
    t.equal(other.dtls.state, 'failed')
    t.match(other.error, { code: 'alert-received', receivedAlert: Alert.internalError })
    t.equal(other.error?.sentAlert, undefined)
  }
})

t.test('renegotiation is refused with a warning, to both sides', async t => {
  for (const [role, type] of [
    ['client', 1],
    ['server', 0],
  ] as const) {
    const { pair, inject } = await spokenFor()
    const other = pair[role === 'client' ? 'server' : 'client']
    const sent = other.sent.length
    const request = buildMessage(type, 0, new Uint8Array(type === 1 ? 80 : 0))
    inject(role, 22, ...request, ...request)
    t.equal(other.dtls.state, 'connected')
    t.equal(other.sent.length, sent + 1, 'once a record')
    t.equal(parseRecords(other.sent[sent]!)[0]?.type, 21)
    t.equal(pair[role].dtls.counters.alertsReceived, 1)
    t.equal(pair[role].dtls.state, 'connected')
  }
})

t.test('other handshake messages after the handshake are dropped', async t => {
  for (const role of ROLES) {
    const { pair, inject } = await spokenFor()
    const other = pair[role === 'client' ? 'server' : 'client']
    const sent = other.sent.length
    inject(role, 22, ...buildMessage(11, 9, new Uint8Array(80)), ...buildMessage(20, 9, new Uint8Array(12)))
    t.ok(pair.connected)
    t.equal(other.sent.length, sent)
    t.equal(other.dtls.counters.droppedFragments, 2)
  }
})

t.test('a name that is not known is the mistake of the caller', async t => {
  const own = await certificate('ec-p256')
  const base = { crypto: nodeCrypto, role: 'client' as const, certificate: own, fingerprints: [sha256Of(own)] }
  for (const initialTimeout of [0, -1, Number.NaN]) {
    t.throws(() => new End({ ...base, initialTimeout }, () => {}), RangeError)
  }
  t.throws(() => new End({ ...base, cipherSuites: ['TLS_NULL'] }, () => {}), RangeError)
  t.ok(new DtlsConnection({ ...base, transmit: () => {}, deliver: () => {} }))
})
