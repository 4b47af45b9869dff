import t from 'tap'
import type { IceAgentOptions } from '../../lib/ice/index.ts'
import { Attribute } from '../../lib/stun/index.ts'
import { type Datagram, type Endpoint, exchange, Wire } from './wire.ts'

const PATHS = ['192.0.2', '198.51.100', '203.0.113']

/** Two agents that reach each other on three networks, each its own, and have nominated the first. */
const createMeshed = (options: { a?: Partial<IceAgentOptions>; b?: Partial<IceAgentOptions> } = {}) => {
  const wire = new Wire()
  const a = wire.add('a', 'controlling', options.a)
  const b = wire.add('b', 'controlled', options.b)
  for (const [i, path] of PATHS.entries()) {
    a.bind(`${path}.1`, 1000 + i)
    b.bind(`${path}.2`, 2000 + i)
  }
  const isOnOneNetwork = ({ source, destination }: Datagram) =>
    source.address.split('.')[0] === destination.address.split('.')[0]
  const dead = new Set<string>()
  wire.filter = datagram =>
    isOnOneNetwork(datagram) && !dead.has(datagram.source.address) && !dead.has(datagram.destination.address)
  a.agent.setRemoteParameters({ ...b.agent.localParameters, renomination: true }, 0)
  b.agent.setRemoteParameters({ ...a.agent.localParameters, renomination: true }, 0)
  exchange(a, b)
  wire.run(3_000, () => a.agent.state === 'completed' && b.agent.state === 'completed')
  wire.run(5_000)
  return { wire, a, b, dead }
}
const path = ({ agent }: Endpoint) => PATHS.findIndex(each => agent.selectedPair?.remoteAddress.startsWith(each))
const checks = (from: Endpoint) =>
  from.wire.sent.filter(each => each.from === from && each.bytes[0] === 0 && each.bytes[1] === 1)

/** Whether a request has USE-CANDIDATE: type 0x0025, length 0. */
const hasNomination = (bytes: Uint8Array): boolean => {
  for (let at = 20; at + 4 <= bytes.length; at += 4)
    if (((bytes[at]! << 8) | bytes[at + 1]!) === Attribute.useCandidate && bytes[at + 2] === 0 && bytes[at + 3] === 0)
      return true
  return false
}

/** Lets both talk every 20 ms; tells for how long, at most, nothing came to `b`. */
const longestSilence = (a: Endpoint, b: Endpoint, milliseconds: number): number => {
  const { wire } = a
  let last = wire.now
  let longest = 0
  for (const end = wire.now + milliseconds; wire.now < end; ) {
    a.send('x')
    b.send('y')
    const before = b.heard.length
    wire.run(20)
    if (b.heard.length > before) last = wire.now
    longest = Math.max(longest, wire.now - last)
  }
  return longest
}

t.test('other valid pairs are kept alive every 12 to 15 s, at most three, on other bases first', t => {
  const { wire, a } = createMeshed()
  t.equal(path(a), 0)
  // Until pairs that lead nowhere have failed.
  wire.run(100_000)
  wire.sent.length = 0
  wire.run(300_000)
  for (const network of [1, 2]) {
    const times = checks(a)
      .filter(({ destination }) => destination.address.startsWith(PATHS[network]!))
      .map(({ at }) => at)
    const gaps = times.slice(1).map((at, i) => at - times[i]!)
    t.ok(times.length >= 19, `${times.length} checks in 300 s`)
    t.ok(Math.min(...gaps) >= 12_000 && Math.max(...gaps) <= 15_000)
  }
  t.equal(a.agent.state, 'completed')
  t.ok(a.agent.pairs.filter(pair => pair.mayCarry(wire.now)).length >= 3)
  t.same(
    a.wire.sent.filter(({ bytes }) => bytes[0] === 0 && hasNomination(bytes)),
    [],
    'nothing is nominated again',
  )
  t.end()
})

