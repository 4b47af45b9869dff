import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { fixtureBytes } from '../fixture.ts'
import { Alone, encodeAnswer, encodeCheck } from './raw-peer.ts'

/** What must not change by anything that is not authenticated. */
const standing = ({ agent }: Alone) => ({
  state: agent.state,
  role: agent.role,
  selected: agent.selectedPair,
  consentUntil: agent.selectedPair?.consentUntil,
  pairs: agent.pairs.map(({ state, nominated, valid, authenticated }) => ({ state, nominated, valid, authenticated })),
  remotes: agent.remoteCandidates.length,
})

t.test('the fuzz corpus of libwebrtc changes nothing', t => {
  const alone = new Alone('controlled').connect()
  const before = standing(alone)
  for (const name of readdirSync('fixtures/libwebrtc-fuzz-corpora/stun'))
    alone.receive(fixtureBytes(`libwebrtc-fuzz-corpora/stun/${name}`))
  t.same(standing(alone), before)
  t.end()
})

t.test('random bytes change nothing', t => {
  const alone = new Alone('controlled').connect()
  const before = standing(alone)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(3), (bytes, first) => {
      if (bytes.length > 0) bytes[0] = first
      alone.receive(bytes)
    }),
    { numRuns: 1000 },
  )
  t.same(standing(alone), before)
  t.end()
})

t.test('bit flips and truncations of valid checks and answers change nothing', t => {
  const alone = new Alone('controlled').connect()
  alone.pass(6_000)
  const [consent] = alone.take()
  const valid = [
    encodeCheck({ useCandidate: true }),
    encodeCheck({ role: 'controlled', tieBreaker: 0n }),
    encodeAnswer(consent!.message),
  ]
  const before = standing(alone)
  fc.assert(
    fc.property(fc.constantFrom(...valid), fc.nat(), fc.nat(), fc.boolean(), (packet, at, bit, isCut) => {
      const bytes = isCut ? packet.slice(0, at % packet.length) : packet.slice()
      if (!isCut) bytes[at % bytes.length]! ^= 1 << (bit & 7)
      // The fingerprint of an answer is not what it is believed by.
      if (packet === valid[2] && !isCut && at % bytes.length >= bytes.length - 8) return
      alone.receive(bytes)
    }),
    { numRuns: 2000 },
  )
  t.same(standing(alone), before)
  t.end()
})

t.test('a flood of checks from a peer that has the password: lists stay bounded', t => {
  const alone = new Alone('controlled').meet('none')
  const early = new Alone('controlled')
  for (let i = 0; i < 3000; i++) {
    const check = encodeCheck({ useCandidate: i % 2 === 0 })
    alone.receive(check, { address: `10.${i >> 8}.${i & 255}.1`, port: 1000 + i })
    early.receive(check, { address: `10.${i >> 8}.${i & 255}.1`, port: 1000 + i })
    alone.now += 10
    alone.agent.advance(alone.now)
  }
  t.ok(alone.agent.pairs.length <= 100)
  t.ok(alone.agent.remoteCandidates.length <= 128)
  t.ok(alone.agent.counters.droppedPairs > 0 || alone.agent.counters.droppedCandidates > 0)
  t.equal(early.agent.counters.droppedEarlyChecks, 3000 - 32)
  const checks = alone.sent.filter(({ message }) => message.kind === 'request')
  t.ok(checks.length <= 30_000 / 50 + 7 * 100, `${checks.length} checks in 30 s`)
  t.end()
})

t.test('a flood of candidates: lists stay bounded', t => {
  const alone = new Alone('controlling').meet('none')
  for (let i = 0; i < 5000; i++)
    alone.agent.addRemoteCandidate(
      {
        foundation: String(i),
        component: 1,
        protocol: 'udp',
        priority: 1 + i,
        type: 'host',
        address: `10.${i >> 8}.${i & 255}.1`,
        port: 1,
      },
      alone.now,
    )
  t.equal(alone.agent.pairs.length, 100)
  t.equal(alone.agent.remoteCandidates.length, 128)
  t.ok(alone.agent.pairs.every((pair, i, all) => i === 0 || pair.priority <= all[i - 1]!.priority))
  t.end()
})

t.test('a peer that answers with ever other addresses makes no endless list of candidates', t => {
  const alone = new Alone('controlled').connect()
  for (let i = 0; i < 100; i++) {
    alone.pass(6_000)
    alone.answerLast({ mapped: { address: '10.0.0.1', port: 1000 + i } })
  }
  t.ok(alone.agent.localCandidates.length <= 33)
  t.equal(alone.agent.state, 'connected')
  t.end()
})
