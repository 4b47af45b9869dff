import t from 'tap'
import { DEFAULT_TIMING, type IceAgentOptions, MOST_PAIRS } from '../../lib/ice/index.ts'
import { randomUnit } from '../../lib/machine/index.ts'
import { providers, seededCrypto } from '../providers.ts'
import { createConnected, createTwo, exchange, Wire } from './wire.ts'

for (const { name, crypto } of providers) {
  t.test(`two agents connect, nominate one pair, and carry data (${name})`, t => {
    const { wire, a, b } = createTwo({ a: { crypto }, b: { crypto } })
    exchange(a, b)
    t.notOk(a.send('too early'))
    t.equal(a.agent.counters.droppedUnsendable, 1)
    t.ok(wire.run(1000, () => a.agent.state === 'completed' && b.agent.state === 'completed'))
    t.same(a.states, ['checking', 'connected', 'completed'])
    t.same(b.states, ['checking', 'connected', 'completed'])
    for (const { agent } of [a, b]) {
      t.equal(agent.selectedPair?.nominated, true)
      t.equal(agent.selectedPair?.state, 'succeeded')
      t.equal(agent.roundTripTime, 20)
    }
    t.ok(a.send('hello'))
    t.ok(b.send('world'))
    wire.run(100)
    t.same([b.heard, a.heard], [['hello'], ['world']])
    const { packetsSent, packetsReceived, bytesSent, bytesReceived } = a.agent.selectedPair!
    t.same([packetsSent, packetsReceived, bytesSent, bytesReceived], [1, 1, 6, 6])
    t.end()
  })
}

t.test('a valid pair carries data one round trip after both sides know each other', t => {
  const { wire, a, b } = createTwo()
  exchange(a, b)
  t.ok(wire.run(20, () => a.send('a') && b.send('b')))
  t.equal(wire.now, 20)
  t.end()
})

t.test('one pair is checked and nominated with three checks in all', t => {
  const { wire, a, b } = createConnected()
  wire.run(1000)
  t.same([a.agent.counters.requestsSent, b.agent.counters.requestsSent], [2, 1])
  t.end()
})

t.test('it works over IPv6, and IPv4 is never paired with IPv6', t => {
  const wire = new Wire()
  const a = wire.add('a', 'controlling')
  const b = wire.add('b', 'controlled')
  a.bind('2001:db8::1', 1)
  a.bind('192.0.2.1', 2)
  b.bind('2001:db8::2', 3)
  exchange(a, b)
  t.ok(wire.run(1000, () => a.agent.state === 'completed' && b.agent.state === 'completed'))
  t.equal(a.agent.pairs.length, 1)
  t.equal(a.agent.selectedPair?.remote.address, '2001:db8::2')
  a.send('six')
  wire.run(100)
  t.same(b.heard, ['six'])
  t.end()
})

t.test('of several addresses the pair of highest priority is nominated, also when it answers later', t => {
  const wire = new Wire()
  const a = wire.add('a', 'controlling')
  const b = wire.add('b', 'controlled')
  for (const port of [1, 2, 3]) a.bind(`192.0.2.${port}`, port)
  for (const port of [4, 5, 6]) b.bind(`192.0.2.${port}`, port)
  let lost = 0
  // The first check of the best pair is lost on its way, from either side.
  wire.filter = ({ source, destination }, message) => {
    const ports = [source.port, destination.port].sort().join()
    return !(message?.kind === 'request' && ports === '1,4' && lost++ < 2)
  }
  exchange(a, b)
  t.ok(wire.run(3000, () => a.agent.state === 'completed' && b.agent.state === 'completed'))
  const paths = [a, b].map(({ agent }) => [agent.selectedPair?.local.port, agent.selectedPair?.remote.port])
  t.ok(lost >= 2)
  t.same(paths[0], paths[1]!.toReversed())
  t.equal(a.agent.pairs.filter(({ nominated }) => nominated).length, 1)
  t.end()
})

t.test('a pair that stays silent does not hold up the nomination of another for long', t => {
  const wire = new Wire()
  const a = wire.add('a', 'controlling')
  const b = wire.add('b', 'controlled')
  a.bind('192.0.2.1', 1)
  b.bind('192.0.2.4', 4)
  b.bind('192.0.2.5', 5)
  wire.filter = ({ source, destination }) => source.port !== 4 && destination.port !== 4
  exchange(a, b)
  t.ok(wire.run(1000, () => b.agent.selectedPair?.nominated === true))
  t.equal(b.agent.selectedPair?.local.port, 5)
  // The second check leaves at 50 ms, is answered at 70; a round trip of 20 is added; USE-CANDIDATE needs 10 more.
  t.equal(wire.now, 100 + DEFAULT_TIMING.nominationWait)
  t.end()
})

