/** How an association begins (RFC 9260 5): four packets, both sides at once, what is lost, forged, late or begun anew. */

import t from 'tap'
import { Association } from '../../lib/sctp/index.ts'
import { providers, seededCrypto } from '../providers.ts'
import { chunk, chunksOf, data, init, packet, parameter, parameterOf, tagOf, u32, view } from './craft.ts'
import { Pair, pattern } from './pair.ts'
import { PEER_TAG, PEER_TSN, Puppet } from './puppet.ts'

for (const { name, crypto } of providers) {
  t.test(`one side begins (${name} provider)`, t => {
    const pair = new Pair({ delay: 10 }, { crypto })
    pair.a.connect(0)
    t.ok(pair.wire.run(() => pair.b.state === 'established' && pair.a.state === 'established'))
    t.equal(pair.wire.now, 40)
    pair.b.send(1, 51, pattern(10), {}, pair.wire.now)
    t.ok(pair.wire.run(() => pair.messages('a').length === 1))
    t.end()
  })
}

t.test('both sides begin at once', t => {
  const pair = Pair.established({ delay: 10 })
  t.equal(pair.wire.now, 30, 'INIT, then INIT ACK, then COOKIE ECHO, each crossing its like')
  t.same([pair.of('a', 'established').length, pair.of('b', 'established').length], [1, 1])
  pair.a.send(1, 51, pattern(10), {}, pair.wire.now)
  t.ok(pair.wire.run(() => pair.messages('b').length === 1))
  t.end()
})

t.test('any packets of the handshake may be lost', t => {
  for (const who of ['one', 'both']) {
    for (let lost = 0; lost < 64; lost++) {
      // Bit i: the i-th packet of a side is lost (three bits for each side).
      const filter = (_: Uint8Array, from: 'a' | 'b', index: number) =>
        index >= 3 || ((lost >>> (index + (from === 'a' ? 0 : 3))) & 1) === 0
      const pair = new Pair({ delay: 10, filter })
      pair.a.connect(0)
      if (who === 'both') pair.b.connect(0)
      const up = pair.wire.run(() => pair.a.state === 'established' && pair.b.state === 'established', 120_000)
      pair.b.send(0, 51, pattern(10), {}, pair.wire.now)
      pair.a.send(0, 51, pattern(11), {}, pair.wire.now)
      const heard = pair.wire.run(() => pair.messages('a').length === 1 && pair.messages('b').length === 1, 120_000)
      if (!up || !heard) t.fail(`${who} began, losses ${lost.toString(2)}: ${pair.states.join(', ')}`)
    }
  }
  t.pass('all combinations come up')
  t.end()
})

t.test('sides that begin at different times, with everything delayed, come up once', t => {
  for (let lead = 0; lead <= 60; lead += 5) {
    const pair = new Pair({ delay: 20, reorder: 0.5, seed: lead + 1 })
    pair.a.connect(0)
    pair.wire.run(() => false, lead)
    pair.b.connect(pair.wire.now)
    t.ok(pair.wire.run(() => pair.a.state === 'established' && pair.b.state === 'established'))
    pair.wire.run(() => false, 5000)
    t.same([pair.of('a', 'established').length, pair.of('b', 'established').length], [1, 1], `${lead} ms apart`)
    t.same([pair.of('a', 'restarted').length, pair.of('b', 'restarted').length], [0, 0])
  }
  t.end()
})

t.test('only what every peer knows is announced', t => {
  const puppet = new Puppet()
  puppet.association.connect(0)
  const [first] = puppet.take()
  t.equal(first!.type, 1)
  const fields = view(first!)
  t.equal(fields.getUint32(4), 5 * 1024 * 1024, 'window')
  t.same([fields.getUint16(8), fields.getUint16(10)], [65535, 65535], 'streams')
  t.same([...first!.value.subarray(16)], [0xc0, 0, 0, 4, 0x80, 8, 0, 8, 130, 192, 64, 194])
  t.end()
})

t.test('the state is only made when the cookie comes back', t => {
  const puppet = new Puppet()
  puppet.deliverBytes(packet(0, init(1)))
  t.equal(puppet.association.state, 'closed')
  t.same(puppet.takeTags(), [PEER_TAG], 'INIT ACK under the tag that the INIT names')
  t.end()
})

