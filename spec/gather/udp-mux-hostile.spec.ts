/** What strangers send to a shared UDP port: nothing is taken from a connection, and nothing grows. */

import fc from 'fast-check'
import t from 'tap'
import { UdpMux } from '../../lib/gather/udp-mux.ts'
import { Simulation } from '../../lib/sim/index.ts'
import { Method } from '../../lib/stun/index.ts'
import { check, data, packet, refusal, success, textOf, transactionId } from './checks.ts'

const SERVER = '10.0.0.1'
const AT = `${SERVER}:3478`
const PEER = '10.0.0.2'

const world = async () => {
  const sim = new Simulation({ seed: 1 })
  const mux = await UdpMux.open(sim.createHost({ addresses: [SERVER] }), { port: 3478 })
  const port = mux.ports[0]!
  const listen = (...fragments: string[]) => {
    const heard: string[] = []
    const share = port.share({ receive: bytes => heard.push(textOf(bytes)) })
    share.fragments(fragments)
    return { share, heard }
  }
  const inject = async (from: string, bytes: Uint8Array): Promise<void> => {
    sim.inject(from, AT, bytes)
    await sim.elapse(0)
  }
  return { sim, mux, port, listen, inject }
}

t.test("a request with a forged source does not lead a connection's data to another", async t => {
  const { mux, listen, inject } = await world()
  const [victim, thief] = [listen('victim'), listen('thief')]
  victim.share.send(packet(data('x')), PEER, 1000)
  // The thief's own connection answers it, rightly: the credentials are the thief's. That proves no address.
  await inject(`${PEER}:1000`, check('thief:peer'))
  thief.share.send(packet(success(transactionId())), PEER, 1000)
  thief.share.send(packet(check('peer:thief')), PEER, 1000)
  await inject(`${PEER}:1000`, data('secret'))
  t.same(victim.heard, ['secret'])
  t.same(thief.heard, ['request'])
  mux.close()
})

t.test('an answer proves the address only from where it was asked for, and with the whole transaction id', async t => {
  const { mux, listen, inject } = await world()
  const [victim, thief] = [listen('victim'), listen('thief')]
  victim.share.send(packet(data('x')), PEER, 1000)
  const [id, stuffed] = [transactionId(), transactionId()]
  // The thief is asked at its own address, and answers in the name of the victim's.
  thief.share.send(packet(check('peer:thief', { id })), '10.0.0.3', 1)
  await inject(`${PEER}:1000`, success(id))
  // The thief had a check sent to the victim's peer, and has guessed half of its transaction id.
  thief.share.send(packet(check('peer:thief', { id: stuffed })), PEER, 1000)
  const half = stuffed.slice()
  half[11]! ^= 1
  await inject(`${PEER}:1000`, success(half))
  await inject(`${PEER}:1000`, data('secret'))
  t.same(victim.heard, ['secret'])
  t.same(thief.heard, ['success'])
  t.equal(mux.counters.unmatchedResponses, 1)
  mux.close()
})

t.test('a candidate that names the address of another does not keep data from it before it has proved it', async t => {
  const { mux, port, listen, inject } = await world()
  const victim = listen('victim')
  victim.share.send(packet(check('peer:victim')), PEER, 1000)
  for (let i = 0; i < 100; i++) listen(`thief${i}`).share.send(packet(check(`peer:thief${i}`)), PEER, 1000)
  t.ok(port.usage.overBound > 0, 'not all can wait there')
  victim.share.send(packet(check('peer:victim')), PEER, 1000)
  await inject(`${PEER}:1000`, data('hello'))
  t.same(victim.heard, ['hello'])
  victim.share.send(packet(data('x')), PEER, 1000)
  for (let i = 100; i < 200; i++) listen(`thief${i}`).share.send(packet(check(`peer:thief${i}`)), PEER, 1000)
  await inject(`${PEER}:1000`, data('again'))
  t.same(victim.heard, ['hello', 'again'])
  mux.close()
})

t.test('a refusal that a connection sends makes nothing of the address that it goes to', async t => {
  const { mux, port, listen } = await world()
  const one = listen('frag1')
  for (let i = 1; i < 1000; i++) one.share.send(packet(refusal(transactionId())), PEER, i)
  t.match(port.usage, { addresses: 0, transactions: 0 })
  mux.close()
})

