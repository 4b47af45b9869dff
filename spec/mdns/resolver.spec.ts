import t from 'tap'
import { type AddressRecord, decodeMessage, type MdnsMessage, MdnsResolver, recordType } from '../../lib/mdns/index.ts'

const NAME = '11111111-1111-4111-8111-111111111111.local'
const nameOf = (i: number): string => `${i.toString(16).padStart(8, '0')}-1111-4111-8111-111111111111.local`

const start = () => {
  const sent: MdnsMessage[] = []
  const resolver = new MdnsResolver(bytes => sent.push(decodeMessage(bytes)!))
  const answer = (now: number, records: readonly Partial<AddressRecord>[], port = 5353, response = true) =>
    resolver.receive(
      {
        id: 0,
        response,
        truncated: false,
        questions: [],
        records: records.map(record => ({ name: NAME, address: '192.0.2.1', ttl: 120, flush: true, ...record })),
      },
      port,
      now,
    )
  const events = () => {
    const list: (readonly [string, readonly string[]])[] = []
    for (let event = resolver.nextEvent(); event !== undefined; event = resolver.nextEvent())
      list.push([event.name, event.addresses])
    return list
  }
  /** What is known of a name without asking. */
  const recall = (now: number, name = NAME) => {
    const before = resolver.asking
    resolver.resolve(name, now)
    return resolver.asking > before ? undefined : events()[0]?.[1]
  }
  return { resolver, sent, answer, events, recall }
}

t.test('a name is asked for at 0, 1, 3 and 7 s, and given up after 10', t => {
  const { resolver, sent, events } = start()
  t.equal(resolver.deadline, Number.POSITIVE_INFINITY)
  resolver.resolve(NAME, 100)
  const times: number[] = [100]
  for (let due = resolver.deadline; due < Number.POSITIVE_INFINITY; due = resolver.deadline) {
    resolver.advance(due - 1)
    resolver.advance(due)
    times.push(due)
  }
  t.same(times, [100, 1100, 3100, 7100, 10_100])
  t.same(
    sent.map(({ questions }) => questions.map(({ name, type, unicast }) => [name === NAME, type, unicast])),
    [
      // One question a message, and no unicast wanted.
      ...Array.from({ length: 4 }, () => [[[true, recordType.A, false]], [[true, recordType.AAAA, false]]]).flat(),
    ],
  )
  t.ok(sent.every(({ id, response }) => id === 0 && !response))
  t.same(events(), [[NAME, []]])
  t.equal(resolver.asking, 0)
  t.end()
})

t.test('the first answer ends the asking', t => {
  const { resolver, answer, events } = start()
  resolver.resolve(NAME, 0)
  resolver.resolve(NAME, 10)
  answer(20, [{ name: nameOf(5), address: '192.0.2.5' }])
  t.same(events(), [])
  answer(30, [{}])
  t.same(events(), [[NAME, ['192.0.2.1']]])
  t.equal(resolver.deadline, Number.POSITIVE_INFINITY)
  answer(40, [{}])
  t.same(events(), [])
  t.end()
})

t.test('an answer from another port, or in a query, is none', t => {
  const { resolver, answer, events } = start()
  resolver.resolve(NAME, 0)
  answer(10, [{}], 5354)
  answer(10, [{}], 5353, false)
  t.same(events(), [])
  t.equal(resolver.counters.droppedWrongPort, 1)
  answer(10, [{ address: 'fd00::1' }])
  t.same(events(), [[NAME, ['fd00::1']]])
  t.end()
})

t.test('an address is remembered for its time, and for two minutes at most', t => {
  const { resolver, answer, recall } = start()
  resolver.resolve(NAME, 0)
  answer(0, [{ ttl: 10 }])
  resolver.nextEvent()
  t.same(recall(9999), ['192.0.2.1'])
  t.equal(recall(10_000), undefined)
  answer(10_000, [{ ttl: 0xffff_ffff }])
  resolver.nextEvent()
  t.same(recall(129_999), ['192.0.2.1'])
  t.equal(recall(130_000), undefined)
  t.end()
})

t.test('an announcement that comes before the candidate spares the question', t => {
  const { sent, answer, recall } = start()
  answer(0, [{}, { name: 'printer.local', address: '192.0.2.9' }])
  t.same(recall(5000), ['192.0.2.1'])
  t.same(sent, [])
  t.end()
})

