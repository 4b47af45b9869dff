/** SCTP over UDP (RFC 6951): both roles on real sockets; what listens keeps nothing; the port of UDP is learned (5.4). */

import t, { type Test } from 'tap'
import { Packet } from '../../lib/bytes/index.ts'
import type { DatagramSocket } from '../../lib/machine/index.ts'
import {
  type RunningSctp,
  type RunSctpOptions,
  runSctp,
  type SctpMachineOptions,
  type SctpOverUdp,
} from '../../lib/net/index.ts'
import { Association } from '../../lib/sctp/index.ts'
import { Simulation } from '../../lib/sim/index.ts'
import { nodeCrypto, seededCrypto } from '../providers.ts'
import { type Chunk, chunk, chunksOf, data, init, packet, parameterOf, seal, tagOf, view } from '../sctp/craft.ts'

const create = (options: SctpMachineOptions) => new Association({ crypto: nodeCrypto, ...options })

t.test('over real UDP: a client and a server, messages both ways, SHUTDOWN', async t => {
  const server = await runSctp<Association>(create, {
    listen: {
      port: 7,
      accept: () => (event, running) => {
        if (event.type !== 'message') return
        running.input((sctp, now) => sctp.send(event.streamId, event.ppid, event.data, {}, now))
      },
    },
  })
  const client = await runSctp<Association>(create)
  const size = 300_000
  const got = await new Promise<number>((resolve, reject) => {
    let bytes = 0
    client.connect({ address: server.address, port: server.port, remotePort: 7 }, (event, running) => {
      if (event.type === 'established') {
        running.input((sctp, now) => {
          for (let i = 0; i < 3; i++) sctp.send(i, 53, new Uint8Array(size / 3), {}, now)
        })
      } else if (event.type === 'message') {
        bytes += event.data.length
        if (bytes === size) running.input((sctp, now) => sctp.shutdown(now))
      } else if (event.type === 'closed') {
        if (event.error) reject(event.error)
        else resolve(bytes)
      }
    })
  })
  t.equal(got, size)
  t.equal(client.associations, 0)
  client.close()
  server.close()
})

const SERVER = '10.0.0.1'
const CLIENT = '10.0.0.2'
const OTHER = '10.0.0.3'

interface Got {
  readonly socket: DatagramSocket
  readonly bytes: Uint8Array
}

/** A server on a simulated network, and sockets from which packets made by hand are sent to it. */
class Net {
  readonly sim = new Simulation({ seed: 3, network: { delay: 10 } })
  readonly host = this.sim.createHost({ addresses: [CLIENT, OTHER] })
  readonly events: string[] = []
  readonly got: Got[] = []
  readonly accepted: RunningSctp<Association>[] = []
  /** Machines that the server has made. */
  made = 0
  server!: SctpOverUdp<Association>

  static async with(t: Test, options: Partial<RunSctpOptions<Association>> = {}): Promise<Net> {
    const net = new Net()
    const make = (given: SctpMachineOptions) => new Association({ crypto: seededCrypto(++net.made), ...given })
    net.server = await runSctp<Association>(make, {
      host: net.sim.createHost({ addresses: [SERVER] }),
      address: SERVER,
      port: 9899,
      listen: {
        port: 7,
        accept: running => {
          net.accepted.push(running)
          return event => net.events.push(event.type)
        },
      },
      ...options,
    })
    t.teardown(() => net.server.close())
    return net
  }

  async socket(address: string, port: number): Promise<DatagramSocket> {
    const receive = (bytes: Uint8Array) => this.got.push({ socket, bytes: bytes.slice() })
    const socket: DatagramSocket = await this.host.openDatagram({ address, port, receive })
    return socket
  }

  /** Sends a packet, from port 5000 to port 7 of SCTP, and gives what has come back. */
  async send(from: DatagramSocket, tag: number, ...chunks: readonly Chunk[]): Promise<Got[]> {
    const bytes = packet(tag, ...chunks)
    bytes.set([0, 7], 2)
    from.send(Packet.copy(seal(bytes)), SERVER, 9899)
    await this.sim.elapse(300)
    return this.got.splice(0)
  }

  /** Asks for an association; gives the server's tag and its cookie. */
  async init(from: DatagramSocket): Promise<{ readonly tag: number; readonly cookie: Chunk }> {
    const [answer] = chunksOf((await this.send(from, 0, init(1, { tag: 77 })))[0]!.bytes)
    return { tag: view(answer!).getUint32(0), cookie: chunk(10, 0, parameterOf(answer!, 7)!) }
  }
}

const summary = (got: readonly Got[]) =>
  got.map(({ socket, bytes }) => `${socket.port}: ${chunksOf(bytes).map(({ type }) => type)} under ${tagOf(bytes)}`)

