/** Requests of RFC 6525 beyond the reset of one's own streams: asking the peer to reset, pairs of requests, odd peers. */

import fc from 'fast-check'
import t from 'tap'
import { data, init, parameter, u32 } from './craft.ts'
import { pattern } from './pair.ts'
import { PEER_TSN, Puppet } from './puppet.ts'
import {
  addIncoming,
  addOutgoing,
  incomingReset,
  outgoingReset,
  reconfig,
  response,
  results,
  sent,
} from './requests.ts'

const few = { outbound: 100, inbound: 100 }

t.test('we ask the peer to reset: its response and its reset', t => {
  const puppet = Puppet.established()
  puppet.association.requestIncomingReset([3, 5])
  puppet.flush()
  const [request] = sent(puppet)
  t.same(request, { type: 14, sequence: puppet.tsn, rest: [0, 3, 0, 5] })
  puppet.pass(1000)
  t.same(sent(puppet), [request], 'it is sent again when nothing comes')
  puppet.deliver(reconfig(response(puppet.tsn, 1)))
  t.same(puppet.events.at(-1), { type: 'incoming-reset-done', streamIds: [3, 5], ok: true })
  puppet.deliver(reconfig(outgoingReset(PEER_TSN, puppet.tsn, PEER_TSN - 1, [3, 5])))
  t.same(puppet.events.at(-1), { type: 'incoming-reset', streamIds: [3, 5] })
  t.equal(puppet.events.filter(({ type }) => type === 'incoming-reset-done').length, 1)
  t.end()
})

t.test('a reset that names our request is its response (5.2.2)', t => {
  const puppet = Puppet.established()
  puppet.association.requestIncomingReset([])
  puppet.flush()
  t.same(sent(puppet)[0]!.rest, [], 'no ids: all streams')
  puppet.deliver(reconfig(outgoingReset(PEER_TSN, puppet.tsn + 7, PEER_TSN - 1, [1])))
  t.notOk(puppet.kinds().includes('incoming-reset-done'), 'another number')
  puppet.deliver(reconfig(outgoingReset(PEER_TSN + 1, puppet.tsn, PEER_TSN - 1, [])))
  t.ok(puppet.kinds().includes('incoming-reset-done'))
  sent(puppet)
  puppet.pass(5000)
  t.same(sent(puppet), [], 'it is not asked again')
  t.end()
})

t.test('what the peer refuses, or does not know, is told', t => {
  for (const result of [2, 3, 4, 5, 77]) {
    const puppet = Puppet.established()
    puppet.association.requestIncomingReset([3])
    puppet.flush()
    puppet.deliver(reconfig(response(puppet.tsn, result)))
    t.same(puppet.events.at(-1), { type: 'incoming-reset-done', streamIds: [3], ok: false }, `result ${result}`)
  }
  const plain = Puppet.established({}, { parameters: [] })
  plain.association.requestIncomingReset([3])
  plain.flush()
  t.same(sent(plain), [])
  t.same(plain.events.at(-1), { type: 'incoming-reset-done', streamIds: [3], ok: false })
  t.throws(() => new Puppet().association.requestIncomingReset([1]), { code: 'invalid-state' })
  t.end()
})

t.test('one request at a time, numbered one after the other', t => {
  const puppet = Puppet.established({}, few)
  puppet.association.resetStreams([1])
  puppet.association.requestIncomingReset([2])
  puppet.association.addStreams({ outbound: 3, inbound: 4 })
  puppet.flush()
  const types = []
  for (let i = 0; i < 4; i++) {
    const requests = sent(puppet)
    t.equal(requests.length, 1)
    t.equal(requests[0]!.sequence, puppet.tsn + i)
    types.push(requests[0]!.type)
    puppet.deliver(reconfig(response(puppet.tsn + i, 1)))
  }
  t.same(types, [13, 14, 17, 18])
  t.same(sent(puppet), [])
  t.end()
})

