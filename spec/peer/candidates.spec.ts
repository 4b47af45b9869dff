/** Candidates: their class, their way into and out of a connection (webrtc-pc, 4.4.2 and 4.8). */

import t from 'tap'
import { hostSymbol, RTCIceCandidate, type RTCIceCandidateInit, RTCPeerConnection } from '../../lib/peer/index.ts'
import { Simulation } from '../../lib/sim/index.ts'
import { seededCrypto } from '../providers.ts'
import { createPair } from '../sim/pair.ts'
import { createCarelessPair } from './careless-pair.ts'

const HOST = 'candidate:1 1 udp 2130706431 192.0.2.1 54321 typ host ufrag Abcd'
const unchecked = (value: unknown) => value as never

const attributes = (candidate: RTCIceCandidate) => {
  const { foundation, component, priority, address, protocol, port, type } = candidate
  const { tcpType, relatedAddress, relatedPort, usernameFragment, relayProtocol, url } = candidate
  return [
    [foundation, component, priority, address, protocol, port, type],
    [tcpType, relatedAddress, relatedPort, usernameFragment, relayProtocol, url],
  ]
}

t.test('a candidate says what its attribute says', t => {
  const host = new RTCIceCandidate({ candidate: HOST, sdpMid: '0', usernameFragment: 'Abcd' })
  t.strictSame(attributes(host), [
    ['1', 'rtp', 2130706431, '192.0.2.1', 'udp', 54321, 'host'],
    [null, null, null, 'Abcd', null, null],
  ])
  const tcp = new RTCIceCandidate({
    candidate: 'candidate:x+/9 2 TCP 1 2001:db8::1 9 typ srflx raddr 10.0.0.1 rport 9 tcptype active generation 0',
    sdpMLineIndex: 3,
    relayProtocol: 'tls',
    url: 'turns:x',
  })
  t.strictSame(attributes(tcp), [
    ['x+/9', 'rtcp', 1, '2001:db8::1', 'tcp', 9, 'srflx'],
    ['active', '10.0.0.1', 9, null, 'tls', 'turns:x'],
  ])
  const mdns = 'candidate:1 1 udp 1 7a2f8a4e-0000-4000-8000-000000000000.local 5000 typ host'
  t.equal(new RTCIceCandidate({ candidate: mdns, sdpMid: '' }).address, '7a2f8a4e-0000-4000-8000-000000000000.local')
  t.end()
})

t.test('what cannot be read leaves its attributes null', t => {
  const texts = [
    '',
    'nonsense',
    'candidate:1 3 udp 1 192.0.2.1 1 typ host',
    'candidate:1 1 sctp 1 192.0.2.1 1 typ host',
  ]
  for (const text of texts) {
    const candidate = new RTCIceCandidate({ candidate: text, sdpMLineIndex: 0 })
    t.equal(candidate.candidate, text)
    t.strictSame(attributes(candidate), [Array(7).fill(null), Array(6).fill(null)])
  }
  t.end()
})

t.test('it must name an m-section', t => {
  for (const init of [undefined, {}, null, { candidate: HOST }, { sdpMid: null, sdpMLineIndex: null }]) {
    t.throws(() => new RTCIceCandidate(unchecked(init)), TypeError)
  }
  t.throws(() => new RTCIceCandidate({ sdpMid: '0', relayProtocol: unchecked('sctp') }), TypeError)
  const coerced = new RTCIceCandidate({ candidate: unchecked(5), sdpMid: unchecked(0), sdpMLineIndex: 65536 })
  t.strictSame([coerced.candidate, coerced.sdpMid, coerced.sdpMLineIndex], ['5', '0', 0])
  t.end()
})

t.test('toJSON keeps what signalling needs, and comes back', t => {
  const init = { candidate: HOST, sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'Abcd' }
  const candidate = new RTCIceCandidate({ ...init, relayProtocol: 'udp', url: 'turn:x' })
  t.strictSame(candidate.toJSON(), init)
  t.strictSame(new RTCIceCandidate(JSON.parse(JSON.stringify(candidate)) as RTCIceCandidateInit).toJSON(), init)
  t.end()
})

/** A connection with the peer's offer in place. */
const offered = async (seed: number) => {
  const pair = createPair({ seed })
  pair.a.onicecandidate = null
  pair.b.onicecandidate = null
  pair.a.createDataChannel('x')
  await pair.sim.run(pair.a.setLocalDescription())
  await pair.sim.run(() => pair.a.iceGatheringState === 'complete')
  const ufrag = /a=ice-ufrag:(\S+)/.exec(pair.a.localDescription!.sdp)![1]!
  return { ...pair, ufrag, candidate: `candidate:1 1 udp 2130706431 10.0.0.9 5000 typ host ufrag ${ufrag}` }
}