t.test('an INIT is answered and forgotten; its cookie is good from where the INIT came, and nowhere else', async t => {
  const net = await Net.with(t)
  const own = await net.socket(CLIENT, 1000)
  const other = await net.socket(OTHER, 1001)
  const { tag, cookie } = await net.init(own)
  for (let i = 0; i < 20; i++) await net.init(other)
  t.equal(net.made, 21)
  t.equal(net.server.associations, 0)
  t.same(await net.send(other, tag, cookie), [])
  t.equal(net.server.associations, 0, 'from another address')
  t.same(summary(await net.send(own, tag, cookie, data(1000, [1, 2, 3]))), ['1000: 11 under 77', '1000: 3 under 77'])
  t.equal(net.server.associations, 1)
  t.match(net.accepted, [{ address: CLIENT, port: 1000, localPort: 7, remotePort: 5000 }])
  t.same(net.events, ['established', 'message'])
  const second = await net.init(other)
  await net.send(other, second.tag, second.cookie)
  t.equal(net.server.associations, 2, 'others are accepted as before')
})

t.test('answers follow the port of the last packet that was believed', async t => {
  const net = await Net.with(t)
  const before = await net.socket(CLIENT, 1000)
  const after = await net.socket(CLIENT, 1001)
  const stranger = await net.socket(CLIENT, 1002)
  const { tag, cookie } = await net.init(before)
  await net.send(before, tag, cookie)
  t.same(summary(await net.send(before, tag, data(1000, [1]))), ['1000: 3 under 77'])
  t.same(await net.send(stranger, tag ^ 1, data(1001, [1])), [], 'under another tag')
  t.same(summary(await net.send(stranger, 0, init(1, { tag: 88 }))), ['1002: 2 under 88'], 'an INIT, answered there')
  t.same(summary(await net.send(before, tag, data(1001, [1]))), ['1000: 3 under 77'], 'neither has moved it')
  t.same(summary(await net.send(after, tag, data(1002, [1]))), ['1001: 3 under 77'])
  net.accepted[0]!.input((sctp, now) => sctp.send(0, 53, new Uint8Array(9), {}, now))
  await net.sim.elapse(100)
  t.match(summary(net.got.splice(0)), [/^1001: 0 /])
  t.equal(net.accepted[0]!.port, 1001)
  net.accepted[0]!.input((sctp, now) => sctp.abort(now))
  await net.sim.elapse(100)
  t.same(summary(net.got.splice(0)), ['1001: 6 under 77'])
  t.same(net.events.slice(-1), ['closed'])
  t.equal(net.server.associations, 0)
})

t.test('what is nobody’s is answered as RFC 9260 8.4 says', async t => {
  const net = await Net.with(t)
  const deaf = await Net.with(t, { listen: { port: 8, accept: () => () => {} } })
  const full = await Net.with(t, { maxAssociations: 0 })
  for (const each of [net, deaf]) {
    const socket = await each.socket(CLIENT, 1000)
    t.same(summary(await each.send(socket, 5, data(1, [1]))), ['1000: 6 under 5'], 'DATA: ABORT')
    t.same(summary(await each.send(socket, 5, chunk(8, 0))), ['1000: 14 under 5'], 'SHUTDOWN ACK: SHUTDOWN COMPLETE')
    t.same(await each.send(socket, 5, chunk(6, 0)), [], 'ABORT: nothing')
    const answer = await each.send(socket, 0, init(1, { tag: 77 }))
    t.same(summary(answer), [each === net ? '1000: 2 under 77' : '1000: 6 under 77'])
    socket.send(Packet.copy(new Uint8Array(15)), SERVER, 9899)
    await each.sim.elapse(100)
    t.equal(each.server.counters.malformed, 1)
    t.equal(each.server.associations, 0)
  }
  t.same(await full.send(await full.socket(CLIENT, 1000), 0, init(1)), [])
  t.equal(full.server.counters.droppedFull, 1)
})

t.test('who is not accepted is told so', async t => {
  const net = await Net.with(t, { listen: { port: 7, accept: () => undefined } })
  const socket = await net.socket(CLIENT, 1000)
  const { tag, cookie } = await net.init(socket)
  const answers = (await net.send(socket, tag, cookie)).flatMap(({ bytes }) => chunksOf(bytes).map(({ type }) => type))
  t.ok(answers.includes(6))
  t.equal(net.server.associations, 0)
})

t.test('a port is free, or asking for it again is a mistake', async t => {
  const net = await Net.with(t)
  const to = { address: CLIENT, port: 1000, remotePort: 9 }
  const ports = Array.from({ length: 20 }, () => net.server.connect(to).localPort)
  t.equal(new Set(ports).size, 20)
  t.ok(ports.every(port => port >= 49_152 && port <= 65_535))
  t.throws(() => net.server.connect({ ...to, localPort: ports[0]! }), RangeError)
  t.equal(net.server.associations, 20)
})
