/** What the receiver tells of what arrived, and when (RFC 9260 6.2, 6.5, 6.6, 6.7; RFC 7053). */

import t from 'tap'
import { chunk, data, u32 } from './craft.ts'
import { pattern } from './pair.ts'
import { PEER_TSN, Puppet } from './puppet.ts'

const WINDOW = 5 * 1024 * 1024

/** Fragments of one message. */
const BEGIN = { flags: 2 }
const MIDDLE = { flags: 0 }
const END = { flags: 1 }

t.test('one packet is acknowledged after 200 ms, the second at once', t => {
  const puppet = Puppet.established()
  puppet.deliver(data(PEER_TSN, [1]))
  t.same(puppet.takeSacks(), [])
  puppet.pass(199)
  t.same(puppet.takeSacks(), [])
  puppet.pass(1)
  t.same(puppet.takeSacks(), [{ cumulative: PEER_TSN, window: WINDOW, gaps: [], duplicates: [] }])
  puppet.deliver(data(PEER_TSN + 1, [1], { ssn: 1 }))
  puppet.deliver(data(PEER_TSN + 2, [1], { ssn: 2 }))
  t.equal(puppet.takeSacks()[0]!.cumulative, PEER_TSN + 2)
  puppet.pass(1000)
  t.same(puppet.takeSacks(), [], 'and not again')
  t.end()
})

t.test('what came within one turn is acknowledged once', t => {
  const puppet = Puppet.established()
  for (let i = 0; i < 20; i++) puppet.pour(data(PEER_TSN + i, [1], { ssn: i }))
  puppet.flush()
  t.same(
    puppet.takeSacks().map(({ cumulative }) => cumulative),
    [PEER_TSN + 19],
  )
  t.end()
})

t.test('the I bit asks for an acknowledgement at once', t => {
  const puppet = Puppet.established()
  puppet.deliver(data(PEER_TSN, [1], { flags: 3 | 8 }))
  t.equal(puppet.takeSacks().length, 1)
  t.end()
})

t.test('an acknowledgement that is not due yet travels with DATA', t => {
  const puppet = Puppet.established()
  puppet.deliver(data(PEER_TSN, [1]))
  t.same(puppet.take(), [])
  puppet.send(pattern(10))
  t.same(
    puppet.take().map(({ type }) => type),
    [3, 0],
  )
  puppet.pass(150)
  t.same(puppet.take(), [], 'its own timer has stopped')
  t.end()
})

t.test('gaps are told at once, block by block', t => {
  const puppet = Puppet.established()
  for (const ahead of [2, 3, 5, 8, 9, 10]) puppet.deliver(data(PEER_TSN + ahead, [1], { flags: 7 }))
  t.same(puppet.takeSacks().at(-1)!.gaps, [
    [3, 4],
    [6, 6],
    [9, 11],
  ])
  puppet.deliver(data(PEER_TSN, [1], { flags: 7 }))
  t.match(puppet.takeSacks().at(-1), {
    cumulative: PEER_TSN,
    gaps: [
      [2, 3],
      [5, 5],
      [8, 10],
    ],
  })
  puppet.deliver(data(PEER_TSN + 1, [1], { flags: 7 }))
  t.match(puppet.takeSacks().at(-1), {
    cumulative: PEER_TSN + 3,
    gaps: [
      [2, 2],
      [5, 7],
    ],
  })
  puppet.deliver(data(PEER_TSN + 4, [1], { flags: 7 }), data(PEER_TSN + 6, [1], { flags: 7 }))
  puppet.deliver(data(PEER_TSN + 7, [1], { flags: 7 }))
  t.match(puppet.takeSacks().at(-1), { cumulative: PEER_TSN + 10, gaps: [] })
  t.equal(puppet.messages().length, 11)
  t.end()
})

t.test(
  'while something is missing, acknowledgements leave within the turn too: three at once, then every other packet',
  t => {
    const puppet = Puppet.established()
    for (let i = 1; i <= 3; i++) puppet.pour(data(PEER_TSN + i, [1], { flags: 7 }))
    t.equal(puppet.takeSacks().length, 3)
    for (let i = 4; i <= 13; i++) puppet.pour(data(PEER_TSN + i, [1], { flags: 7 }))
    t.equal(puppet.takeSacks().length, 5)
    puppet.pour(data(PEER_TSN + 20, [1], { flags: 7 }))
    t.equal(puppet.takeSacks().length, 1, 'more is missing')
    t.equal(puppet.association.counters.dataPacketsReceived, 14)
    t.end()
  },
)

