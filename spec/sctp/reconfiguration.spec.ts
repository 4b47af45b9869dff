/** Resetting streams (RFC 6525): by us, by the peer, with requests and responses lost. */

import t from 'tap'
import { type Chunk, chunk, data, parameter, sack, u16, u32, view } from './craft.ts'
import { Pair, pattern } from './pair.ts'
import { PEER_TSN, Puppet } from './puppet.ts'

const outgoing = (sequence: number, lastTsn: number, ids: readonly number[]): Chunk =>
  chunk(130, 0, parameter(13, [...u32(sequence), ...u32(0), ...u32(lastTsn), ...ids.flatMap(u16)]))
const incoming = (sequence: number, ids: readonly number[]): Chunk =>
  chunk(130, 0, parameter(14, [...u32(sequence), ...ids.flatMap(u16)]))
const response = (sequence: number, result: number): Chunk =>
  chunk(130, 0, parameter(16, [...u32(sequence), ...u32(result)]))

/** The parameters of the RE-CONFIG chunks that were sent. */
const reconfigs = (puppet: Puppet) =>
  puppet
    .take()
    .filter(({ type }) => type === 130)
    .map(out => {
      const fields = view(out)
      const type = fields.getUint16(0)
      const sequence = fields.getUint32(4)
      if (type === 16) return { type, sequence, result: fields.getUint32(8) }
      const ids = []
      for (let at = 16; at < fields.getUint16(2); at += 2) ids.push(fields.getUint16(at))
      return { type, sequence, lastTsn: fields.getUint32(12), ids }
    })

t.test('our reset waits until what was queued is acknowledged, and names the last TSN', t => {
  const puppet = Puppet.established()
  puppet.association.send(4, 53, pattern(30_000), {}, 0)
  puppet.association.resetStreams([4, 6])
  t.throws(() => puppet.association.send(4, 53, pattern(1), {}, 0), { code: 'invalid-state' })
  puppet.flush()
  t.same(reconfigs(puppet), [], 'what has been sent is not acknowledged')
  puppet.deliver(sack(puppet.tsn + 9))
  const [first] = reconfigs(puppet)
  t.match(first, { ids: [6] }, 'the stream without data goes first')
  t.ok((first?.lastTsn ?? 0) <= puppet.tsn + 9, 'the peer has all that it covers, whatever was sent since')
  puppet.deliver(response(puppet.tsn, 1))
  for (const i of [14, 19, 24, 25]) puppet.deliver(sack(puppet.tsn + i))
  t.same(reconfigs(puppet), [], 'all was sent, and the last of it is still under way')
  puppet.deliver(sack(puppet.tsn + 26))
  const requests = reconfigs(puppet)
  t.same(requests, [{ type: 13, sequence: puppet.tsn + 1, lastTsn: puppet.tsn + 26, ids: [4] }])
  puppet.deliver(response(puppet.tsn + 1, 1))
  t.same(
    puppet.events.filter(({ type }) => type === 'reset-done'),
    [
      { type: 'reset-done', streamIds: [6], ok: true },
      { type: 'reset-done', streamIds: [4], ok: true },
    ],
  )
  puppet.send(pattern(1), {}, 4)
  t.equal(puppet.takeData().at(-1)!.ssn, 0, 'the stream begins anew')
  t.end()
})

t.test('a request without a response is sent again, with back-off, and then the peer is gone', t => {
  const puppet = Puppet.established({ heartbeatInterval: Number.POSITIVE_INFINITY })
  puppet.association.resetStreams([2])
  puppet.flush()
  const at: number[] = []
  const sequences = new Set<number>()
  while (puppet.association.state === 'established') {
    for (const { sequence } of reconfigs(puppet)) {
      at.push(puppet.now)
      sequences.add(sequence)
    }
    puppet.pass(puppet.association.deadline - puppet.now)
  }
  t.same(at.slice(0, 4), [0, 1000, 3000, 6000])
  t.equal(sequences.size, 1, 'the same request')
  t.match(puppet.events.at(-1), { type: 'closed', error: { code: 'timeout' } })
  t.end()
})

t.test('results: in progress is asked again, refusal is told', t => {
  const puppet = Puppet.established()
  puppet.association.resetStreams([2])
  puppet.flush()
  const [request] = reconfigs(puppet)
  puppet.deliver(response(request!.sequence, 6))
  t.same(reconfigs(puppet), [], 'not at once')
  puppet.pass(1000)
  t.same(reconfigs(puppet), [request])
  puppet.deliver(response(request!.sequence + 1, 1))
  t.notOk(puppet.kinds().includes('reset-done'), 'the response to something else')
  puppet.deliver(response(request!.sequence, 2))
  t.same(puppet.events.at(-1), { type: 'reset-done', streamIds: [2], ok: false })
  t.throws(() => puppet.association.send(2, 53, pattern(1), {}, 0), { code: 'invalid-state' })
  t.end()
})

