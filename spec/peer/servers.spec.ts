/** STUN and TURN servers of a configuration: what they give, what is told of those that fail (webrtc-pc, 4.8.3). */

import t from 'tap'
import { createPortableCrypto } from '../../lib/crypto/portable.ts'
import {
  hostSymbol,
  type RTCConfiguration,
  type RTCIceCandidate,
  RTCPeerConnection,
  type RTCPeerConnectionIceErrorEvent,
} from '../../lib/peer/index.ts'
import { type SimulatedHost, Simulation, seededRandom } from '../../lib/sim/index.ts'
import { Attribute, Method, plainAddress, readXorAddress } from '../../lib/stun/index.ts'
import { createTurnServer } from '../turn/server.ts'

const SERVER = '198.51.100.1'
const USERS = { ada: 'secret' }
const credentials = { username: 'ada', credential: 'secret' }

/** A world with a TURN server in it. */
const createWorld = async (seed: number, options: Partial<Parameters<typeof createTurnServer>[1]> = {}) => {
  const sim = new Simulation({ seed, network: { delay: 10 } })
  const serverHost = sim.createHost({ addresses: [SERVER, '2001:db8:1::1'], name: 'server' })
  sim.setName('turn.example.org', [SERVER])
  const server = await sim.run(
    createTurnServer(serverHost, { addresses: [SERVER, '2001:db8:1::1'], users: USERS, tcp: true, ...options }),
  )
  let streams = seed * 31
  const connect = (host: SimulatedHost, configuration: RTCConfiguration) =>
    new RTCPeerConnection({
      ...configuration,
      [hostSymbol]: { host, crypto: createPortableCrypto(seededRandom(++streams)) },
    })
  return { sim, server, connect }
}

/** Gathers, and returns what was told. */
const gathered = async (sim: Simulation, connection: RTCPeerConnection) => {
  const candidates: RTCIceCandidate[] = []
  const errors: RTCPeerConnectionIceErrorEvent[] = []
  connection.addEventListener('icecandidate', ({ candidate }) => {
    if (candidate?.candidate) candidates.push(candidate)
  })
  connection.addEventListener('icecandidateerror', event => errors.push(event))
  if (connection.sctp === null) connection.createDataChannel('x')
  await sim.run(connection.setLocalDescription())
  await sim.run(() => connection.iceGatheringState === 'complete')
  return { candidates, errors }
}

t.test('every URL of every server is used, and candidates name it', async t => {
  const { sim, server, connect } = await createWorld(1, { tls: { port: 5349, names: ['turn.example.org'] } })
  const host = sim.createHost({ addresses: ['192.0.2.1'] })
  const urls = ['turn:turn.example.org', `turn:${SERVER}?transport=tcp`, 'turns:turn.example.org']
  const connection = connect(host, { iceServers: [{ urls, ...credentials }, { urls: `stun:${SERVER}` }] })
  const { candidates, errors } = await gathered(sim, connection)
  t.strictSame(
    errors.map(({ errorText }) => errorText),
    [],
  )
  const relays = candidates.filter(({ type }) => type === 'relay')
  t.strictSame(
    relays.map(({ url, relayProtocol, address }) => [url, relayProtocol, address]).sort(),
    [
      ['turn:198.51.100.1?transport=tcp', 'tcp', SERVER],
      ['turn:198.51.100.1?transport=tcp', 'tcp', '2001:db8:1::1'],
      ['turn:turn.example.org', 'udp', SERVER],
      ['turn:turn.example.org', 'udp', '2001:db8:1::1'],
      ['turns:turn.example.org', 'tls', SERVER],
      ['turns:turn.example.org', 'tls', '2001:db8:1::1'],
    ].sort(),
  )
  const best = (protocol: string) =>
    Math.max(...relays.filter(item => item.relayProtocol === protocol).map(({ priority }) => priority!))
  t.ok(best('udp') > best('tcp') && best('tcp') > best('tls'), 'the shorter way first')
  t.notOk(
    candidates.some(({ type }) => type === 'srflx'),
    'what a server sees is our own address: redundant',
  )
  t.equal(server.allocations.size, 3)
  connection.close()
  await sim.elapse(1000)
  t.equal(server.allocations.size, 0, 'allocations are given back')
  t.equal(host.openSockets, 0)
})

