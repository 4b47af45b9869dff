import fc from 'fast-check'
import t from 'tap'
import { decodeMessage, encodeMessage, MdnsResolver, MdnsResponder } from '../../lib/mdns/index.ts'

const NAME = '11111111-1111-4111-8111-111111111111.local'
const OTHER = '22222222-2222-4222-8222-222222222222.local'

/** A machine of each kind, fed one message. */
const feed = (bytes: Uint8Array): number => {
  let sent = 0
  const responder = new MdnsResponder(() => sent++)
  const resolver = new MdnsResolver(() => sent++)
  responder.publish(NAME, '192.0.2.1', 0)
  resolver.resolve(OTHER, 0)
  sent = 0
  const message = decodeMessage(bytes)
  if (message !== undefined) {
    responder.receive(message, '192.0.2.9', 5353, 10)
    resolver.receive(message, 5353, 10)
    t.ok(resolver.remembered <= 256)
  }
  return sent
}

const question = { name: NAME, type: 255, unicast: true }
const record = { name: OTHER, address: 'fd00::1', ttl: 120, flush: true }
const samples = [
  encodeMessage({ id: 0, response: false, truncated: false, questions: [question, question], records: [record] }),
  encodeMessage({ id: 0, response: true, truncated: false, questions: [question], records: [record, record] }),
]

t.test('bytes that are anything', t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), bytes => {
      feed(bytes)
    }),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('bytes behind a header that is true: pointers and lengths of every kind', t => {
  const byte = fc.oneof(fc.constantFrom(0xc0, 0x0c, 0x01, 0x00, 0x3f), fc.integer({ min: 0, max: 255 }))
  const flags = fc.constantFrom(0x00, 0x84)
  fc.assert(
    fc.property(flags, fc.array(byte, { maxLength: 400 }), fc.nat(64), fc.nat(64), (flag, body, questions, records) => {
      feed(Uint8Array.from([0, 0, flag, 0, 0, questions, 0, records, 0, 0, 0, records, ...body]))
    }),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('messages with bits turned over, or cut', t => {
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      fc.nat(),
      (sample, changes, cut) => {
        const bytes = sample.slice(0, cut % 3 === 0 ? cut % sample.length : sample.length)
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length]! ^= value
        feed(bytes)
      },
    ),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('each message cut short is refused', t => {
  for (const sample of samples) {
    t.ok(decodeMessage(sample))
    for (let length = 0; length < sample.length; length++) t.notOk(decodeMessage(sample.subarray(0, length)))
  }
  t.end()
})

t.test('a compression bomb: 9,000 bytes of pointers into the longest names cost what a name costs', t => {
  // 127 labels of one byte, and then as many questions as there may be that point to them.
  const head = [0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0]
  const labels = Array.from({ length: 127 }, () => [1, 97]).flat()
  const questions = Array.from({ length: 63 }, () => [0xc0, 12, 0, 1, 0, 1]).flat()
  const message = decodeMessage(Uint8Array.from([...head, ...labels, 0, 0, 1, 0, 1, ...questions]))
  t.equal(message?.questions.length, 64)
  t.ok(message?.questions.every(({ name }) => name.length === 253))
  // A label more in front of the pointer and the name is too long.
  const longer = Array.from({ length: 63 }, () => [1, 97, 0xc0, 12, 0, 1, 0, 1]).flat()
  t.equal(decodeMessage(Uint8Array.from([...head, ...labels, 0, 0, 1, 0, 1, ...longer])), undefined)
  t.end()
})

t.test('what is sent for one message is bounded', t => {
  const questions = Array.from({ length: 64 }, () => question)
  t.equal(feed(encodeMessage({ id: 0, response: false, truncated: false, questions, records: [] })), 1)
  t.end()
})