t.test('a socket that goes away: data goes on at once on another pair, which the controlling side nominates', t => {
  for (const renomination of [true, false]) {
    for (const side of ['a', 'b'] as const) {
      const { wire, a, b } = createMeshed({ a: { renomination }, b: { renomination } })
      const mover = side === 'a' ? a : b
      for (const { states } of [a, b]) states.length = 0
      mover.agent.removeSocket(0, wire.now)
      t.equal(path(mover), 1)
      t.ok(mover.send('at once'))
      t.equal(
        mover.agent.localCandidates.some(({ address }) => address.startsWith('192.0.2')),
        false,
      )
      const silence = side === 'a' ? longestSilence(b, a, 20_000) : longestSilence(a, b, 20_000)
      t.ok(silence < 10_000, `silence ${silence}`)
      t.same([path(a), path(b)], [1, 1])
      t.match([a.agent.selectedPair, b.agent.selectedPair], [{ nominated: true }, { nominated: true }])
      t.notOk([...a.states, ...b.states].includes('disconnected'))
    }
  }
  t.end()
})

t.test('a path that falls silent: another is used within two consent checks and two times its patience', t => {
  const { wire, a, b, dead } = createMeshed()
  for (const { states } of [a, b]) states.length = 0
  dead.add('192.0.2.1')
  const silence = longestSilence(a, b, 20_000)
  t.ok(silence <= 6_000 + 2_000 + 100, `silence ${silence}`)
  t.same([path(a), path(b)], [1, 1])
  t.match([a.agent.selectedPair, b.agent.selectedPair], [{ nominated: true }, { nominated: true }])
  t.same([a.states.includes('disconnected'), b.states.includes('disconnected')], [false, false])
  // The path comes back: it is a backup now.
  dead.clear()
  a.selections.length = 0
  b.selections.length = 0
  wire.run(100_000)
  t.same([path(a), path(b)], [1, 1])
  t.same([a.selections, b.selections], [[], []])
  t.end()
})

t.test('one path after the other falls silent', t => {
  const { wire, a, b, dead } = createMeshed()
  for (const [i, network] of PATHS.slice(0, 2).entries()) {
    dead.add(`${network}.1`)
    longestSilence(a, b, 20_000)
    t.same([path(a), path(b)], [i + 1, i + 1])
  }
  dead.delete('192.0.2.1')
  wire.run(60_000)
  dead.add('203.0.113.1')
  longestSilence(a, b, 60_000)
  t.same([path(a), path(b)], [0, 0], 'and the first serves again')
  t.end()
})

t.test('two paths that die together: the third is found', t => {
  const { a, b, dead } = createMeshed()
  for (const network of PATHS.slice(0, 2)) dead.add(`${network}.1`)
  const silence = longestSilence(a, b, 30_000)
  t.ok(silence <= 8_200, `silence ${silence}`)
  t.same([path(a), path(b)], [2, 2])
  t.match([a.agent.selectedPair, b.agent.selectedPair], [{ nominated: true }, { nominated: true }])
  t.end()
})

t.test('one lost check, or one lost answer, moves nothing', t => {
  const { wire, a, b } = createMeshed()
  const { filter } = wire
  a.selections.length = 0
  b.selections.length = 0
  let since = wire.now
  for (let i = 0; i < 20; i++) {
    let lost = 0
    wire.filter = (datagram, message) =>
      message !== undefined && datagram.at > since && lost++ < 1 ? false : filter(datagram, message)
    wire.run(10_000)
    since = wire.now
  }
  t.same([a.selections, b.selections], [[], []])
  t.same([path(a), path(b)], [0, 0])
  t.end()
})

t.test('all paths fall silent for 15 s and come back: the same pair, or one that answers, carries on', t => {
  const { wire, a, b, dead } = createMeshed()
  for (const network of PATHS) dead.add(`${network}.1`)
  wire.run(15_000)
  t.same([a.agent.state, b.agent.state], ['disconnected', 'disconnected'])
  dead.clear()
  longestSilence(a, b, 10_000)
  t.match([a.agent.selectedPair, b.agent.selectedPair], [{ nominated: true }, { nominated: true }])
  t.equal(path(a), path(b))
  b.heard.length = 0
  t.ok(a.send('back'))
  wire.run(100)
  t.same(b.heard, ['back'])
  t.same([a.agent.state, b.agent.state], ['connected', 'connected'], 'what had failed is tried again meanwhile')
  wire.run(60_000)
  t.same([a.agent.state, b.agent.state], ['completed', 'completed'])
  t.end()
})