t.test('a server that is asked over both families gives each its own', async t => {
  const { sim, connect } = await createWorld(9)
  const iceServers = [{ urls: 'turn:both.example.org', ...credentials }]
  sim.setName('both.example.org', [SERVER, '2001:db8:1::1'])
  for (const [addresses, relays] of [
    [
      ['192.0.2.1', '2001:db8::1'],
      [SERVER, '2001:db8:1::1', '2001:db8:1::1'],
    ],
    [['192.0.2.2'], [SERVER, '2001:db8:1::1']],
    [['2001:db8::2'], [SERVER, '2001:db8:1::1']],
  ] as const) {
    const connection = connect(sim.createHost({ addresses }), { iceServers })
    const { candidates, errors } = await gathered(sim, connection)
    const found = candidates.filter(({ type }) => type === 'relay').map(({ address }) => address)
    t.strictSame([errors.length, found.sort()], [0, [...relays].sort()])
    connection.close()
  }
})

t.test('relay alone: nothing else is shown, and the data goes through the relay', async t => {
  const { sim, server, connect } = await createWorld(2)
  const iceServers = [{ urls: `turn:${SERVER}`, ...credentials }]
  const a = connect(sim.createHost({ addresses: ['192.0.2.1'] }), { iceServers, iceTransportPolicy: 'relay' })
  const b = connect(sim.createHost({ addresses: ['192.0.2.2'] }), {})
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate)
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate)
  const shown: RTCIceCandidate[] = []
  a.addEventListener('icecandidate', ({ candidate }) => {
    if (candidate?.candidate) shown.push(candidate)
  })
  const channel = a.createDataChannel('x')
  const heard: unknown[] = []
  b.ondatachannel = event => {
    event.channel.onmessage = ({ data }) => heard.push(data)
  }
  await sim.run(
    (async () => {
      await a.setLocalDescription()
      await b.setRemoteDescription(a.localDescription!)
      await b.setLocalDescription()
      await a.setRemoteDescription(b.localDescription!)
    })(),
  )
  await sim.run(() => channel.readyState === 'open')
  channel.send('through the relay')
  await sim.run(() => heard.length > 0)
  t.strictSame(heard, ['through the relay'])
  t.ok(shown.every(({ type }) => type === 'relay'))
  t.ok(
    shown.every(({ relatedAddress }) => relatedAddress === '0.0.0.0' || relatedAddress === '::'),
    'the address behind it is not told',
  )
  t.ok(server.counters.toPeers > 0 && server.counters.toClients > 0)
  const pair = a.sctp!.transport.iceTransport.getSelectedCandidatePair()!
  t.strictSame([pair.local.type, pair.local.relayProtocol, pair.local.url], ['relay', 'udp', `turn:${SERVER}`])
  const stats = [...(await sim.run(a.getStats())).values()] as { type: string; url?: string; relayProtocol?: string }[]
  t.ok(
    stats.some(entry => entry.type === 'local-candidate' && entry.relayProtocol === 'udp' && entry.url !== undefined),
  )
  a.close()
  b.close()
})

t.test('a server that fails as a whole is told once, with its code', async t => {
  const { sim, server, connect } = await createWorld(3)
  const host = sim.createHost({ addresses: ['192.0.2.1', '192.0.2.2'] })
  const cases = [
    { urls: `turn:${SERVER}`, username: 'ada', credential: 'wrong', code: 401 },
    { urls: 'turn:nowhere.example.org', ...credentials, code: 701 },
    { urls: 'stun:203.0.113.99', code: 701 },
    { urls: 'turns:203.0.113.99', ...credentials, code: 701 },
    { urls: `turn:${SERVER}:9999?transport=tcp`, ...credentials, code: 701 },
    { urls: `turns:${SERVER}?transport=udp`, ...credentials, code: 701 },
  ]
  const connection = connect(host, { iceServers: cases.map(({ code: _, ...server }) => server) })
  const { errors, candidates } = await gathered(sim, connection)
  t.strictSame(
    errors.map(({ url, errorCode }) => [url, errorCode]).sort(),
    cases.map(({ urls, code }) => [urls, code]).sort(),
  )
  const refused = errors.find(({ errorCode }) => errorCode === 401)!
  t.match(refused.address, /^192\.0\.2\.[12]$/)
  t.ok(candidates.some(({ address, port }) => address === refused.address && port === refused.port))
  t.ok(errors.every(({ errorText }) => errorText !== ''))
  t.ok(candidates.every(({ type }) => type === 'host'))
  t.equal(server.allocations.size, 0)
  connection.close()
})

t.test('refusals by a server are told by its own code', async t => {
  for (const code of [403, 441, 442, 486, 508]) {
    const { sim, server, connect } = await createWorld(code)
    server.refuse(code, { method: Method.allocate, times: 9 })
    const connection = connect(sim.createHost({ addresses: ['192.0.2.1'] }), {
      iceServers: [{ urls: `turn:${SERVER}`, ...credentials }],
    })
    const { errors } = await gathered(sim, connection)
    t.strictSame(
      errors.map(({ errorCode }) => errorCode),
      [code],
    )
    connection.close()
  }
})