const answered = (options: ConstructorParameters<typeof Puppet>[0] = {}) => {
  const puppet = new Puppet(options)
  puppet.deliverBytes(packet(0, init(1)))
  const [answer] = puppet.take()
  puppet.learn(answer!)
  return { puppet, cookie: puppet.cookie(answer!) }
}

t.test('a cookie that is forged, another association’s or under another tag is silently discarded', t => {
  const { puppet, cookie } = answered()
  for (let at = 0; at < cookie.length; at++) {
    const forged = cookie.slice()
    forged[at]! ^= 1
    puppet.deliver(chunk(10, 0, forged))
  }
  puppet.deliver(chunk(10, 0, cookie.subarray(1)))
  puppet.deliver(chunk(10, 0, []))
  puppet.deliver(chunk(10, 0, answered({ crypto: seededCrypto(8) }).cookie))
  puppet.deliverBytes(packet(puppet.tag ^ 1, chunk(10, 0, cookie)))
  t.equal(puppet.association.state, 'closed')
  t.same(puppet.sent, [])
  t.equal(puppet.association.counters.badCookies, cookie.length + 4)
  puppet.deliver(chunk(10, 0, cookie))
  t.equal(puppet.association.state, 'established', 'the real one is taken')
  t.end()
})

t.test('a cookie expires after a minute, and the peer is told by how much it is late', t => {
  const { puppet, cookie } = answered()
  puppet.now = 61_000
  puppet.deliver(chunk(10, 0, cookie))
  t.equal(puppet.association.state, 'closed')
  t.equal(tagOf(puppet.sent[0]!), PEER_TAG)
  const [error] = puppet.take()
  t.equal(error!.type, 9)
  t.same([...error!.value], [0, 3, 0, 8, ...u32(1_000_000)])
  t.end()
})

t.test('a stale cookie makes us begin anew, a few times', t => {
  const puppet = new Puppet()
  puppet.association.connect(0)
  for (let i = 0; i < 4; i++) {
    puppet.learn(puppet.take()[0]!)
    puppet.deliver(init(2, { parameters: parameter(7, [1, 2, 3, 4]) }))
    t.same(
      puppet.take().map(({ type }) => type),
      [10],
    )
    puppet.deliver(chunk(9, 0, [0, 3, 0, 8, 0, 0, 0, 1]))
  }
  t.equal(puppet.association.state, 'closed')
  t.match(puppet.events.at(-1), { type: 'closed', error: { code: 'handshake-timeout' } })
  t.end()
})

