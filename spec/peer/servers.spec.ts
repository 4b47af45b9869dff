/** STUN and TURN servers of a configuration: what they give, what is told of those that fail (webrtc-pc, 4.8.3). */

import t from 'tap'
import { Attribute, Method, plainAddress } from '../../lib/stun/index.ts'
import { createTurnServer } from '../turn/server.ts'
import { createWorld, credentials, gathered, SERVER, USERS } from './server-world.ts'

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

t.test('a binding at a STUN server is kept until there is a connection, and not afterwards', async t => {
  const { sim, server, connect } = await createWorld(13)
  const nat = sim.createNat({ addresses: ['203.0.113.1'], kind: 'port-restricted', bindingLifetime: 30_000 })
  const iceServers = [{ urls: `stun:${SERVER}` }]
  const a = connect(sim.createHost({ addresses: ['10.0.0.1'], behind: nat }), { iceServers })
  const b = connect(sim.createHost({ addresses: ['192.0.2.2'] }), {})
  const { candidates } = await gathered(sim, a)
  const mapped = candidates.find(({ type }) => type === 'srflx')!
  const asked = () => server.served.filter(({ method }) => method === Method.binding).length
  // Somebody takes his time to answer the offer; the NAT would have forgotten.
  await sim.elapse(120_000)
  t.ok(asked() >= 8, `${asked()} requests`)
  a.onicecandidate = null
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate)
  await sim.run(b.setRemoteDescription(a.localDescription!))
  await sim.run(b.setLocalDescription())
  await sim.run(a.setRemoteDescription(b.localDescription!))
  await sim.run(() => b.connectionState === 'connected')
  const { remote } = b.sctp!.transport.iceTransport.getSelectedCandidatePair()!
  t.strictSame([remote.address, remote.port], [mapped.address, mapped.port])
  const before = asked()
  await sim.elapse(120_000)
  t.equal(asked(), before)
  t.equal(a.connectionState, 'connected')
  a.close()
  b.close()
})
