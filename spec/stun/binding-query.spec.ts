import fc from 'fast-check'
import t from 'tap'
import { utf8 } from '../../lib/bytes/index.ts'
import {
  Attribute,
  alternateDomain,
  answerBinding,
  BindingQuery,
  type BindingQueryOptions,
  decodeStun,
  encodeStun,
  errorCode,
  Method,
  NO_ANSWER,
  plainAddress,
  type StunAttribute,
  type StunClass,
  type StunMessage,
  software,
  unknownAttributes,
  xorAddress,
} from '../../lib/stun/index.ts'
import { providers, seededCrypto } from '../providers.ts'

const address = { address: '192.0.2.1', port: 4000 }
const address6 = { address: '2001:db8::1', port: 5000 }

const decoded = (bytes: Uint8Array): StunMessage => {
  const message = decodeStun(bytes)
  if (message === undefined) throw new Error('not decoded')
  return message
}

/** A query that began at 1000 ms, and what it has sent. */
const ask = (options: Partial<BindingQueryOptions> = {}) => {
  const sent: { message: StunMessage; at: number }[] = []
  const query = new BindingQuery(
    {
      crypto: seededCrypto(1),
      transmit: (bytes, at) => sent.push({ message: decoded(bytes), at: at - 1000 }),
      ...options,
    },
    1000,
  )
  /** A response to it, or something like one. */
  const respond = (kind: StunClass, attributes: readonly StunAttribute[], change: { method?: number } = {}) =>
    query.receive(
      decoded(encodeStun({ kind, method: Method.binding, transactionId: query.transactionId, attributes, ...change })),
      2000,
    )
  return { query, sent, respond }
}

for (const { name, crypto } of providers) {
  t.test(`a server tells the address that a request came from (${name})`, t => {
    for (const source of [address, address6]) {
      const { query, sent } = ask({ crypto, attributes: [software('spec')] })
      t.equal(sent.length, 1)
      const { message } = sent[0]!
      t.same([message.kind, message.method], ['request', Method.binding])
      t.ok(message.has(Attribute.software))
      t.ok(query.receive(decoded(answerBinding(message, source)!), 1050))
      t.equal(query.state, 'done')
      t.same(query.mapped, source)
      t.equal(query.error, undefined)
      t.equal(query.deadline, Number.POSITIVE_INFINITY)
    }
    t.end()
  })
}

t.test('over UDP it is repeated, and given up at 39.5 s with 701', t => {
  const { query, sent } = ask()
  while (query.state === 'running') query.advance(query.deadline)
  t.same(
    sent.map(({ at }) => at),
    [0, 500, 1500, 3500, 7500, 15500, 31500],
  )
  t.equal(new Set(sent.map(({ message }) => message.transactionId.join())).size, 1)
  t.equal(query.state, 'failed')
  t.equal(query.error?.code, NO_ANSWER)
  t.end()
})

t.test('over a stream it is sent once, and waited for as long (RFC 8489, 6.2.2)', t => {
  const { query, sent } = ask({ reliable: true, timing: { initialTimeout: 5, requests: 3 } })
  query.advance(40_499)
  t.equal(query.state, 'running')
  query.advance(40_500)
  t.same([query.state, query.error?.code, sent.length], ['failed', NO_ANSWER, 1])
  t.end()
})

t.test('an answer to any of the repeated requests is one, a second answer is not', t => {
  const { query, sent, respond } = ask()
  query.advance(1500)
  query.advance(2500)
  t.equal(sent.length, 3)
  t.ok(respond('success', [xorAddress(Attribute.xorMappedAddress, address, query.transactionId)]))
  t.notOk(respond('success', [xorAddress(Attribute.xorMappedAddress, address6, query.transactionId)]))
  t.same(query.mapped, address)
  query.advance(100_000)
  t.equal(sent.length, 3)
  t.end()
})

t.test('a server of RFC 3489 answers with MAPPED-ADDRESS and attributes that are no more', t => {
  const { query, respond } = ask()
  const old = [0x0004, 0x0005].map(type => plainAddress(type, address6))
  t.ok(respond('success', [plainAddress(Attribute.mappedAddress, address), ...old]))
  t.same(query.mapped, address)
  t.end()
})

t.test('XOR-MAPPED-ADDRESS goes before MAPPED-ADDRESS, which a NAT may have rewritten', t => {
  const { query, respond } = ask()
  const xored = xorAddress(Attribute.xorMappedAddress, address, query.transactionId)
  respond('success', [plainAddress(Attribute.mappedAddress, address6), xored])
  t.same(query.mapped, address)
  t.end()
})

t.test('300 tells where to ask instead (RFC 8489, 10)', t => {
  const alternate = plainAddress(Attribute.alternateServer, address6)
  const { query, respond } = ask()
  t.ok(respond('error', [errorCode(300, 'Try Alternate'), alternate]))
  t.equal(query.state, 'failed')
  t.same(query.error, { code: 300, reason: 'Try Alternate', alternate: address6 })

  const named = ask()
  named.respond('error', [errorCode(300, ''), alternate, alternateDomain('b.example')])
  t.same(named.query.error?.alternate, { ...address6, domain: 'b.example' })

  const without = ask()
  without.respond('error', [errorCode(300, ''), { type: Attribute.alternateServer, value: new Uint8Array(3) }])
  t.same(without.query.error, { code: 300, reason: '' })

  const other = ask()
  other.respond('error', [errorCode(400, ''), alternate])
  t.same(other.query.error, { code: 400, reason: '' }, 'no other code sends on')
  t.end()
})

