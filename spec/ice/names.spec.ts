import t from 'tap'
import { formatCandidate, type IceCandidate, type IceEvent } from '../../lib/ice/index.ts'
import { Alone, encodeCheck, PEER, REMOTE } from './raw-peer.ts'

const named = (name: string, port = 1002): IceCandidate => ({
  foundation: '1',
  component: 1,
  protocol: 'udp',
  priority: 0x7e7fffff,
  type: 'host',
  address: name,
  port,
})
const names = ({ agent }: Alone): IceCandidate[] => {
  const found: IceCandidate[] = []
  for (let event: IceEvent | undefined = agent.nextEvent(); event; event = agent.nextEvent())
    if (event.type === 'name') found.push(event.candidate)
  return found
}

t.test('a candidate with a name is told, and checked when its name has been resolved', t => {
  const alone = new Alone('controlling').meet('none')
  alone.agent.addRemoteCandidate(named('abc.local'), 0)
  const [candidate] = names(alone)
  t.match(candidate, { address: 'abc.local', port: 1002 })
  t.equal(alone.agent.pairs.length, 0)
  alone.agent.resolveName(candidate!, [PEER.address, '192.0.2.77', '2001:db8::7'], alone.now)
  alone.pass(50)
  t.same(
    alone.take().map(({ address, port }) => `${address} ${port}`),
    ['192.0.2.2 1002'],
    'the first of each family; here is no IPv6',
  )
  t.match(alone.agent.remoteCandidates, [
    { address: '192.0.2.2', hostName: 'abc.local' },
    { address: '2001:db8::7', hostName: 'abc.local' },
  ])
  t.notMatch(formatCandidate(alone.agent.remoteCandidates[0]!), /abc/)
  alone.agent.resolveName(candidate!, ['192.0.2.78'], alone.now)
  t.equal(alone.agent.remoteCandidates.length, 2, 'once')
  t.end()
})

t.test('names that are not resolved delay nothing', t => {
  const alone = new Alone('controlling').meet()
  for (let i = 0; i < 5; i++) alone.agent.addRemoteCandidate(named(`name${i}.local`), 0)
  alone.agent.endOfRemoteCandidates(0)
  alone.agent.endOfLocalCandidates(0)
  alone.pass(10)
  alone.answerLast()
  alone.pass(50)
  alone.answerLast()
  t.equal(alone.agent.state, 'completed')
  const hopeless = new Alone('controlling').meet('none')
  hopeless.agent.addRemoteCandidate(named('name.local'), 0)
  const [candidate] = names(hopeless)
  hopeless.agent.resolveName(candidate!, [], 10)
  hopeless.agent.endOfRemoteCandidates(10)
  hopeless.pass(39_500)
  t.equal(hopeless.agent.state, 'failed')
  hopeless.agent.resolveName(candidate!, ['192.0.2.2'], hopeless.now)
  t.equal(hopeless.agent.pairs.length, 0)
  t.end()
})

t.test('a name that stands for what a check has discovered names the pair', t => {
  const alone = new Alone('controlled').meet('none')
  alone.agent.addRemoteCandidate(named('abc.local'), 0)
  alone.receive(encodeCheck())
  const [pair] = alone.agent.pairs
  t.equal(pair!.remote.type, 'prflx')
  alone.agent.resolveName(names(alone)[0]!, [PEER.address], 0)
  t.match(alone.agent.pairs, [{ remote: { type: 'host', hostName: 'abc.local' } }])
  t.equal(alone.agent.pairs[0], pair)
  t.end()
})

t.test('addresses that nothing can be sent to, and ones that are none, are left out', t => {
  const alone = new Alone('controlling').meet('none')
  alone.agent.addRemoteCandidate(named('abc.local'), 0)
  alone.agent.resolveName(names(alone)[0]!, ['nonsense', '224.0.0.251', 'ff02::fb'], 0)
  t.equal(alone.agent.remoteCandidates.length, 0)
  t.equal(alone.agent.counters.ignoredCandidates, 2)
  t.end()
})

t.test('names are bounded, told once, and forgotten with their generation', t => {
  const alone = new Alone('controlling')
  for (let i = 0; i < 100; i++) alone.agent.addRemoteCandidate(named(`name${i}.local`), 0)
  alone.agent.addRemoteCandidate(named('name0.local'), 0)
  const told = names(alone)
  t.equal(told.length, 32)
  t.equal(alone.agent.counters.ignoredNames, 69)
  alone.agent.setRemoteParameters(REMOTE, 0)
  alone.agent.restart({ usernameFragment: 'newu', password: 'n'.repeat(22) }, 0)
  alone.agent.setRemoteParameters({ usernameFragment: 'newt', password: 'm'.repeat(22) }, 0)
  alone.agent.resolveName(told[1]!, [PEER.address], 0)
  t.equal(alone.agent.remoteCandidates.length, 0)
  alone.agent.addRemoteCandidate({ ...named('later.local'), usernameFragment: 'them' }, 0)
  t.same(names(alone), [], 'nor is one of the old generation told')
  alone.agent.addRemoteCandidate({ ...named('x.local'), protocol: 'tcp' }, 0)
  alone.agent.addRemoteCandidate({ ...named('x.local'), component: 2 }, 0)
  alone.agent.addRemoteCandidate(named('not a name'), 0)
  t.same(names(alone), [])
  t.end()
})