t.test('a peer without RE-CONFIG cannot reset anything', t => {
  const puppet = Puppet.established({}, { parameters: [] })
  puppet.association.resetStreams([2, 4])
  puppet.flush()
  t.same(reconfigs(puppet), [])
  t.same(puppet.events.at(-1), { type: 'reset-done', streamIds: [2, 4], ok: false })
  t.end()
})

t.test('more streams than fit into a packet take several requests', t => {
  const puppet = Puppet.established({ mtu: 200 })
  puppet.association.resetStreams(Array.from({ length: 200 }, (_, i) => i))
  puppet.flush()
  let ids = 0
  for (let i = 0; i < 20; i++) {
    const [request] = reconfigs(puppet)
    if (request === undefined) break
    ids += request.ids!.length
    puppet.deliver(response(request.sequence, 1))
  }
  t.equal(ids, 200)
  t.end()
})

t.test('what has not begun to be sent may be discarded', t => {
  const puppet = Puppet.established()
  puppet.association.send(4, 53, pattern(30_000), {}, 0)
  puppet.flush()
  puppet.association.send(4, 53, pattern(5000), {}, 0)
  puppet.association.send(5, 53, pattern(7000), {}, 0)
  puppet.association.resetStreams([4], { discard: true })
  t.ok(puppet.association.bufferedAmount(4) < 30_000, 'only the rest of what was begun')
  let sent = puppet.takeData().length
  for (let i = 0; i < 30 && puppet.association.unacknowledgedChunks > 0; i++) {
    puppet.deliver(sack((puppet.tsn + sent - 1) >>> 0))
    sent += puppet.takeData().length
  }
  t.equal(puppet.association.counters.reconfigsSent, 1)
  t.equal(puppet.association.bufferedAmount(4) + puppet.association.bufferedAmount(5), 0)
  t.equal(sent, 27 + 7, 'the message that was begun, and the other stream’s')
  t.end()
})

t.test('the peer’s reset: performed, told, answered; and answered again when it comes again', t => {
  const puppet = Puppet.established()
  puppet.deliver(data(PEER_TSN, [1], { stream: 3 }))
  puppet.take()
  puppet.deliver(outgoing(PEER_TSN, PEER_TSN, [3, 5]))
  const answer = { type: 16, sequence: PEER_TSN, result: 1 }
  t.same(reconfigs(puppet), [answer])
  t.same(puppet.events.at(-1), { type: 'incoming-reset', streamIds: [3, 5] })
  puppet.deliver(outgoing(PEER_TSN, PEER_TSN, [3, 5]))
  t.same(reconfigs(puppet), [answer])
  t.equal(puppet.kinds().filter(kind => kind === 'incoming-reset').length, 1, 'performed once')
  puppet.deliver(data(PEER_TSN + 1, [2], { stream: 3, ssn: 0 }))
  t.equal(puppet.messages().length, 2, 'sequence numbers begin anew')
  puppet.deliver(outgoing(PEER_TSN + 5, PEER_TSN, [3]))
  t.same(reconfigs(puppet), [{ type: 16, sequence: PEER_TSN + 5, result: 5 }], 'out of turn')
  t.end()
})

t.test('the answer to a reset leaves ahead of what is sent on the stream that it sets free', t => {
  const puppet = Puppet.established()
  puppet.association.resetStreams([2])
  puppet.flush()
  const [request] = reconfigs(puppet)
  puppet.deliver(response(request!.sequence, 1))
  // The second of two resets, upon which both sides hold the id free: it is used again in the same turn.
  puppet.pour(outgoing(PEER_TSN, PEER_TSN - 1, [2]))
  puppet.send(pattern(1), {}, 2)
  t.same(
    puppet.take().map(({ type }) => type),
    [130, 0],
  )
  t.end()
})