t.test('lost datagrams are sent again', t => {
  const { wire, a, b } = createTwo()
  const { random } = seededCrypto(7)
  wire.filter = () => randomUnit(random) > 0.4
  exchange(a, b)
  t.ok(wire.run(30_000, () => a.agent.state === 'completed' && b.agent.state === 'completed'))
  t.end()
})

t.test('candidates trickle in after the credentials, and the end of them last (RFC 8838)', t => {
  const { wire, a, b } = createTwo({ a: { timing: { nominationWait: 500 } } })
  a.agent.setRemoteParameters(b.agent.localParameters, 0)
  b.agent.setRemoteParameters(a.agent.localParameters, 0)
  wire.run(1000)
  t.same([a.agent.state, b.agent.state], ['new', 'new'])
  t.equal(wire.sent.length, 0)
  for (const candidate of a.agent.localCandidates) b.agent.addRemoteCandidate(candidate, wire.now)
  wire.run(1000, () => a.agent.selectedPair !== undefined)
  t.equal(a.agent.selectedPair?.remote.type, 'prflx', 'b is known from its check alone')
  wire.run(200)
  t.same([a.agent.state, b.agent.state], ['connected', 'connected'])
  for (const candidate of b.agent.localCandidates) a.agent.addRemoteCandidate(candidate, wire.now)
  t.equal(a.agent.selectedPair?.remote.type, 'host', 'what was discovered has been signalled')
  t.equal(a.agent.selectedPair?.nominated, false, 'a better one may follow')
  wire.run(500)
  t.equal(a.agent.selectedPair?.nominated, true)
  t.equal(a.agent.remoteCandidates.length, 1)
  t.same([a.agent.state, b.agent.state], ['connected', 'connected'])
  for (const { agent } of [a, b]) {
    agent.endOfLocalCandidates(wire.now)
    agent.endOfRemoteCandidates(wire.now)
  }
  t.same([a.agent.state, b.agent.state], ['completed', 'completed'])
  t.end()
})

t.test('a candidate of ours that comes later is checked too', t => {
  const wire = new Wire()
  const a = wire.add('a', 'controlling')
  const b = wire.add('b', 'controlled')
  b.bind('192.0.2.2', 2)
  exchange(a, b)
  wire.run(500)
  t.equal(a.agent.state, 'checking')
  a.bind('192.0.2.1', 1)
  t.ok(wire.run(500, () => a.agent.state === 'completed'))
  t.end()
})

t.test('checks from before the answer become triggered checks; the offerer lets that data in', t => {
  const { wire, a, b } = createTwo()
  // b has the offer and answers; a does not know the answer yet.
  b.agent.setRemoteParameters(a.agent.localParameters, 0)
  for (const candidate of a.agent.localCandidates) b.agent.addRemoteCandidate(candidate, 0)
  t.ok(wire.run(500, () => b.agent.state === 'connected'))
  t.equal(wire.now, 20)
  b.send('client hello')
  wire.run(100)
  t.same(a.heard, ['client hello'])
  t.same(a.refused, [])
  t.equal(a.agent.pairs.length, 0)
  t.notOk(a.send('no consent yet'))
  const before = wire.now
  a.agent.setRemoteParameters(b.agent.localParameters, wire.now)
  for (const candidate of b.agent.localCandidates) a.agent.addRemoteCandidate(candidate, wire.now)
  t.equal(a.agent.pairs[0]?.requestsReceived, 1)
  t.equal(a.agent.pairs[0]?.remote.type, 'host')
  t.ok(wire.run(500, () => a.agent.state === 'connected'))
  t.equal(wire.now - before, 20)
  t.end()
})

