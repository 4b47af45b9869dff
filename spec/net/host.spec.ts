/** The platform's host keeps the contract: sockets, errors by code, timers, tasks, interfaces, names. */

import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import t from 'tap'
import { Packet, PacketPool } from '../../lib/bytes/index.ts'
import type { DatagramSocket } from '../../lib/machine/index.ts'
import { host } from '../../lib/net/index.ts'

interface Received {
  readonly bytes: Uint8Array
  readonly text: string
  readonly address: string
  readonly port: number
  readonly now: number
}

/** A socket on loopback and what comes in; `until` waits for so many datagrams. */
const open = async (address = '127.0.0.1') => {
  const received: Received[] = []
  let wake = (): void => {}
  const socket = await host.openDatagram({
    address,
    receive: (bytes, from, port, now) => {
      received.push({ bytes, text: String.fromCharCode(...bytes), address: from, port, now })
      wake()
    },
  })
  const until = async (count: number): Promise<void> => {
    while (received.length < count) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  return { socket, received, until }
}

const text = (content: string): Packet => Packet.copy(new TextEncoder().encode(content))
const closed = (socket: DatagramSocket): Promise<void> => {
  socket.close()
  return new Promise(resolve => setImmediate(resolve))
}

t.test('datagrams go both ways, with addresses in canonical text and bytes that are plain', async t => {
  for (const address of ['127.0.0.1', '::1']) {
    if (!host.interfaces().some(item => item.address === address)) continue
    const a = await open(address)
    const b = await open(address)
    t.equal(a.socket.address, address)
    const before = host.now()
    a.socket.send(text('there'), address, b.socket.port)
    await b.until(1)
    t.match(b.received[0], { text: 'there', address, port: a.socket.port })
    t.ok(b.received[0]!.now >= before && b.received[0]!.now <= host.now())
    t.equal(Object.getPrototypeOf(b.received[0]!.bytes), Uint8Array.prototype)
    b.socket.send(text('back'), address, a.socket.port)
    await a.until(1)
    t.equal(a.received[0]!.text, 'back')
    a.socket.close()
    b.socket.close()
  }
})

t.test('a bulk of packets arrives whole though its buffers are reused as soon as they are released', async t => {
  const a = await open()
  const b = await open()
  const pool = new PacketPool(1200, 1024)
  const count = 2_000
  for (let i = 0; i < count; i++) {
    const packet = pool.take()
    packet.end = packet.start + 1200
    packet.bytes.fill(i & 0xff, packet.start, packet.end)
    a.socket.send(packet, '127.0.0.1', b.socket.port)
    if (i % 16 === 15) await new Promise(resolve => setImmediate(resolve))
  }
  await b.until(count)
  t.ok(b.received.every(({ bytes }, i) => bytes.length === 1200 && bytes.every(byte => byte === (i & 0xff))))
  t.ok(await closed(a.socket).then(() => true))
  b.socket.close()
})

t.test('each packet is released at its own callback, also among packets that are refused', async t => {
  const codes: string[] = []
  const socket = await host.openDatagram({
    address: '127.0.0.1',
    receive: () => {},
    failed: code => codes.push(code),
  })
  const released: string[] = []
  const tracked = (name: string, length = 1): Packet => {
    const packet = Packet.copy(new Uint8Array(length))
    packet.release = () => released.push(name)
    return packet
  }
  socket.send(tracked('first'), '127.0.0.1', 9)
  socket.send(tracked('wrong family'), '::1', 9)
  socket.send(tracked('a name'), 'localhost', 9)
  socket.send(tracked('no port'), '127.0.0.1', 0)
  t.same(released, ['wrong family', 'a name', 'no port'])
  t.same(codes, ['EINVAL', 'EINVAL', 'EINVAL'])
  socket.send(tracked('too long', 70_000), '127.0.0.1', 9)
  socket.send(tracked('last'), '127.0.0.1', 9)
  while (released.length < 6) await new Promise(resolve => setImmediate(resolve))
  t.same(released.slice(3), ['first', 'too long', 'last'])
  t.same(codes.slice(3), ['EMSGSIZE'])
  socket.close()
  socket.send(tracked('after close'), '127.0.0.1', 9)
  t.equal(released.at(-1), 'after close')
})

t.test('what was sent before close still leaves; nothing is received after it', async t => {
  const a = await open()
  const b = await open()
  a.socket.send(text('last words'), '127.0.0.1', b.socket.port)
  a.socket.close()
  a.socket.close()
  await b.until(1)
  t.equal(b.received[0]!.text, 'last words')
  const c = await open()
  c.socket.send(text('too late'), '127.0.0.1', b.socket.port)
  b.socket.close()
  await closed(c.socket)
  t.equal(b.received.length, 1)
})

t.test('a port that is taken or an address that is not ours rejects by code', async t => {
  const { socket } = await open()
  await t.rejects(host.openDatagram({ address: '127.0.0.1', port: socket.port, receive: () => {} }), {
    code: 'EADDRINUSE',
  })
  await t.rejects(host.openDatagram({ address: '203.0.113.1', receive: () => {} }), { code: 'EADDRNOTAVAIL' })
  await closed(socket)
  const again = await host.openDatagram({ address: '127.0.0.1', port: socket.port, receive: () => {} })
  t.equal(again.port, socket.port)
  again.close()
})

t.test('a burst beyond the usual receive buffer is not lost', async t => {
  const plain = createSocket('udp4')
  plain.bind(0, '127.0.0.1')
  await once(plain, 'listening')
  const { socket, received, until } = await open()
  // A datagram of 1,200 bytes takes 2,304 of a Linux receive buffer: these are 1.6 times what the default one holds.
  const count = Math.floor((plain.getRecvBufferSize() * 1.6) / 2304)
  for (let i = 0; i < count; i++) plain.send(new Uint8Array(1200), socket.port, '127.0.0.1')
  await until(count)
  t.equal(received.length, count)
  plain.close()
  socket.close()
})

t.test('a timer is never early, can be taken back, and may lie beyond what the platform counts', async t => {
  const alive = setInterval(() => {}, 1000)
  const lateness = await new Promise<number>(resolve => {
    const at = host.now() + 5.5
    // A turn that lasts longer than the timer's delay: platform timers count from the beginning of the turn.
    while (host.now() < at - 3);
    host.schedule(at, now => resolve(now - at))
  })
  t.ok(lateness >= 0)
  let fired = 0
  const far = host.schedule(host.now() + 2 ** 40, () => fired++)
  const never = host.schedule(Number.POSITIVE_INFINITY, () => fired++)
  const soon = host.schedule(host.now() + 1, () => fired++)
  soon.cancel()
  soon.cancel()
  await new Promise<void>(resolve => host.schedule(host.now() + 5, () => resolve()))
  t.equal(fired, 0)
  far.cancel()
  never.cancel()
  clearInterval(alive)
})

t.test('tasks run later, in order, and promises settle between them', async t => {
  const log: string[] = []
  await new Promise<void>(resolve => {
    host.queueTask(() => {
      log.push('one')
      Promise.resolve()
        .then(() => log.push('one settled'))
        .then(() => log.push('one settled twice'))
    })
    host.queueTask(() => {
      log.push('two')
      host.queueTask(resolve)
    })
    log.push('now')
  })
  t.same(log, ['now', 'one', 'one settled', 'one settled twice', 'two'])
})

t.test('timers do not keep a process alive, tasks do', t => {
  const script = `
    import { host } from ${JSON.stringify(new URL('../../lib/net/index.js', import.meta.url).href)}
    host.schedule(host.now() + 60_000, () => {})
    host.queueTask(() => host.queueTask(() => console.log('tasks ran')))
  `
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  t.equal(output, 'tasks ran\n')
  t.end()
})

t.test('interfaces carry no zone; the clock and randomness are the platform’s', t => {
  const interfaces = host.interfaces()
  t.ok(interfaces.length > 0)
  for (const { name, address, family, internal } of interfaces) {
    t.match(address, family === 4 ? /^\d+\.\d+\.\d+\.\d+$/ : /^[0-9a-f:.]+$/)
    t.ok(name.length > 0)
    t.equal(internal, address === '::1' || address.startsWith('127.') || (internal && address.startsWith('fe80')))
  }
  t.ok(Math.abs(host.timeOrigin + host.now() - Date.now()) < 60_000)
  t.notSame([...host.random.fill(new Uint8Array(16))], [...host.random.fill(new Uint8Array(16))])
  t.end()
})

t.test('an address resolves to itself, a name that cannot be resolved to nothing', async t => {
  t.same(await host.resolve('192.0.2.7'), ['192.0.2.7'])
  t.same(await host.resolve('2001:db8::7'), ['2001:db8::7'])
  t.same(await host.resolve('d0bd4ac5-0b23-4f3a-8c1d-6c4b0a0f9f7e.local'), [])
  t.same(await host.resolve('Printer.LOCAL.'), [])
  t.same(await host.resolve(''), [])
})
