/** What a connection gathers again: by the configuration of then (webrtc-pc, 4.4.1.6), and by what the machine is then. */

import t from 'tap'
import { UdpMux } from '../../lib/gather/index.ts'
import type { RTCConfiguration, RTCPeerConnection, RTCPeerConnectionIceErrorEvent } from '../../lib/peer/index.ts'
import type { SimulatedHost } from '../../lib/sim/index.ts'
import { createTurnServer } from '../turn/server.ts'
import { World } from './world.ts'

const SERVER = '198.51.100.1'
const turn = { urls: `turn:${SERVER}`, username: 'ada', credential: 'secret' }

const startServer = (world: World) => {
  const host = world.sim.createHost({ addresses: [SERVER], name: 'server' })
  return world.sim.run(createTurnServer(host, { addresses: [SERVER], users: { ada: 'secret' }, tcp: true }))
}

/** What is told from now until gathering is complete. */
const gathered = async (world: World, connection: RTCPeerConnection) => {
  const told: string[] = []
  const listen = ({ candidate }: { candidate: { candidate: string } | null }): void => {
    if (candidate?.candidate) told.push(candidate.candidate)
  }
  connection.addEventListener('icecandidate', listen)
  if (connection.localDescription !== null) connection.restartIce()
  else connection.createDataChannel('x')
  await world.sim.run(connection.setLocalDescription())
  await world.sim.run(() => connection.iceGatheringState === 'gathering')
  await world.sim.run(() => connection.iceGatheringState === 'complete')
  connection.removeEventListener('icecandidate', listen)
  return told
}

/** Gathers, then again by another configuration; returns what was told each time. */
const twice = async (world: World, host: SimulatedHost, first: RTCConfiguration, then: RTCConfiguration) => {
  const connection = world.connect(host, first)
  const before = await gathered(world, connection)
  connection.setConfiguration({ ...first, ...then })
  const after = await gathered(world, connection)
  const { sdp } = connection.localDescription!
  connection.close()
  await world.sim.elapse(20_000)
  t.equal(host.openSockets, 0, 'nothing is left open')
  return { before, after, sdp }
}

const typeOf = (candidate: string): string => / typ (\w+)/.exec(candidate)![1]!

t.test('host addresses that are to be hidden from now on are', async t => {
  const world = new World(1)
  const host = world.sim.createHost({ addresses: ['192.0.2.1'] })
  const { before, after, sdp } = await twice(world, host, {}, { hideHostAddresses: true })
  t.match(before.join(), /192\.0\.2\.1/)
  t.ok(after.length > 0)
  t.notMatch(after.join() + sdp, /192\.0\.2\.1/)
  const back = await twice(world, host, { hideHostAddresses: true }, { hideHostAddresses: false })
  t.notMatch(back.before.join(), /192\.0\.2\.1/)
  t.match(back.after.join(), /192\.0\.2\.1/)
  t.notMatch(back.after.join(), /\.local/)
})

t.test('where relays come from is hidden as soon as they are all that is to be shown', async t => {
  const world = new World(2)
  await startServer(world)
  const host = world.sim.createHost({ addresses: ['192.0.2.1'] })
  const { before, after, sdp } = await twice(world, host, { iceServers: [turn] }, { iceTransportPolicy: 'relay' })
  t.match(before.join(), /typ relay raddr 192\.0\.2\.1 /)
  t.strictSame([...new Set(after.map(typeOf))], ['relay'])
  t.notMatch(after.join() + sdp, /192\.0\.2\.1/)
  const all = await twice(
    world,
    host,
    { iceServers: [turn], iceTransportPolicy: 'relay' },
    { iceTransportPolicy: 'all' },
  )
  t.strictSame([...new Set(all.after.map(typeOf))].sort(), ['host', 'relay'])
  t.match(all.after.join(), / tcp .* tcptype active/i, 'TCP bases, which relays do not need')
})

t.test('addresses under the filter are not used any more, and those that advertise them not shown', async t => {
  const world = new World(3)
  const host = world.sim.createHost({ addresses: ['192.0.2.1', '192.0.2.2'] })
  const addressFilter = ({ address }: { address: string }) => address !== '192.0.2.1'
  const { before, after } = await twice(world, host, {}, { addressFilter })
  t.match(before.join(), /192\.0\.2\.1/)
  t.notMatch(after.join(), /192\.0\.2\.1/)
  t.match(after.join(), /192\.0\.2\.2/)
  const moved = await twice(
    world,
    host,
    { advertisedAddresses: [{ address: '203.0.113.1', base: '192.0.2.1' }] },
    { advertisedAddresses: [{ address: '203.0.113.2', base: '192.0.2.1' }] },
  )
  t.match(moved.before.join(), /203\.0\.113\.1/)
  t.notMatch(moved.after.join(), /203\.0\.113\.1/)
  t.match(moved.after.join(), /203\.0\.113\.2/)
})

t.test('streams to a server leave from addresses that the filter lets through, or not at all', async t => {
  const world = new World(13)
  await startServer(world)
  const host = world.sim.createHost({ addresses: ['192.0.2.1', '192.0.2.2'] })
  const iceServers = [{ ...turn, urls: `turn:${SERVER}?transport=tcp` }]
  for (const [allowed, sources] of [
    [['192.0.2.1', '192.0.2.2'], ['192.0.2.1']],
    [['192.0.2.2'], ['192.0.2.2']],
    [[], []],
  ] as const) {
    const addressFilter = ({ address }: { address: string }) => allowed.some(item => item === address)
    const connection = world.connect(host, { iceServers, addressFilter })
    const relays = (await gathered(world, connection)).filter(candidate => typeOf(candidate) === 'relay')
    t.strictSame(
      relays.map(candidate => / raddr (\S+)/.exec(candidate)![1]),
      sources,
    )
    connection.close()
  }
})

