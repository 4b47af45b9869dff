import t from 'tap'
import type { IceAgentOptions, IceCandidate } from '../../lib/ice/index.ts'
import { Attribute, nomination, readU32 } from '../../lib/stun/index.ts'
import { Alone, encodeAnswer, encodeCheck, PEER, REMOTE, type Sent } from './raw-peer.ts'
import { createTwo } from './wire.ts'

const SECOND = { address: '192.0.2.3', port: 1003 }
const candidate = ({ address, port }: typeof PEER, priority: number): IceCandidate => ({
  foundation: address,
  component: 1,
  protocol: 'udp',
  priority,
  type: 'host',
  address,
  port,
})

/** An agent whose peer announces renomination, or does not. */
const facing = (
  role: 'controlling' | 'controlled',
  announced = true,
  options: Partial<IceAgentOptions> = {},
): Alone => {
  const alone = new Alone(role, options)
  alone.agent.setRemoteParameters({ ...REMOTE, renomination: announced }, 0)
  return alone
}
const numbers = (sent: readonly Sent[]) =>
  sent
    .filter(({ message }) => message.has(Attribute.useCandidate))
    .map(({ address, message }) => [address, readU32(message.find(Attribute.nomination) ?? new Uint8Array(0))])

/** Answers all requests that come in this time. */
const answering = (alone: Alone, milliseconds: number): Sent[] => {
  const sent: Sent[] = []
  for (let passed = 0; passed < milliseconds; passed += 10) {
    alone.pass(10)
    for (const check of alone.take()) {
      if (check.message.kind !== 'request') continue
      sent.push(check)
      alone.receive(encodeAnswer(check.message), check)
    }
  }
  return sent
}

t.test('a better pair that comes later is nominated with a higher number, if both sides announced it', t => {
  for (const [announced, options, expected] of [
    [true, {}, [[PEER.address, 2]]],
    [false, {}, []],
    [true, { renomination: false }, []],
  ] as const) {
    const alone = facing('controlling', announced, options)
    alone.agent.addRemoteCandidate(candidate(SECOND, 1000), 0)
    const first = numbers(answering(alone, 1_000))
    t.same(first, [[SECOND.address, expected.length > 0 ? 1 : undefined]])
    alone.agent.addRemoteCandidate(candidate(PEER, 2000), alone.now)
    t.same(numbers(answering(alone, 1_000)), expected)
    const isFollowed = expected.length > 0
    t.equal(alone.agent.selectedPair?.remoteAddress, isFollowed ? PEER.address : SECOND.address)
    t.same(
      alone.agent.pairs.map(({ nominated, valid }) => [nominated, valid]),
      [
        [isFollowed, true],
        [!isFollowed, true],
      ],
      'the other is kept',
    )
    t.same(numbers(answering(alone, 30_000)), [], 'and so it stays')
  }
  t.end()
})

/** A controlled agent with two valid pairs. */
const controlled = (announced = true): Alone => {
  const alone = facing('controlled', announced)
  alone.agent.addRemoteCandidate(candidate(PEER, 2000), 0)
  alone.agent.addRemoteCandidate(candidate(SECOND, 1000), 0)
  answering(alone, 200)
  return alone
}
const numbered = (value: number, useCandidate = true) => encodeCheck({ useCandidate, more: [nomination(value)] })
const selected = ({ agent }: Alone) => [agent.selectedPair?.remoteAddress, agent.selectedPair?.nominated]

t.test('the controlled side follows the highest number, whatever the priorities', t => {
  const alone = controlled()
  alone.receive(numbered(1), PEER)
  t.same(selected(alone), [PEER.address, true])
  alone.receive(numbered(3), SECOND)
  t.same(selected(alone), [SECOND.address, true])
  alone.receive(numbered(2), PEER)
  t.same(selected(alone), [SECOND.address, true], 'one that comes late')
  alone.receive(numbered(3), PEER)
  t.same(selected(alone), [SECOND.address, true], 'a number is given once')
  alone.receive(encodeCheck({ useCandidate: true }), PEER)
  t.same(selected(alone), [SECOND.address, true], 'one without a number')
  alone.receive(numbered(0xffffffff, false), PEER)
  t.same(selected(alone), [PEER.address, true], 'the number alone is a nomination: libwebrtc sends it so')
  t.end()
})

t.test('a nomination of a pair that is not valid yet counts when it is, unless a higher has come', t => {
  for (const overtaken of [false, true]) {
    const alone = facing('controlled')
    alone.agent.addRemoteCandidate(candidate(PEER, 2000), 0)
    alone.pass(10)
    alone.answerLast()
    alone.receive(numbered(1), PEER)
    alone.receive(numbered(2), SECOND)
    t.same(selected(alone), [PEER.address, true])
    if (overtaken) alone.receive(numbered(3), PEER)
    answering(alone, 100)
    t.same(selected(alone), [overtaken ? PEER.address : SECOND.address, true])
  }
  t.end()
})

t.test('the roles change: who decides from then on counts from the beginning', t => {
  const alone = facing('controlling')
  alone.agent.addRemoteCandidate(candidate(SECOND, 1000), 0)
  answering(alone, 1_000)
  alone.agent.addRemoteCandidate(candidate(PEER, 2000), alone.now)
  t.same(numbers(answering(alone, 1_000)), [[PEER.address, 2]])
  alone.agent.role = 'controlled'
  alone.receive(numbered(1), SECOND)
  t.same(selected(alone), [SECOND.address, true])
  alone.receive(numbered(0xffffffff), SECOND)
  alone.agent.role = 'controlling'
  t.same(numbers(answering(alone, 8_000)), [[PEER.address, 1]], 'and numbers stay within 32 bits')
  t.end()
})

t.test('numbers of a peer that has not announced them are not looked at', t => {
  const alone = controlled(false)
  alone.receive(numbered(5, false), SECOND)
  t.same(selected(alone), [PEER.address, false])
  alone.receive(numbered(1), SECOND)
  t.same(selected(alone), [SECOND.address, true])
  t.end()
})

t.test('a number before the answer is known counts when it is', t => {
  const alone = new Alone('controlled')
  alone.receive(numbered(4, false), SECOND)
  alone.agent.setRemoteParameters({ ...REMOTE, renomination: true }, 0)
  answering(alone, 100)
  t.same(selected(alone), [SECOND.address, true])
  alone.receive(numbered(3), PEER)
  answering(alone, 100)
  t.same(selected(alone), [SECOND.address, true])
  t.end()
})

t.test('two agents move to a better path together when it comes up, and lose no data', t => {
  const { wire, a, b } = createTwo()
  const better = { address: '198.51.100.1', port: 7 }
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    to.agent.setRemoteParameters({ ...from.agent.localParameters, renomination: true }, 0)
    for (const local of from.agent.localCandidates) to.agent.addRemoteCandidate({ ...local, priority: 1000 }, 0)
  }
  t.ok(wire.run(2_000, () => a.agent.selectedPair?.nominated === true && b.agent.selectedPair?.nominated === true))
  b.sockets.push(better)
  const added = b.agent.addLocalCandidate({ socket: 1, type: 'host', ...better, localPreference: 65535 }, wire.now)
  a.agent.addRemoteCandidate(added!, wire.now)
  for (let i = 0; i < 100; i++) {
    t.ok(a.send(String(i)) && b.send(String(i)))
    wire.run(10)
  }
  t.same([a.heard.length, b.heard.length], [100, 100])
  t.equal(a.agent.selectedPair?.remoteAddress, better.address)
  t.equal(b.agent.selectedPair?.socket, 1)
  t.end()
})
