import t from 'tap'
import { createIceParameters, type IceParameters, type IceTiming } from '../../lib/ice/index.ts'
import { errorCode } from '../../lib/stun/index.ts'
import { nodeCrypto } from '../providers.ts'
import { Alone, encodeCheck, LOCAL, PEER, REMOTE } from './raw-peer.ts'
import { createConnected, type Endpoint, exchange } from './wire.ts'

const fresh = (): IceParameters => createIceParameters(nodeCrypto.random)

/** As the descriptions do it: a offers, b answers `after` ms later, a learns of it as much later again. */
const restart = (a: Endpoint, b: Endpoint, after: number, during: () => void): void => {
  const { wire } = a
  const candidatesOfA = a.agent.restart(fresh(), wire.now)
  during()
  wire.run(after)
  during()
  const candidatesOfB = b.agent.restart(fresh(), wire.now)
  b.agent.setRemoteParameters(a.agent.localParameters, wire.now)
  for (const candidate of candidatesOfA) b.agent.addRemoteCandidate(candidate, wire.now)
  during()
  wire.run(after)
  during()
  a.agent.setRemoteParameters(b.agent.localParameters, wire.now)
  for (const candidate of candidatesOfB) a.agent.addRemoteCandidate(candidate, wire.now)
  for (const { agent } of [a, b]) {
    agent.endOfLocalCandidates(wire.now)
    agent.endOfRemoteCandidates(wire.now)
  }
}

t.test('a restart while data flows loses none of it', t => {
  for (const after of [0, 30, 7_000]) {
    const { wire, a, b } = createConnected()
    const before = [a.agent.selectedPair, b.agent.selectedPair]
    const sent: string[] = []
    const talk = () => {
      sent.push(String(sent.length))
      t.ok(a.send(sent.at(-1)!) && b.send(sent.at(-1)!), 'both may send at every moment')
    }
    for (const endpoint of [a, b]) endpoint.states.length = 0
    restart(a, b, after, talk)
    for (let i = 0; i < 200; i++) {
      talk()
      wire.run(5)
    }
    wire.run(100)
    t.same(a.heard, sent)
    t.same(b.heard, sent)
    for (const [i, { agent, states }] of [a, b].entries()) {
      t.not(agent.selectedPair, before[i])
      t.match(agent.selectedPair, {
        nominated: true,
        local: { usernameFragment: agent.localParameters.usernameFragment },
      })
      t.same(states, ['connected', 'completed'])
    }
    t.equal(a.agent.role, 'controlling')
  }
  t.end()
})

t.test('the host candidates are announced anew, on the same sockets', t => {
  const { wire, a } = createConnected()
  const before = a.agent.localCandidates
  const parameters = fresh()
  const after = a.agent.restart(parameters, wire.now)
  t.same(
    after,
    before.map(candidate => ({ ...candidate, usernameFragment: parameters.usernameFragment })),
  )
  t.same(a.agent.localCandidates, after)
  t.equal(a.agent.localParameters, parameters)
  t.equal(a.agent.remoteParameters, undefined)
  t.equal(a.agent.state, 'connected', 'no longer completed')
  t.end()
})

t.test('the pair from before keeps its consent while the answer is awaited', t => {
  const { wire, a, b } = createConnected()
  a.agent.restart(fresh(), wire.now)
  for (const { states } of [a, b]) states.length = 0
  wire.run(300_000)
  t.ok(a.send('still here'))
  wire.run(100)
  t.same(b.heard, ['still here'])
  t.same([a.states, b.states], [['connected'], []])
  t.end()
})

t.test('checks for the old credentials are answered for 30 s after the new generation has taken over', t => {
  const alone = new Alone('controlled').connect()
  alone.agent.restart({ usernameFragment: 'newu', password: 'n'.repeat(22) }, alone.now)
  alone.agent.setRemoteParameters({ usernameFragment: 'newt', password: 'm'.repeat(22) }, alone.now)
  alone.take()
  alone.receive(encodeCheck())
  t.same(alone.takeCodes(), [200])
  alone.receive(encodeCheck({ username: 'newu:newt', password: 'n'.repeat(22), useCandidate: true }))
  alone.pass(100)
  alone.answerLast({ password: 'm'.repeat(22) })
  t.match(alone.agent.selectedPair, { nominated: true, local: { usernameFragment: 'newu' } })
  alone.pass(29_000)
  alone.take()
  alone.receive(encodeCheck())
  t.same(alone.takeCodes(), [200])
  alone.pass(2_000)
  alone.take()
  alone.receive(encodeCheck())
  t.same(alone.takeCodes(), [401])
  t.end()
})

