import t from 'tap'
import { Attribute, errorCode, readTieBreaker } from '../../lib/stun/index.ts'
import { Alone, encodeCheck } from './raw-peer.ts'
import { exchange, Wire } from './wire.ts'

const MOST = 0xffffffffffffffffn

/** The role and the tie-breaker that the agent's last check tells. */
const told = (alone: Alone) => {
  const { message } = alone.take().findLast(sent => sent.message.kind === 'request')!
  const controlling = message.find(Attribute.iceControlling)
  const controlled = message.find(Attribute.iceControlled)
  return {
    role: controlling ? 'controlling' : 'controlled',
    tieBreaker: readTieBreaker(controlling ?? controlled!)!,
    useCandidate: message.has(Attribute.useCandidate),
  }
}

for (const role of ['controlling', 'controlled'] as const) {
  t.test(`two ${role} agents end with one of each, and connect`, t => {
    for (let seed = 0; seed < 6; seed++) {
      const wire = new Wire()
      // Seeds decide whose tie-breaker is the larger.
      for (let i = 0; i < seed; i++) wire.add('unused', role)
      const a = wire.add('a', role)
      const b = wire.add('b', role)
      a.bind('192.0.2.1', 1)
      b.bind('192.0.2.2', 2)
      exchange(a, b)
      t.ok(wire.run(5000, () => a.agent.state === 'completed' && b.agent.state === 'completed'))
      t.same([a.agent.role, b.agent.role].sort(), ['controlled', 'controlling'])
      t.equal(a.roles.length + b.roles.length, 1, 'one of them is told of its new role')
      t.equal(a.agent.pairs[0]!.priority, b.agent.pairs[0]!.priority)
    }
    t.end()
  })
}

t.test('controlling against controlling: the larger tie-breaker stays (RFC 8445, 7.3.1.1)', t => {
  const strong = new Alone('controlling').meet('none')
  strong.receive(encodeCheck({ role: 'controlling', tieBreaker: 0n }))
  t.same(strong.takeCodes(), [487])
  t.equal(strong.agent.role, 'controlling')
  t.equal(strong.agent.pairs.length, 0, 'a check that is refused has no effect')
  t.notOk(strong.admits())

  const weak = new Alone('controlling').meet('none')
  weak.receive(encodeCheck({ role: 'controlling', tieBreaker: MOST }))
  t.equal(weak.agent.role, 'controlled')
  t.equal(weak.agent.pairs.length, 1)
  t.equal(told(weak).role, 'controlled')
  t.end()
})

t.test('controlled against controlled: the larger tie-breaker takes over', t => {
  const strong = new Alone('controlled').meet('none')
  strong.receive(encodeCheck({ role: 'controlled', tieBreaker: 0n }))
  t.equal(strong.agent.role, 'controlling')
  t.equal(told(strong).role, 'controlling')

  const weak = new Alone('controlled').meet('none')
  weak.receive(encodeCheck({ role: 'controlled', tieBreaker: MOST }))
  t.same(weak.takeCodes(), [487])
  t.equal(weak.agent.role, 'controlled')
  t.end()
})

t.test('equal tie-breakers: the one that was asked stays or takes over', t => {
  const alone = new Alone('controlling').meet()
  const { tieBreaker } = told(alone)
  alone.receive(encodeCheck({ role: 'controlling', tieBreaker }))
  t.same(alone.takeCodes(), [487])
  t.equal(alone.agent.role, 'controlling')
  t.end()
})

t.test('a 487 switches the role, draws a new tie-breaker, and repeats the check (RFC 8445, 7.2.5.1)', t => {
  const alone = new Alone('controlling').meet()
  const [check] = alone.sent
  const before = told(alone)
  alone.sent.push(check!)
  alone.answerLast({ error: errorCode(487, 'Role Conflict') })
  t.equal(alone.agent.role, 'controlled')
  alone.pass(50)
  const after = told(alone)
  t.same([before.role, after.role], ['controlling', 'controlled'])
  t.not(after.tieBreaker, before.tieBreaker)
  t.match(alone.agent.pairs, [{ state: 'in-progress' }])
  t.end()
})

t.test('a 487 that is not signed switches nothing', t => {
  const alone = new Alone('controlling').meet()
  alone.answerLast({ error: errorCode(487, 'Role Conflict'), password: 'x'.repeat(22) })
  t.equal(alone.agent.role, 'controlling')
  t.end()
})

t.test('a lite peer makes us controlling (RFC 8445, 6.1.1)', t => {
  const alone = new Alone('controlled')
  alone.agent.setRemoteParameters({ usernameFragment: 'them', password: 'x'.repeat(22), iceLite: true }, 0)
  t.equal(alone.agent.role, 'controlling')
  t.end()
})