t.test('a server that names another one is left for that', async t => {
  const { sim, server, connect } = await createWorld(4)
  const otherHost = sim.createHost({ addresses: ['198.51.100.2'] })
  const other = await sim.run(createTurnServer(otherHost, { addresses: ['198.51.100.2'], users: USERS }))
  const alternate = plainAddress(Attribute.alternateServer, { address: '198.51.100.2', port: 3478 })
  server.refuse(300, { method: Method.allocate, attributes: () => [alternate] })
  server.refuse(300, { method: Method.binding, attributes: () => [alternate], bare: true })
  const connection = connect(sim.createHost({ addresses: ['192.0.2.1'] }), {
    iceServers: [{ urls: [`turn:${SERVER}`, `stun:${SERVER}`], ...credentials }],
  })
  const { errors, candidates } = await gathered(sim, connection)
  t.strictSame([errors.length, server.allocations.size, other.allocations.size], [0, 0, 1])
  t.ok(candidates.some(({ type, address }) => type === 'relay' && address === '198.51.100.2'))
  connection.close()

  // Two that name each other are left in the end.
  server.refuse(300, { method: Method.allocate, attributes: () => [alternate], times: 9 })
  const back = plainAddress(Attribute.alternateServer, { address: SERVER, port: 3478 })
  other.refuse(300, { method: Method.allocate, attributes: () => [back], times: 9 })
  const lost = connect(sim.createHost({ addresses: ['192.0.2.2'] }), {
    iceServers: [{ urls: `turn:${SERVER}`, ...credentials }],
  })
  t.strictSame(
    (await gathered(sim, lost)).errors.map(({ errorCode }) => errorCode),
    [300],
  )
  lost.close()
})

t.test('credentials are asked for at first, and again when they have expired', async t => {
  const { sim, server, connect } = await createWorld(5, { longestLifetime: 60, lifetime: 60 })
  let asked = 0
  const getCredentials = async () => {
    asked++
    return { username: `user${asked}`, credential: `pass${asked}` }
  }
  server.users.set('user1', 'pass1')
  const connection = connect(sim.createHost({ addresses: ['192.0.2.1'] }), {
    iceServers: [{ urls: `turn:${SERVER}`, getCredentials }],
  })
  const { errors, candidates } = await gathered(sim, connection)
  t.strictSame([errors.length, candidates.filter(({ type }) => type === 'relay').length, asked], [0, 2, 1])
  connection.close()

  const refused = connect(sim.createHost({ addresses: ['192.0.2.3'] }), {
    iceServers: [
      {
        urls: `turn:${SERVER}`,
        getCredentials: () => {
          throw new Error('the service is down')
        },
      },
    ],
  })
  t.strictSame(
    (await gathered(sim, refused)).errors.map(({ errorCode }) => errorCode),
    [701],
  )
  refused.close()
})

t.test('a pool gathers before anything is negotiated', async t => {
  const { sim, server, connect } = await createWorld(6)
  const host = sim.createHost({ addresses: ['192.0.2.1'] })
  const iceServers = [{ urls: `turn:${SERVER}`, ...credentials }]
  const connection = connect(host, { iceServers, iceCandidatePoolSize: 1 })
  await sim.elapse(1000)
  t.equal(server.allocations.size, 1)
  t.equal(connection.iceGatheringState, 'new')
  const before = sim.now()
  const { candidates } = await gathered(sim, connection)
  t.ok(candidates.some(({ type }) => type === 'relay'))
  t.equal(sim.now(), before, 'there was nothing left to wait for')
  t.equal(server.allocations.size, 1)
  connection.close()
  const unused = connect(host, { iceServers, iceCandidatePoolSize: 2 })
  await sim.elapse(1000)
  t.equal(server.allocations.size, 2)
  unused.setConfiguration({ iceServers, iceCandidatePoolSize: 0 })
  await sim.elapse(1000)
  t.equal(server.allocations.size, 0)
  unused.close()
  await sim.elapse(1000)
  t.equal(host.openSockets, 0)
})