t.test('table of 5.2.4: a cookie meets an association', t => {
  t.test('D: the COOKIE ECHO comes again: answered again', t => {
    const { puppet, cookie } = answered()
    puppet.deliver(chunk(10, 0, cookie))
    puppet.take()
    puppet.now = 120_000
    puppet.deliver(chunk(10, 0, cookie))
    t.same(
      puppet.take().map(({ type }) => type),
      [11],
      'even when it has expired meanwhile',
    )
    t.same(puppet.kinds(), ['established'])
    t.end()
  })

  t.test('B: the cookie comes while our own INIT is still unanswered', t => {
    const puppet = new Puppet()
    puppet.association.connect(0)
    puppet.learn(puppet.take()[0]!)
    puppet.deliverBytes(packet(0, init(1)))
    const [answer] = puppet.take()
    t.equal(view(answer!).getUint32(0), puppet.tag, 'the same tag as in our own INIT (5.2.1)')
    t.equal(view(answer!).getUint32(12), puppet.tsn, 'and the same TSN')
    puppet.deliver(chunk(10, 0, puppet.cookie(answer!)))
    t.equal(puppet.association.state, 'established')
    puppet.pass(5000)
    t.same(
      puppet.take().map(({ type }) => type),
      [11],
      'no INIT any more',
    )
    t.end()
  })

  t.test('C: a cookie from an attempt that was given up is discarded', t => {
    const { puppet, cookie } = answered()
    puppet.association.connect(0)
    puppet.learn(puppet.take()[0]!)
    puppet.deliver(init(2, { tag: PEER_TAG, parameters: parameter(7, [1, 2, 3, 4]) }))
    puppet.take()
    puppet.deliverBytes(packet(view(chunk(0, 0, cookie)).getUint32(6), chunk(10, 0, cookie)))
    t.equal(puppet.association.state, 'cookie-echoed')
    t.same(puppet.take(), [])
    t.equal(puppet.association.counters.unexpected, 1)
    t.end()
  })

  t.test('A: the peer has restarted: all begins anew, and the owner is told', t => {
    const { puppet, cookie } = answered()
    puppet.deliver(chunk(10, 0, cookie))
    puppet.send(pattern(100))
    puppet.deliver(data(PEER_TSN, [1]))
    puppet.take()
    const oldTag = puppet.tag
    puppet.deliverBytes(packet(0, init(1, { tag: 0x22222222, tsn: 5000 })))
    const [answer] = puppet.take()
    puppet.learn(answer!)
    t.not(puppet.tag, oldTag, 'a new tag (5.2.2)')
    puppet.deliver(chunk(10, 0, puppet.cookie(answer!)))
    t.same(puppet.kinds(), ['established', 'buffered-low', 'message', 'restarted', 'established'])
    t.equal(tagOf(puppet.sent[0]!), 0x22222222)
    puppet.take()
    puppet.deliver(data(5000, [2]))
    t.same([...puppet.messages()[1]!], [2], 'sequence numbers begin anew')
    t.equal(puppet.association.unacknowledgedChunks, 0, 'what was under way is gone')
    puppet.deliverBytes(packet(oldTag, data(PEER_TSN + 1, [3])))
    t.equal(puppet.association.counters.badTag, 1, 'the old tag is no longer believed')
    t.end()
  })

  t.test('an INIT alone changes nothing in an association that is up', t => {
    const { puppet, cookie } = answered()
    puppet.deliver(chunk(10, 0, cookie))
    for (let i = 0; i < 5; i++) puppet.deliverBytes(packet(0, init(1, { tag: 0x33333333 + i, tsn: i })))
    puppet.deliver(data(PEER_TSN, [1]))
    t.equal(puppet.messages().length, 1)
    t.equal(puppet.association.state, 'established')
    t.end()
  })

  t.test('a cookie from before a restart does not undo it', t => {
    const { puppet, cookie } = answered()
    const firstTag = puppet.tag
    puppet.deliver(chunk(10, 0, cookie))
    puppet.deliverBytes(packet(0, init(1, { tag: 0x22222222, tsn: 5000 })))
    const second = puppet.take().at(-1)!
    puppet.learn(second)
    puppet.deliver(chunk(10, 0, puppet.cookie(second)))
    puppet.deliverBytes(packet(firstTag, chunk(10, 0, cookie)))
    t.equal(puppet.kinds().filter(kind => kind === 'restarted').length, 1)
    t.end()
  })
  t.end()
})

t.test('DATA that overtakes the COOKIE ACK is taken: its sender is up', t => {
  const puppet = new Puppet()
  puppet.association.connect(0)
  puppet.learn(puppet.take()[0]!)
  puppet.deliver(init(2, { parameters: parameter(7, [1, 2, 3, 4]) }))
  puppet.deliver(data(PEER_TSN, [9]))
  t.equal(puppet.association.state, 'established')
  t.equal(puppet.messages().length, 1)
  puppet.deliver(chunk(11, 0))
  t.equal(puppet.kinds().filter(kind => kind === 'established').length, 1)
  t.end()
})

t.test('parameters that are not known go by their two high bits (3.2.1)', t => {
  const puppet = new Puppet()
  const known = [...parameter(0xc000, []), ...parameter(0x8008, [130, 192])]
  const parameters = [
    ...parameter(0x8001, [1, 2, 3, 4]),
    ...parameter(0xc123, [5, 6, 7]),
    ...parameter(5, [127, 0, 0, 1]),
    ...known,
    ...parameter(0x4444, [8]),
    ...parameter(0xc777, [9]),
  ]
  puppet.deliverBytes(packet(0, init(1, { parameters })))
  const [answer] = puppet.take()
  const reports = [...answer!.value.subarray(16)]
  t.same([...parameterOf(answer!, 8)!], parameter(0xc123, [5, 6, 7]), '11: skipped and reported')
  t.ok(reports.join().includes(parameter(0x4444, [8]).join()), '01: reported')
  t.notOk(reports.join().includes(parameter(0xc777, [9]).join()), 'and nothing behind it is read')
  t.notOk(reports.join().includes([0x80, 0x01, 0, 8].join()), '10: skipped in silence')
  t.end()
})

