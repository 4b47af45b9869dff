/** TLS by the platform's host: only a server that a trusted authority vouches for, by the right name, is connected to. */

import { createServer as createPlain } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { Packet } from '../../lib/bytes/index.ts'
import type { TlsOptions } from '../../lib/machine/index.ts'
import { host } from '../../lib/net/index.ts'
import { createAuthority } from './certificates.ts'
import { connect, handles, settled } from './streams.ts'

const authority = await createAuthority()
const { ca } = authority
t.beforeEach(() => settled(() => handles() === 0))
t.teardown(() => settled(() => handles() === 0))

/** A TLS server on loopback that sends back what it gets; which names it was asked for, and its connections. */
const serve = async (t: Test, options: Parameters<typeof createServer>[0]) => {
  const asked: string[] = []
  const connections: TLSSocket[] = []
  const server = createServer(
    {
      ...options,
      SNICallback: (name, done) => {
        asked.push(name)
        done(null, undefined)
      },
    },
    socket => {
      connections.push(socket)
      socket.on('error', () => {}).pipe(socket)
    },
  )
  server.on('tlsClientError', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const to = { address: '127.0.0.1', port }
  return { asked, connections, open: (tls: TlsOptions) => connect(to, { tls }) }
}

t.test('bytes go both ways over TLS 1.2 and 1.3, to a host name and to an address', async t => {
  const certificate = await authority.issue(['turn.example', '127.0.0.1', '2001:db8::7'])
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { asked, connections, open } = await serve(t, { ...certificate, maxVersion })
    for (const serverName of ['turn.example', '127.0.0.1', '2001:db8::7']) {
      const client = await open({ serverName, ca: [ca] })
      client.send('there and back')
      await client.until(() => client.text === 'there and back')
      t.equal(connections.at(-1)?.getProtocol(), maxVersion)
      client.socket.close()
    }
    t.same(asked, ['turn.example'], 'an address is not sent as a name')
    t.notOk(connections.some(connection => connection.isSessionReused()))
  }
})

t.test('a bulk arrives whole, and the end of the other side is told', async t => {
  const { connections, open } = await serve(t, await authority.issue(['turn.example']))
  const client = await open({ serverName: 'turn.example', ca })
  const bytes = 3_000_000
  let released = 0
  for (let sent = 0; sent < bytes; sent += 30_000) {
    const packet = Packet.copy(new Uint8Array(30_000))
    packet.release = () => released++
    client.socket.send(packet)
  }
  await client.until(() => client.length === bytes)
  t.equal(released, 100)
  connections[0]?.end()
  await client.until(() => client.closings.length > 0)
  t.same(client.closings, [undefined])
})

t.test('what comes with the end of the handshake waits until the socket is there to answer with', async t => {
  const certificate = await authority.issue(['turn.example'])
  const server = createServer({ ...certificate, maxVersion: 'TLSv1.2' }, socket => {
    socket.on('error', () => {}).end('greeting')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  let arrived = false
  const order: string[] = []
  await new Promise<void>(resolve => {
    const opening = host.openStream({
      remoteAddress: '127.0.0.1',
      remotePort: port,
      tls: { serverName: 'turn.example', ca },
      receive: () => order.push(arrived ? 'received' : 'received too early'),
      closed: () => resolve(),
    })
    const through = async (depth: number): Promise<unknown> => (depth === 0 ? opening : through(depth - 1))
    through(20).then(() => {
      arrived = true
      order.push('arrived')
    })
  })
  t.same(order, ['arrived', 'received'])
  server.close()
})

t.test('a certificate for somebody else is refused', async t => {
  const { open } = await serve(t, await authority.issue(['turn.example', '192.0.2.1']))
  for (const serverName of ['other.example', 'example', 'sub.turn.example', '127.0.0.1', '192.0.2.2', '2001:db8::7']) {
    await t.rejects(open({ serverName, ca }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, serverName)
  }
})

t.test('a certificate that nobody trusted has signed is refused, whatever the environment says', async t => {
  const other = await createAuthority()
  const { open } = await serve(t, await authority.issue(['turn.example']))
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  t.teardown(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
  const serverName = 'turn.example'
  await t.rejects(open({ serverName }), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, 'the platform’s authorities')
  await t.rejects(open({ serverName, ca: other.ca }), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, 'another authority')
  const trusted = await open({ serverName, ca: [other.ca, ca] })
  trusted.socket.close()
})

t.test('a certificate that has expired is refused', async t => {
  const { open } = await serve(t, await authority.issue(['turn.example'], { expired: true }))
  await t.rejects(open({ serverName: 'turn.example', ca }), { code: 'CERT_HAS_EXPIRED' })
})

t.test('a server of an older TLS, or of none, is refused', async t => {
  const certificate = await authority.issue(['turn.example'])
  const old = await serve(t, {
    ...certificate,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  await t.rejects(old.open({ serverName: 'turn.example', ca }), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' })
  const plain = createPlain(socket =>
    socket
      .on('error', () => {})
      .resume()
      .end('this is no TLS\r\n'),
  )
  await new Promise<void>(resolve => plain.listen(0, '127.0.0.1', resolve))
  const { port } = plain.address() as { port: number }
  await t.rejects(connect({ address: '127.0.0.1', port }, { tls: { serverName: 'turn.example', ca } }), {
    code: 'ERR_SSL_WRONG_VERSION_NUMBER',
  })
  plain.close()
})
