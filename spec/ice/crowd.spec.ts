/** More paths than there is room for: the list stays bounded, and the one that works is found all the same. */

import t from 'tap'
import { type IceCandidate, MOST_PAIRS } from '../../lib/ice/index.ts'
import { nomination } from '../../lib/stun/index.ts'
import { Alone, encodeAnswer, encodeCheck, PEER, REMOTE, type Sent } from './raw-peer.ts'

const isRequest = ({ message }: Sent) => message.kind === 'request'
const remote = (port: number, fields: Partial<IceCandidate> = {}): IceCandidate => ({
  foundation: String(port),
  component: 1,
  protocol: 'udp',
  priority: 1_000_000 - port,
  type: 'host',
  address: PEER.address,
  port,
  ...fields,
})

/** Lets time pass until the agent is connected; checks that `isAnswered` says so of are answered. */
const connecting = (alone: Alone, milliseconds: number, isAnswered: (check: Sent) => boolean): boolean => {
  for (let passed = 0; passed < milliseconds && alone.agent.selectedPair === undefined; passed += 10) {
    alone.pass(10)
    for (const check of alone.take().filter(isRequest))
      if (isAnswered(check)) alone.receive(encodeAnswer(check.message), check, check.socket)
  }
  return alone.agent.selectedPair !== undefined
}

t.test('16 interfaces and 20 candidates of the peer: whichever path works, it connects within the patience', t => {
  for (const [socket, port] of [
    [35, 20],
    [20, 20],
    [35, 1],
    [27, 13],
  ]) {
    const alone = new Alone('controlling').meet('none')
    alone.agent.removeSocket(7, 0)
    for (let i = 0; i < 16; i++)
      alone.agent.addLocalCandidate({ socket: 20 + i, type: 'host', address: `10.0.0.${i + 1}`, port: 9 }, 0)
    for (let i = 1; i <= 20; i++) alone.agent.addRemoteCandidate(remote(i), 0)
    t.equal(alone.agent.pairs.length, MOST_PAIRS)
    alone.agent.endOfRemoteCandidates(0)
    t.ok(
      connecting(alone, 39_000, check => check.socket === socket && check.port === port),
      `after ${alone.now} ms`,
    )
    t.ok(alone.agent.pairs.length <= MOST_PAIRS)
    t.ok(alone.agent.counters.requestsSent < 1_000)
  }
  t.end()
})

t.test('of many candidates each keeps a pair, and so does each interface, whatever their priorities', t => {
  const alone = new Alone('controlling').meet('none')
  for (let i = 0; i < 15; i++)
    alone.agent.addLocalCandidate({ socket: 20 + i, type: 'host', address: `10.0.0.${i + 1}`, port: 9 }, 0)
  for (let i = 1; i <= 19; i++) alone.agent.addRemoteCandidate(remote(i), 0)
  alone.agent.addRemoteCandidate(remote(20, { type: 'relay', priority: 1 }), 0)
  for (const [side, number] of [
    [alone.agent.pairs.map(pair => pair.remotePort), 20],
    [alone.agent.pairs.map(pair => pair.socket), 16],
  ] as const) {
    const counts = [...new Set(side)].map(one => side.filter(each => each === one).length)
    t.equal(counts.length, number)
    t.ok(Math.min(...counts) >= 3, `at least ${Math.min(...counts)}`)
  }
  t.end()
})

t.test('a path that fails for good is given up for one that was left out; nothing goes on for ever', t => {
  const alone = new Alone('controlling').meet('none')
  for (let i = 0; i < 15; i++)
    alone.agent.addLocalCandidate({ socket: 20 + i, type: 'host', address: `10.0.0.${i + 1}`, port: 9 }, 0)
  for (let i = 1; i <= 20; i++) alone.agent.addRemoteCandidate(remote(i), 0)
  alone.agent.endOfRemoteCandidates(0)
  connecting(alone, 1_000_000, () => false)
  t.equal(alone.agent.state, 'failed')
  t.ok(alone.agent.counters.requestsSent <= 320 * 7)
  t.end()
})