t.test('in progress: asked again with the same number, patiently, and it is no failure', t => {
  const puppet = Puppet.established({ maxRetransmissions: 3 })
  puppet.association.resetStreams([2])
  puppet.flush()
  const [request] = sent(puppet)
  for (let i = 0; i < 20; i++) {
    puppet.deliver(reconfig(response(puppet.tsn, 6)))
    puppet.pass(1000)
    t.same(sent(puppet), [request])
  }
  t.equal(puppet.association.state, 'established')
  puppet.deliver(reconfig(response(puppet.tsn, 1)))
  t.same(puppet.events.at(-1), { type: 'reset-done', streamIds: [2], ok: true })
  t.end()
})

t.test('two requests in one chunk: both answered, and both again when it comes again', t => {
  const puppet = Puppet.established({}, few)
  puppet.send(pattern(1), {}, 4)
  const both = reconfig(outgoingReset(PEER_TSN, 0, PEER_TSN - 1, [4]), incomingReset(PEER_TSN + 1, [99]))
  puppet.take()
  for (let i = 0; i < 3; i++) {
    puppet.deliver(both)
    t.same(results(puppet), [
      [0, 1],
      [1, 0],
    ])
  }
  t.equal(puppet.events.filter(({ type }) => type === 'incoming-reset').length, 1)
  const more = reconfig(addOutgoing(PEER_TSN + 2, 7), addIncoming(PEER_TSN + 3, 65_500))
  for (let i = 0; i < 2; i++) {
    puppet.deliver(more)
    t.same(results(puppet), [
      [2, 1],
      [3, 2],
    ])
  }
  t.equal(puppet.association.inboundStreams, 107)
  puppet.deliver(both)
  t.same(results(puppet), [
    [0, 5],
    [1, 5],
  ])
  t.end()
})

t.test('a response and a request may share a chunk', t => {
  const puppet = Puppet.established()
  puppet.association.resetStreams([4])
  puppet.flush()
  sent(puppet)
  puppet.deliver(reconfig(response(puppet.tsn, 1), outgoingReset(PEER_TSN, puppet.tsn, PEER_TSN - 1, [4])))
  t.same(puppet.kinds().slice(-2), ['reset-done', 'incoming-reset'])
  t.same(results(puppet), [[0, 1]])
  t.end()
})

t.test('what may not stand together is dropped (3.1)', t => {
  const puppet = Puppet.established()
  const combinations = [
    [outgoingReset(PEER_TSN, 0, PEER_TSN - 1, [1]), outgoingReset(PEER_TSN + 1, 0, PEER_TSN - 1, [2])],
    [incomingReset(PEER_TSN, [1]), response(1, 1)],
    [parameter(15, u32(PEER_TSN)), response(1, 1)],
    [addOutgoing(PEER_TSN, 1), outgoingReset(PEER_TSN + 1, 0, PEER_TSN - 1, [2])],
    [],
  ]
  for (const parameters of combinations) puppet.deliver(reconfig(...parameters))
  t.same(sent(puppet), [])
  t.equal(puppet.association.counters.malformed, combinations.length)
  t.end()
})

t.test('streams that do not exist cannot be reset', t => {
  const puppet = Puppet.established({ inboundStreams: 10, outboundStreams: 20 })
  puppet.deliver(reconfig(outgoingReset(PEER_TSN, 0, PEER_TSN - 1, [9, 10])))
  puppet.deliver(reconfig(incomingReset(PEER_TSN + 1, [20])))
  puppet.deliver(reconfig(incomingReset(PEER_TSN + 2, [19])))
  t.same(results(puppet), [
    [0, 3],
    [1, 3],
    [2, 0],
  ])
  t.notOk(puppet.kinds().includes('incoming-reset'))
  t.end()
})

t.test('TSNs are not begun anew', t => {
  const puppet = Puppet.established()
  puppet.deliver(reconfig(parameter(15, u32(PEER_TSN))))
  t.same(results(puppet), [[0, 2]])
  t.end()
})