t.test('the policy can change to relay alone: a restart moves the connection there', async t => {
  const { sim, connect } = await createWorld(7)
  const iceServers = [{ urls: `turn:${SERVER}`, ...credentials }]
  const aHost = sim.createHost({ addresses: ['192.0.2.1'] })
  const a = connect(aHost, { iceServers })
  const b = connect(sim.createHost({ addresses: ['192.0.2.2'] }), {})
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate)
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate)
  const negotiate = async () => {
    await a.setLocalDescription()
    await b.setRemoteDescription(a.localDescription!)
    await b.setLocalDescription()
    await a.setRemoteDescription(b.localDescription!)
  }
  const channel = a.createDataChannel('x')
  const heard: unknown[] = []
  b.ondatachannel = event => {
    event.channel.onmessage = ({ data }) => heard.push(data)
  }
  await sim.run(negotiate())
  await sim.run(() => channel.readyState === 'open')
  const { iceTransport } = a.sctp!.transport
  t.equal(iceTransport.getSelectedCandidatePair()!.local.type, 'host')
  a.setConfiguration({ iceServers, iceTransportPolicy: 'relay' })
  a.restartIce()
  channel.send('in between')
  await sim.run(negotiate())
  await sim.run(() => iceTransport.getSelectedCandidatePair()!.local.type === 'relay')
  channel.send('relayed')
  await sim.run(() => heard.length === 2)
  t.strictSame(
    iceTransport
      .getLocalCandidates()
      .filter(({ type }) => type !== 'relay')
      .map(({ candidate }) => candidate),
    [],
  )

  // A server that is taken out of the configuration is left at the next restart.
  a.setConfiguration({ iceServers: [], iceTransportPolicy: 'all' })
  a.restartIce()
  await sim.run(negotiate())
  await sim.run(() => iceTransport.getSelectedCandidatePair()!.local.type === 'host')
  channel.send('direct')
  await sim.run(() => heard.length === 3)
  t.strictSame(heard, ['in between', 'relayed', 'direct'])
  a.close()
  b.close()
  await sim.elapse(1000)
  t.equal(aHost.openSockets, 0)
})

t.test('of the addresses of a name, the next is tried when nobody is at the first', async t => {
  const { sim, server, connect } = await createWorld(10)
  sim.setName('turn.example.net', ['203.0.113.99', SERVER])
  const urls = ['turn:turn.example.net', 'turn:turn.example.net?transport=tcp', 'stun:turn.example.net']
  const connection = connect(sim.createHost({ addresses: ['192.0.2.1'] }), { iceServers: [{ urls, ...credentials }] })
  const { errors, candidates } = await gathered(sim, connection)
  t.strictSame([errors.length, server.allocations.size], [0, 2])
  t.strictSame(new Set(candidates.map(({ relayProtocol }) => relayProtocol)), new Set([null, 'udp', 'tcp']))
  connection.close()

  // A refusal is an answer: the second address would give the same one.
  const refused = connect(sim.createHost({ addresses: ['192.0.2.2'] }), {
    iceServers: [{ urls: 'turn:back.example.net', username: 'ada', credential: 'wrong' }],
  })
  sim.setName('back.example.net', [SERVER, '203.0.113.99'])
  const before = sim.now()
  t.strictSame(
    (await gathered(sim, refused)).errors.map(({ errorCode }) => errorCode),
    [401],
  )
  t.ok(sim.now() - before < 1000)
  refused.close()
})

t.test('a relay that is reached from an address goes with it', async t => {
  const { sim, connect } = await createWorld(11)
  const host = sim.createHost({ addresses: ['192.0.2.1', '192.0.2.2'] })
  const iceServers = [{ urls: `turn:${SERVER}`, ...credentials }]
  const connection = connect(host, { iceServers })
  await gathered(sim, connection)
  const relays = async () => {
    const report = await sim.run(connection.getStats())
    const entries = [...report.values()] as { candidateType?: string }[]
    return entries.filter(({ candidateType }) => candidateType === 'relay').length
  }
  t.equal(await relays(), 4)
  host.removeAddress('192.0.2.1')
  await sim.elapse(10)
  t.equal(await relays(), 2)
  connection.close()
})

t.test('relays are open to the peer before our own checks have their turn', async t => {
  const { sim, server, connect } = await createWorld(12)
  const iceServers = [{ urls: `turn:${SERVER}`, ...credentials }]
  const a = connect(sim.createHost({ addresses: ['192.0.2.1'] }), { iceServers, iceTransportPolicy: 'relay' })
  const b = connect(sim.createHost({ addresses: ['192.0.2.2', '192.0.2.3'] }), {})
  a.createDataChannel('x')
  await sim.run(a.setLocalDescription())
  await sim.run(() => a.iceGatheringState === 'complete')
  await sim.run(b.setRemoteDescription(a.localDescription!))
  await sim.run(b.setLocalDescription())
  await sim.run(() => b.iceGatheringState === 'complete')
  await sim.run(a.setRemoteDescription(b.localDescription!))
  await sim.elapse(1)
  // Half a round trip to the server later, though checks are 50 ms apart.
  await sim.elapse(20)
  const permitted = server.served
    .filter(({ method }) => method === Method.createPermission)
    .flatMap(({ message }) =>
      message.attributes
        .filter(({ type }) => type === Attribute.xorPeerAddress)
        .map(({ value }) => readXorAddress(value, message.transactionId)?.address),
    )
  t.strictSame(permitted.sort(), ['192.0.2.2', '192.0.2.3'])
  a.close()
  b.close()
})
