import t from 'tap'
import {
  type AddressRecord,
  decodeMessage,
  type MdnsMessage,
  MdnsResponder,
  type Question,
  recordType,
} from '../../lib/mdns/index.ts'

const NAME = '11111111-1111-4111-8111-111111111111.local'
const OTHER = '22222222-2222-4222-8222-222222222222.local'
const ADDRESS = '192.0.2.1'

interface Sent {
  readonly message: MdnsMessage
  readonly length: number
  /** Additional records: they deny other types. */
  readonly denials: number
  readonly to: string
}

const start = () => {
  const sent: Sent[] = []
  const responder = new MdnsResponder((bytes, address, port) => {
    const to = address === undefined ? 'group' : `${address}:${port}`
    sent.push({ message: decodeMessage(bytes)!, length: bytes.length, denials: bytes[11]!, to })
  })
  const take = () => sent.splice(0).map(({ message, to }) => [to, ...message.records.map(record => record.name)])
  const query = (questions: readonly Question[], records: readonly AddressRecord[] = [], id = 0): MdnsMessage => ({
    id,
    response: false,
    truncated: false,
    questions,
    records,
  })
  const ask = (question: Partial<Question>, now: number, port = 5353, shared = false) =>
    responder.receive(
      query([{ name: NAME, type: recordType.A, unicast: false, ...question }], [], 77),
      '192.0.2.2',
      port,
      now,
      shared,
    )
  return { responder, sent, take, query, ask }
}

/** One whose announcements are over. */
const announced = () => {
  const all = start()
  all.responder.publish(NAME, ADDRESS, 0)
  all.responder.advance(1000)
  all.responder.advance(2000)
  all.take()
  return all
}

t.test('a name is announced twice, a second and two after it was published', t => {
  const { responder, sent, take } = start()
  t.equal(responder.deadline, Number.POSITIVE_INFINITY)
  responder.publish(NAME, ADDRESS, 50)
  t.equal(responder.deadline, 1050)
  responder.advance(1049)
  t.same(take(), [])
  responder.advance(1050)
  t.same(sent[0]?.message, {
    id: 0,
    response: true,
    truncated: false,
    questions: [],
    records: [{ name: NAME, address: ADDRESS, ttl: 120, flush: true }],
  })
  t.same(take(), [['group', NAME]])
  t.equal(responder.deadline, 2050)
  responder.advance(2050)
  t.same(take(), [['group', NAME]])
  t.equal(responder.deadline, Number.POSITIVE_INFINITY)
  t.end()
})

t.test('a question right after a name was published is answered at once, which is its first announcement', t => {
  const { responder, take, ask } = start()
  responder.publish(NAME, ADDRESS, 0)
  ask({}, 20)
  t.same(take(), [['group', NAME]])
  t.equal(responder.deadline, 1020)
  responder.advance(1020)
  t.same(take(), [['group', NAME]])
  t.equal(responder.deadline, Number.POSITIVE_INFINITY)
  t.end()
})

t.test('names published together are announced together, in messages that fit', t => {
  const { responder, sent } = start()
  for (let i = 0; i < 40; i++) responder.publish(NAME.replace(/^../, String(i + 10)), 'fd00::1', 0)
  responder.publish(NAME.replace(/^../, '10'), 'fd00::2', 0)
  responder.advance(1000)
  t.same(
    sent.map(({ message }) => message.records.length),
    [12, 12, 12, 4],
  )
  t.ok(sent.every(({ length }) => length <= 1232))
  t.ok(sent.every(({ message }) => message.records.every(({ address }) => address === 'fd00::1')))
  t.end()
})

t.test('a question by multicast is answered so, at once, but once a second', t => {
  const { responder, take, ask } = announced()
  ask({}, 5000)
  t.same(take(), [['group', NAME]])
  ask({}, 5100)
  ask({}, 5200)
  t.same(take(), [])
  t.equal(responder.deadline, 6000)
  responder.advance(6000)
  t.same(take(), [['group', NAME]])
  t.equal(responder.deadline, Number.POSITIVE_INFINITY)
  ask({}, 7001)
  t.same(take(), [['group', NAME]])
  t.end()
})

t.test('a question that takes unicast is answered so while others remember the last multicast', t => {
  const { sent, take, ask } = announced()
  ask({ unicast: true }, 2500)
  t.equal(sent[0]?.message.id, 77)
  t.same(sent[0]?.message.questions, [])
  t.same(sent[0]?.message.records, [{ name: NAME, address: ADDRESS, ttl: 120, flush: true }])
  t.same(take(), [['192.0.2.2:5353', NAME]])
  ask({ unicast: true }, 31_999)
  t.same(take(), [['192.0.2.2:5353', NAME]])
  ask({ unicast: true }, 32_000)
  t.same(take(), [['group', NAME]], 'a quarter of its time to live later')
  t.end()
})

