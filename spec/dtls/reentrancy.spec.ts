/** What the owner of a connection does from within its callbacks: closing, sending, replacing keys, and being the path itself. */

import t from 'tap'
import { Packet } from '../../lib/bytes/index.ts'
import { DtlsConnection, type DtlsRole, type DtlsVersion } from '../../lib/dtls/index.ts'
import { nodeCrypto } from '../providers.ts'
import { certificate, Pair, sha256Of } from './pair.ts'

const VERSIONS: readonly DtlsVersion[] = ['1.2', '1.3']
const ROLES: readonly DtlsRole[] = ['client', 'server']
const certificates = async () => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

for (const version of VERSIONS) {
  t.test(`DTLS ${version}: closing from within the n-th datagram, whichever it is, ends everything`, async t => {
    const own = await certificates()
    for (const role of ROLES) {
      for (let n = 1; n < 12; n++) {
        let sent = 0
        let after = 0
        const pair: Pair = new Pair({
          ...own,
          version,
          // Several datagrams a flight.
          [`${role}Options`]: {
            mtu: 300,
            transmit: (packet: Packet) => {
              const end = pair[role]
              if (end.dtls.state === 'closed') after++
              // The first that comes behind the end is close_notify.
              const bytes = packet.view().slice()
              packet.release()
              pair.inject(bytes, role === 'client' ? 'server' : 'client')
              if (++sent >= n) end.dtls.close(pair.now)
            },
          },
        })
        pair.start()
        pair.run(() => pair[role].dtls.state === 'closed', 5000)
        const end = pair[role]
        const { state } = end.dtls
        if (sent < n) {
          t.equal(state, 'connected', `${role} sends no more than ${sent}`)
          end.dtls.close(pair.now)
        }
        end.drain()
        t.equal(end.dtls.state, 'closed')
        t.same(end.events.at(-1), { type: 'closed' }, 'nothing follows')
        t.equal(end.events.filter(({ type }) => type === 'closed').length, 1)
        t.ok(after <= 1, 'close_notify is the last that is sent')
        t.equal(end.dtls.deadline, Number.POSITIVE_INFINITY, 'no timer runs')
        t.notOk(end.dtls.send(Packet.copy(new Uint8Array(1)), pair.now))
      }
    }
  })

  t.test(`DTLS ${version}: closing from within any word of the trace`, async t => {
    const own = await certificates()
    for (const role of ROLES) {
      for (let n = 1; n < 5; n++) {
        let heard = 0
        const pair: Pair = new Pair({
          ...own,
          version,
          [`${role}Options`]: { trace: { event: () => ++heard >= n && pair[role].dtls.close(pair.now) } },
        })
        pair.start()
        pair.run(() => false, 100)
        const end = pair[role]
        end.dtls.close(pair.now)
        end.drain()
        t.equal(end.dtls.state, 'closed')
        t.same(end.events.at(-1), { type: 'closed' })
        t.equal(end.dtls.deadline, Number.POSITIVE_INFINITY)
      }
    }
  })

  t.test(`DTLS ${version}: closing when asked about the peer's certificate`, async t => {
    const own = await certificates()
    for (const role of ROLES) {
      const pair: Pair = new Pair({
        ...own,
        version,
        [`${role}Options`]: {
          fingerprints: [],
          acceptCertificate: () => {
            pair[role].dtls.close(pair.now)
            return true
          },
        },
      })
      pair.start()
      pair.run(() => false, 100)
      const end = pair[role]
      const { length } = end.sent
      pair.run(() => false, 500)
      end.drain()
      t.same(end.events, [{ type: 'closed' }])
      t.equal(end.sent.length, length)
      t.equal(end.dtls.deadline, Number.POSITIVE_INFINITY)
    }
  })

  t.test(`DTLS ${version}: a path that delivers at once, from within the sending`, async t => {
    const { client: clientCertificate, server: serverCertificate } = await certificates()
    const received: Record<DtlsRole, number[]> = { client: [], server: [] }
    const make = (role: DtlsRole, to: () => DtlsConnection): DtlsConnection =>
      new DtlsConnection({
        crypto: nodeCrypto,
        role,
        certificate: role === 'client' ? clientCertificate : serverCertificate,
        fingerprints: [sha256Of(role === 'client' ? serverCertificate : clientCertificate)],
        versions: [version],
        mtu: 400,
        transmit: packet => to().receive(packet.view().slice(), 0),
        deliver: data => received[role].push(data[0]!),
      })
    const client = make('client', () => server)
    const server = make('server', () => client)
    client.start(0)
    t.same([client.state, server.state], ['connected', 'connected'])
    t.same([client.nextEvent(), server.nextEvent()], [{ type: 'connected' }, { type: 'connected' }])
    const exchange = (value: number) => {
      t.ok(client.send(Packet.copy(Uint8Array.of(value)), 0))
      t.ok(server.send(Packet.copy(Uint8Array.of(value + 1)), 0))
    }
    exchange(1)
    if (version === '1.3') {
      t.ok(client.updateKeys(0, true))
      exchange(3)
      t.same([client.counters.keyUpdatesSent, client.counters.keyUpdatesReceived], [1, 1])
      t.equal(client.deadline, Number.POSITIVE_INFINITY)
    }
    client.close(0)
    t.same([client.state, server.state], ['closed', 'closed'])
    t.same(received, version === '1.3' ? { client: [2, 4], server: [1, 3] } : { client: [2], server: [1] })
  })
}

t.test('DTLS 1.3: keys replaced and data sent from within every datagram and every delivery', async t => {
  let depth = 0
  let updates = 0
  const pair: Pair = new Pair({
    ...(await certificates()),
    version: '1.3',
    clientOptions: {
      transmit: packet => {
        pair.inject(packet.view(), 'server')
        packet.release()
        if (depth++ === 0) {
          if (pair.client.dtls.updateKeys(pair.now)) updates++
          pair.client.send('more', pair.now)
        }
        depth--
      },
      deliver: () => void pair.client.dtls.updateKeys(pair.now, true),
    },
  })
  pair.start()
  pair.run(() => pair.connected)
  pair.run(() => false, 100)
  for (let i = 0; i < 10; i++) {
    pair.client.send(`data ${i}`, pair.now)
    pair.server.send(`data ${i}`, pair.now)
    pair.run(() => false, 200)
  }
  t.ok(updates >= 5)
  t.equal(pair.server.dtls.counters.keyUpdatesReceived, pair.client.dtls.counters.keyUpdatesSent)
  for (let i = 0; i < 10; i++) t.ok(pair.server.texts.includes(`data ${i}`))
  t.same([pair.client.dtls.state, pair.server.dtls.state], ['connected', 'connected'])
})
