import t from 'tap'
import {
  type CandidateType,
  type IceCandidate,
  type LocalCandidateInit,
  MOST_PAIRS,
  type TcpType,
} from '../../lib/ice/index.ts'
import { Alone, encodeAnswer, encodeCheck, PEER, SOCKET } from './raw-peer.ts'

const remote = (address: string, port: number, tcpType?: TcpType, type: CandidateType = 'host'): IceCandidate => ({
  foundation: `${address.length}${port}`,
  component: 1,
  protocol: tcpType === undefined ? 'udp' : 'tcp',
  priority: 1_000_000 + port,
  type,
  address,
  port,
  ...(tcpType && { tcpType }),
})

/** An agent that knows the peer's credentials, and has its UDP socket 7 on 192.0.2.1:1001 besides those named. */
const withLocals = (...locals: LocalCandidateInit[]): Alone => {
  const alone = new Alone('controlling').meet('none')
  for (const local of locals) alone.agent.addLocalCandidate(local, 0)
  return alone
}
const tcp = (socket: number, tcpType: TcpType): LocalCandidateInit => ({
  socket,
  type: 'host',
  protocol: 'tcp',
  tcpType,
  address: '192.0.2.1',
  port: tcpType === 'active' ? 9 : 1001,
})
const paths = ({ agent }: Alone) => agent.pairs.map(({ socket, remotePort }) => `${socket}>${remotePort}`).sort()

t.test('a server-reflexive candidate is checked from its base, once for both (RFC 8445, 6.1.2.4)', t => {
  const alone = withLocals({
    socket: 7,
    type: 'srflx',
    address: '203.0.113.1',
    port: 5000,
    baseAddress: SOCKET.address,
    basePort: SOCKET.port,
    server: '198.51.100.1',
  })
  alone.agent.addRemoteCandidate(remote(PEER.address, 1002), 0)
  t.match(alone.agent.pairs, [{ socket: 7, local: { type: 'host', address: SOCKET.address } }])
  t.equal(alone.agent.pairs.length, 1)
  alone.pass(50)
  alone.answerLast({ mapped: { address: '203.0.113.1', port: 5000 } })
  t.match(alone.agent.selectedPair?.local, { type: 'srflx', address: '203.0.113.1' }, 'the peer sees it as that')
  t.equal(alone.agent.localCandidates.length, 2, 'nothing was discovered')
  t.end()
})

t.test('a server-reflexive candidate without its host candidate is checked from its base all the same', t => {
  const alone = withLocals({
    socket: 8,
    type: 'srflx',
    address: '203.0.113.1',
    port: 5000,
    baseAddress: '10.0.0.1',
    basePort: 4000,
  })
  alone.agent.addRemoteCandidate(remote(PEER.address, 1002), 0)
  t.same(paths(alone), ['7>1002', '8>1002'])
  t.same(
    alone.agent.localCandidates.map(({ address }) => address),
    [SOCKET.address, '203.0.113.1'],
    'the base is not told',
  )
  const base = { socket: 8, type: 'host', address: '10.0.0.1', port: 4000 } as const
  t.match(alone.agent.addLocalCandidate(base, 0), { type: 'host', address: '10.0.0.1' }, 'until it is named')
  t.same(paths(alone), ['7>1002', '8>1002'])
  t.end()
})

t.test('redundant candidates are not told twice (RFC 8445, 5.1.3)', t => {
  const alone = withLocals()
  const reflexive = {
    socket: 7,
    type: 'srflx',
    address: '203.0.113.1',
    port: 5000,
    baseAddress: SOCKET.address,
  } as const
  t.ok(alone.agent.addLocalCandidate({ ...reflexive, server: '198.51.100.1' }, 0))
  t.equal(alone.agent.addLocalCandidate({ ...reflexive, server: '198.51.100.2' }, 0), undefined, 'of another server')
  const open = { ...reflexive, address: SOCKET.address, port: SOCKET.port }
  t.equal(alone.agent.addLocalCandidate(open, 0), undefined, 'no NAT: the base itself')
  t.ok(alone.agent.addLocalCandidate({ ...reflexive, socket: 8 }, 0), 'the same address with another base is another')
  t.end()
})

t.test('an unsignalled candidate is checked from and not told, until it is named again', t => {
  const hidden = { socket: 8, type: 'host', address: '198.51.100.9', port: 80 } as const
  const alone = withLocals({ ...hidden, unsignalled: true })
  t.equal(alone.agent.localCandidates.length, 1)
  alone.agent.addRemoteCandidate(remote(PEER.address, 1002), 0)
  t.same(paths(alone), ['7>1002', '8>1002'])
  t.match(alone.agent.addLocalCandidate(hidden, 0), { address: '198.51.100.9' })
  t.equal(alone.agent.localCandidates.length, 2)
  t.end()
})

