/** Alerts in DTLS 1.3: their level means nothing, and what follows the end is not heard (RFC 8446, 6; RFC 9147, 5.10). */

import t from 'tap'
import { concatBytes } from '../../lib/bytes/index.ts'
import { Alert, alertName } from '../../lib/dtls/index.ts'
import { certificate, connectedPair, DELAY, Pair } from './pair.ts'
import { plainRecord } from './wire.ts'
import { spokenFor } from './wire-13.ts'

const ROLES = ['client', 'server'] as const
const options = async () => ({
  version: '1.3' as const,
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

t.test('every alert is fatal whatever its level, but those that announce the end', async t => {
  for (const level of [1, 2, 77]) {
    for (const [description, state] of [
      [Alert.internalError, 'failed'],
      [Alert.noRenegotiation, 'failed'],
      [200, 'failed'],
      [Alert.closeNotify, 'closed'],
      [Alert.userCanceled, 'connected'],
    ] as const) {
      const { pair, inject } = await spokenFor(await options())
      inject('client', 3, 21, Uint8Array.of(level, description))
      t.equal(pair.server.dtls.state, state, `${description} of level ${level}`)
      if (state === 'failed') t.match(pair.server.error, { code: 'alert-received', receivedAlert: description })
    }
  }
})

t.test('close_notify closes both sides, and data behind it is not heard', async t => {
  for (const role of ROLES) {
    const { pair, record } = await spokenFor(await options())
    const other = role === 'client' ? 'server' : 'client'
    const before = record(role, 3, 23, Uint8Array.of(97))
    const close = record(role, 3, 21, Uint8Array.of(1, Alert.closeNotify))
    const behind = record(role, 3, 23, Uint8Array.of(98))
    pair.inject(concatBytes(before, close, behind), other)
    pair.inject(behind, other)
    pair.run()
    t.same(pair[other].texts, ['a'])
    t.equal(pair[other].dtls.state, 'closed')
  }
  const pair = connectedPair(await options())
  pair.client.dtls.close(pair.now)
  pair.run()
  for (const { dtls } of pair.ends) {
    t.equal(dtls.state, 'closed')
    t.equal(dtls.deadline, Number.POSITIVE_INFINITY)
  }
})

t.test('alerts in the clear end neither a connection nor a handshake that goes on', async t => {
  const spoof = plainRecord(21, Uint8Array.of(2, Alert.handshakeFailure))
  const pair = new Pair(await options())
  pair.path = bytes => [
    { bytes: spoof, delay: DELAY - 1 },
    { bytes, delay: DELAY },
  ]
  pair.start()
  pair.run(() => pair.connected)
  t.ok(pair.connected)
  for (const role of ROLES) pair.inject(spoof, role)
  pair.run()
  t.ok(pair.connected)
  for (const { dtls } of pair.ends) t.ok(dtls.counters.droppedEpoch > 0)
})

t.test('closing once both sides have keys is protected, and heard by the other', async t => {
  const pair = new Pair(await options())
  pair.start()
  pair.run(() => pair.client.dtls.state === 'connected')
  pair.client.dtls.close(pair.now)
  pair.run()
  t.equal(pair.server.dtls.state, 'closed')
  t.equal(pair.client.sent.at(-1)![0]! & 0xe0, 0x20)
})

t.test('of many words in the clear that ask for the end the first is enough', async t => {
  const pair = new Pair({ ...(await options()), version: '1.3' })
  pair.start()
  pair.run(() => pair.server.sent.length > 0)
  const { dtls } = pair.server
  for (let i = 0; i < 10; i++) dtls.receive(plainRecord(21, Uint8Array.of(2, 40)), pair.now)
  for (let i = 0; i < 10; i++) dtls.receive(plainRecord(26, Uint8Array.of(0, 5)), pair.now)
  t.match(dtls.counters, { alertsReceived: 10, droppedAlerts: 9, droppedMalformed: 10 })
  pair.run(() => pair.connected)
  t.ok(pair.connected)
})

t.test('alerts have their names', t => {
  t.equal(alertName(Alert.closeNotify), 'close_notify')
  t.equal(alertName(Alert.unsupportedExtension), 'unsupported_extension')
  t.equal(alertName(200), 'alert 200')
  t.end()
})
