/** TCP by the platform's host: bytes in order, ends, errors by code, and nothing left behind. */

import { createServer, type Socket } from 'node:net'
import t from 'tap'
import { Packet, PacketPool } from '../../lib/bytes/index.ts'
import { host } from '../../lib/net/index.ts'
import { connect, handles, listen, pair, settled } from './streams.ts'

const ADDRESSES = ['127.0.0.1', '::1'].filter(own => host.interfaces().some(({ address }) => address === own))

t.beforeEach(() => settled(() => handles() === 0))
t.teardown(async () => {
  await settled(() => handles() === 0)
})

t.test('bytes go both ways in order, with addresses in canonical text and bytes that are plain', async t => {
  for (const address of ADDRESSES) {
    const [client, server] = await pair(address)
    t.match(client.socket, { address, remoteAddress: address, remotePort: server.socket.port })
    t.match(server.socket, { address, remoteAddress: address, remotePort: client.socket.port })
    server.onReceive = bytes => t.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype)
    for (const word of ['one ', 'two ', 'three']) client.send(word)
    await server.until(() => server.text === 'one two three')
    server.send('back')
    await client.until(() => client.text === 'back')
    client.socket.close()
    await server.until(() => server.closings.length > 0)
    t.same([client.closings, server.closings], [[], [undefined]])
  }
})

t.test('a bulk arrives whole though its buffers are reused as soon as they are released', async t => {
  const [client, server] = await pair()
  const pool = new PacketPool(1200, 1024)
  const count = 5_000
  let intact = true
  server.onReceive = bytes => {
    const before = server.length - bytes.length
    intact &&= bytes.every((byte, i) => byte === (Math.floor((before + i) / 1200) & 0xff))
  }
  for (let i = 0; i < count; i++) {
    const packet = pool.take()
    packet.end = packet.start + 1200
    packet.bytes.fill(i & 0xff, packet.start, packet.end)
    client.socket.send(packet)
    if (i % 1000 === 999) await new Promise(resolve => setImmediate(resolve))
  }
  await server.until(() => server.length === count * 1200)
  t.ok(intact)
  client.socket.close()
  server.socket.close()
})

t.test('each packet is released once, when the platform has taken it or the stream is over', async t => {
  const [client, server] = await pair()
  const released: string[] = []
  const tracked = (name: string, length = 1): Packet => {
    const packet = Packet.copy(new Uint8Array(length))
    packet.release = () => released.push(name)
    return packet
  }
  client.socket.send(tracked('first'))
  client.socket.send(tracked('long', 8 << 20))
  client.socket.send(tracked('last'))
  t.same(released, [])
  t.ok(client.socket.bufferedAmount > 0 && client.socket.bufferedAmount <= (8 << 20) + 1)
  await server.until(() => server.length === (8 << 20) + 2)
  await settled(() => released.length === 3)
  t.same(released, ['first', 'long', 'last'])
  t.equal(client.socket.bufferedAmount, 0)
  client.socket.close()
  client.socket.send(tracked('after close'))
  t.equal(released.at(-1), 'after close')
  await server.until(() => server.closings.length > 0)
  server.socket.send(tracked('after the end'))
  t.same(released.slice(3), ['after close', 'after the end'])
  t.equal(server.socket.bufferedAmount, 0)
})

t.test('what was sent before close still leaves; nothing is received or told after it', async t => {
  const [client, server] = await pair()
  const bytes = 3 << 20
  client.socket.send(Packet.of(new Uint8Array(bytes)))
  client.socket.close()
  client.socket.close()
  server.send('too late')
  await server.until(() => server.closings.length > 0)
  t.equal(server.length, bytes)
  t.same([client.text, client.closings, server.closings], ['', [], [undefined]])
})