t.test(
  'one connection remembers a bounded number of addresses and of checks, and keeps those it has proved',
  async t => {
    const { mux, port, listen, inject } = await world()
    const one = listen('frag1')
    one.share.send(packet(data('x')), PEER, 1)
    for (let i = 2; i < 3000; i++) one.share.send(packet(check('peer:frag1')), PEER, i)
    t.equal(port.usage.addresses, 128)
    t.equal(port.usage.transactions, 800)
    await inject(`${PEER}:1`, data('first'))
    await inject(`${PEER}:2`, data('old'))
    await inject(`${PEER}:2999`, data('new'))
    t.same(one.heard, ['first', 'new'])
    for (let i = 3000; i < 3500; i++) one.share.send(packet(data('x')), PEER, i)
    t.equal(port.usage.addresses, 128)
    one.share.close()
    t.match(port.usage, { addresses: 0, transactions: 0, fragments: 0, shares: 0 })
    mux.close()
  },
)

t.test('so do all together; an address that is proved is taken in any case', async t => {
  const { mux, port, listen, inject } = await world()
  const item = check('peer:frag')
  const shares = Array.from({ length: 520 }, () => listen())
  for (const [i, { share }] of shares.entries()) {
    for (let k = 1; k <= 128; k++) share.send(packet(item), `10.1.${i >> 8}.${i & 255}`, k)
  }
  t.equal(port.usage.addresses, 65_536)
  const late = listen()
  late.share.send(packet(item), PEER, 1)
  await inject(`${PEER}:1`, data('not yet'))
  late.share.send(packet(data('x')), PEER, 1)
  await inject(`${PEER}:1`, data('proved'))
  t.same(late.heard, ['proved'])
  for (const { share } of [...shares, late]) share.close()
  t.match(port.usage, { addresses: 0, transactions: 0 })
  mux.close()
})

t.test('a fragment that is in use cannot be taken over', async t => {
  const { mux, port, listen, inject } = await world()
  const first = listen('frag1')
  const second = listen()
  t.equal(second.share.fragments(['frag1', 'frag2']), false)
  t.equal(mux.counters.fragmentConflicts, 1)
  await inject(`${PEER}:1`, check('frag1:peer'))
  await inject(`${PEER}:1`, check('frag2:peer'))
  t.same([first.heard, second.heard], [['request'], ['request']])
  second.share.close()
  await inject(`${PEER}:1`, check('frag1:peer'))
  t.equal(first.heard.length, 2, 'and closing the other does not take it away')
  t.equal(port.usage.fragments, 1)
  mux.close()
})

t.test('what is no request for anybody is counted and makes nothing', async t => {
  const { mux, port, listen, inject } = await world()
  const one = listen('frag1')
  const whole = check('frag1:peer')
  const bad = [
    check(''),
    check('frag1'),
    check('frag1:peer', { method: Method.allocate }),
    whole.subarray(0, whole.length - 4),
    Uint8Array.of(...whole, 0, 0, 0, 0),
  ]
  for (const bytes of bad) await inject(`${PEER}:1`, bytes)
  t.equal(mux.counters.malformed, bad.length)
  await inject(`${PEER}:1`, new Uint8Array(0))
  await inject(`${PEER}:1`, Uint8Array.of(0))
  await inject(`${PEER}:1`, data('x'))
  t.equal(mux.counters.unknownSource, 3)
  for (const id of [transactionId(), new Uint8Array(12)]) await inject(`${PEER}:1`, success(id))
  t.equal(mux.counters.unmatchedResponses, 2)
  t.same(one.heard, [])
  t.match(port.usage, { addresses: 0, transactions: 0 })
  mux.close()
})

t.test('any bytes at all: nothing throws, nothing grows', async t => {
  const { mux, port, listen } = await world()
  const one = listen('frag1')
  one.share.send(packet(data('x')), PEER, 1)
  const before = port.usage
  const whole = check('frag1:peer')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat(), (random, at, bit) => {
      port.receive(random, PEER, 2, 0)
      const flipped = whole.slice()
      flipped[at % flipped.length]! ^= 1 << (bit & 7)
      port.receive(flipped, PEER, 2, 0)
      port.receive(whole.slice(0, at % whole.length), PEER, 2, 0)
    }),
    { numRuns: 500 },
  )
  t.same(port.usage, before)
  mux.close()
})
