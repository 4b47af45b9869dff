import t from 'tap'
import { createIceParameters, type IceParameters } from '../../lib/ice/index.ts'
import { nodeCrypto } from '../providers.ts'
import { Alone, encodeCheck, PEER } from './raw-peer.ts'

const fresh = (): IceParameters => createIceParameters(nodeCrypto.random)
const NEW_LOCAL = { usernameFragment: 'newu', password: 'n'.repeat(22) }
const NEW_REMOTE = { usernameFragment: 'newt', password: 'm'.repeat(22) }

/** A check of the peer's for the credentials from after a restart. */
const encodeNewCheck = (useCandidate = false): Uint8Array =>
  encodeCheck({ username: 'newu:newt', password: NEW_LOCAL.password, useCandidate })

t.test('a restart that was answered, and another over it that is taken back: the first goes on', t => {
  const alone = new Alone('controlled').connect()
  alone.receive(encodeCheck({ useCandidate: true }))
  const first = alone.agent.selectedPair
  alone.agent.restart(NEW_LOCAL, alone.now)
  alone.agent.setRemoteParameters(NEW_REMOTE, alone.now)
  alone.agent.restart(fresh(), alone.now)
  t.equal(alone.agent.selectedPair, first, 'the pair of the beginning carries data')
  alone.take()
  alone.receive(encodeNewCheck())
  t.same(alone.takeCodes(), [200], 'checks for the one in the middle are answered')
  alone.agent.restart(NEW_LOCAL, alone.now)
  t.same(alone.agent.remoteParameters, NEW_REMOTE)
  t.equal(alone.agent.selectedPair, first)
  alone.receive(encodeNewCheck(true))
  alone.pass(100)
  alone.answerLast(NEW_REMOTE)
  t.match(alone.agent.selectedPair, { nominated: true, local: { usernameFragment: 'newu' } })
  t.end()
})

t.test('however many restarts follow each other, three generations are kept', t => {
  const alone = new Alone('controlled').connect()
  const [pair] = alone.agent.pairs
  for (let i = 0; i < 10; i++) {
    alone.agent.restart(fresh(), alone.now)
    alone.agent.setRemoteParameters(fresh(), alone.now)
    alone.agent.addRemoteCandidate(
      { foundation: '1', component: 1, protocol: 'udp', priority: 1, type: 'host', ...PEER },
      alone.now,
    )
  }
  t.equal(alone.agent.selectedPair, pair)
  t.equal(alone.agent.pairs.length, 3)
  t.end()
})

t.test('another peer that answers the same offer (a fork) ends what the one before could do', t => {
  const other = { usernameFragment: 'fork', password: 'f'.repeat(22) }
  const there = { address: '198.51.100.7', port: 7 }
  const alone = new Alone('controlled').connect()
  t.ok(alone.admits())
  alone.agent.setRemoteParameters(other, alone.now, { otherPeer: true })
  t.notOk(alone.admits())
  t.notOk(alone.agent.isAuthenticated(7, PEER.address, PEER.port))
  t.equal(alone.agent.selectedPair, undefined)
  alone.take()
  alone.receive(encodeCheck())
  t.same(alone.takeCodes(), [], 'its checks are not answered')
  alone.receive(encodeCheck({ username: 'ours:fork', useCandidate: true }), there)
  alone.pass(100)
  alone.answerLast({ password: other.password, from: there })
  t.match(alone.agent.selectedPair, { nominated: true, remoteAddress: there.address })
  t.end()
})
