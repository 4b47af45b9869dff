import t from 'tap'
import { createTwo, exchange } from './wire.ts'

t.test('two agents connect, nominate one pair, and carry data', t => {
  const { wire, a, b } = createTwo()
  exchange(a, b)
  t.ok(wire.run(1000, () => a.agent.state === 'completed' && b.agent.state === 'completed'))
  t.same(a.states, ['checking', 'connected', 'completed'])
  t.same(b.states, ['checking', 'connected', 'completed'])
  t.ok(a.send('hello'))
  t.ok(b.send('world'))
  wire.run(100)
  t.same(b.heard, ['hello'])
  t.same(a.heard, ['world'])
  t.end()
})