t.test('names and advertised addresses stand for the base, and are not discovered again', t => {
  for (const address of ['11112222-3333.local', '203.0.113.8']) {
    const alone = withLocals({ socket: 8, type: 'host', address, port: 4000, baseAddress: '10.0.0.1' })
    alone.agent.addRemoteCandidate(remote(PEER.address, 1002), 0)
    alone.pass(100)
    const check = alone.take().find(({ socket }) => socket === 8)!
    alone.receive(encodeAnswer(check.message, { mapped: { address: '10.0.0.1', port: 4000 } }), PEER, 8)
    t.match(alone.agent.selectedPair?.local, { type: 'host', address })
    t.equal(alone.agent.localCandidates.length, 2)
  }
  t.end()
})

t.test('a relayed candidate has a base of its own', t => {
  const alone = withLocals({ socket: 8, type: 'relay', address: '198.51.100.5', port: 6000, url: 'turn:x' })
  alone.agent.addRemoteCandidate(remote(PEER.address, 1002), 0)
  t.match(alone.agent.pairs, [
    { socket: 7, local: { type: 'host' } },
    { socket: 8, local: { type: 'relay', url: 'turn:x' } },
  ])
  t.end()
})

t.test('IPv4 and IPv6, link-local and wider addresses make no pairs', t => {
  const alone = withLocals(
    { socket: 8, type: 'host', address: '2001:db8::1', port: 1 },
    { socket: 9, type: 'host', address: 'fe80::1', port: 1 },
  )
  alone.agent.addRemoteCandidate(remote('192.0.2.2', 4), 0)
  alone.agent.addRemoteCandidate(remote('2001:db8::2', 6), 0)
  alone.agent.addRemoteCandidate(remote('fe80::2', 10), 0)
  t.same(paths(alone), ['7>4', '8>6', '9>10'])
  t.end()
})

t.test('over TCP, active is paired with passive and simultaneous-open with its like (RFC 6544, 6.2)', t => {
  const alone = withLocals(tcp(1, 'active'), tcp(2, 'passive'), tcp(3, 'so'))
  alone.agent.addRemoteCandidate(remote(PEER.address, 9, 'active'), 0)
  alone.agent.addRemoteCandidate(remote(PEER.address, 100, 'passive'), 0)
  alone.agent.addRemoteCandidate(remote(PEER.address, 101, 'so'), 0)
  alone.agent.addRemoteCandidate(remote(PEER.address, 102), 0)
  t.same(paths(alone), ['1>100', '3>101', '7>102'], 'a passive one of ours waits')
  t.end()
})

t.test('one address and port may be two candidates, over UDP and over TCP', t => {
  const alone = withLocals(tcp(1, 'active'))
  alone.agent.addRemoteCandidate(remote(PEER.address, 100), 0)
  alone.agent.addRemoteCandidate(remote(PEER.address, 100, 'passive'), 0)
  t.same(paths(alone), ['1>100', '7>100'])
  t.end()
})

t.test('what checks a passive candidate is an active one of the peer, and is checked over its connection', t => {
  for (const [mine, theirs] of [
    ['passive', 'active'],
    ['so', 'so'],
  ] as const) {
    const alone = withLocals(tcp(2, mine))
    alone.receive(encodeCheck({ role: 'controlled' }), { address: PEER.address, port: 50_000 }, 2)
    t.match(alone.agent.remoteCandidates, [{ type: 'prflx', protocol: 'tcp', tcpType: theirs, port: 50_000 }])
    alone.pass(50)
    const check = alone.take().at(-1)!
    t.match(check, { socket: 2, port: 50_000 })
    alone.receive(encodeAnswer(check.message, { mapped: { address: '192.0.2.1', port: 1001 } }), check, 2)
    t.match(alone.agent.selectedPair, { valid: true, local: { tcpType: mine } })
  }
  t.end()
})

t.test('a check over TCP is sent once, and waited for as long as seven would be', t => {
  const alone = withLocals(tcp(1, 'active'))
  alone.agent.addRemoteCandidate(remote(PEER.address, 100, 'passive'), 0)
  alone.pass(39_400)
  t.equal(alone.take().length, 1)
  t.match(alone.agent.pairs, [{ state: 'in-progress' }])
  alone.pass(200)
  t.match(alone.agent.pairs, [{ state: 'failed' }])
  t.end()
})

