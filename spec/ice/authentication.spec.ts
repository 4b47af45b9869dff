import t from 'tap'
import { utf8 } from '../../lib/bytes/index.ts'
import { Attribute, encodeStun, errorCode, Method, readUnknownAttributes } from '../../lib/stun/index.ts'
import { nodeCrypto } from '../providers.ts'
import { Alone, encodeAnswer, encodeCheck, LOCAL, PEER, REMOTE } from './raw-peer.ts'
import { createTwo, exchange } from './wire.ts'

const forgeries: [string, Uint8Array, number | undefined, string][] = [
  ['without FINGERPRINT', encodeCheck({ fingerprint: false }), undefined, 'invalidFingerprint'],
  ['without USERNAME', encodeCheck({ username: undefined }), 400, 'missingCredentials'],
  ['without MESSAGE-INTEGRITY', encodeCheck({ password: undefined }), 400, 'missingCredentials'],
  ['for another user', encodeCheck({ username: `xxxx:${REMOTE.usernameFragment}` }), 401, 'unknownUsername'],
  ['with the halves swapped', encodeCheck({ username: 'them:ours' }), 401, 'unknownUsername'],
  ['with one half', encodeCheck({ username: 'ours' }), 401, 'unknownUsername'],
  ['with three halves', encodeCheck({ username: 'ours:them:more' }), 401, 'unknownUsername'],
  ['with a wrong password', encodeCheck({ password: 'x'.repeat(22) }), 401, 'invalidIntegrity'],
  ["with the peer's own password", encodeCheck({ password: REMOTE.password }), 401, 'invalidIntegrity'],
]

for (const [what, bytes, code, counter] of forgeries) {
  t.test(`a request ${what} has no effect`, t => {
    const alone = new Alone('controlled').meet('none')
    alone.receive(bytes)
    t.same(alone.takeCodes(), code === undefined ? [] : [code])
    t.equal(alone.agent.counters[counter as 'invalidIntegrity'], 1)
    t.equal(alone.agent.pairs.length, 0)
    t.equal(alone.agent.remoteCandidates.length, 0)
    t.notOk(alone.admits())
    alone.pass(5_000)
    t.same(alone.take(), [], 'no check is triggered')
    t.same(alone.states(), [])

    const early = new Alone('controlled')
    early.receive(bytes)
    t.notOk(early.admits(), 'nor before the credentials of the peer are known')
    early.meet('none')
    t.equal(early.agent.pairs.length, 0)
    t.end()
  })
}

t.test('a right request is answered, paired, let in, and checked in return', t => {
  const alone = new Alone('controlled').meet('none')
  t.notOk(alone.admits())
  alone.receive(encodeCheck())
  t.match(alone.agent.pairs, [{ state: 'in-progress', authenticated: true, requestsReceived: 1, responsesSent: 1 }])
  t.ok(alone.admits())
  t.notOk(alone.admits({ ...PEER, port: 1 }), 'not from another port')
  t.notOk(alone.admits({ ...PEER, address: '192.0.2.3' }), 'not from another address')
  t.notOk(alone.admits(PEER, 8), 'not into another socket')
  t.equal(alone.agent.counters.droppedUnauthenticated, 4)
  t.same(
    alone.take().map(({ message }) => message.kind),
    ['success', 'request'],
  )
  t.end()
})

t.test('an answer of the peer lets in as well', t => {
  const alone = new Alone('controlling').meet()
  t.notOk(alone.admits())
  alone.answerLast()
  t.ok(alone.admits())
  t.end()
})

t.test('once the peer is known, who else has seen our credentials is not let in any more', t => {
  const stranger = { ...PEER, port: 9 }
  const isAuthenticated = ({ agent }: Alone, { address, port }: typeof PEER) => agent.isAuthenticated(7, address, port)
  for (const restarts of [0, 1, 2]) {
    const alone = new Alone('controlled')
    t.notOk(isAuthenticated(alone, PEER))
    // An offer that nobody has answered may be followed by another one.
    for (let i = 0; i < restarts; i++) {
      alone.receive(encodeCheck({ username: 'ours:else' }), stranger)
      alone.agent.restart({ ...LOCAL, usernameFragment: `ours${i}` }, alone.now)
    }
    const ours = alone.agent.localParameters.usernameFragment
    alone.receive(encodeCheck({ username: `${ours}:else` }), stranger)
    alone.receive(encodeCheck({ username: `${ours}:them` }))
    for (const from of [PEER, stranger]) t.ok(isAuthenticated(alone, from) && alone.admits(from), 'it may be either')
    alone.meet('none')
    t.ok(isAuthenticated(alone, PEER) && alone.admits())
    t.notOk(isAuthenticated(alone, stranger) || alone.admits(stranger))
    t.equal(alone.agent.counters.droppedUnauthenticated, 1, 'to ask does not count')
    t.match(alone.agent.pairs, [{ packetsReceived: 1 }])
    for (const name of ['ours:else', `${ours}:else`]) alone.receive(encodeCheck({ username: name }), stranger)
    t.notOk(isAuthenticated(alone, stranger) || alone.admits(stranger), 'nor by what it sends then')
    alone.agent.close(alone.now)
    t.notOk(isAuthenticated(alone, PEER))
  }
  t.end()
})