t.test('the end of the other side is told once, and what was sent by then still leaves', async t => {
  const bytes = 3 << 20
  let received = 0
  let peer: Socket | undefined
  // It ends at once, and reads on: half open.
  const server = createServer({ allowHalfOpen: true }, socket => {
    peer = socket
    socket.end('that is all')
    socket.on('data', data => {
      received += data.length
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const client = await connect(server.address() as { address: string; port: number })
  client.socket.send(Packet.of(new Uint8Array(bytes)))
  await client.until(() => client.closings.length > 0)
  t.same([client.text, client.closings], ['that is all', [undefined]])
  await new Promise(resolve => peer?.once('end', resolve))
  t.equal(received, bytes)
  client.socket.close()
  server.close()
})

t.test('a reset is told by code, once', async t => {
  const peers: Socket[] = []
  const server = createServer(socket => {
    peers.push(socket)
    socket.on('data', () => socket.resetAndDestroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const client = await connect(server.address() as { address: string; port: number })
  client.send('reset me')
  await client.until(() => client.closings.length > 0)
  t.same(client.closings, ['ECONNRESET'])
  let released = 0
  const packet = Packet.copy(new Uint8Array(1))
  packet.release = () => released++
  client.socket.send(packet)
  client.socket.close()
  t.equal(released, 1)
  await settled(() => handles() <= 1)
  t.same(client.closings, ['ECONNRESET'])
  server.close()
})

t.test('a connection is accepted or refused; its first bytes are not lost', async t => {
  const { listener, next } = await listen()
  const client = await connect(listener)
  client.send('at once')
  const server = await next()
  await server.until(() => server.text === 'at once')
  client.socket.close()
  server.socket.close()
  listener.close()
  const refusing = await host.listenStream({ address: '127.0.0.1', accept: () => undefined })
  const refused = await connect(refusing).catch((error: { code: string }) => error)
  if ('code' in refused) t.equal(refused.code, 'ECONNRESET')
  else {
    await refused.until(() => refused.closings.length > 0)
    t.same(refused.closings, ['ECONNRESET'])
  }
  refusing.close()
})

t.test('closing a listener frees its port and leaves its connections', async t => {
  const { listener, next } = await listen()
  const [client, server] = await Promise.all([connect(listener), next()])
  listener.close()
  listener.close()
  await t.rejects(connect(listener), { code: 'ECONNREFUSED' })
  const again = await listen('127.0.0.1', listener.port)
  t.equal(again.listener.port, listener.port)
  again.listener.close()
  client.send('still there')
  await server.until(() => server.text === 'still there')
  client.socket.close()
  server.socket.close()
})

t.test('what cannot be opened rejects by code', async t => {
  const { listener } = await listen()
  await t.rejects(listen('127.0.0.1', listener.port), { code: 'EADDRINUSE' })
  await t.rejects(listen('203.0.113.1'), { code: 'EADDRNOTAVAIL' })
  await t.rejects(listen('localhost'), { code: 'EINVAL' })
  await t.rejects(connect(listener, { address: '203.0.113.1' }), { code: 'EADDRNOTAVAIL' })
  await t.rejects(connect({ address: 'localhost', port: listener.port }), { code: 'EINVAL' })
  await t.rejects(connect({ address: '127.0.0.1', port: 0 }), { code: 'EINVAL' })
  await t.rejects(connect(listener, { address: '::1' }), { code: 'EINVAL' })
  listener.close()
})

t.test('a port serves any number of connections out, and listens once they are made', async t => {
  const targets = [await listen(), await listen()]
  const spare = await listen()
  const { port } = spare.listener
  spare.listener.close()
  const from = { address: '127.0.0.1', port }
  const clients = await Promise.all(targets.map(({ listener }) => connect(listener, from)))
  t.same(
    clients.map(({ socket }) => socket.port),
    [port, port],
  )
  const listening = await listen('127.0.0.1', port)
  // The other order the platform refuses, on Linux: see tcp.ts.
  listening.listener.close()
  // A connection to itself is the simultaneous open of TCP: to nobody.
  const own = await listen()
  own.listener.close()
  await t.rejects(connect(own.listener, { address: '127.0.0.1', port: own.listener.port }), { code: 'ECONNREFUSED' })
  for (const { socket } of clients) socket.close()
  for (const { listener, next } of targets) {
    listener.close()
    const { socket } = await next()
    socket.close()
  }
})

t.test('an attempt is given up after its time', async t => {
  const silent = createServer(socket => socket.resume())
  await new Promise<void>(resolve => silent.listen({ port: 0, host: '127.0.0.1' }, resolve))
  const { port } = silent.address() as { port: number }
  // TCP connects, TLS never answers.
  await t.rejects(connect({ address: '127.0.0.1', port }, { timeout: 20, tls: { serverName: 'a.example' } }), {
    code: 'ETIMEDOUT',
  })
  silent.close()
})