t.test('duplicates are told once, and delivered once', t => {
  const puppet = Puppet.established()
  puppet.pour(data(PEER_TSN, [1]), data(PEER_TSN + 2, [3], { ssn: 2 }))
  puppet.pour(...[PEER_TSN, PEER_TSN + 2, PEER_TSN - 7].map(tsn => data(tsn, [9])))
  puppet.flush()
  t.same(puppet.takeSacks().at(-1)!.duplicates, [PEER_TSN, PEER_TSN + 2, PEER_TSN - 7])
  puppet.deliver(data(PEER_TSN + 1, [2], { ssn: 1 }))
  t.same(puppet.takeSacks().at(-1)!.duplicates, [])
  t.same(
    puppet.messages().map(([first]) => first),
    [1, 2, 3],
  )
  t.equal(puppet.association.counters.duplicates, 3)
  t.end()
})

t.test('order is kept within a stream and not across streams; unordered messages wait for nothing', t => {
  const puppet = Puppet.established()
  puppet.deliver(data(PEER_TSN + 1, [11], { stream: 1, ssn: 0 }))
  puppet.deliver(data(PEER_TSN + 3, [13], { stream: 1, ssn: 2 }))
  puppet.deliver(data(PEER_TSN + 4, [14], { stream: 2, ssn: 0 }))
  puppet.deliver(data(PEER_TSN + 5, [15], { stream: 1, flags: 7 }))
  puppet.deliver(data(PEER_TSN + 2, [12], { stream: 1, ssn: 1 }))
  t.same(
    puppet.messages().map(([first]) => first),
    [11, 14, 15, 12, 13],
    'although the first TSN is still missing',
  )
  puppet.deliver(data(PEER_TSN, [10], { stream: 3, ssn: 0 }))
  t.equal(puppet.messages().length, 6)
  t.end()
})

t.test('fragments arrive in any order', t => {
  const whole = pattern(50)
  const fragments = Array.from({ length: 5 }, (_, i) =>
    data(PEER_TSN + i, whole.subarray(10 * i, 10 * i + 10), i === 0 ? BEGIN : i === 4 ? END : MIDDLE),
  )
  const permute = (rest: number[]): number[][] =>
    rest.length === 0 ? [[]] : rest.flatMap(i => permute(rest.filter(j => j !== i)).map(tail => [i, ...tail]))
  for (const order of permute([0, 1, 2, 3, 4])) {
    for (const unordered of [0, 4]) {
      const puppet = Puppet.established()
      for (const i of order) {
        const { type, flags, value } = fragments[i]!
        puppet.pour(chunk(type, flags | unordered, value))
      }
      puppet.pour(data(PEER_TSN + 5, [1], { ssn: unordered === 0 ? 1 : 0 }))
      puppet.flush()
      if (puppet.messages().length !== 2) t.fail(`order ${order.join()}: ${puppet.messages().length} messages`)
      t.same(puppet.messages()[0], whole)
    }
  }
  t.end()
})

t.test('neighbouring fragments of different messages are not joined', t => {
  const puppet = Puppet.established()
  const at = (i: number, flags: number, stream = 0) => data(PEER_TSN + i, [i], { flags: flags | 4, stream })
  for (const piece of [at(2, 2), at(4, 1), at(6, 2), at(7, 1), at(3, 2)]) puppet.pour(piece)
  for (const piece of [at(10, 2), at(11, 1, 1), at(14, 1, 1), at(13, 2)]) puppet.pour(piece)
  puppet.flush()
  t.same(
    puppet.messages().map(bytes => [...bytes]),
    [
      [6, 7],
      [3, 4],
    ],
  )
  t.end()
})

t.test('a message that breaks the rules of fragments is dropped, and the next one is taken', t => {
  const puppet = Puppet.established()
  puppet.deliver(data(PEER_TSN, [1], MIDDLE))
  puppet.deliver(data(PEER_TSN + 1, [2], END))
  puppet.deliver(data(PEER_TSN + 2, [3], BEGIN))
  puppet.deliver(data(PEER_TSN + 3, [4], { ...END, stream: 1 }))
  puppet.deliver(data(PEER_TSN + 4, [5], BEGIN))
  puppet.deliver(data(PEER_TSN + 5, [6], { flags: 3 }))
  t.same(
    puppet.messages().map(bytes => [...bytes]),
    [[6]],
  )
  t.ok(puppet.association.counters.misplaced >= 3)
  t.equal(puppet.association.state, 'established')
  t.end()
})