t.test('an unknown attribute that must be understood gives a signed 420 and no effect', t => {
  const alone = new Alone('controlled').meet('none')
  alone.receive(encodeCheck({ more: [{ type: 0x7ff0, value: new Uint8Array(4) }] }))
  const [sent] = alone.take()
  t.ok(sent!.message.integrityAt > 0)
  t.same(readUnknownAttributes(sent!.message.find(Attribute.unknownAttributes)!), [0x7ff0])
  t.equal(alone.agent.pairs.length, 0)
  alone.receive(encodeCheck({ more: [{ type: 0xc057, value: new Uint8Array(4) }] }))
  t.equal(alone.agent.pairs.length, 1, 'one that need not be understood does no harm')
  t.end()
})

t.test('a signed request without PRIORITY, or with a malformed one, gives a 400 and no effect', t => {
  const alone = new Alone('controlled').meet('none')
  alone.receive(encodeCheck({ priority: undefined }))
  alone.receive(encodeCheck({ priority: undefined, more: [{ type: Attribute.priority, value: new Uint8Array(3) }] }))
  alone.receive(encodeCheck({ priority: 0 }))
  t.same(alone.takeCodes(), [400, 400, 400])
  t.equal(alone.agent.counters.malformedRequests, 3)
  t.equal(alone.agent.pairs.length, 0)
  t.end()
})

t.test('a success with a wrong signature, or none, is as if it had not come', t => {
  const alone = new Alone('controlling').meet()
  const [check] = alone.take()
  alone.receive(encodeAnswer(check!.message, { password: LOCAL.password }))
  const { transactionId } = check!.message
  alone.receive(encodeStun({ kind: 'success', method: Method.binding, transactionId, fingerprint: true }))
  alone.receive(
    encodeStun({
      kind: 'error',
      method: Method.binding,
      transactionId,
      attributes: [errorCode(487, '')],
      fingerprint: true,
    }),
  )
  t.equal(alone.agent.counters.unauthenticatedResponses, 3)
  t.match(alone.agent.pairs, [{ valid: false, state: 'in-progress' }])
  t.equal(alone.agent.role, 'controlling')
  t.notOk(alone.admits())
  alone.receive(encodeAnswer(check!.message))
  t.match(alone.agent.pairs, [{ valid: true, state: 'succeeded' }], 'the true answer still counts')
  t.end()
})

t.test('an answer to nothing is dropped', t => {
  const alone = new Alone('controlling').meet()
  const [check] = alone.take()
  alone.receive(encodeAnswer({ transactionId: check!.message.transactionId.map(byte => byte ^ 1) }))
  t.equal(alone.agent.counters.unmatchedResponses, 1)
  alone.receive(encodeAnswer(check!.message))
  alone.receive(encodeAnswer(check!.message))
  t.equal(alone.agent.counters.unmatchedResponses, 2, 'the same answer twice')
  t.end()
})

t.test('an answer from another address fails the pair (RFC 8445, 7.2.5.2.1)', t => {
  const alone = new Alone('controlling').meet()
  const other = { address: '192.0.2.77', port: 1002 }
  alone.answerLast({ from: other })
  t.match(alone.agent.pairs, [{ state: 'failed', valid: false }])
  t.notOk(alone.admits(other))
  t.notOk(alone.admits())
  t.equal(alone.agent.counters.asymmetricResponses, 1)
  t.end()
})

t.test('a signed error other than 487 fails the pair', t => {
  const alone = new Alone('controlling').meet()
  alone.answerLast({ error: errorCode(500, 'Server Error') })
  t.match(alone.agent.pairs, [{ state: 'failed' }])
  t.end()
})

t.test('a success without an address is malformed', t => {
  const alone = new Alone('controlling').meet()
  const { message } = alone.take()[0]!
  const { transactionId } = message
  const integrity = nodeCrypto.createMac('sha-1', utf8(REMOTE.password))
  alone.receive(encodeStun({ kind: 'success', method: Method.binding, transactionId, integrity, fingerprint: true }))
  t.equal(alone.agent.counters.malformedResponses, 1)
  t.match(alone.agent.pairs, [{ valid: false }])
  t.end()
})

t.test('agents with different passwords never connect', t => {
  const { wire, a, b } = createTwo()
  exchange(a, b)
  const c = wire.add('c', 'controlling')
  c.bind('192.0.2.3', 1003)
  const { usernameFragment } = b.agent.localParameters
  c.agent.setRemoteParameters({ usernameFragment, password: 'x'.repeat(24) }, 0)
  for (const candidate of b.agent.localCandidates) c.agent.addRemoteCandidate(candidate, 0)
  t.notOk(wire.run(60_000, () => c.agent.selectedPair !== undefined))
  t.ok(b.agent.counters.invalidIntegrity > 0)
  t.equal(c.agent.state, 'failed')
  t.same([a.agent.state, b.agent.state], ['completed', 'completed'], 'and the others do not mind')
  t.end()
})

t.test('datagrams for sockets that were not named, indications and other methods are counted and dropped', t => {
  const alone = new Alone('controlled').meet('none')
  alone.receive(encodeCheck(), PEER, 99)
  t.equal(alone.agent.counters.unknownSocket, 1)
  const transactionId = new Uint8Array(12)
  alone.receive(encodeStun({ kind: 'indication', method: Method.binding, transactionId, fingerprint: true }))
  alone.receive(encodeStun({ kind: 'request', method: Method.allocate, transactionId, fingerprint: true }))
  t.equal(alone.agent.counters.ignoredMethods, 2)
  alone.receive(Uint8Array.of(0, 1, 2, 3))
  t.equal(alone.agent.counters.malformed, 1)
  t.same(alone.take(), [])
  t.end()
})