t.test('a question from another program of this host is answered by unicast, and by multicast when that is due', t => {
  const { responder, take, ask } = announced()
  ask({ unicast: true }, 2500, 5353, true)
  t.same(take(), [['192.0.2.2:5353', NAME]])
  responder.advance(responder.deadline)
  t.same(take(), [['group', NAME]])
  t.end()
})

t.test('a simple resolver gets its question back, ten seconds, and no cache-flush bit', t => {
  const { sent, take, ask } = announced()
  ask({ unicast: true }, 60_000, 40_000)
  t.same(sent[0]?.message, {
    id: 77,
    response: true,
    truncated: false,
    questions: [{ name: NAME, type: recordType.A, unicast: false }],
    records: [{ name: NAME, address: ADDRESS, ttl: 10, flush: false }],
  })
  t.same(take(), [['192.0.2.2:40000', NAME]])
  t.end()
})

t.test('who asks for the other family is told that there is none', t => {
  const { sent, take, ask } = announced()
  ask({ type: recordType.AAAA }, 5000)
  t.equal(sent[0]?.denials, 1)
  t.same(take(), [['group', NAME]])
  ask({ type: recordType.AAAA, unicast: true }, 5001)
  t.equal(sent[0]?.denials, 1)
  t.same(take(), [['192.0.2.2:5353', NAME]])
  ask({ type: recordType.A }, 9000)
  t.equal(sent[0]?.denials, 1, 'and who asks for this one, before it asks')
  t.same(take(), [['group', NAME]])
  ask({ type: recordType.AAAA }, 12_000, 4000)
  t.same(take(), [], 'but for a simple resolver, which would not understand')
  ask({ type: recordType.A }, 12_000, 4000)
  t.equal(sent[0]?.denials, 0)
  t.end()
})

t.test('only names that are published are answered for', t => {
  const { responder, take, ask } = announced()
  ask({ name: OTHER }, 5000)
  ask({ name: '' }, 5000)
  t.same(take(), [])
  ask({ type: recordType.ANY }, 5000)
  t.same(take(), [['group', NAME]])
  responder.publish(OTHER, 'fd00::1', 8000)
  responder.advance(9000)
  responder.advance(10_000)
  take()
  ask({ name: OTHER, type: recordType.AAAA }, 20_000)
  t.same(take(), [['group', OTHER]])
  t.end()
})

t.test('several questions in a message have one answer, and a repeated one no second', t => {
  const { responder, take, query } = announced()
  responder.publish(OTHER, ADDRESS, 1000)
  responder.advance(2000)
  responder.advance(3000)
  take()
  const ask = (name: string) => ({ name, type: recordType.ANY, unicast: false })
  responder.receive(query([ask(NAME), ask(OTHER), ask(NAME)]), '192.0.2.2', 5353, 9000)
  t.same(take(), [['group', NAME, OTHER]])
  responder.receive(query(Array.from({ length: 64 }, () => ask(NAME))), '192.0.2.2', 4000, 9001)
  t.same(take(), [['192.0.2.2:4000', NAME]])
  t.end()
})

t.test('who knows the answer for a good while yet gets none', t => {
  const { responder, take, query } = announced()
  const question = [{ name: NAME, type: recordType.A, unicast: false }]
  const known = { name: NAME, address: ADDRESS, ttl: 60, flush: false }
  responder.receive(query(question, [known]), '192.0.2.2', 5353, 5000)
  t.same(take(), [])
  responder.receive(query(question, [{ ...known, ttl: 59 }]), '192.0.2.2', 5353, 5000)
  t.same(take(), [['group', NAME]])
  responder.receive(query(question, [{ ...known, address: '192.0.2.9' }]), '192.0.2.2', 5353, 7000)
  t.same(take(), [['group', NAME]], 'who knows another')
  t.end()
})

t.test('a withdrawn name is taken back, and not answered for again', t => {
  const { responder, sent, take, ask } = announced()
  responder.withdraw([OTHER, NAME])
  t.same(sent[0]?.message.records, [{ name: NAME, address: ADDRESS, ttl: 0, flush: true }])
  t.same(take(), [['group', NAME]])
  ask({}, 5000)
  responder.withdraw([NAME])
  t.same(take(), [])
  t.equal(responder.size, 0)

  const quick = start()
  quick.responder.publish(NAME, ADDRESS, 0)
  quick.responder.withdraw([NAME])
  quick.responder.advance(2000)
  t.same(quick.take(), [], 'nobody heard of it')
  t.end()
})

t.test('whoever else claims the name is counted, and changes nothing', t => {
  const { responder, take, ask } = announced()
  const claim = (address: string, ttl = 120) =>
    responder.receive(
      { id: 0, response: true, truncated: false, questions: [], records: [{ name: NAME, address, ttl, flush: true }] },
      '192.0.2.66',
      5353,
      4000,
    )
  claim('192.0.2.66')
  claim(ADDRESS)
  claim('192.0.2.66', 0)
  t.equal(responder.counters.conflicts, 1)
  t.same(take(), [])
  ask({}, 5000)
  t.same(take(), [['group', NAME]])
  t.end()
})
