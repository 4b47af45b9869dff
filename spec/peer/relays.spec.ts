/** Relays of a connection: alone by policy, taken over to at a restart, gone with their socket, open to the peer early. */

import t from 'tap'
import type { RTCIceCandidate } from '../../lib/peer/index.ts'
import { Attribute, Method, readXorAddress } from '../../lib/stun/index.ts'
import { createWorld, credentials, gathered, SERVER } from './server-world.ts'

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