t.test('a reset asked for again under a new number is not carried out twice', t => {
  for (const early of [true, false]) {
    const puppet = Puppet.established()
    puppet.deliver(reconfig(outgoingReset(PEER_TSN, 0, PEER_TSN, [3])))
    t.same(results(puppet), [[0, 6]])
    if (early) {
      puppet.deliver(reconfig(outgoingReset(PEER_TSN + 1, 0, PEER_TSN, [3])))
      t.same(results(puppet), [[1, 6]])
    }
    puppet.deliver(data(PEER_TSN, [1], { stream: 3 }))
    t.equal(puppet.events.filter(({ type }) => type === 'incoming-reset').length, 1)
    puppet.take()
    const next = PEER_TSN + (early ? 2 : 1)
    puppet.deliver(reconfig(outgoingReset(next, 0, PEER_TSN, [3])))
    t.same(results(puppet), [[next - PEER_TSN, 1]])
    t.equal(puppet.events.filter(({ type }) => type === 'incoming-reset').length, 1, 'the stream may be in use again')
    puppet.deliver(data(PEER_TSN + 1, [1], { stream: 3 }))
    puppet.deliver(reconfig(outgoingReset(next + 1, 0, PEER_TSN + 1, [3])))
    t.equal(puppet.events.filter(({ type }) => type === 'incoming-reset').length, 2, 'the next one is another')
  }
  t.end()
})

t.test('another reset while one is put off is an error, and the first is still carried out', t => {
  const puppet = Puppet.established()
  puppet.deliver(reconfig(outgoingReset(PEER_TSN, 0, PEER_TSN, [3])))
  puppet.deliver(reconfig(outgoingReset(PEER_TSN + 1, 0, PEER_TSN, [4])))
  t.same(results(puppet), [
    [0, 6],
    [1, 4],
  ])
  puppet.deliver(data(PEER_TSN, [1], { stream: 3 }))
  t.same(puppet.events.at(-1), { type: 'incoming-reset', streamIds: [3] })
  t.same(results(puppet), [[0, 1]])
  puppet.deliver(reconfig(outgoingReset(PEER_TSN, 0, PEER_TSN, [3])))
  puppet.deliver(reconfig(outgoingReset(PEER_TSN + 1, 0, PEER_TSN, [4])))
  t.same(results(puppet), [
    [0, 1],
    [1, 4],
  ])
  t.end()
})

t.test('numbers wrap', t => {
  const last = 0xffff_ffff
  const puppet = Puppet.established({}, { tsn: last })
  puppet.deliver(reconfig(outgoingReset(last, 0, last - 1, [3])))
  puppet.deliver(reconfig(outgoingReset(0, 0, last - 1, [3])))
  puppet.deliver(reconfig(outgoingReset(last, 0, last - 1, [3])))
  t.same(
    sent(puppet).map(({ sequence, rest }) => [sequence, rest[3]]),
    [
      [last, 1],
      [0, 1],
      [last, 1],
    ],
  )
  t.end()
})

t.test('what comes before the association is up, or after its end, does nothing', t => {
  const puppet = new Puppet()
  puppet.association.connect(0)
  puppet.learn(puppet.take()[0]!)
  puppet.deliver(reconfig(outgoingReset(PEER_TSN, 0, PEER_TSN - 1, [3])))
  t.equal(puppet.association.counters.unexpected, 1)
  t.same(sent(puppet), [])
  puppet.deliver(init(2, { parameters: [0, 7, 0, 8, 1, 2, 3, 4] }))
  t.equal(puppet.association.state, 'cookie-echoed')
  t.end()
})

t.test('whatever stands in RE-CONFIG, the association lives, and answers are bounded', t => {
  const numbers = fc.oneof(
    fc.integer({ min: PEER_TSN - 2, max: PEER_TSN + 6 }),
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  )
  const body = fc.uint8Array({ maxLength: 24 })
  const any = fc.tuple(fc.integer({ min: 12, max: 20 }), numbers, body)
  fc.assert(
    fc.property(fc.array(fc.array(any, { minLength: 1, maxLength: 3 }), { maxLength: 30 }), chunks => {
      const puppet = Puppet.established()
      for (const parameters of chunks) {
        puppet.pour(reconfig(...parameters.map(([type, number, rest]) => parameter(type, [...u32(number), ...rest]))))
      }
      puppet.flush()
      if (puppet.association.state !== 'established') return false
      return sent(puppet).length <= 64 + 1
    }),
    { numRuns: 150 },
  )
  t.end()
})
