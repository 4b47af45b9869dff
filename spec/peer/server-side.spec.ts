/** What a server needs of ICE: one port for many, addresses that are shown, TCP, the lite role, credentials of its own. */

import t from 'tap'
import { TcpMux, UdpMux } from '../../lib/gather/index.ts'
import { hostSymbol, type RTCIceCandidate, RTCPeerConnection } from '../../lib/peer/index.ts'
import { seededCrypto } from '../providers.ts'
import { World } from './world.ts'

const shown = (connection: RTCPeerConnection): RTCIceCandidate[] => {
  const candidates: RTCIceCandidate[] = []
  connection.addEventListener('icecandidate', ({ candidate }) => {
    if (candidate?.candidate) candidates.push(candidate)
  })
  return candidates
}

t.test('one UDP port serves many connections, in both roles', async t => {
  const world = new World(1)
  const { sim } = world
  const serverHost = sim.createHost({ addresses: ['192.0.2.1', '2001:db8::1'] })
  const udpMux = await sim.run(UdpMux.open(serverHost, { port: 3478 }))
  const sockets = serverHost.openSockets
  const calls = []
  for (let i = 0; i < 6; i++) {
    const client = world.connect(sim.createHost({ addresses: [`192.0.2.${10 + i}`] }))
    const server = world.connect(serverHost, { udpMux, tcpCandidates: [] })
    const candidates = shown(server)
    calls.push(await (i % 2 === 0 ? world.call(client, server) : world.call(server, client)))
    t.strictSame(candidates.map(({ address, port }) => [address, port]).sort(), [
      ['192.0.2.1', 3478],
      ['2001:db8::1', 3478],
    ])
  }
  t.equal(serverHost.openSockets, sockets, 'and opens no other')
  for (const [i, call] of calls.entries()) await call.say(`hello ${i}`)
  for (const call of calls) call.close()
  const late = world.connect(serverHost, { udpMux })
  await (await world.call(late, world.connect(sim.createHost({ addresses: ['192.0.2.99'] })))).say('after the others')
  late.close()
  udpMux.close()
  await sim.elapse(100)
  t.equal(serverHost.openSockets, 0)
})

t.test('a connection on a shared port restarts ICE', async t => {
  const world = new World(2)
  const { sim } = world
  const host = sim.createHost({ addresses: ['192.0.2.1'] })
  const udpMux = await sim.run(UdpMux.open(host))
  const server = world.connect(host, { udpMux })
  const client = world.connect(sim.createHost({ addresses: ['192.0.2.2'] }))
  const call = await world.call(client, server)
  for (const offerer of [client, server]) {
    offerer.restartIce()
    await sim.run(world.negotiate(offerer, offerer === client ? server : client))
    await sim.elapse(3000)
    const who = offerer === client ? 'client' : 'server'
    await call.say(`after the restart of the ${who}`)
    t.equal(call.heard.length, who === 'client' ? 1 : 2)
  }
  call.close()
  udpMux.close()
})

t.test('a request for nobody makes the connection that it asks for, as libp2p does', async t => {
  const world = new World(3)
  const { sim } = world
  const host = sim.createHost({ addresses: ['192.0.2.1'] })
  const secret = 'libp2p+webrtc+v1/secret'
  const iceCredentials = { usernameFragment: secret, password: secret }
  const certificate = await sim.run(
    RTCPeerConnection.generateCertificate({
      name: 'ECDSA',
      namedCurve: 'P-256',
      [hostSymbol]: { host, crypto: seededCrypto(3) },
    } as never),
  )
  const [{ value }] = certificate.getFingerprints() as [{ value: string }]
  const servers: RTCPeerConnection[] = []
  const heard: unknown[] = []
  let offer = ''
  const udpMux = await sim.run(
    UdpMux.open(host, {
      port: 4001,
      unknown: ({ localFragment, remoteFragment, address }) => {
        t.strictSame([localFragment, remoteFragment, address], [secret, secret, '192.0.2.2'])
        const server = world.connect(host, {
          udpMux,
          iceCredentials,
          certificates: [certificate],
          tcpCandidates: [],
        })
        servers.push(server)
        server.ondatachannel = event => {
          event.channel.onmessage = ({ data }) => heard.push(data)
        }
        // libp2p learns the client's certificate by a handshake of its own; here it is known.
        void (async () => {
          await server.setRemoteDescription({ type: 'offer', sdp: offer.replace('actpass', 'active') })
          await server.setLocalDescription()
        })()
      },
    }),
  )
  const clientHost = sim.createHost({ addresses: ['192.0.2.2'] })
  const client = world.connect(clientHost, { iceCredentials, tcpCandidates: [] })
  const channel = client.createDataChannel('x')
  await sim.run(client.setLocalDescription())
  offer = client.localDescription!.sdp
  t.match(offer, /a=ice-ufrag:libp2p\+webrtc\+v1\/secret\r\na=ice-pwd:libp2p\+webrtc\+v1\/secret/)
  // Address, fragment and certificate are all in the server's multiaddr: the client answers itself.
  const answer = offer
    .replace('a=setup:actpass', 'a=setup:passive')
    .replace(/a=fingerprint:.*/, `a=fingerprint:sha-256 ${value.toUpperCase()}`)
    .concat('a=candidate:1 1 udp 1 192.0.2.1 4001 typ host\r\n')
  await sim.run(client.setRemoteDescription({ type: 'answer', sdp: answer }))
  await sim.run(() => channel.readyState === 'open')
  channel.send('no signalling')
  await sim.run(() => heard.length > 0)
  t.equal(servers.length, 1)
  client.close()
  for (const server of servers) server.close()
  udpMux.close()
})