t.test('addIceCandidate checks where a candidate belongs', async t => {
  const { a, b, sim, ufrag, candidate } = await offered(51)
  const refused = async (init: unknown, error: { name: string }) => {
    const adding = b.addIceCandidate(unchecked(init))
    adding.catch(() => {})
    await t.rejects(sim.run(adding), error, JSON.stringify(init))
  }
  await refused({ candidate, sdpMid: '0' }, { name: 'InvalidStateError' })
  await refused({ candidate }, { name: 'TypeError' })
  await sim.run(b.setRemoteDescription(a.localDescription!))
  await refused({ candidate }, { name: 'TypeError' })
  await refused({ candidate, sdpMid: 'other' }, { name: 'OperationError' })
  await refused({ candidate, sdpMid: 'other', sdpMLineIndex: 0 }, { name: 'OperationError' })
  await refused({ candidate, sdpMLineIndex: 1 }, { name: 'OperationError' })
  await refused({ candidate, sdpMid: '0', usernameFragment: 'wrong' }, { name: 'OperationError' })
  await refused({ candidate: 'candidate:nonsense', sdpMid: '0' }, { name: 'OperationError' })
  await refused('text', { name: 'TypeError' })
  for (const fine of [
    { candidate, sdpMid: '0' },
    { candidate, sdpMLineIndex: 0 },
    new RTCIceCandidate({ candidate, sdpMid: '0', usernameFragment: ufrag }),
    { candidate: candidate.replace('10.0.0.9', 'name.local'), sdpMid: '0' },
    { candidate: '', sdpMid: '0' },
    {},
    null,
    undefined,
  ]) {
    t.equal(await sim.run(b.addIceCandidate(fine)), undefined)
  }
  t.ok(b.remoteDescription!.sdp.includes('10.0.0.9 5000'), 'the candidate shows in the description')
  t.ok(b.remoteDescription!.sdp.includes('a=end-of-candidates'))
  a.close()
  b.close()
})

t.test('candidates are announced with their m-section, and stand in the description by then', async t => {
  const pair = createPair({ seed: 52 })
  const { a, b, sim } = pair
  const told: RTCIceCandidate[] = []
  let nulls = 0
  a.onicecandidate = ({ candidate, url }) => {
    t.equal(url, null)
    if (candidate === null) nulls++
    else told.push(candidate)
    if (candidate?.candidate) t.ok(a.localDescription!.sdp.includes(`a=${candidate.candidate}`))
    if (candidate?.candidate === '') t.ok(a.localDescription!.sdp.includes('a=end-of-candidates'))
  }
  a.createDataChannel('x')
  await sim.run(a.setLocalDescription())
  t.notOk(a.localDescription!.sdp.includes('a=candidate'))
  const { localDescription } = a
  await sim.run(() => a.iceGatheringState === 'complete')
  t.equal(a.localDescription, localDescription, 'the same object, whose text has grown')
  t.equal(nulls, 1)
  t.strictSame(
    told.map(({ type, protocol, tcpType, port }) => [type, protocol, tcpType, port === 9]),
    [
      ['host', 'udp', null, false],
      ['host', 'tcp', 'active', true],
      [null, null, null, false],
    ],
  )
  const ufrag = /a=ice-ufrag:(\S+)/.exec(a.localDescription!.sdp)![1]
  for (const candidate of told) t.match(candidate, { sdpMid: '0', sdpMLineIndex: 0, usernameFragment: ufrag })
  const ice = a.sctp!.transport.iceTransport
  t.strictSame(ice.getLocalCandidates(), told.slice(0, 2))
  t.strictSame(ice.getRemoteCandidates(), [])
  t.equal(ice.getLocalParameters()!.usernameFragment, ufrag)
  t.equal(ice.getRemoteParameters(), null)
  t.equal(ice.getSelectedCandidatePair(), null)
  t.strictSame([ice.role, ice.component, ice.state, ice.gatheringState], ['controlling', 'rtp', 'new', 'complete'])
  a.close()
  b.close()
})

t.test('the relay policy shows and uses no host candidate', async t => {
  const pair = createCarelessPair({ seed: 53, a: { iceTransportPolicy: 'relay' } })
  const told: unknown[] = []
  pair.a.addEventListener('icecandidate', ({ candidate }) => told.push(candidate?.candidate))
  pair.a.createDataChannel('x')
  await pair.sim.run(pair.a.setLocalDescription())
  await pair.sim.run(() => pair.a.iceGatheringState === 'complete')
  t.strictSame(told, ['', undefined])
  pair.a.close()
  pair.b.close()
})