t.test('a restart that is taken back leaves all as it was', t => {
  const { wire, a, b } = createConnected()
  const { localParameters, selectedPair, remoteParameters } = a.agent
  a.agent.restart(fresh(), wire.now)
  wire.run(1000)
  a.agent.restart(localParameters, wire.now)
  a.agent.endOfLocalCandidates(wire.now)
  t.equal(a.agent.localParameters, localParameters)
  t.equal(a.agent.remoteParameters, remoteParameters)
  t.equal(a.agent.selectedPair, selectedPair)
  wire.run(100_000)
  t.ok(a.send('as ever'))
  wire.run(100)
  t.same(b.heard, ['as ever'])
  t.equal(a.agent.state, 'completed')
  t.end()
})

t.test('two restarts in a row: the pair that works carries on until the last one has a better', t => {
  const { wire, a, b } = createConnected()
  a.agent.restart(fresh(), wire.now)
  a.agent.restart(fresh(), wire.now)
  t.ok(a.send('one'))
  restart(a, b, 10, () => {
    a.send('x')
    wire.run(100)
  })
  t.ok(wire.run(2000, () => a.agent.state === 'completed' && b.agent.state === 'completed'))
  t.same(b.heard, ['one', 'x', 'x', 'x', 'x'])
  t.same(b.refused, [])
  t.end()
})

t.test('a restart that begins disconnected is checking, and connects', t => {
  const { wire, a, b } = createConnected()
  wire.filter = () => false
  wire.run(10_000)
  t.same([a.agent.state, b.agent.state], ['disconnected', 'disconnected'])
  wire.filter = () => true
  for (const { agent } of [a, b]) agent.restart(fresh(), wire.now)
  t.same([a.agent.state, b.agent.state], ['checking', 'checking'])
  exchange(a, b)
  t.ok(wire.run(1000, () => a.agent.state === 'completed' && b.agent.state === 'completed'))
  t.end()
})

t.test('an unanswered new pair raises no alarm while others are unchecked', t => {
  const alone = new Alone('controlled').connect()
  alone.states()
  alone.agent.restart({ usernameFragment: 'newu', password: 'n'.repeat(22) }, alone.now)
  alone.pass(7_000)
  alone.agent.setRemoteParameters({ usernameFragment: 'newt', password: 'm'.repeat(22) }, alone.now)
  for (let port = 2000; port < 2040; port++)
    alone.agent.addRemoteCandidate(
      {
        foundation: String(port),
        component: 1,
        protocol: 'udp',
        priority: 9,
        type: 'host',
        address: PEER.address,
        port,
      },
      alone.now,
    )
  alone.pass(1_900)
  t.same(alone.states(), [], 'silent for 8.9 s, but 2 s of checks are ahead')
  alone.pass(1_000)
  t.same(alone.states(), ['disconnected'])
  t.end()
})

t.test('a check from new credentials of the peer to old ones of ours is not answered', t => {
  const alone = new Alone('controlled').connect()
  alone.take()
  alone.receive(encodeCheck({ username: 'ours:newt', useCandidate: true }))
  t.same(alone.takeCodes(), [], 'before we know of the restart')
  alone.agent.restart({ usernameFragment: 'newu', password: 'n'.repeat(22) }, alone.now)
  alone.agent.setRemoteParameters({ usernameFragment: 'newt', password: 'm'.repeat(22) }, alone.now)
  alone.take()
  alone.receive(encodeCheck({ username: 'ours:newt', useCandidate: true }))
  t.same(alone.takeCodes(), [], 'and after that')
  t.equal(alone.agent.counters.mixedGenerations, 2)
  alone.receive(encodeCheck({ username: 'newu:newt', password: 'n'.repeat(22), useCandidate: true }))
  t.same(alone.takeCodes(), [200])
  t.end()
})

t.test("other credentials of the peer's, without a restart of ours, begin a generation too", t => {
  const alone = new Alone('controlled').connect()
  const { selectedPair } = alone.agent
  alone.agent.setRemoteParameters({ usernameFragment: 'newt', password: 'm'.repeat(22) }, alone.now)
  t.equal(alone.agent.selectedPair, selectedPair)
  alone.take()
  alone.receive(encodeCheck({ username: 'ours:newt', useCandidate: true }))
  alone.pass(100)
  alone.answerLast({ password: 'm'.repeat(22) })
  t.not(alone.agent.selectedPair, selectedPair)
  t.match(alone.agent.selectedPair, { nominated: true })
  alone.take()
  alone.receive(encodeCheck())
  t.same(alone.takeCodes(), [200], 'a late check of the old generation')
  alone.agent.setRemoteParameters({ usernameFragment: 'newt', password: 'm'.repeat(22) }, alone.now)
  t.match(alone.agent.selectedPair, { nominated: true }, 'the same again changes nothing')
  t.end()
})

const NEW_LOCAL = { usernameFragment: 'newu', password: 'n'.repeat(22) }
const NEW_REMOTE = { usernameFragment: 'newt', password: 'm'.repeat(22) }

