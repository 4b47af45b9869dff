/** What comes after a DTLS 1.3 handshake: new keys in both directions, and messages that were not asked for (RFC 9147, 8). */

import t from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import type { Awaited, HandshakeOwner } from '../../lib/dtls/handshake.ts'
import { Alert, CIPHER_SUITES_13, type DtlsRole } from '../../lib/dtls/index.ts'
import { PlaintextSealer } from '../../lib/dtls/record.ts'
import { PostHandshake } from '../../lib/dtls/v13/post-handshake.ts'
import { Opener13, Sealer13 } from '../../lib/dtls/v13/record-protection.ts'
import { nodeCrypto } from '../providers.ts'
import { OpenPair } from './liar.ts'
import { certificate, clear } from './pair.ts'
import { buildMessage } from './wire.ts'
import { keysOf } from './wire-13.ts'

const ROLES: readonly DtlsRole[] = ['client', 'server']
const other = (role: DtlsRole): DtlsRole => (role === 'client' ? 'server' : 'client')

const connected = async (): Promise<OpenPair> => {
  const pair = new OpenPair({
    client: await certificate('ec-p256', 'client'),
    server: await certificate('ec-p256', 'server'),
  })
  pair.start()
  pair.run()
  if (!pair.connected) throw new Error('not connected')
  return pair
}

/** The two lowest bits of the epoch that the next data of that side goes out in. */
const epochBits = (pair: OpenPair, role: DtlsRole): number => {
  pair[role].send('data', pair.now)
  return pair[role].sent.at(-1)![0]! & 3
}

/** Sends both ways, and says whether all arrived. */
const talks = (pair: OpenPair, text: string): boolean => {
  for (const { dtls } of pair.ends) if (dtls.state !== 'connected') return false
  pair.client.send(`${text} of the client`, pair.now)
  pair.server.send(`${text} of the server`, pair.now)
  pair.run()
  return pair.server.texts.at(-1) === `${text} of the client` && pair.client.texts.at(-1) === `${text} of the server`
}

/** The generations of a side's secret that the key log has. Both sides write each. */
const generations = (pair: OpenPair, role: DtlsRole): number[] =>
  pair.lines
    .filter(line => line.startsWith(`${role.toUpperCase()}_TRAFFIC_SECRET_`))
    .map(line => Number(line.split(' ')[0]!.split('_').at(-1)))

t.test('a side replaces its own key, as often as it likes', async t => {
  for (const role of ROLES) {
    const pair = await connected()
    for (let n = 1; n <= 6; n++) {
      t.ok(pair[role].dtls.updateKeys(pair.now))
      t.ok(talks(pair, `data ${n}`))
      t.equal(epochBits(pair, role), (3 + n) & 3)
      t.equal(epochBits(pair, other(role)), 3, 'the other keeps its own')
    }
    pair.run()
    t.same(generations(pair, role), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])
    t.same(generations(pair, other(role)), [0, 0])
    const secrets = new Set(pair.lines.map(line => line.split(' ')[2]))
    t.equal(secrets.size, 5 + 6)
  }
})

t.test('it is asked for a new key and answers once', async t => {
  for (const role of ROLES) {
    const pair = await connected()
    t.ok(pair[role].dtls.updateKeys(pair.now, true))
    pair.run()
    t.ok(talks(pair, 'data'))
    t.same([epochBits(pair, 'client'), epochBits(pair, 'server')], [0, 0])
    t.same(generations(pair, 'client'), [0, 0, 1, 1])
    t.same(generations(pair, 'server'), [0, 0, 1, 1])
  }
})

t.test('both ask at the same time', async t => {
  const pair = await connected()
  for (const { dtls } of pair.ends) t.ok(dtls.updateKeys(pair.now, true))
  pair.run()
  t.ok(talks(pair, 'data'))
  // Each for itself, and once more for the other (RFC 8446, 4.6.3).
  t.same(generations(pair, 'client'), [0, 0, 1, 1, 2, 2])
  t.same(generations(pair, 'server'), [0, 0, 1, 1, 2, 2])
})

t.test('the new key is not used before the peer has acknowledged it', async t => {
  const pair = await connected()
  pair.client.dtls.updateKeys(pair.now)
  t.equal(epochBits(pair, 'client'), 3)
  t.notOk(pair.client.dtls.updateKeys(pair.now), 'nor another while it is under way')
  const { path } = pair
  // No ACK comes through.
  pair.path = (bytes, from, index) => (from === 'server' ? [] : clear(bytes, from, index))
  pair.run(() => false, 500)
  t.equal(epochBits(pair, 'client'), 3)
  pair.path = path
  pair.run()
  t.equal(epochBits(pair, 'client'), 0)
  t.ok(talks(pair, 'data'))
})

t.test('a request that comes before our last flight is acknowledged is answered behind it', async t => {
  const pair = new OpenPair({
    client: await certificate('ec-p256', 'client'),
    server: await certificate('ec-p256', 'server'),
  })
  // The ACK of the client's flight is lost, and what follows it is not.
  pair.path = (bytes, from, index) => (from === 'server' && index === 1 ? [] : clear(bytes, from, index))
  pair.start()
  pair.run(() => pair.connected)
  t.ok(pair.server.dtls.updateKeys(pair.now, true))
  pair.run()
  t.ok(talks(pair, 'data'))
  t.same(generations(pair, 'server'), [0, 0, 1, 1])
  t.same(generations(pair, 'client'), [0, 0, 1, 1])
})

