/** Messages from I-DATA chunks (RFC 8260 2.2.2 and 2.3), whatever the order in which their fragments come. */

import fc from 'fast-check'
import t from 'tap'
import type { AssociationOptions } from '../../lib/sctp/index.ts'
import { type Chunk, chunk, iData, iForwardTsn, interleavingParameters, parameter, u16, u32 } from './craft.ts'
import { pattern, same } from './pair.ts'
import { Puppet, PEER_TSN as T } from './puppet.ts'

const BEGIN = 2
const MIDDLE = 0
const END = 1
const UNORDERED = 4
const WINDOW = 5 << 20

/** The smaller `maxMessageSize`, the less may be half done without a smaller window. */
const interleaving = (options: Partial<AssociationOptions> = {}): Puppet =>
  Puppet.established({ interleaving: true, ...options }, { parameters: interleavingParameters() })

const texts = (puppet: Puppet): string[] => puppet.messages().map(data => Buffer.from(data).toString())
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The window that a SACK tells after this. */
const windowOf = (puppet: Puppet, tsn: number): number => {
  puppet.take()
  puppet.deliver(iData(tsn, 0, [1], { stream: 9999, flags: 3 | 4 | 8 }))
  return puppet.takeSacks()[0]!.window
}

t.test('messages of several streams, and both kinds of one stream, come in fragments by turns', t => {
  const puppet = interleaving()
  puppet.deliver(iData(T, 0, bytes('one '), { stream: 1, flags: BEGIN, ppid: 51 }))
  puppet.deliver(iData(T + 1, 0, bytes('two '), { stream: 2, flags: BEGIN, ppid: 52 }))
  puppet.deliver(iData(T + 2, 0, bytes('free '), { stream: 1, flags: BEGIN | UNORDERED, ppid: 53 }))
  puppet.deliver(iData(T + 3, 0, bytes('and '), { stream: 1, flags: MIDDLE, fsn: 1 }))
  puppet.deliver(iData(T + 4, 1, bytes('whole'), { stream: 2, ppid: 54 }))
  puppet.deliver(iData(T + 5, 0, bytes('done'), { stream: 2, flags: END, fsn: 1 }))
  puppet.deliver(iData(T + 6, 0, bytes('too'), { stream: 1, flags: END | UNORDERED, fsn: 1 }))
  puppet.deliver(iData(T + 7, 0, bytes('last'), { stream: 1, flags: END, fsn: 2 }))
  t.same(texts(puppet), ['two done', 'whole', 'free too', 'one and last'])
  t.same(
    puppet.events.filter(event => event.type === 'message').map(({ ppid }) => ppid),
    [52, 54, 53, 51],
    'the identifier of the first fragment',
  )
  t.ok(puppet.messages().every(data => data.buffer.byteLength === data.length && data.constructor === Uint8Array))
  t.end()
})