t.test('errors are told with code and reason, 420 with what it does not know', t => {
  for (const code of [400, 401, 403, 438, 500, 508, 699]) {
    const { query, respond } = ask()
    t.ok(respond('error', [errorCode(code, 'no')]))
    t.same([query.state, query.error], ['failed', { code, reason: 'no' }])
  }
  const { query, respond } = ask()
  respond('error', [errorCode(420, ''), unknownAttributes([0x0024])])
  t.same(query.error, { code: 420, reason: '', unknown: [0x0024] })
  t.end()
})

t.test('an answer that says nothing usable is no answer', t => {
  const useless: [StunClass, StunAttribute[]][] = [
    ['error', []],
    ['error', [{ type: Attribute.errorCode, value: Uint8Array.of(0, 0, 2, 0) }]],
    ['error', [{ type: Attribute.errorCode, value: Uint8Array.of(0, 0, 7, 0) }]],
    ['error', [{ type: Attribute.errorCode, value: Uint8Array.of(0, 0, 4, 100) }]],
    ['error', [{ type: Attribute.errorCode, value: Uint8Array.of(0, 0) }]],
    ['success', []],
    ['success', [errorCode(400, 'out of place')]],
    ['success', [{ type: Attribute.xorMappedAddress, value: new Uint8Array(7) }]],
    ['success', [plainAddress(Attribute.mappedAddress, address), { type: 0x7ff0, value: new Uint8Array(4) }]],
  ]
  for (const [kind, attributes] of useless) {
    const { query, respond } = ask()
    t.ok(respond(kind, attributes))
    t.same([query.state, query.error?.code, query.mapped], ['failed', NO_ANSWER, undefined])
  }
  t.end()
})

t.test('what is no response to it is left alone', t => {
  const { query, respond } = ask()
  const attributes = [xorAddress(Attribute.xorMappedAddress, address, query.transactionId)]
  t.notOk(respond('request', attributes))
  t.notOk(respond('indication', attributes))
  t.notOk(respond('success', attributes, { method: Method.allocate }))
  const success = { kind: 'success', method: Method.binding, attributes } as const
  const other = query.transactionId.map((byte, i) => (i === 11 ? byte ^ 1 : byte))
  t.notOk(query.receive(decoded(encodeStun({ ...success, transactionId: other })), 2000), 'of another transaction')
  const damaged = encodeStun({ ...success, transactionId: query.transactionId, fingerprint: true })
  damaged[damaged.length - 1]! ^= 1
  t.notOk(query.receive(decoded(damaged), 2000), 'with a wrong FINGERPRINT')
  t.equal(query.state, 'running')
  t.end()
})

t.test('nothing that comes throws, and only an address makes it done', t => {
  const attribute = fc.record({
    type: fc.oneof(fc.constantFrom(...Object.values(Attribute)), fc.nat(0xffff)),
    value: fc.uint8Array({ maxLength: 24 }),
  })
  fc.assert(
    fc.property(fc.constantFrom('success', 'error'), fc.array(attribute, { maxLength: 6 }), (kind, attributes) => {
      const { query } = ask()
      const bytes = encodeStun({ kind, method: 1, transactionId: query.transactionId, attributes })
      const message = decodeStun(bytes)
      if (message === undefined) return
      query.receive(message, 2000)
      if ((query.state === 'done') !== (query.mapped !== undefined)) throw new Error('done without an address')
      if ((query.state === 'failed') !== (query.error !== undefined)) throw new Error('failed without an error')
    }),
    { numRuns: 1000 },
  )
  t.end()
})

t.test('the basic server answers Binding requests only, with 420 to what it does not know', t => {
  const request = { kind: 'request', method: Method.binding, transactionId: new Uint8Array(12) } as const
  t.equal(answerBinding(decoded(encodeStun({ ...request, kind: 'indication' })), address), undefined)
  t.equal(answerBinding(decoded(encodeStun({ ...request, method: Method.allocate })), address), undefined)

  const plain = decoded(answerBinding(decoded(encodeStun(request)), address, [software('s')])!)
  t.same([plain.kind, plain.has(Attribute.software), plain.fingerprintAt], ['success', true, -1])
  const marked = encodeStun({ ...request, fingerprint: true })
  t.ok(decoded(answerBinding(decoded(marked), address)!).fingerprintAt > 0, 'FINGERPRINT for FINGERPRINT')
  marked[marked.length - 1]! ^= 1
  t.equal(answerBinding(decoded(marked), address), undefined)

  const attributes = [{ type: 0x7ff1, value: utf8('x') }]
  const { query, sent } = ask({ attributes })
  t.ok(query.receive(decoded(answerBinding(sent[0]!.message, address)!), 1100))
  t.same(query.error, { code: 420, reason: 'Unknown Attribute', unknown: [0x7ff1] })
  t.end()
})