t.test('kinds of TCP candidates come and go', async t => {
  const world = new World(4)
  const host = world.sim.createHost({ addresses: ['192.0.2.1'] })
  const { before, after } = await twice(world, host, { tcpCandidates: ['passive'] }, { tcpCandidates: ['active'] })
  t.match(before.join(), /tcptype passive/)
  t.notMatch(before.join(), /tcptype active/)
  t.match(after.join(), /tcptype active/)
  t.notMatch(after.join(), /tcptype passive/)
})

t.test('what a server has said that is not asked any more is not told again', async t => {
  const world = new World(5)
  await startServer(world)
  const nat = world.sim.createNat({ addresses: ['203.0.113.1'] })
  const host = world.sim.createHost({ addresses: ['10.0.0.1'], behind: nat })
  const iceServers = [{ urls: `stun:${SERVER}` }]
  const { before, after } = await twice(world, host, { iceServers }, { iceServers: [] })
  t.ok(before.some(candidate => typeOf(candidate) === 'srflx'))
  t.notOk(after.some(candidate => typeOf(candidate) === 'srflx'))
  const same = await twice(world, host, { iceServers: [turn] }, {})
  t.strictSame(same.after.map(typeOf).sort(), same.before.map(typeOf).sort(), 'a relay, and what its server saw of us')
  t.ok(same.after.some(candidate => typeOf(candidate) === 'srflx'))
})

t.test('a port that was taken at first is tried again', async t => {
  const world = new World(6)
  const host = world.sim.createHost({ addresses: ['192.0.2.1'] })
  const other = await world.sim.run(host.openDatagram({ address: '192.0.2.1', port: 5000, receive: () => {} }))
  const connection = world.connect(host, { portRange: { min: 5000, max: 5000 } })
  t.notMatch((await gathered(world, connection)).join(), / udp /i)
  other.close()
  t.match((await gathered(world, connection)).join(), / udp .* 192\.0\.2\.1 5000 typ host/i)
  connection.close()
})

t.test('a shared port that is closed gives no candidates', async t => {
  const world = new World(7)
  const host = world.sim.createHost({ addresses: ['192.0.2.1'] })
  const udpMux = await world.sim.run(UdpMux.open(host))
  const connection = world.connect(host, { udpMux, tcpCandidates: [] })
  t.equal((await gathered(world, connection)).length, 1)
  udpMux.close()
  t.strictSame(await gathered(world, connection), [], 'closed in use')
  connection.close()
  const late = world.connect(host, { udpMux, tcpCandidates: [] })
  t.strictSame(await gathered(world, late), [], 'closed before')
  late.close()
})

t.test('what a filter throws is reported, and shows nothing', async t => {
  const world = new World(8)
  const host = world.sim.createHost({ addresses: ['192.0.2.1'] })
  const reported: unknown[] = []
  const queue = host.queueTask.bind(host)
  host.queueTask = task =>
    queue(() => {
      try {
        task()
      } catch (error) {
        reported.push(error)
      }
    })
  const mistake = new Error('a mistake')
  const connection = world.connect(host, {
    addressFilter: () => {
      throw mistake
    },
  })
  t.strictSame(await gathered(world, connection), [])
  t.ok(reported.length > 0 && reported.every(error => error === mistake))
  connection.close()
})

t.test('the pool is emptied when the first descriptions are agreed on', async t => {
  const world = new World(9)
  const [here, there] = [['192.0.2.1'], ['192.0.2.2']].map(addresses => world.sim.createHost({ addresses }))
  const a = world.connect(here!, { iceCandidatePoolSize: 5 })
  const call = await world.call(a, world.connect(there!))
  await world.sim.elapse(1000)
  t.equal(here!.openSockets, 1)
  a.setConfiguration({ iceCandidatePoolSize: 5, iceServers: [{ urls: 'stun:192.0.2.9' }] })
  await world.sim.elapse(1000)
  t.equal(here!.openSockets, 1, 'and not filled again')
  call.close()
})

t.test('an error tells the address that it came about at only where a candidate does', async t => {
  const world = new World(11)
  const host = world.sim.createHost({ addresses: ['192.0.2.1'] })
  const iceServers = [{ urls: 'stun:192.0.2.99' }]
  for (const [configuration, shown] of [
    [{}, '192.0.2.1'],
    [{ advertisedAddresses: [{ address: '203.0.113.1' }] }, null],
    [{ hideHostAddresses: true }, null],
  ] as const) {
    const connection = world.connect(host, { ...(configuration as RTCConfiguration), iceServers })
    const errors: RTCPeerConnectionIceErrorEvent[] = []
    connection.onicecandidateerror = event => errors.push(event)
    await gathered(world, connection)
    t.strictSame(
      errors.map(({ address, port }) => [address, port === null]),
      [[shown, shown === null]],
    )
    connection.close()
  }
})

t.test('whoever only answers asks no server', async t => {
  const world = new World(12)
  await startServer(world)
  const host = world.sim.createHost({ addresses: ['192.0.2.1'] })
  const connection = world.connect(host, { iceLite: true, iceServers: [turn, { urls: `stun:${SERVER}` }] })
  t.strictSame((await gathered(world, connection)).map(typeOf), ['host'])
  connection.close()
})