t.test('whatever arrives first, all is delivered once, and nothing is kept', t => {
  const message = fc.record({ stream: fc.nat(3), unordered: fc.boolean(), length: fc.integer({ min: 1, max: 12 }) })
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.nat(1 << 20)),
      (list, draws) => {
        const puppet = interleaving({ maxMessageSize: 12 })
        const next = new Map<string, number>()
        const queues = list.map(({ stream, unordered, length }, index) => {
          const kind = `${stream} ${unordered}`
          const mid = next.get(kind) ?? 0
          next.set(kind, mid + 1)
          // Every byte is a fragment.
          return Array.from({ length }, (_, fsn) => ({ stream, unordered, mid, fsn, last: fsn === length - 1, index }))
        })
        const draw = (below: number): number => draws.next().value! % below
        const chunks: Chunk[] = []
        let open = queues.filter(queue => queue.length > 0)
        for (let tsn = T; open.length > 0; tsn++) {
          const { stream, unordered, mid, fsn, last, index } = open[draw(open.length)]!.shift()!
          const flags = (fsn === 0 ? BEGIN : 0) | (last ? END : 0) | (unordered ? UNORDERED : 0)
          chunks.push(iData(tsn, mid, [index], { stream, fsn, flags }))
          open = open.filter(queue => queue.length > 0)
        }
        const total = chunks.length
        while (chunks.length > 0) puppet.deliver(chunks.splice(draw(chunks.length), 1)[0]!)
        const got = puppet.messages().map(data => {
          if (data.some(byte => byte !== data[0])) throw new Error('mixed')
          return { index: data[0]!, length: data.length }
        })
        if (got.length !== list.length || got.some(({ index, length }) => list[index]!.length !== length)) return false
        for (let stream = 0; stream < 4; stream++) {
          const ordered = got.filter(({ index }) => !list[index]!.unordered && list[index]!.stream === stream)
          if (ordered.some(({ index }, i) => i > 0 && index < ordered[i - 1]!.index)) return false
        }
        return windowOf(puppet, T + total) === WINDOW && puppet.association.counters.misplaced === 0
      },
    ),
    { numRuns: 60 },
  )
  t.pass()
  t.end()
})

t.test('a long message, its first fragment last', t => {
  const puppet = interleaving()
  const whole = pattern(100 * 1000)
  const part = (i: number) =>
    iData(T + i, 0, whole.subarray(i * 1000, (i + 1) * 1000), { fsn: i, flags: (i === 0 ? 2 : 0) | (i === 99 ? 1 : 0) })
  for (let i = 99; i >= 0; i--) puppet.deliver(part(i))
  t.ok(same(puppet.messages()[0], whole))
  t.equal(windowOf(puppet, T + 100), WINDOW)
  t.end()
})

t.test('what was given up is not waited for: ordered messages up to one, and unordered ones apart', t => {
  const puppet = interleaving({ maxMessageSize: 12 })
  puppet.deliver(iData(T, 0, bytes('a'), { stream: 1, flags: BEGIN }))
  puppet.deliver(iData(T + 1, 5, bytes('b'), { stream: 1, flags: BEGIN | UNORDERED }))
  puppet.deliver(iData(T + 2, 6, bytes('c'), { stream: 1, flags: BEGIN | UNORDERED }))
  puppet.deliver(iData(T + 4, 2, bytes('kept'), { stream: 1 }))
  puppet.deliver(iData(T + 6, 4, bytes('next'), { stream: 1 }))
  t.same(texts(puppet), [])
  puppet.take()
  puppet.deliver(iForwardTsn(T + 5, [[1, false, 3], [1, true, 5]])) // biome-ignore format: a table
  t.match(puppet.takeSacks(), [{ cumulative: T + 6, gaps: [] }])
  t.same(texts(puppet), ['kept', 'next'], 'what waited is delivered, and what follows it')
  puppet.deliver(iData(T + 7, 6, bytes('c'), { stream: 1, flags: END | UNORDERED, fsn: 1 }))
  t.same(texts(puppet).slice(2), ['cc'], 'the unordered one behind those that were given up')
  t.equal(windowOf(puppet, T + 8), WINDOW)
  puppet.deliver(iData(T + 9, 5, bytes('b'), { stream: 1, flags: END | UNORDERED, fsn: 1 }))
  t.equal(texts(puppet).length, 4, 'which has lost its beginning')
  puppet.deliver(iData(T + 10, 3, bytes('late'), { stream: 1, flags: BEGIN }))
  t.equal(puppet.association.counters.misplaced, 1)
  t.end()
})