t.test('each candidate has a priority of its own, in the order of the addresses', async t => {
  const sim = new Simulation({ seed: 56 })
  const addresses = ['10.0.0.1', '10.0.0.2', '2001:db8::1', '2001:db8::2']
  const host = sim.createHost({ addresses })
  const tcpCandidates = ['active', 'passive', 'so'] as const
  const world = { [hostSymbol]: { host, crypto: seededCrypto(56) } }
  const connection = new RTCPeerConnection({ tcpCandidates: [...tcpCandidates], ...world })
  const told: RTCIceCandidate[] = []
  connection.onicecandidate = ({ candidate }) => {
    if (candidate?.candidate) told.push(candidate)
  }
  connection.createDataChannel('x')
  await sim.run(connection.setLocalDescription())
  await sim.run(() => connection.iceGatheringState === 'complete')
  t.equal(told.length, 16)
  t.equal(new Set(told.map(({ priority }) => priority)).size, 16)
  for (const tcpType of [null, ...tcpCandidates]) {
    const ofType = told.filter(item => item.tcpType === tcpType).sort((a, b) => b.priority! - a.priority!)
    t.strictSame(
      ofType.map(({ address }) => address),
      ['2001:db8::1', '10.0.0.1', '2001:db8::2', '10.0.0.2'],
      tcpType ?? 'udp',
    )
  }
  connection.close()
})

t.test('ports are taken from the range, and one that is taken is passed over', async t => {
  const sim = new Simulation({ seed: 54 })
  const host = sim.createHost({ addresses: ['10.0.0.1', '2001:db8::1'] })
  await host.openDatagram({ address: '10.0.0.1', port: 4000, receive: () => {} })
  const crypto = seededCrypto(54)
  const portRange = { min: 4000, max: 4001 }
  const tcpCandidates: [] = []
  const world = { [hostSymbol]: { host, crypto } }
  const connection = new RTCPeerConnection({ portRange, tcpCandidates, includeLoopback: true, ...world })
  const ports: Record<string, number> = {}
  connection.onicecandidate = ({ candidate }) => {
    if (candidate?.address) ports[candidate.address] = candidate.port!
  }
  connection.createDataChannel('x')
  await sim.run(connection.setLocalDescription())
  await sim.run(() => connection.iceGatheringState === 'complete')
  t.equal(ports['10.0.0.1'], 4001)
  t.strictSame(Object.keys(ports).sort(), ['10.0.0.1', '127.0.0.1', '2001:db8::1', '::1'])
  t.ok(Object.values(ports).every(port => port === 4000 || port === 4001))

  const crowded = new RTCPeerConnection({
    portRange: { min: 4000, max: 4000 },
    tcpCandidates,
    [hostSymbol]: { host, crypto: seededCrypto(55) },
  })
  const addresses: unknown[] = []
  crowded.onicecandidate = ({ candidate }) => {
    if (candidate?.address) addresses.push(candidate.address)
  }
  crowded.createDataChannel('x')
  await sim.run(crowded.setLocalDescription())
  await sim.run(() => crowded.iceGatheringState === 'complete')
  t.notOk(addresses.includes('10.0.0.1'), 'an address without a free port holds nothing up')
  connection.close()
  crowded.close()
})

t.test('the selected pair has the candidates that are known', async t => {
  const pair = createPair({ seed: 55 })
  pair.a.createDataChannel('x')
  void pair.negotiate()
  await pair.sim.run(() => pair.a.connectionState === 'connected' && pair.b.connectionState === 'connected')
  const ice = pair.a.sctp!.transport.iceTransport
  const selected = ice.getSelectedCandidatePair()!
  t.equal(selected.local, ice.getLocalCandidates()[0])
  t.equal(selected.remote, ice.getRemoteCandidates()[0])
  t.equal(ice.getSelectedCandidatePair(), selected)
  t.match(selected.remote, { address: '10.0.0.2', type: 'host', sdpMid: '0' })
  t.strictSame(
    [pair.a, pair.b].map(({ sctp }) => sctp!.transport.iceTransport.role),
    ['controlling', 'controlled'],
  )
  pair.a.close()
  pair.b.close()
})

for (const exposeRemoteAddresses of [false, true]) {
  t.test(`a peer-reflexive address is ${exposeRemoteAddresses ? 'shown when asked' : 'hidden'}`, async t => {
    const pair = createPair({ seed: 56, a: { exposeRemoteAddresses } })
    const { a, b, sim } = pair
    // The answerer's candidates are not signalled, nor in its description yet.
    b.onicecandidate = null
    a.createDataChannel('x')
    void pair.negotiate()
    await sim.run(() => a.connectionState === 'connected')
    const { remote } = a.sctp!.transport.iceTransport.getSelectedCandidatePair()!
    t.strictSame([remote.type, remote.candidate, remote.sdpMid], ['prflx', '', '0'])
    t.equal(remote.address, exposeRemoteAddresses ? '10.0.0.2' : null)
    const report = await sim.run(a.getStats())
    const candidate = [...report.values()].find(({ type }) => type === 'remote-candidate')
    t.match(candidate, { candidateType: 'prflx', address: exposeRemoteAddresses ? '10.0.0.2' : null })
    a.close()
    b.close()
  })
}
