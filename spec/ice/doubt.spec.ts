/** When the pair that carries data is left for another, and when it is not: with nobody telling that it has died. */

import t from 'tap'
import type { IceCandidate } from '../../lib/ice/index.ts'
import { randomU32 } from '../../lib/machine/index.ts'
import { seededCrypto } from '../providers.ts'
import { Alone, encodeAnswer, encodeCheck, PEER, type Sent } from './raw-peer.ts'
import { type Datagram, type Endpoint, exchange, Wire } from './wire.ts'

const PATHS = ['192.0.2', '198.51.100', '203.0.113']

/** Two agents with three networks that lead to each other, connected for a minute; `lost` says what is lost on the way. */
const createMeshed = (seed = 1) => {
  const wire = new Wire()
  const a = wire.add('a', 'controlling', { crypto: seededCrypto(seed) })
  const b = wire.add('b', 'controlled', { crypto: seededCrypto(seed + 100) })
  for (const [i, path] of PATHS.entries()) {
    a.bind(`${path}.1`, 1000 + i)
    b.bind(`${path}.2`, 2000 + i)
  }
  const mesh = { wire, a, b, lost: (_: Datagram): boolean => false }
  const network = ({ address }: { address: string }) => address.split('.')[0]
  wire.filter = datagram => network(datagram.source) === network(datagram.destination) && !mesh.lost(datagram)
  exchange(a, b)
  wire.run(60_000)
  for (const { selections, states } of [a, b]) {
    selections.length = 0
    states.length = 0
  }
  return mesh
}
const path = ({ agent }: Endpoint) => PATHS.findIndex(each => agent.selectedPair?.remoteAddress.startsWith(each))

t.test('the peer loses its end of the path: its checks on another tell, long before silence does', t => {
  for (const isTold of ['a', 'b'] as const) {
    const { wire, a, b } = createMeshed()
    const [stayer, mover] = isTold === 'a' ? [a, b] : [b, a]
    // A moment after the path has been checked, so that no consent check is due for long.
    wire.run(10_000, () => wire.now - stayer.agent.selectedPair!.lastAnsweredAt < 10)
    const left = wire.now
    mover.sockets[0] = { address: '10.0.0.1', port: 1 }
    mover.agent.removeSocket(0, wire.now)
    t.ok(wire.run(3_000, () => path(stayer) === 1))
    t.ok(wire.now - left <= 1_100, `moved after ${wire.now - left} ms`)
    t.equal(path(mover), 1)
    wire.run(60_000)
    t.same([path(a), path(b)], [1, 1])
    t.match([a.agent.selectedPair, b.agent.selectedPair], [{ nominated: true }, { nominated: true }])
  }
  t.end()
})

t.test('a path that carries no more in one direction is left, though what comes the other way still comes', t => {
  for (const direction of ['a', 'b'] as const) {
    const mesh = createMeshed()
    const { wire, a, b } = mesh
    mesh.lost = ({ from, source }) => from.name === direction && source.address.startsWith(PATHS[0]!)
    const left = wire.now
    while (wire.now < left + 30_000 && (path(a) === 0 || path(b) === 0)) {
      a.send('a')
      b.send('b')
      wire.run(20)
    }
    t.ok(wire.now - left < 8_000, `both moved after ${wire.now - left} ms`)
    wire.run(60_000)
    t.same([path(a), path(b)], [1, 1])
  }
  t.end()
})

t.test('who sends into silence asks after 2.5 s, long before consent is asked for', t => {
  const mesh = createMeshed()
  const { wire, a } = mesh
  wire.run(10_000, () => wire.now - a.agent.selectedPair!.lastAnsweredAt < 10)
  const last = a.agent.selectedPair!.lastReceivedAt
  mesh.lost = ({ source }) => source.address.startsWith(PATHS[0]!)
  while (wire.now < last + 30_000 && path(a) === 0) {
    a.send('a')
    wire.run(20)
  }
  t.ok(wire.now - last <= 5_000, `moved after ${wire.now - last} ms`)
  t.end()
})

t.test('with every fifth datagram lost for ten minutes, at rest or busy, data stays where it is', t => {
  let moves = 0
  for (const [seed, isBusy] of [
    [1, false],
    [2, true],
    [3, false],
    [4, true],
  ] as const) {
    const mesh = createMeshed(seed)
    const { wire, a, b } = mesh
    const { random } = seededCrypto(seed + 50)
    mesh.lost = () => randomU32(random) % 5 === 0
    for (const end = wire.now + 600_000; wire.now < end; ) {
      if (isBusy) {
        a.send('a')
        b.send('b')
      }
      wire.run(isBusy ? 100 : 10_000)
    }
    moves += a.selections.length + b.selections.length
    t.same(
      [...a.states, ...b.states].filter(state => state === 'failed'),
      [],
    )
    t.equal(path(a), path(b))
  }
  t.ok(moves <= 2, `${moves} moves in 40 minutes`)
  t.end()
})

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
const answering = (alone: Alone, milliseconds: number): Sent[] => {
  const all: Sent[] = []
  for (let passed = 0; passed < milliseconds; passed += 10) {
    alone.pass(10)
    const checks = alone.take().filter(isRequest)
    all.push(...checks)
    for (const check of checks) alone.receive(encodeAnswer(check.message), check, check.socket)
  }
  return all
}

t.test(
  'a peer that sends on another pair is not followed while the selected one answers, and asked every 2 s at most',
  t => {
    const alone = new Alone('controlled').meet('none')
    for (const port of [1, 2]) alone.agent.addRemoteCandidate(candidate(port, 100 - port), 0)
    answering(alone, 200)
    for (const port of [2, 1]) alone.receive(encodeCheck({ useCandidate: true }), { address: PEER.address, port })
    answering(alone, 3_000)
    let asked = 0
    for (let i = 0; i < 1_000; i++) {
      alone.admits({ address: PEER.address, port: 2 })
      asked += answering(alone, 20).filter(({ port }) => port === 1).length
    }
    t.equal(alone.agent.selectedPair?.remotePort, 1)
    t.ok(asked >= 4 && asked <= 16, `${asked} checks in 20 s`)
    t.end()
  },
)

t.test('all pairs are in doubt, and the peer checks one of them: it is asked at once', t => {
  const alone = new Alone('controlled').meet('none')
  for (const port of [1, 2]) alone.agent.addRemoteCandidate(candidate(port, 100 - port), 0)
  answering(alone, 200)
  alone.pass(20_000)
  t.same(
    alone.agent.pairs.map(({ doubted }) => doubted),
    [true, true],
  )
  alone.take()
  alone.receive(encodeCheck(), { address: PEER.address, port: 2 })
  alone.answerLast()
  t.match(alone.agent.selectedPair, { remotePort: 2, doubted: false })
  t.end()
})

t.test('a lite agent asks nothing, wherever the peer sends', t => {
  const alone = new Alone('controlled', { lite: true }).meet('none')
  for (const port of [1, 2]) alone.receive(encodeCheck({ useCandidate: true }), { address: PEER.address, port })
  alone.take()
  for (let i = 0; i < 100; i++) {
    alone.admits({ address: PEER.address, port: 1 })
    alone.admits({ address: PEER.address, port: 2 })
    alone.pass(100)
  }
  t.same(alone.take(), [])
  t.end()
})
