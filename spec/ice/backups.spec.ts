import t from 'tap'
import type { IceCandidate } from '../../lib/ice/index.ts'
import { Attribute } from '../../lib/stun/index.ts'
import { Alone, encodeAnswer, encodeCheck, PEER, REMOTE, type Sent } from './raw-peer.ts'

const candidate = (port: number, priority: number): IceCandidate => ({
  foundation: String(port),
  component: 1,
  protocol: 'udp',
  priority,
  type: 'host',
  address: PEER.address,
  port,
})
const isRequest = ({ message }: Sent) => message.kind === 'request'

/** Lets time pass; checks that `isAnswered` says so of are answered after 10 ms. */
const answering = (alone: Alone, milliseconds: number, isAnswered: (check: Sent) => boolean = () => true): Sent[] => {
  const all: Sent[] = []
  for (let passed = 0; passed < milliseconds; passed += 10) {
    alone.pass(10)
    const checks = alone.take().filter(isRequest)
    all.push(...checks)
    for (const check of checks) if (isAnswered(check)) alone.receive(encodeAnswer(check.message), check, check.socket)
  }
  return all
}

t.test('two pairs that are both silent: data stays where it was, until the other one answers', t => {
  const alone = new Alone('controlled').meet('none')
  for (const port of [1, 2]) alone.agent.addRemoteCandidate(candidate(port, 100 - port), 0)
  answering(alone, 200)
  for (let second = 0; second < 20; second++) {
    alone.pass(1_000)
    t.equal(alone.agent.selectedPair?.remotePort, 1)
  }
  t.equal(alone.agent.state, 'disconnected')
  answering(alone, 6_000, ({ port }) => port === 2)
  t.equal(alone.agent.selectedPair?.remotePort, 2)
  t.equal(alone.agent.state, 'connected')
  t.end()
})

t.test('pairs on another base are kept before better ones on the same, and three at most', t => {
  const alone = new Alone('controlled').meet('none')
  for (let port = 1; port <= 6; port++) alone.agent.addRemoteCandidate(candidate(port, 0x7fff0000 - port), 0)
  alone.agent.addLocalCandidate({ socket: 8, type: 'host', address: '192.0.2.9', port: 9, localPreference: 0 }, 0)
  answering(alone, 1_500)
  t.equal(alone.agent.pairs.filter(({ valid }) => valid).length, 12)
  alone.receive(encodeCheck({ useCandidate: true }), { address: PEER.address, port: 1 })
  answering(alone, 60_000)
  const alive = alone.agent.pairs.filter(pair => pair.mayCarry(alone.now)).map(pair => [pair.socket, pair.remotePort])
  t.same(alive, [
    [7, 1],
    [7, 2],
    [8, 1],
    [8, 2],
  ])
  t.end()
})

t.test('after the nomination one pair of each other base is checked, and no more than there is room for', t => {
  const alone = new Alone('controlling').meet('none')
  for (let i = 0; i < 6; i++)
    alone.agent.addLocalCandidate({ socket: 20 + i, type: 'host', address: `10.0.0.${i + 1}`, port: 9 }, 0)
  for (const port of [1, 2]) alone.agent.addRemoteCandidate(candidate(port, 100 - port), 0)
  alone.agent.endOfRemoteCandidates(0)
  answering(alone, 100)
  t.equal(alone.agent.selectedPair?.nominated, true)
  answering(alone, 2_000)
  t.same(
    alone.agent.pairs.filter(({ valid }) => valid).map(({ socket }) => socket),
    [7, 20, 21, 22],
  )
  t.end()
})

t.test('the last base goes after hours: disconnected for 30 s, in which another may come, then failed', t => {
  for (const comes of [false, true]) {
    const alone = new Alone('controlled').connect()
    alone.receive(encodeCheck({ useCandidate: true }))
    answering(alone, 100_000)
    alone.states()
    alone.agent.removeSocket(7, alone.now)
    t.same(alone.states(), ['disconnected'])
    alone.pass(29_000)
    t.same(alone.states(), [])
    if (comes) alone.agent.addLocalCandidate({ socket: 8, type: 'host', address: '192.0.2.9', port: 9 }, alone.now)
    answering(alone, 2_000)
    t.same(alone.states(), [comes ? 'connected' : 'failed'])
  }
  t.end()
})

t.test('the pair that is to replace a dead one is dead as well: the next is nominated', t => {
  const alone = new Alone('controlling').meet('none')
  for (const socket of [8, 9])
    alone.agent.addLocalCandidate({ socket, type: 'host', address: `192.0.2.${socket}`, port: 9 }, 0)
  alone.agent.addRemoteCandidate(candidate(1, 100), 0)
  alone.agent.endOfRemoteCandidates(0)
  answering(alone, 2_000)
  t.match(alone.agent.selectedPair, { nominated: true, socket: 7 })
  alone.agent.removeSocket(7, alone.now)
  t.equal(alone.agent.selectedPair?.socket, 8)
  const sent = answering(alone, 12_000, ({ socket }) => socket === 9)
  t.match(alone.agent.selectedPair, { nominated: true, socket: 9 })
  const nominations = sent.filter(({ message }) => message.has(Attribute.useCandidate))
  t.same(new Set(nominations.map(({ socket }) => socket)), new Set([8, 9]))
  t.notOk(alone.states().includes('disconnected'))
  t.end()
})

t.test('a pair that data had to leave is not returned to because it is better, once it answers again', t => {
  for (const role of ['controlling', 'controlled'] as const) {
    const alone = new Alone(role)
    alone.agent.setRemoteParameters({ ...REMOTE, renomination: true }, 0)
    for (const port of [1, 2]) alone.agent.addRemoteCandidate(candidate(port, 100 - port), 0)
    answering(alone, 3_000)
    t.equal(alone.agent.selectedPair?.remotePort, 1)
    answering(alone, 15_000, ({ port }) => port === 2)
    t.equal(alone.agent.selectedPair?.remotePort, 2)
    const sent = answering(alone, 60_000)
    t.ok(alone.agent.pairs.every(pair => pair.isHeard(20_000, alone.now)))
    t.equal(alone.agent.selectedPair?.remotePort, 2, role)
    t.notOk(sent.some(({ message, port }) => port === 1 && message.has(Attribute.useCandidate)))
    // That it is another that has died now is the reason to return.
    answering(alone, 15_000, ({ port }) => port === 1)
    t.equal(alone.agent.selectedPair?.remotePort, 1)
  }
  t.end()
})

t.test('a backup of another base leads to another address of the peer, rather than to the same', t => {
  const alone = new Alone('controlling').meet('none')
  alone.agent.addLocalCandidate({ socket: 8, type: 'host', address: '192.0.2.9', port: 9 }, 0)
  alone.agent.addRemoteCandidate(candidate(1, 100), 0)
  alone.agent.addRemoteCandidate({ ...candidate(2, 90), address: '198.51.100.2' }, 0)
  alone.agent.endOfRemoteCandidates(0)
  const sent = answering(alone, 5_000)
  t.match(alone.agent.selectedPair, { nominated: true, socket: 7, remotePort: 1 })
  t.same(new Set(sent.filter(({ socket }) => socket === 8).map(({ port }) => port)), new Set([2]))
  t.end()
})