t.test('a goodbye is believed within a second', t => {
  const { resolver, answer, recall } = start()
  answer(0, [{}])
  answer(5000, [{ ttl: 0, address: '192.0.2.9' }])
  t.same(recall(6000), ['192.0.2.1'], 'of another address: not meant')
  answer(7000, [{ ttl: 0 }])
  t.same(recall(7999), ['192.0.2.1'])
  t.equal(recall(8000), undefined)
  t.equal(resolver.remembered, 0)
  answer(8000, [{ ttl: 0 }])
  t.equal(resolver.remembered, 0)
  t.end()
})

t.test('a name with two addresses has none, whether they come together or not', t => {
  const { resolver, answer, events, recall } = start()
  resolver.resolve(NAME, 0)
  answer(10, [{}, { address: '192.0.2.66' }])
  t.same(events(), [[NAME, []]])
  t.equal(resolver.counters.ambiguous, 1)
  t.same(recall(20), [])

  const other = start()
  other.answer(0, [{}])
  other.answer(1000, [{ address: 'fd00::66' }])
  t.same(other.recall(1000), [])
  other.answer(2000, [{}])
  t.same(other.recall(2000), [], 'repeating one of them does not make it right')
  other.answer(50_000, [{}])
  t.same(other.recall(120_999), [])
  t.same(other.recall(121_000), ['192.0.2.1'], 'until the other is forgotten')
  other.answer(122_000, [{ address: 'fd00::66' }])
  other.answer(123_000, [{ address: 'fd00::66', ttl: 0 }])
  t.same(other.recall(124_000), ['192.0.2.1'], 'or has said goodbye')
  t.end()
})

t.test('an address that is nobody in particular is no answer', t => {
  const { resolver, answer, events } = start()
  resolver.resolve(NAME, 0)
  for (const address of ['0.0.0.0', '::', '224.0.0.251', 'ff02::fb', '255.255.255.255']) answer(10, [{ address }])
  t.same(events(), [])
  answer(10, [{ address: '0.0.0.0' }, {}])
  t.same(events(), [[NAME, ['192.0.2.1']]])
  t.end()
})

t.test('a name that is none of a candidate is not asked for', t => {
  const { resolver, sent, events } = start()
  resolver.resolve('printer.local', 0)
  t.same(events(), [['printer.local', []]])
  t.same(sent, [])
  t.end()
})

t.test('a flood of names is asked for up to a bound', t => {
  const { resolver, sent, events } = start()
  for (let i = 0; i < 1000; i++) resolver.resolve(nameOf(i), 0)
  t.equal(resolver.asking, 64)
  t.equal(sent.length, 128)
  t.equal(events().length, 1000 - 64)
  t.equal(resolver.counters.refusedQueries, 1000 - 64)
  resolver.advance(10_000)
  resolver.advance(10_000)
  t.equal(resolver.asking, 0)
  resolver.resolve(NAME, 10_000)
  t.equal(resolver.asking, 1)
  t.end()
})

t.test('names that nobody has do not keep others out: the oldest gives way after a second', t => {
  const { resolver, answer, events } = start()
  for (let i = 0; i < 64; i++) resolver.resolve(nameOf(i), i)
  resolver.resolve(NAME, 999)
  t.same(events(), [[NAME, []]])
  resolver.resolve(NAME, 1000)
  t.same(events(), [[nameOf(0), []]])
  t.equal(resolver.asking, 64)
  answer(1001, [{}])
  t.same(events(), [[NAME, ['192.0.2.1']]])
  t.end()
})

t.test('a flood of announcements is remembered up to a bound, the newest of it', t => {
  const { resolver, answer, recall } = start()
  for (let i = 0; i < 1000; i++) answer(i, [{ name: nameOf(i) }])
  t.equal(resolver.remembered, 256)
  t.equal(recall(1000, nameOf(743)), undefined)
  t.same(recall(1000, nameOf(744)), ['192.0.2.1'])
  t.end()
})

t.test('closed, it gives up on what it asks', t => {
  const { resolver, events } = start()
  resolver.resolve(NAME, 0)
  resolver.resolve(nameOf(1), 0)
  resolver.close()
  t.same(events(), [
    [NAME, []],
    [nameOf(1), []],
  ])
  t.equal(resolver.deadline, Number.POSITIVE_INFINITY)
  t.end()
})