t.test(
  'all paths fall silent for good: no data 30 s after the last answer, failed when all has been tried in vain',
  t => {
    const { wire, a, dead } = createMeshed()
    const last = Math.max(...a.agent.pairs.map(({ lastAnsweredAt }) => lastAnsweredAt))
    for (const network of PATHS) dead.add(`${network}.1`)
    wire.run(1_000)
    const since = wire.now
    a.states.length = 0
    let sentUntil = 0
    while (a.agent.state !== 'failed' && wire.now < since + 90_000) {
      if (a.send('x')) sentUntil = wire.now
      wire.run(100)
    }
    t.ok(sentUntil > last + 5_000 && sentUntil <= last + 30_000 + 30, `data for ${sentUntil - last} ms`)
    t.same(a.states, ['connected', 'disconnected', 'failed'], 'no more completed, since what had failed is tried again')
    t.ok(wire.now - last < 60_000, `failed after ${wire.now - last} ms`)
    t.ok(a.agent.pairs.every(({ state }) => state === 'failed' || state === 'succeeded'))
    t.equal(a.agent.deadline, Number.POSITIVE_INFINITY)
    t.end()
  },
)

t.test('the host changes its network: the new base is found by its checks and nominated, data flows again', t => {
  for (const side of ['a', 'b'] as const) {
    const wire = new Wire()
    const a = wire.add('a', 'controlling')
    const b = wire.add('b', 'controlled')
    a.bind('192.0.2.1', 1001)
    b.bind('192.0.2.2', 1002)
    exchange(a, b)
    wire.run(2_000)
    const [mover, stayer] = side === 'a' ? [a, b] : [b, a]
    for (const { states } of [a, b]) states.length = 0
    mover.agent.removeSocket(0, wire.now)
    mover.drain()
    t.same(mover.states, ['disconnected'])
    wire.run(2_000)
    mover.sockets.push({ address: '198.51.100.9', port: 9 })
    mover.agent.addLocalCandidate(
      { socket: 1, type: 'host', address: '198.51.100.9', port: 9, unsignalled: true },
      wire.now,
    )
    t.ok(wire.run(1_000, () => mover.agent.selectedPair?.socket === 1))
    t.match(mover.agent.selectedPair?.local, { address: '198.51.100.9' })
    longestSilence(mover, stayer, 10_000)
    t.match(stayer.agent.selectedPair, { nominated: true, remoteAddress: '198.51.100.9', remote: { type: 'prflx' } })
    t.match(mover.agent.selectedPair, { nominated: true })
    stayer.heard.length = 0
    t.ok(mover.send('hello again'))
    wire.run(100)
    t.same(stayer.heard, ['hello again'])
    t.equal(mover.states.at(-1), 'completed')
    t.notOk(stayer.states.includes('disconnected'))
  }
  t.end()
})

t.test('a base that comes up beside a living pair is checked as a backup, and takes over when the old one goes', t => {
  const { wire, a, b } = createMeshed()
  for (const socket of [1, 2]) a.agent.removeSocket(socket, wire.now)
  wire.run(1_000)
  t.equal(path(a), 0)
  a.sockets.push({ address: '192.99.0.1', port: 9 })
  a.agent.addLocalCandidate({ socket: 3, type: 'host', address: '192.99.0.1', port: 9, unsignalled: true }, wire.now)
  wire.run(1_000)
  t.equal(path(a), 0)
  t.ok(a.agent.pairs.some(({ socket, valid }) => socket === 3 && valid))
  a.agent.removeSocket(0, wire.now)
  t.equal(a.agent.selectedPair?.socket, 3)
  t.ok(a.send('on'))
  wire.run(100)
  t.same(b.heard, ['on'])
  longestSilence(a, b, 10_000)
  t.equal(b.agent.selectedPair?.remoteAddress, '192.99.0.1')
  t.end()
})