t.test('when the numbers of messages run out, the keys stay', t => {
  const sent: Awaited[] = []
  const acknowledged: (() => void)[] = []
  const owner: HandshakeOwner = {
    plaintext: new PlaintextSealer(),
    become: () => {},
    send: (_, awaited, done) => {
      sent.push(awaited)
      if (done !== undefined) acknowledged.push(done)
    },
    acknowledge: () => {},
    sealWith: () => {},
    openWith: () => {},
    establish: () => {},
  }
  const [suite] = CIPHER_SUITES_13
  const postHandshake = new PostHandshake({
    owner,
    nextSequence: 0xfffe,
    quiet: true,
    takesTickets: false,
    sealer: owner.plaintext,
    ourSecret: new Uint8Array(32),
    peerSecret: new Uint8Array(32),
    nextSecret: secret => secret.slice(),
    createSealer: (_, epoch) => new Sealer13(nodeCrypto, suite!, keysOf(suite!), epoch),
    createOpener: (_, epoch) => new Opener13(nodeCrypto, suite!, keysOf(suite!), epoch),
    log: () => {},
  })
  for (let i = 0; i < 4; i++) {
    postHandshake.updateKeys(false)
    acknowledged.shift()?.()
  }
  t.same(sent, ['ack', 'ack'])
  const raw = buildMessage(24, 9, Uint8Array.of(1))
  postHandshake.receive({ type: 24, sequence: 9, epoch: 3, raw, body: raw.subarray(12) })
  t.equal(sent.length, 2, 'nor is a request heeded')
  t.end()
})

t.test('what was sent by the old key is read behind the new one', async t => {
  const pair = await connected()
  pair.path = (bytes, from) => [{ bytes, delay: from === 'client' ? 200 : 10 }]
  pair.client.send('late', pair.now)
  pair.path = clear
  pair.client.dtls.updateKeys(pair.now)
  pair.run(() => false, 100)
  pair.client.send('sooner', pair.now)
  pair.run()
  t.same(pair.server.texts, ['sooner', 'late'])
})

t.test('what is exported stays the same', async t => {
  const pair = await connected()
  const before = hex(pair.client.dtls.exportKeyingMaterial('label', 32))
  pair.client.dtls.updateKeys(pair.now, true)
  pair.run()
  for (const { dtls } of pair.ends) t.equal(hex(dtls.exportKeyingMaterial('label', 32)), before)
})

/** The message_seq of the next message of a side: each has said this many. */
const NEXT = { client: 4, server: 6 }

/** Says a message in epoch 3 that the side would not have said. */
const say = (
  pair: OpenPair,
  role: DtlsRole,
  type: number,
  body: Uint8Array,
  sequence = NEXT[role],
  record = 1000,
): void => {
  pair.inject(pair.sealAs(role, 22, buildMessage(type, sequence, body), record), other(role))
  pair.run()
}

const TICKET = Uint8Array.from([0, 0, 1, 0, 1, 2, 3, 4, 1, 9, 0, 2, 5, 5, 0, 0])

t.test('a ticket is acknowledged and not used', async t => {
  const pair = await connected()
  const sent = pair.client.sent.length
  say(pair, 'server', 4, TICKET)
  t.equal(pair.client.sent.length, sent + 1)
  t.ok(pair.connected)
  say(pair, 'server', 4, TICKET, 7, 1001)
  t.equal(pair.client.sent.length, sent + 2)
  pair.client.send('on it goes', pair.now)
  pair.run()
  t.same(pair.server.texts, ['on it goes'])
})

t.test('what was not asked for ends the connection', async t => {
  for (const role of ROLES) {
    const certificateRequest = Uint8Array.from([1, 7, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3])
    const cases: [string, number, Uint8Array, number][] = [
      ['CertificateRequest', 13, certificateRequest, Alert.unexpectedMessage],
      ['RequestConnectionId', 9, Uint8Array.of(1), Alert.unexpectedMessage],
      ['NewConnectionId', 10, Uint8Array.of(0, 2, 1, 7, 0), Alert.unexpectedMessage],
      ['Finished', 20, new Uint8Array(32), Alert.unexpectedMessage],
      ['an unknown message', 99, new Uint8Array(3), Alert.unexpectedMessage],
      ['a KeyUpdate that asks for something else', 24, Uint8Array.of(2), Alert.illegalParameter],
      ['an empty KeyUpdate', 24, new Uint8Array(0), Alert.decodeError],
      ['a long KeyUpdate', 24, Uint8Array.of(0, 0), Alert.decodeError],
      ...(role === 'client'
        ? [['a ticket of a client', 4, TICKET, Alert.unexpectedMessage] as [string, number, Uint8Array, number]]
        : [['a malformed ticket', 4, TICKET.slice(0, -1), Alert.decodeError] as [string, number, Uint8Array, number]]),
    ]
    for (const [name, type, body, alert] of cases) {
      const pair = await connected()
      say(pair, role, type, body)
      t.match(pair[other(role)].error, { code: 'protocol-violation', sentAlert: alert }, `${name}, of the ${role}`)
      t.match(pair[role].error, { code: 'alert-received', receivedAlert: alert }, name)
    }
  }
})

t.test('a KeyUpdate ends its epoch: what comes in that behind it is refused', async t => {
  for (const role of ROLES) {
    const pair = await connected()
    say(pair, role, 24, Uint8Array.of(0))
    t.equal(pair[other(role)].dtls.state, 'connected')
    say(pair, role, 24, Uint8Array.of(0), NEXT[role] + 1, 1001)
    t.match(pair[other(role)].error, { code: 'protocol-violation', sentAlert: Alert.unexpectedMessage })
  }
})