t.test('message identifiers wrap', t => {
  const puppet = interleaving({ maxMessageSize: 12 })
  // By way of what is given up, since nobody sends four thousand million messages.
  puppet.deliver(iForwardTsn(T, [[1, false, 0x7fffffff]]))
  puppet.deliver(iForwardTsn(T + 1, [[1, false, 0xfffffffd]]))
  puppet.deliver(iData(T + 3, 0xffffffff, bytes('b'), { stream: 1 }))
  puppet.deliver(iData(T + 4, 1, bytes('d'), { stream: 1, flags: BEGIN }))
  puppet.deliver(iData(T + 5, 0, bytes('c'), { stream: 1 }))
  puppet.deliver(iData(T + 6, 1, bytes('d'), { stream: 1, flags: END, fsn: 1 }))
  t.same(texts(puppet), [])
  puppet.deliver(iData(T + 2, 0xfffffffe, bytes('a'), { stream: 1 }))
  t.same(texts(puppet), ['a', 'b', 'c', 'dd'])
  for (const [i, mid] of [0xffffffff, 0, 1].entries()) {
    puppet.deliver(iData(T + 7 + i, mid, [i], { stream: 1, flags: BEGIN | UNORDERED }))
  }
  puppet.deliver(iForwardTsn(T + 10, [[1, true, 0]]))
  puppet.deliver(iData(T + 11, 1, bytes('!'), { stream: 1, flags: END | UNORDERED, fsn: 1 }))
  t.equal(puppet.messages().length, 5)
  t.equal(windowOf(puppet, T + 12), WINDOW)
  t.end()
})

t.test('a stream that is reset begins anew with number zero, and what was half done is dropped', t => {
  const puppet = interleaving({ maxMessageSize: 12 })
  puppet.deliver(iData(T, 0, bytes('a'), { stream: 1 }), iData(T + 1, 1, bytes('b'), { stream: 1, flags: BEGIN }))
  puppet.deliver(iData(T + 2, 0, bytes('c'), { stream: 1, flags: BEGIN | UNORDERED }))
  puppet.deliver(chunk(130, 0, parameter(13, [...u32(T), ...u32(0), ...u32(T + 2), ...u16(1)])))
  puppet.deliver(iData(T + 3, 0, bytes('d'), { stream: 1 }))
  t.same(texts(puppet), ['a', 'd'])
  t.equal(windowOf(puppet, T + 4), WINDOW)
  t.end()
})

t.test('fragments that make no sense are counted, and the message goes on', t => {
  const puppet = interleaving()
  puppet.deliver(iData(T, 0, bytes('a'), { flags: BEGIN }))
  puppet.deliver(iData(T + 1, 0, bytes('x'), { flags: BEGIN }))
  puppet.deliver(iData(T + 2, 0, bytes('x'), { flags: MIDDLE, fsn: 0 }))
  puppet.deliver(iData(T + 3, 0, bytes('c'), { flags: END, fsn: 2 }))
  puppet.deliver(iData(T + 4, 0, bytes('x'), { flags: END, fsn: 3 }))
  puppet.deliver(iData(T + 5, 0, bytes('x'), { flags: MIDDLE, fsn: 4 }))
  puppet.deliver(iData(T + 6, 0, bytes('x'), { flags: MIDDLE, fsn: 2 }))
  puppet.deliver(iData(T + 7, 0, bytes('b'), { flags: MIDDLE, fsn: 1 }))
  t.same(texts(puppet), ['abc'])
  t.equal(puppet.association.counters.misplaced, 5)
  t.end()
})

t.test('a message that is too long is told once and dropped, and the next one is delivered', t => {
  const puppet = interleaving({ maxMessageSize: 2500 })
  for (let i = 0; i < 5; i++) {
    puppet.deliver(iData(T + i, 0, pattern(1000), { fsn: i, flags: (i === 0 ? BEGIN : 0) | (i === 4 ? END : 0) }))
  }
  puppet.deliver(iData(T + 5, 1, bytes('next')))
  t.same(texts(puppet), ['next'])
  t.equal(puppet.kinds().filter(kind => kind === 'oversized').length, 1)
  t.equal(windowOf(puppet, T + 6), WINDOW)
  t.end()
})