t.test('the peer’s reset waits for the data that it covers', t => {
  const puppet = Puppet.established()
  puppet.deliver(outgoing(PEER_TSN, PEER_TSN + 1, [3]))
  t.match(reconfigs(puppet), [{ result: 6 }], 'in progress')
  puppet.deliver(data(PEER_TSN + 1, [2], { stream: 3, ssn: 1 }))
  puppet.deliver(outgoing(PEER_TSN, PEER_TSN + 1, [3]))
  t.match(reconfigs(puppet), [{ result: 6 }])
  t.notOk(puppet.kinds().includes('incoming-reset'))
  puppet.deliver(data(PEER_TSN, [1], { stream: 3, ssn: 0 }))
  t.same(puppet.kinds().slice(-3), ['message', 'message', 'incoming-reset'])
  t.match(reconfigs(puppet), [{ sequence: PEER_TSN, result: 1 }])
  puppet.deliver(outgoing(PEER_TSN, PEER_TSN + 1, [3]))
  t.match(reconfigs(puppet), [{ result: 1 }])
  t.end()
})

t.test('the peer may ask us to reset; an empty list means all', t => {
  const puppet = Puppet.established()
  puppet.send(pattern(1), {}, 2)
  puppet.send(pattern(1), {}, 8)
  puppet.deliver(sack(puppet.tsn + 1))
  puppet.take()
  puppet.deliver(incoming(PEER_TSN, [2]))
  const sent = reconfigs(puppet)
  t.match(sent, [
    { type: 16, result: 1 },
    { type: 13, ids: [2] },
  ])
  t.ok(puppet.kinds().includes('reset-requested'))
  puppet.deliver(response(sent[1]!.sequence, 1))
  puppet.deliver(incoming(PEER_TSN + 1, []))
  t.match(reconfigs(puppet)[1], { type: 13, ids: [2, 8] })
  puppet.deliver(outgoing(PEER_TSN + 2, PEER_TSN - 1, []))
  t.same(puppet.events.at(-1), { type: 'incoming-reset', streamIds: [] })
  t.end()
})

t.test('what is not offered is denied', t => {
  const puppet = Puppet.established()
  const requests = [
    chunk(130, 0, parameter(15, u32(PEER_TSN))),
    chunk(130, 0, parameter(17, [...u32(PEER_TSN + 1), 0, 16, 0, 0])),
    chunk(130, 0, parameter(18, [...u32(PEER_TSN + 2), 0, 16, 0, 0])),
  ]
  for (const request of requests) {
    puppet.deliver(request)
    t.match(reconfigs(puppet), [{ type: 16, result: 2 }])
  }
  t.end()
})

t.test('malformed requests are dropped', t => {
  const puppet = Puppet.established()
  puppet.deliver(chunk(130, 0, parameter(13, [1, 2, 3])))
  puppet.deliver(chunk(130, 0, [0, 13, 0, 99, 0, 0, 0, 0]))
  puppet.deliver(chunk(130, 0, [...parameter(13, u32(1)), ...parameter(13, u32(2)), ...parameter(13, u32(3))]))
  t.equal(puppet.association.counters.malformed, 3)
  t.same(reconfigs(puppet), [])
  t.end()
})

for (const seed of [1, 2, 3, 4]) {
  t.test(`both sides reset many streams through loss (seed ${seed})`, t => {
    const pair = Pair.established({ seed, delay: 20, loss: 0.2, reorder: 0.2, duplicate: 0.1 })
    const streams = Array.from({ length: 20 }, (_, i) => i)
    for (const id of streams) {
      for (const side of ['a', 'b'] as const) {
        pair[side].send(id, 53, pattern(3000, id), {}, pair.wire.now)
        pair[side].resetStreams([id])
      }
    }
    const complete = (side: 'a' | 'b') =>
      pair.of(side, 'reset-done').flatMap(({ streamIds }) => streamIds).length === 20 &&
      pair.of(side, 'incoming-reset').flatMap(({ streamIds }) => streamIds).length === 20
    t.ok(pair.wire.run(() => complete('a') && complete('b')))
    for (const side of ['a', 'b'] as const) {
      t.equal(pair.messages(side).length, 20)
      t.ok(pair.of(side, 'reset-done').every(({ ok }) => ok))
      const order = pair.events[side].filter(({ type }) => type === 'message' || type === 'incoming-reset')
      for (const id of streams) {
        const message = order.findIndex(event => event.type === 'message' && event.streamId === id)
        const reset = order.findIndex(event => event.type === 'incoming-reset' && event.streamIds.includes(id))
        t.ok(message < reset, 'a stream ends behind its last message')
      }
      pair[side].send(7, 53, pattern(100), {}, pair.wire.now)
    }
    t.ok(pair.wire.run(() => pair.messages('a').length === 21 && pair.messages('b').length === 21))
    t.end()
  })
}