t.test('DATA without user data ends the association (6.2)', t => {
  const puppet = Puppet.established()
  puppet.deliver(data(PEER_TSN, []))
  const [abort] = puppet.take()
  t.equal(abort!.type, 6)
  t.same([...abort!.value], [0, 9, 0, 8, ...u32(PEER_TSN)])
  t.match(puppet.events.at(-1), { type: 'closed', error: { code: 'protocol-violation', causeCode: 9 } })
  t.end()
})

t.test('the advertised window shrinks with what is held, and a full buffer takes what unblocks it', t => {
  const puppet = Puppet.established({ receiveWindow: 10_000 })
  const payload = pattern(1000)
  for (let i = 1; i <= 12; i++) puppet.deliver(data(PEER_TSN + i, payload, { ssn: i }))
  const last = puppet.takeSacks().at(-1)!
  t.equal(last.window, 0)
  t.ok(puppet.association.counters.windowFull > 0)
  t.ok(last.gaps[0]![1] < 13, 'what was refused is not told')
  t.equal(puppet.messages().length, 0)
  puppet.deliver(data(PEER_TSN, payload, { ssn: 0 }))
  t.equal(puppet.messages().length, last.gaps[0]![1], 'all that was held is free')
  t.equal(puppet.takeSacks().at(-1)!.window, 10_000)
  t.end()
})

t.test('of more gaps than a packet has room for, the first ones are told, with the duplicates', t => {
  const puppet = Puppet.established({ mtu: 600 })
  for (let i = 1; i <= 300; i++) puppet.pour(data(PEER_TSN + 2 * i, [1], { flags: 7 }))
  puppet.take()
  for (let i = 1; i <= 30; i++) puppet.pour(data(PEER_TSN + 600, [1], { flags: 7 }))
  puppet.flush()
  t.ok(puppet.sent.every(({ length }) => length <= 600))
  const sacks = puppet.takeSacks()
  const last = sacks.at(-1)!
  t.ok(last.gaps.length >= 120 && last.gaps.length < 146, `${last.gaps.length}`)
  t.ok(last.gaps.every(([start, end], i) => start === 2 * i + 3 && end === start))
  t.equal(
    sacks.reduce((sum, { duplicates }) => sum + duplicates.length, 0),
    30,
  )
  t.end()
})

t.test('TSNs further ahead than a gap block can tell are not taken', t => {
  const puppet = Puppet.established()
  puppet.deliver(data(PEER_TSN + 65_535, [1], { flags: 7 }))
  t.equal(puppet.association.counters.beyondWindow, 1)
  puppet.deliver(data(PEER_TSN + 65_534, [1], { flags: 7 }))
  t.equal(puppet.messages().length, 1)
  t.same(puppet.takeSacks().at(-1)!.gaps, [[65_535, 65_535]])
  puppet.deliver(data(PEER_TSN + 0x7fffffff, [1], { flags: 7 }))
  puppet.deliver(data(PEER_TSN + 0x80000000, [1], { flags: 7 }))
  t.equal(puppet.messages().length, 1)
  t.end()
})

t.test('a message larger than this side takes is dropped and told, and its stream goes on', t => {
  for (const reverse of [false, true]) {
    const puppet = Puppet.established({ maxMessageSize: 25 })
    const pieces = [
      data(PEER_TSN, pattern(10), { ...BEGIN, stream: 4 }),
      data(PEER_TSN + 1, pattern(10), { ...MIDDLE, stream: 4 }),
      data(PEER_TSN + 2, pattern(10), { ...END, stream: 4 }),
      data(PEER_TSN + 3, pattern(26), { stream: 4, ssn: 1 }),
      data(PEER_TSN + 4, pattern(25), { stream: 4, ssn: 2 }),
    ]
    puppet.pour(...(reverse ? pieces.reverse() : pieces))
    puppet.flush()
    t.same(
      puppet.events.filter(({ type }) => type === 'oversized'),
      [
        { type: 'oversized', streamId: 4 },
        { type: 'oversized', streamId: 4 },
      ],
    )
    t.same(puppet.messages(), [pattern(25)])
  }
  t.end()
})