t.test('the port of a connection makes no candidate; another address does, once', t => {
  const alone = withLocals(tcp(1, 'active'))
  for (const port of [100, 101]) alone.agent.addRemoteCandidate(remote(PEER.address, port, 'passive'), 0)
  alone.pass(100)
  const [first, second] = alone.take()
  alone.receive(encodeAnswer(first!.message, { mapped: { address: '192.0.2.1', port: 50_001 } }), first!, 1)
  t.match(alone.agent.selectedPair?.local, { type: 'host', port: 9, tcpType: 'active' })
  t.equal(alone.agent.localCandidates.length, 2)
  alone.receive(encodeAnswer(second!.message, { mapped: { address: '203.0.113.1', port: 50_002 } }), second!, 1)
  t.match(alone.agent.localCandidates[2], { type: 'prflx', protocol: 'tcp', tcpType: 'active', address: '203.0.113.1' })
  alone.pass(6_000)
  const again = alone.take().at(-1)!
  alone.receive(encodeAnswer(again.message, { mapped: { address: '203.0.113.1', port: 50_003 } }), again, 1)
  t.equal(alone.agent.localCandidates.length, 3)
  t.end()
})

t.test('a connection that could not be made fails its pair at once; one that worked is made anew', t => {
  const alone = withLocals(tcp(1, 'active'))
  alone.agent.addRemoteCandidate(remote(PEER.address, 100, 'passive'), 0)
  alone.pass(10)
  alone.agent.pathLost(1, PEER.address, 100, alone.now)
  t.match(alone.agent.pairs, [{ state: 'failed' }])
  alone.take()
  alone.agent.addRemoteCandidate(remote(PEER.address, 101, 'passive'), alone.now)
  alone.pass(50)
  const check = alone.take()[0]!
  alone.receive(encodeAnswer(check.message, { mapped: { address: '192.0.2.1', port: 50_001 } }), check, 1)
  t.equal(alone.agent.state, 'connected')
  alone.agent.pathLost(1, PEER.address, 101, alone.now)
  t.equal(alone.agent.state, 'disconnected')
  alone.pass(50)
  const again = alone.take().find(({ port }) => port === 101)!
  alone.receive(encodeAnswer(again.message, { mapped: { address: '192.0.2.1', port: 50_002 } }), again, 1)
  t.equal(alone.agent.state, 'connected')
  alone.agent.pathLost(5, PEER.address, 101, alone.now)
  t.equal(alone.agent.state, 'connected', 'a path that is none changes nothing')
  t.end()
})

t.test('a restart takes all candidates along', t => {
  const alone = withLocals(
    {
      socket: 7,
      type: 'srflx',
      address: '203.0.113.1',
      port: 5000,
      baseAddress: SOCKET.address,
      basePort: SOCKET.port,
    },
    { socket: 8, type: 'relay', address: '198.51.100.5', port: 6000, relayProtocol: 'tls' },
    { socket: 9, type: 'host', address: '10.9.9.9', port: 6, unsignalled: true },
  )
  const before = alone.agent.localCandidates
  const after = alone.agent.restart({ usernameFragment: 'newu', password: 'n'.repeat(22) }, 0)
  t.same(
    after,
    before.map(candidate => ({ ...candidate, usernameFragment: 'newu' })),
  )
  alone.agent.setRemoteParameters({ usernameFragment: 'newt', password: 'm'.repeat(22) }, 0)
  alone.agent.addRemoteCandidate(remote(PEER.address, 5), 0)
  t.same(paths(alone), ['7>5', '8>5', '9>5'])
  t.end()
})

t.test('the list is bounded whatever the candidates', t => {
  const alone = withLocals(
    ...Array.from(
      { length: 20 },
      (_, i) => ({ socket: 100 + i, type: 'host', address: `10.0.0.${i}`, port: 5 }) as const,
    ),
  )
  for (let port = 1; port < 500; port++) alone.agent.addRemoteCandidate(remote(PEER.address, port), 0)
  t.equal(alone.agent.pairs.length, MOST_PAIRS)
  t.equal(alone.agent.remoteCandidates.length, 128)
  t.equal(alone.agent.counters.droppedCandidates, 371)
  t.end()
})

t.test("a caller's own mistakes throw", t => {
  const { agent } = new Alone('controlling')
  const init = { socket: 9, type: 'host', address: '192.0.2.9', port: 9 } as const
  for (const wrong of [
    { ...init, address: 'a name' },
    { ...init, address: 'x.local' },
    { ...init, address: 'x.local', baseAddress: 'y.local' },
    { ...init, protocol: 'tcp' as const },
    { ...init, tcpType: 'active' as const },
  ])
    t.throws(() => agent.addLocalCandidate(wrong, 0), TypeError)
  t.end()
})
