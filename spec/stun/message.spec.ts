import t from 'tap'
import { fromHex, hex, utf8 } from '../../lib/bytes/index.ts'
import {
  Attribute,
  decodeStun,
  encodeStun,
  errorCode,
  iceControlled,
  iceControlling,
  longTermKey,
  Method,
  nonce,
  plainAddress,
  priority,
  readAddress,
  readErrorCode,
  readText,
  readTieBreaker,
  readU32,
  readUnknownAttributes,
  readUsername,
  readXorAddress,
  realm,
  type StunClass,
  type StunMessage,
  software,
  unknownAttributes,
  unknownRequired,
  useCandidate,
  username,
  verifyFingerprint,
  verifyIntegrity,
  xorAddress,
} from '../../lib/stun/index.ts'
import { fixtureJson } from '../fixture.ts'
import { nodeCrypto, providers } from '../providers.ts'

interface Vector {
  readonly name: string
  readonly hex: string
  readonly password: string
  readonly username?: string
  readonly realm?: string
  readonly software?: string
  readonly priority?: number
  readonly mapped?: string
}
const { vectors } = fixtureJson('stun/rfc5769.json') as { vectors: Vector[] }
const id = fromHex('0102030405060708090a0b0c')!
const mac = nodeCrypto.createMac('sha-1', utf8('password'))

const decoded = (bytes: Uint8Array): StunMessage => {
  const message = decodeStun(bytes)
  if (message === undefined) throw new Error('not decoded')
  return message
}