/** A check of the peer's for the credentials from after a restart. */
const encodeNewCheck = (useCandidate = false): Uint8Array =>
  encodeCheck({ username: 'newu:newt', password: NEW_LOCAL.password, useCandidate })

/** An agent that is connected and restarts on the same path, up to where the new pair is to be checked. */
const restarting = (timing: Partial<IceTiming> = {}): Alone => {
  const alone = new Alone('controlled', { timing }).connect()
  alone.receive(encodeCheck({ useCandidate: true }))
  alone.agent.restart(NEW_LOCAL, alone.now)
  alone.agent.setRemoteParameters(NEW_REMOTE, alone.now)
  return alone
}

t.test('the time of the generation before runs out though the pair that took over fails', t => {
  const alone = restarting({ consentTimeout: 10_000 })
  alone.receive(encodeNewCheck(true))
  alone.pass(100)
  alone.answerLast(NEW_REMOTE)
  t.match(alone.agent.selectedPair, { nominated: true, local: { usernameFragment: 'newu' } })
  t.equal(alone.agent.pairs.length, 2)
  // Its consent is lost, so that a check of the peer's is checked in return; and that one is refused.
  alone.pass(11_000)
  alone.receive(encodeNewCheck())
  alone.pass(100)
  alone.answerLast({ ...NEW_REMOTE, error: errorCode(500, '') })
  t.match(alone.agent.pairs.at(-1), { nominated: false, local: { usernameFragment: 'newu' } })
  t.equal(alone.agent.pairs.length, 2, 'the time has not run out yet')
  alone.pass(100_000)
  t.equal(alone.agent.pairs.length, 1, 'the old pair is gone')
  t.equal(alone.agent.state, 'failed')
  t.equal(alone.agent.deadline, Number.POSITIVE_INFINITY)
  t.end()
})

t.test('what comes in over the path of both generations counts to the pair of the new one', t => {
  const alone = restarting()
  const [before] = alone.agent.pairs
  t.ok(alone.admits(), 'in flight during the restart')
  t.match(before, { packetsReceived: 1 })
  alone.receive(encodeNewCheck(true))
  alone.pass(100)
  alone.answerLast(NEW_REMOTE)
  const { selectedPair } = alone.agent
  t.not(selectedPair, before)
  for (let i = 0; i < 150; i++) {
    t.ok(alone.admits())
    alone.pass(100)
  }
  t.match(before, { packetsReceived: 1 })
  t.match(selectedPair, { packetsReceived: 150, lastReceivedAt: alone.now - 100 })
  t.equal(alone.agent.state, 'connected', 'no answer to a consent check for 15 s, but data')
  t.end()
})

t.test('a path of the old generation alone is let in until its time has run out', t => {
  const other = { address: '192.0.2.9', port: 9 }
  const alone = restarting()
  alone.receive(encodeCheck(), other)
  t.ok(alone.admits(other))
  alone.receive(encodeNewCheck(true))
  alone.pass(100)
  alone.answerLast(NEW_REMOTE)
  for (const [milliseconds, isOld] of [
    [0, true],
    [29_000, true],
    [2_000, false],
  ] as const) {
    alone.pass(milliseconds)
    t.equal(alone.agent.isAuthenticated(7, other.address, other.port), isOld)
    t.equal(alone.admits(other), isOld)
    t.ok(alone.agent.isAuthenticated(7, PEER.address, PEER.port))
  }
  t.end()
})

t.test('two restarts taken back before anything was connected leave all as it was', t => {
  const alone = new Alone('controlled').meet()
  alone.agent.restart(NEW_LOCAL, alone.now)
  alone.agent.restart(fresh(), alone.now)
  alone.agent.restart(LOCAL, alone.now)
  t.same(alone.agent.remoteParameters, REMOTE)
  t.equal(alone.agent.pairs.length, 1)
  alone.pass(100)
  alone.answerLast()
  t.equal(alone.agent.state, 'connected')
  t.end()
})

t.test('so do two that are taken back before the first answer', t => {
  const alone = new Alone('controlled')
  alone.receive(encodeCheck())
  alone.agent.restart(NEW_LOCAL, alone.now)
  alone.receive(encodeNewCheck(), { ...PEER, port: 9 })
  alone.agent.restart(fresh(), alone.now)
  t.notOk(alone.admits({ ...PEER, port: 9 }), 'what was for the first restart is forgotten')
  alone.agent.restart(LOCAL, alone.now)
  t.ok(alone.admits())
  alone.meet('none')
  t.match(alone.agent.pairs, [{ requestsReceived: 1 }])
  alone.pass(100)
  alone.answerLast()
  t.equal(alone.agent.state, 'connected')
  t.end()
})