t.test('a mapped address of ours gives a peer-reflexive candidate with the priority of the check', t => {
  const { wire, a, b } = createTwo()
  const mapped = { address: '203.0.113.9', port: 4321 }
  wire.filter = ({ from }) => (from === a ? mapped : true)
  // The way back through the NAT.
  b.agent.setRemoteParameters(a.agent.localParameters, 0)
  a.agent.setRemoteParameters(b.agent.localParameters, 0)
  const deliver = wire.deliver.bind(wire)
  wire.deliver = (bytes, source, to) => deliver(bytes, source, to.port === 4321 ? a.sockets[0]! : to)
  for (const candidate of b.agent.localCandidates) a.agent.addRemoteCandidate(candidate, 0)
  t.ok(wire.run(1000, () => a.agent.selectedPair?.nominated === true && b.agent.selectedPair?.nominated === true))
  const { local } = a.agent.selectedPair!
  t.match(local, { type: 'prflx', ...mapped, relatedAddress: '192.0.2.1', relatedPort: 1001, priority: 1862270975 })
  t.match(b.agent.selectedPair!.remote, { type: 'prflx', ...mapped, priority: 1862270975 })
  t.equal(a.agent.selectedPair!.priority, b.agent.selectedPair!.priority)
  t.equal(a.agent.localCandidates.length, 2)
  t.end()
})

t.test('a dozen interfaces on each side: the list is bounded, checks are paced by Ta', t => {
  const wire = new Wire()
  const a = wire.add('a', 'controlling')
  const b = wire.add('b', 'controlled')
  for (let i = 1; i <= 12; i++) {
    a.bind(`10.0.${i}.1`, i)
    b.bind(`10.1.${i}.1`, 100 + i)
  }
  // Only the last of each reach each other.
  wire.filter = ({ source, destination }) => [source.port, destination.port].sort().join() === '12,112'
  exchange(a, b)
  t.equal(a.agent.pairs.length, MOST_PAIRS)
  wire.run(4_900)
  const starts = wire.sent.filter(({ from }) => from === a).map(({ at }) => at)
  const first = new Map<string, number>()
  for (const { at, from, bytes } of wire.sent)
    if (from === a && !first.has(String(bytes.subarray(8, 20)))) first.set(String(bytes.subarray(8, 20)), at)
  const gaps = [...first.values()].map((at, i, all) => (i === 0 ? 50 : at - all[i - 1]!))
  t.ok(starts.length > 0)
  t.ok(Math.min(...gaps) >= 50, 'no two checks begin within Ta')
  t.end()
})

t.test('other components, TCP without a type and unusable addresses are counted and left out', t => {
  const { a } = createTwo()
  const base = {
    foundation: '1',
    component: 1,
    protocol: 'udp',
    priority: 1,
    address: '192.0.2.2',
    port: 9,
    type: 'host',
  } as const
  a.agent.setRemoteParameters({ usernameFragment: 'abcd', password: 'x'.repeat(22) }, 0)
  a.agent.addRemoteCandidate({ ...base, component: 2 }, 0)
  a.agent.addRemoteCandidate({ ...base, protocol: 'tcp' }, 0)
  a.agent.addRemoteCandidate({ ...base, port: 0 }, 0)
  for (const address of ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1'])
    a.agent.addRemoteCandidate({ ...base, address }, 0)
  a.agent.addRemoteCandidate({ ...base, usernameFragment: 'other' }, 0)
  t.equal(a.agent.counters.ignoredCandidates, 9)
  t.equal(a.agent.pairs.length, 0)
  a.agent.addRemoteCandidate(base, 0)
  a.agent.addRemoteCandidate(base, 0)
  t.equal(a.agent.pairs.length, 1)
  t.end()
})

t.test('close ends it: no deadline, nothing sent, nothing let in', t => {
  const { wire, a, b } = createConnected()
  a.agent.close(wire.now)
  a.agent.close(wire.now)
  a.drain()
  t.equal(a.states.at(-1), 'closed')
  t.equal(a.agent.deadline, Number.POSITIVE_INFINITY)
  t.notOk(a.send('x'))
  b.send('y')
  const sent = wire.sent.filter(({ from }) => from === a).length
  wire.run(10_000)
  t.same([a.heard, a.refused], [[], ['y']])
  t.equal(wire.sent.filter(({ from }) => from === a).length, sent)
  t.end()
})

t.test("a caller's own mistakes throw", t => {
  const { a } = createTwo()
  t.throws(() => a.agent.addHostCandidate({ socket: 9, address: 'localhost', port: 1 }, 0), TypeError)
  const short: Partial<IceAgentOptions> = { parameters: { usernameFragment: 'abc', password: 'short' } }
  t.throws(() => createTwo({ a: short }), RangeError)
  t.throws(() => a.agent.restart({ usernameFragment: 'abc', password: 'x'.repeat(22) }, 0), RangeError)
  t.end()
})