for (const { name, crypto } of providers) {
  for (const vector of vectors) {
    t.test(`RFC 5769 ${vector.name} holds (${name})`, t => {
      const message = decoded(fromHex(vector.hex)!)
      const key = vector.realm
        ? longTermKey(crypto, 'md5', vector.username ?? '', vector.realm, vector.password)
        : utf8(vector.password)
      t.ok(verifyIntegrity(message, crypto.createMac('sha-1', key)))
      t.notOk(verifyIntegrity(message, crypto.createMac('sha-1', utf8('another'))))
      t.equal(verifyFingerprint(message), !vector.realm, 'has a FINGERPRINT, but for 2.4')
      const { username, software, priority, mapped, realm } = vector
      if (username !== undefined) t.equal(readUsername(message.find(Attribute.username)!), username)
      if (realm !== undefined) t.equal(readText(message.find(Attribute.realm)!), realm)
      if (software !== undefined) t.equal(readText(message.find(Attribute.software)!), software)
      if (priority !== undefined) t.equal(readU32(message.find(Attribute.priority)!), priority)
      if (mapped !== undefined) {
        const { address, port } = readXorAddress(message.find(Attribute.xorMappedAddress)!, message.transactionId)!
        t.equal(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`, mapped)
      }
      t.end()
    })
  }
}

t.test('what is encoded is decoded: every class and method, every attribute', t => {
  const address = { address: '192.0.2.1', port: 32853 }
  const address6 = { address: '2001:db8::1', port: 1 }
  const attributes = [
    username('evtj:h6vY'),
    realm('example.org'),
    nonce('abc'),
    software('purertc'),
    priority(0x6e0001ff),
    useCandidate(),
    iceControlled(0xfedcba9876543210n),
    iceControlling(1n),
    plainAddress(Attribute.mappedAddress, address),
    plainAddress(Attribute.alternateServer, address6),
    xorAddress(Attribute.xorMappedAddress, address, id),
    xorAddress(Attribute.xorRelayedAddress, address6, id),
    errorCode(487, 'Role Conflict'),
    unknownAttributes([0x7ff0, 0x1234]),
    { type: 0xc057, value: utf8('kept') },
  ]
  for (const kind of ['request', 'indication', 'success', 'error'] satisfies StunClass[]) {
    for (const method of [...Object.values(Method), 0xfff]) {
      const bytes = encodeStun({ kind, method, transactionId: id, attributes, integrity: mac, fingerprint: true })
      const message = decoded(bytes)
      t.same([message.kind, message.method, hex(message.transactionId)], [kind, method, hex(id)])
    }
  }
  const message = decoded(encodeStun({ kind: 'request', method: 1, transactionId: id, attributes, integrity: mac }))
  t.same(
    message.attributes.slice(0, -1).map(({ type, value }) => [type, hex(value)]),
    attributes.map(({ type, value }) => [type, hex(value)]),
  )
  const find = (type: number) => message.find(type)!
  t.equal(readUsername(find(Attribute.username)), 'evtj:h6vY')
  t.equal(readText(find(Attribute.nonce)), 'abc')
  t.equal(readU32(find(Attribute.priority)), 0x6e0001ff)
  t.ok(message.has(Attribute.useCandidate))
  t.equal(readTieBreaker(find(Attribute.iceControlled)), 0xfedcba9876543210n)
  t.equal(readTieBreaker(find(Attribute.iceControlling)), 1n)
  t.same(readAddress(find(Attribute.mappedAddress)), address)
  t.same(readAddress(find(Attribute.alternateServer)), address6)
  t.same(readXorAddress(find(Attribute.xorMappedAddress), id), address)
  t.same(readXorAddress(find(Attribute.xorRelayedAddress), id), address6)
  t.same(readErrorCode(find(Attribute.errorCode)), { code: 487, reason: 'Role Conflict' })
  t.same(readUnknownAttributes(find(Attribute.unknownAttributes)), [0x7ff0, 0x1234])
  t.end()
})

t.test('integrity and fingerprint fail when any byte before them changes', t => {
  const bytes = encodeStun({
    kind: 'request',
    method: Method.binding,
    transactionId: id,
    attributes: [username('a:b'), priority(1)],
    integrity: mac,
    fingerprint: true,
  })
  t.ok(verifyIntegrity(decoded(bytes), mac))
  t.ok(verifyFingerprint(decoded(bytes)))
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice()
    changed[at]! ^= 0x40
    const message = decodeStun(changed)
    if (message === undefined) continue
    const isBehindIntegrity = at >= bytes.length - 8
    t.equal(verifyIntegrity(message, mac), isBehindIntegrity, `integrity, byte ${at}`)
    t.notOk(verifyFingerprint(message), `fingerprint, byte ${at}`)
  }
  t.end()
})

t.test('attributes behind MESSAGE-INTEGRITY are not seen, but FINGERPRINT is (RFC 8489, 14.5)', t => {
  const attributes = [username('a:b')]
  const whole = encodeStun({ kind: 'request', method: 1, transactionId: id, attributes, integrity: mac })
  const appended = new Uint8Array(whole.length + 4)
  appended.set(whole)
  appended.set(fromHex('00250000')!, whole.length)
  appended[3]! += 4
  const message = decoded(appended)
  t.ok(verifyIntegrity(message, mac))
  t.notOk(message.has(Attribute.useCandidate))
  t.end()
})

t.test('a message with anything behind FINGERPRINT is malformed', t => {
  const whole = encodeStun({ kind: 'request', method: 1, transactionId: id, fingerprint: true })
  const appended = new Uint8Array(whole.length + 4)
  appended.set(whole)
  appended.set(fromHex('00250000')!, whole.length)
  appended[3]! += 4
  t.equal(decodeStun(appended), undefined)
  t.end()
})

t.test('of several attributes of one type, the first counts', t => {
  const attributes = [username('first'), username('second')]
  const message = decoded(encodeStun({ kind: 'request', method: 1, transactionId: id, attributes }))
  t.equal(readUsername(message.find(Attribute.username)!), 'first')
  t.end()
})

t.test('what is not a STUN message is not decoded', t => {
  const good = encodeStun({ kind: 'request', method: 1, transactionId: id, attributes: [username('abc')] })
  const without = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = good.slice()
    change(bytes)
    return bytes
  }
  const set = (at: number, value: number) =>
    without(bytes => {
      bytes[at] = value
    })
  t.equal(decodeStun(new Uint8Array(0)), undefined, 'nothing')
  t.equal(decodeStun(good.subarray(0, 19)), undefined, 'less than a header')
  t.equal(decodeStun(good.subarray(0, good.length - 4)), undefined, 'cut off')
  t.equal(decodeStun(set(0, 0x40)), undefined, 'first two bits set')
  t.equal(decodeStun(set(4, 0x20)), undefined, 'another magic cookie')
  t.equal(decodeStun(set(3, 5)), undefined, 'a length that is no multiple of four')
  t.equal(decodeStun(set(3, 4)), undefined, 'bytes behind the message')
  t.equal(decodeStun(set(23, 200)), undefined, 'an attribute that reaches beyond the end')
  t.ok(decodeStun(good))
  t.end()
})

t.test('malformed attribute values are refused, not guessed', t => {
  const of = (text: string) => fromHex(text)!
  t.equal(readAddress(of('')), undefined)
  t.equal(readAddress(of('0001000101020304ff')), undefined, 'too long for its family')
  t.equal(readAddress(of('0002000101020304')), undefined, 'too short for its family')
  t.equal(readAddress(of('0003000101020304')), undefined, 'an unknown family')
  t.equal(readXorAddress(of('000300010102'), id), undefined)
  t.equal(readU32(of('000001')), undefined)
  t.equal(readTieBreaker(of('00000001')), undefined)
  t.equal(readErrorCode(of('000004')), undefined)
  t.equal(readErrorCode(of('00000164')), undefined, 'a number above 99')
  t.equal(readErrorCode(of('00000200')), undefined, 'a class below 3')
  t.equal(readUnknownAttributes(of('000102')), undefined)
  t.equal(readUsername(new Uint8Array(509)), undefined)
  t.equal(readText(new Uint8Array(764)), undefined)
  t.end()
})

t.test('attributes that must be understood and are not are listed once each (RFC 8489, 6.3.1)', t => {
  const attributes = [0x0001, 0x7ff0, 0x7ff0, 0x8001, 0x0002].map(type => ({ type, value: new Uint8Array(0) }))
  t.same(unknownRequired(attributes, new Set([0x0001])), [0x7ff0, 0x0002])
  t.end()
})

t.test("a caller's own mistakes throw", t => {
  t.throws(() => encodeStun({ kind: 'request', method: 1, transactionId: new Uint8Array(11) }), RangeError)
  const big = { type: 1, value: new Uint8Array(65532) }
  t.throws(() => encodeStun({ kind: 'request', method: 1, transactionId: id, attributes: [big, big] }), RangeError)
  t.throws(() => plainAddress(1, { address: 'example.org', port: 1 }), TypeError)
  t.end()
})