t.test('unknown parameters of an INIT ACK are reported behind the COOKIE ECHO', t => {
  const puppet = new Puppet()
  puppet.association.connect(0)
  puppet.learn(puppet.take()[0]!)
  puppet.deliver(init(2, { parameters: [...parameter(7, [1, 2, 3, 4]), ...parameter(0xc123, [1])] }))
  const chunks = puppet.take()
  t.same(
    chunks.map(({ type }) => type),
    [10, 9],
  )
  t.same([...chunks[1]!.value.subarray(0, 9)], [0, 8, 0, 12, 0xc1, 0x23, 0, 5, 1])
  t.end()
})

t.test('what no association can be made from is refused', t => {
  const silent = new Puppet()
  silent.deliverBytes(packet(0, init(1, { tag: 0 })))
  t.same(silent.take(), [], 'a zero tag: not answered')
  silent.deliverBytes(packet(0, init(1, { outbound: 0 })))
  t.equal(silent.take()[0]!.type, 6, 'no streams: ABORT')
  silent.deliverBytes(packet(0, init(1), data(1, [1])))
  t.same(silent.take(), [], 'an INIT that is not alone: not answered')
  silent.deliverBytes(packet(5, init(1)))
  t.not(silent.take()[0]?.type, 2, 'an INIT under a tag: no INIT ACK')

  const begun = new Puppet()
  begun.association.connect(0)
  begun.learn(begun.take()[0]!)
  begun.deliver(init(2))
  t.equal(begun.take()[0]!.type, 6, 'an INIT ACK without a cookie: ABORT')
  t.match(begun.events.at(-1), { type: 'closed', error: { code: 'protocol-violation' } })
  t.end()
})

t.test('a peer that does not answer: INIT twenty times more, with back-off, then the end', t => {
  const puppet = new Puppet()
  puppet.association.connect(0)
  const at: number[] = []
  while (puppet.association.deadline < Number.POSITIVE_INFINITY) {
    if (puppet.take().length > 0) at.push(puppet.now)
    puppet.pass(puppet.association.deadline - puppet.now)
  }
  t.same(at, [0, 1000, ...Array.from({ length: 19 }, (_, i) => 3000 * (i + 1))])
  t.match(puppet.events.at(-1), { type: 'closed', error: { code: 'handshake-timeout' } })
  t.throws(() => puppet.association.connect(puppet.now), { code: 'invalid-state' })
  t.throws(() => puppet.association.send(0, 53, pattern(1), {}, puppet.now), { code: 'invalid-state' })
  t.end()
})

t.test('streams are as many as both sides can', t => {
  const puppet = Puppet.established({}, { outbound: 10, inbound: 20 })
  t.equal(puppet.association.outboundStreams, 20)
  t.equal(puppet.association.inboundStreams, 10)
  t.throws(() => puppet.association.send(20, 53, pattern(1), {}, 0), { code: 'invalid-stream' })
  puppet.deliver(data(PEER_TSN, [1], { stream: 10 }))
  const chunks = puppet.take()
  t.same([...chunks.find(({ type }) => type === 9)!.value], [0, 1, 0, 8, 0, 10, 0, 0], 'ERROR: invalid stream')
  t.same(puppet.messages(), [])
  puppet.deliver(data(PEER_TSN + 1, [2], { stream: 9 }))
  t.equal(puppet.messages().length, 1, 'its TSN is accounted for')
  t.end()
})

t.test('messages may be queued before the association begins', t => {
  const pair = new Pair({ delay: 10 })
  pair.a.send(3, 51, pattern(5000), {}, 0)
  pair.connect()
  t.ok(pair.wire.run(() => pair.messages('b').length === 1))
  t.same(pair.messages('b')[0]!.data, pattern(5000))
  t.end()
})

t.test('ports that are not ours are another association’s', t => {
  const puppet = Puppet.established()
  const other = packet(puppet.tag, data(PEER_TSN, [1]))
  other[1] = 1
  puppet.deliverBytes(packet(0))
  const stray = new Association({ crypto: seededCrypto(1), transmit: () => t.fail('nothing is sent'), localPort: 1 })
  stray.receive(packet(0, init(1)), 0)
  t.equal(stray.counters.badTag, 1)
  t.same(chunksOf(packet(0)), [])
  t.end()
})
