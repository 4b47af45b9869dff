/** Requests of RFC 6525 beyond the reset of one's own streams: asking the peer to reset, adding streams, odd peers. */

import fc from 'fast-check'
import t from 'tap'
import { type Chunk, chunk, data, init, parameter, u16, u32, view } from './craft.ts'
import { Pair, pattern } from './pair.ts'
import { PEER_TSN, Puppet } from './puppet.ts'

const outgoingReset = (sequence: number, answers: number, lastTsn: number, ids: readonly number[]): number[] =>
  parameter(13, [...u32(sequence), ...u32(answers), ...u32(lastTsn), ...ids.flatMap(u16)])
const incomingReset = (sequence: number, ids: readonly number[]): number[] =>
  parameter(14, [...u32(sequence), ...ids.flatMap(u16)])
const response = (sequence: number, result: number): number[] => parameter(16, [...u32(sequence), ...u32(result)])
const addOutgoing = (sequence: number, count: number): number[] =>
  parameter(17, [...u32(sequence), ...u16(count), 0, 0])
const addIncoming = (sequence: number, count: number): number[] =>
  parameter(18, [...u32(sequence), ...u16(count), 0, 0])
const reconfig = (...parameters: readonly number[][]): Chunk => chunk(130, 0, parameters.flat())

/** Type, number and what follows it, of each RE-CONFIG that was sent. */
const sent = (puppet: Puppet): { type: number; sequence: number; rest: number[] }[] =>
  puppet
    .take()
    .filter(({ type }) => type === 130)
    .map(out => {
      const fields = view(out)
      const end = fields.getUint16(2)
      return { type: fields.getUint16(0), sequence: fields.getUint32(4), rest: [...out.value.subarray(8, end)] }
    })

/** The results that were sent, in order, by the number of the request. */
const results = (puppet: Puppet): [number, number][] =>
  sent(puppet)
    .filter(({ type }) => type === 16)
    .map(({ sequence, rest }) => [sequence - PEER_TSN, rest[3]!])

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

t.test('we add streams', t => {
  const puppet = Puppet.established({}, few)
  t.equal(puppet.association.outboundStreams, 100)
  t.throws(() => puppet.association.send(100, 53, pattern(1), {}, 0), { code: 'invalid-stream' })
  puppet.association.addStreams({ outbound: 10 })
  puppet.flush()
  t.same(sent(puppet), [{ type: 17, sequence: puppet.tsn, rest: [0, 10, 0, 0] }])
  t.equal(puppet.association.outboundStreams, 100, 'not before the peer has agreed')
  puppet.deliver(reconfig(response(puppet.tsn, 1)))
  t.equal(puppet.association.outboundStreams, 110)
  t.same(puppet.events.at(-1), { type: 'streams-added', direction: 'outbound', count: 10, ok: true })
  puppet.send(pattern(1), {}, 109)
  puppet.association.addStreams({ outbound: 10 })
  puppet.flush()
  puppet.deliver(reconfig(response(puppet.tsn + 1, 2)))
  t.equal(puppet.association.outboundStreams, 110)
  t.match(puppet.events.at(-1), { type: 'streams-added', ok: false })
  t.throws(() => puppet.association.addStreams({ outbound: 65_500 }), RangeError)
  t.throws(() => puppet.association.addStreams({ inbound: 65_500 }), RangeError)
  t.throws(() => puppet.association.addStreams({ inbound: -1 }), RangeError)
  t.end()
})

t.test('the peer adds streams: as many as there are numbers for', t => {
  const puppet = Puppet.established({}, few)
  puppet.deliver(reconfig(addOutgoing(PEER_TSN, 50)))
  t.same(results(puppet), [[0, 1]])
  t.equal(puppet.association.inboundStreams, 150)
  t.same(puppet.events.at(-1), { type: 'streams-added', direction: 'inbound', count: 50, ok: true })
  puppet.deliver(reconfig(addOutgoing(PEER_TSN, 50)))
  t.same(results(puppet), [[0, 1]], 'a repetition adds nothing')
  t.equal(puppet.association.inboundStreams, 150)
  puppet.deliver(data(PEER_TSN, [1], { stream: 149 }))
  t.equal(puppet.messages().length, 1)
  puppet.deliver(reconfig(addOutgoing(PEER_TSN + 1, 65_400)))
  t.same(results(puppet), [[1, 2]])
  puppet.deliver(reconfig(addOutgoing(PEER_TSN + 2, 0)))
  t.same(results(puppet), [[2, 0]])
  t.equal(puppet.association.inboundStreams, 150)
  t.end()
})

t.test('the peer asks us to add streams: we ask for them (5.2.6)', t => {
  const puppet = Puppet.established({}, few)
  puppet.deliver(reconfig(addIncoming(PEER_TSN, 20)))
  const out = sent(puppet)
  t.same(
    out.map(({ type }) => type),
    [16, 17],
  )
  t.same(out[1], { type: 17, sequence: puppet.tsn, rest: [0, 20, 0, 0] })
  for (let i = 1; i <= 4; i++) puppet.deliver(reconfig(addIncoming(PEER_TSN + i, 20)))
  t.same(
    results(puppet),
    [
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 2],
    ],
    'no more than four at a time',
  )
  for (let i = 0; i < 4; i++) puppet.deliver(reconfig(response(puppet.tsn + i, 1)))
  t.equal(puppet.association.outboundStreams, 180)
  puppet.take()
  puppet.deliver(reconfig(addIncoming(PEER_TSN + 5, 65_500)))
  t.same(results(puppet), [[5, 2]])
  puppet.deliver(reconfig(addIncoming(PEER_TSN + 6, 0)))
  t.same(results(puppet), [[6, 0]])
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

t.test('both sides ask each other through loss', t => {
  for (const seed of [1, 2, 3]) {
    const pair = Pair.established(
      { seed, delay: 20, loss: 0.2, reorder: 0.2 },
      { outboundStreams: 50, inboundStreams: 60 },
    )
    for (const side of ['a', 'b'] as const) {
      for (let id = 0; id < 10; id++) pair[side].send(id, 53, pattern(500), {}, pair.wire.now)
      pair[side].requestIncomingReset([1, 2, 3])
      pair[side].addStreams({ outbound: 5, inbound: 7 })
    }
    const complete = (side: 'a' | 'b') =>
      pair.of(side, 'incoming-reset-done').length === 1 &&
      pair.of(side, 'incoming-reset').flatMap(({ streamIds }) => streamIds).length === 3 &&
      pair.of(side, 'streams-added').filter(({ direction }) => direction === 'inbound').length >= 2
    t.ok(pair.wire.run(() => complete('a') && complete('b')))
    pair.wire.run(undefined, 20_000)
    t.same([pair.a.outboundStreams, pair.b.inboundStreams], [62, 62])
    t.same([pair.b.outboundStreams, pair.a.inboundStreams], [62, 62])
  }
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