t.test(
  'a peer that gives all its candidates one foundation: a dead one does not hold up the next until it has failed',
  t => {
    const alone = new Alone('controlling').meet('none')
    for (let port = 1; port <= 4; port++) alone.agent.addRemoteCandidate(remote(port, { foundation: '1' }), 0)
    t.ok(
      connecting(alone, 8_000, ({ port }) => port === 4),
      `after ${alone.now} ms`,
    )
    t.end()
  },
)

/** A controlled agent with a nominated pair, whose peer announces renomination. */
const connected = (): Alone => {
  const alone = new Alone('controlled')
  alone.agent.setRemoteParameters({ ...REMOTE, renomination: true }, 0)
  alone.meet()
  alone.answerLast()
  alone.receive(encodeCheck({ useCandidate: true, more: [nomination(1)] }))
  alone.take()
  return alone
}

t.test('a peer whose NAT gives it a new port every minute is found again after the 300th', t => {
  const alone = connected()
  const living = (milliseconds: number, port: number) => {
    for (let passed = 0; passed < milliseconds; passed += 50) {
      alone.pass(50)
      for (const check of alone.take().filter(isRequest))
        if (check.port === port) alone.receive(encodeAnswer(check.message), check, check.socket)
    }
  }
  let lost: number | undefined
  for (let i = 1; i <= 300 && lost === undefined; i++) {
    const from = { address: '203.0.113.1', port: 10_000 + i }
    alone.receive(encodeCheck({ useCandidate: true, more: [nomination(i + 1)] }), from)
    living(60_000, from.port)
    if (alone.agent.selectedPair?.remotePort !== from.port) lost = i
  }
  t.equal(lost, undefined)
  t.ok(alone.agent.remoteCandidates.length <= 128)
  t.end()
})

t.test(
  'a captured check repeated from everywhere leaves room for what is signalled, and some for the peer again later',
  t => {
    const alone = new Alone('controlled').meet('none')
    for (let port = 1; port <= 60; port++) alone.agent.addRemoteCandidate(remote(port), 0)
    const flood = () => {
      const captured = encodeCheck({ useCandidate: true })
      for (let i = 0; i < 10_000; i++) alone.receive(captured, { address: `10.${i >> 8}.${i & 255}.1`, port: 1 + i })
    }
    flood()
    t.ok(alone.agent.pairs.filter(pair => pair.remote.type === 'host').length >= 52)
    for (let port = 61; port <= 70; port++) alone.agent.addRemoteCandidate(remote(port), 0)
    t.ok(alone.agent.remoteCandidates.some(({ port }) => port === 70))
    const isLiving = ({ port, address }: Sent) => (port <= 60 && address === PEER.address) || address === '203.0.113.9'
    t.ok(connecting(alone, 10_000, isLiving))
    flood()
    const living = (milliseconds: number) => {
      for (let passed = 0; passed < milliseconds; passed += 50) {
        alone.pass(50)
        for (const check of alone.take().filter(isRequest))
          if (isLiving(check)) alone.receive(encodeAnswer(check.message), check, check.socket)
      }
    }
    living(610_000)
    alone.receive(encodeCheck(), { address: '203.0.113.9', port: 9 })
    living(1_000)
    t.ok(alone.agent.pairs.some(pair => pair.remoteAddress === '203.0.113.9' && pair.valid))
    t.end()
  },
)

t.test('checks that come from a new port each time, as between two symmetric NATs that let all in, find an end', t => {
  const alone = new Alone('controlled').meet()
  let port = 2_000
  while (alone.agent.state !== 'failed' && alone.now < 600_000) {
    alone.pass(100)
    for (const _ of alone.take().filter(isRequest))
      alone.receive(encodeCheck(), { address: PEER.address, port: ++port })
  }
  t.equal(alone.agent.state, 'failed')
  t.ok(alone.now < 200_000, `after ${alone.now} ms`)
  t.end()
})