t.test('where UDP is blocked, TCP connects: to a listener of its own, and to a shared port', async t => {
  for (const shared of [false, true]) {
    const world = new World(4)
    const { sim } = world
    const host = sim.createHost({ addresses: ['192.0.2.1'] })
    const tcpMux = shared ? await sim.run(TcpMux.open(host, { port: 443 })) : undefined
    const firewall = sim.createFirewall({ udp: false, tcp: [443, ...(shared ? [] : [5000])] })
    const inside = sim.createHost({ addresses: ['198.51.100.7'], behind: firewall })
    const listening = shared
      ? { tcpMux: tcpMux! }
      : { tcpCandidates: ['passive' as const], portRange: { min: 5000, max: 5000 } }
    const call = await world.call(world.connect(inside), world.connect(host, listening))
    t.equal(call.path, 'host tcp - host tcp')
    await call.say('over TCP')
    await sim.elapse(60_000)
    await call.say('a minute later')
    call.close()
    tcpMux?.close()
    await sim.elapse(1000)
    t.strictSame([host.openSockets, inside.openSockets], [0, 0])
  }
})

t.test('an advertised address is shown in the place of the own one, or beside it', async t => {
  const world = new World(5)
  const { sim } = world
  const nat = sim.createNat({ addresses: ['203.0.113.1'], kind: 'full-cone', portPreservation: true })
  const host = sim.createHost({ addresses: ['10.0.0.1'], behind: nat })
  for (const type of ['host', 'srflx'] as const) {
    const server = world.connect(host, { advertisedAddresses: [{ address: '203.0.113.1', type }], tcpCandidates: [] })
    const candidates = shown(server)
    const call = await world.call(server, world.connect(sim.createHost({ addresses: [`192.0.2.${type.length}`] })))
    t.strictSame(
      candidates.map(item => [item.type, item.address]),
      type === 'host'
        ? [['host', '203.0.113.1']]
        : [
            ['host', '10.0.0.1'],
            ['srflx', '203.0.113.1'],
          ],
    )
    await call.say('hello')
    call.close()
  }
})

t.test('a filter leaves addresses out, and whoever hides them shows names', async t => {
  const world = new World(6)
  const { sim } = world
  const host = sim.createHost({ addresses: ['192.0.2.1', '192.0.2.2'] })
  const peerHost = sim.createHost({ addresses: ['192.0.2.3'] })
  const a = world.connect(host, { addressFilter: ({ address }) => address !== '192.0.2.1', tcpCandidates: [] })
  const candidates = shown(a)
  const first = await world.call(a, world.connect(peerHost))
  t.strictSame(
    candidates.map(({ address }) => address),
    ['192.0.2.2'],
  )
  first.close()

  const hidden = world.connect(host, { hideHostAddresses: true })
  const names = shown(hidden)
  const other = world.connect(peerHost, { hideHostAddresses: true })
  const call = await world.call(hidden, other)
  t.ok(names.length >= 2 && names.every(({ address }) => /^[0-9a-f-]{36}\.local$/.test(address!)))
  t.notMatch(hidden.localDescription!.sdp, /192\.0\.2/)
  await call.say('by name')
  const selected = hidden.sctp!.transport.iceTransport.getSelectedCandidatePair()!
  t.ok([selected.local, selected.remote].every(({ address }) => address === null || address.endsWith('.local')))
  call.close()
  await sim.elapse(120_000)
  t.strictSame([host.openSockets, peerHost.openSockets], [0, 0])
})

t.test('a lite server only answers', async t => {
  for (const liteOffers of [true, false]) {
    const world = new World(7)
    const { sim } = world
    const server = world.connect(sim.createHost({ addresses: ['192.0.2.1'] }), { iceLite: true })
    const client = world.connect(sim.createHost({ addresses: ['192.0.2.2'] }))
    const call = await (liteOffers ? world.call(server, client) : world.call(client, server))
    t.match(server.localDescription!.sdp, /a=ice-lite\r\n/)
    t.strictSame(
      [server, client].map(({ sctp }) => sctp!.transport.iceTransport.role),
      ['controlled', 'controlling'],
    )
    await sim.elapse(90_000)
    await call.say('consent lasts')
    t.strictSame([server.connectionState, client.connectionState], ['connected', 'connected'])
    call.close()
  }
})

t.test('what makes no sense is a TypeError', t => {
  const world = new World(8)
  const host = world.sim.createHost({ addresses: ['192.0.2.1'] })
  const make = (configuration: object) =>
    new RTCPeerConnection({ ...configuration, [hostSymbol]: { host, crypto: {} as never } })
  for (const configuration of [
    { iceCredentials: { usernameFragment: 'abc', password: 'x'.repeat(22) } },
    { iceCredentials: { usernameFragment: 'abcd', password: 'short' } },
    { iceCredentials: { usernameFragment: 'ab:d', password: 'x'.repeat(22) } },
    { advertisedAddresses: [{ address: 'example.org' }] },
    { tcpCandidates: ['both'] },
    { udpMux: {} },
    { addressFilter: 'eth0' },
  ]) {
    t.throws(() => make(configuration), TypeError, JSON.stringify(configuration))
  }
  t.end()
})
