import t from 'tap'
import { fromHex, hex, utf8 } from '../../lib/bytes/index.ts'
import {
  Attribute,
  additionalAddressFamily,
  addressErrorCode,
  alternateDomain,
  channelNumber,
  data,
  dontFragment,
  ErrorCode,
  errorCode,
  evenPort,
  icmp,
  lifetime,
  Method,
  nomination,
  passwordAlgorithm,
  passwordAlgorithms,
  readAddressErrorCode,
  readAddressFamily,
  readAlternateDomain,
  readChannelNumber,
  readErrorCode,
  readEvenPort,
  readIcmp,
  readPasswordAlgorithm,
  readPasswordAlgorithms,
  readRequestedTransport,
  readReservationToken,
  readU32,
  readUserhash,
  requestedAddressFamily,
  requestedTransport,
  reservationToken,
} from '../../lib/stun/index.ts'
import { fixtureText } from '../fixture.ts'

const of = (text: string): Uint8Array => fromHex(text)!

/** Rows of a registry of IANA: number as it is written, name. */
const registry = (number: 2 | 4 | 6): string[][] =>
  fixtureText(`stun/pion-stun/stun-parameters-${number}.csv`)
    .split('\n')
    .map(line => line.split(','))

t.test('every number is that of the registry', t => {
  const names = new Map(registry(4).map(([number = '', name]) => [Number(number), name]))
  for (const [key, number] of Object.entries(Attribute)) {
    if (number === Attribute.nomination) continue
    t.equal(names.get(number), key.replace(/[A-Z]/g, '-$&').toUpperCase(), key)
  }
  const methods = new Map(registry(2).map(([number = '', name]) => [Number(number), name?.toLowerCase()]))
  for (const [key, number] of Object.entries(Method)) t.equal(methods.get(number), key.toLowerCase(), key)
  const codes = new Map(registry(6).map(([code = '', name = '']) => [Number(code), name.replaceAll(' ', '')]))
  // The registry has not followed RFC 8489 in the name of 401.
  codes.set(401, 'Unauthenticated')
  for (const [key, code] of Object.entries(ErrorCode)) t.equal(codes.get(code)?.toLowerCase(), key.toLowerCase(), key)
  t.end()
})

t.test('the attributes of TURN stand on the wire as RFC 8656, 18 draws them', t => {
  const cases = [
    [channelNumber(0x4001), Attribute.channelNumber, '40010000'],
    [lifetime(600), Attribute.lifetime, '00000258'],
    [data(utf8('hi')), Attribute.data, '6869'],
    [requestedTransport(), Attribute.requestedTransport, '11000000'],
    [requestedAddressFamily(4), Attribute.requestedAddressFamily, '01000000'],
    [requestedAddressFamily(6), Attribute.requestedAddressFamily, '02000000'],
    [additionalAddressFamily(), Attribute.additionalAddressFamily, '02000000'],
    [evenPort(true), Attribute.evenPort, '80'],
    [evenPort(false), Attribute.evenPort, '00'],
    [dontFragment(), Attribute.dontFragment, ''],
    [reservationToken(of('0102030405060708')), Attribute.reservationToken, '0102030405060708'],
    [addressErrorCode(6, 440, 'no'), Attribute.addressErrorCode, '020004286e6f'],
    [icmp({ type: 3, code: 4, data: 1500 }), Attribute.icmp, '00000604000005dc'],
    [nomination(7), Attribute.nomination, '00000007'],
    [alternateDomain('a.example'), Attribute.alternateDomain, hex(utf8('a.example'))],
    [errorCode(508, ''), Attribute.errorCode, '00000508'],
  ] as const
  for (const [{ type, value }, expected, bytes] of cases) t.same([type, hex(value)], [expected, bytes])
  t.end()
})

t.test('what is written is read', t => {
  t.equal(readChannelNumber(channelNumber(0x4fff).value), 0x4fff)
  t.equal(readU32(lifetime(3600).value), 3600)
  t.equal(readRequestedTransport(requestedTransport(6).value), 6)
  t.same([readAddressFamily(of('01000000')), readAddressFamily(of('02ffffff'))], [4, 6], 'what is reserved is ignored')
  t.same([readEvenPort(of('ff')), readEvenPort(of('7f'))], [true, false])
  t.equal(hex(readReservationToken(of('0102030405060708'))!), '0102030405060708')
  t.same(readAddressErrorCode(addressErrorCode(4, 508, 'full').value), { family: 4, code: 508, reason: 'full' })
  t.same(readIcmp(icmp({ type: 127, code: 255, data: 0xffffffff }).value), { type: 127, code: 255, data: 0xffffffff })
  t.equal(readAlternateDomain(alternateDomain('example.org').value), 'example.org')
  t.same(readErrorCode(errorCode(600, 'größer').value), { code: 600, reason: 'größer' })
  t.same(
    readErrorCode(errorCode(420, 'Unknown\0\0\0').value),
    { code: 420, reason: 'Unknown' },
    'as coturn 4.6 pads it',
  )
  t.same(readErrorCode(errorCode(420, '\0\0').value), { code: 420, reason: '' })
  t.end()
})

t.test('lists of password algorithms are read with parameters and their padding (RFC 8489, 14.11)', t => {
  const none = new Uint8Array(0)
  t.equal(hex(passwordAlgorithms([2, 1]).value), '0002000000010000')
  t.same(readPasswordAlgorithms(of('0002000000010000')), [
    { algorithm: 2, parameters: none },
    { algorithm: 1, parameters: none },
  ])
  const odd = { algorithm: 9, parameters: of('aabbccddee') }
  t.equal(hex(passwordAlgorithms([odd, 1]).value), '00090005aabbccddee00000000010000')
  t.same(readPasswordAlgorithms(passwordAlgorithms([odd, 1]).value), [odd, { algorithm: 1, parameters: none }])
  t.same(readPasswordAlgorithm(passwordAlgorithm(odd).value), odd)
  t.same(readPasswordAlgorithm(of('00090005aabbccddee')), odd, 'padding left to the attribute')
  t.equal(readPasswordAlgorithms(of('000200')), undefined)
  t.equal(readPasswordAlgorithms(of('00020004aabb')), undefined, 'a length that lies')
  t.equal(readPasswordAlgorithm(of('0002000000010000')), undefined, 'two are not one')
  t.equal(readPasswordAlgorithm(none), undefined)
  t.equal(readPasswordAlgorithms(new Uint8Array(4 * 10_000))?.length, 32, 'bounded')
  t.end()
})

t.test('malformed values are refused', t => {
  t.equal(readChannelNumber(of('4001')), undefined)
  for (const number of ['3fff', '5000', '7fff', 'ffff']) t.equal(readChannelNumber(of(`${number}0000`)), undefined)
  t.equal(readRequestedTransport(of('11')), undefined)
  for (const bytes of ['', '01', '00000000', '03000000', '0100000000']) t.equal(readAddressFamily(of(bytes)), undefined)
  for (const bytes of ['', '8000']) t.equal(readEvenPort(of(bytes)), undefined)
  t.equal(readReservationToken(new Uint8Array(7)), undefined)
  for (const bytes of ['', '01000428ff'.slice(0, 6), '03000428', '01000200', '01000464'])
    t.equal(readAddressErrorCode(of(bytes)), undefined, bytes)
  t.equal(readIcmp(new Uint8Array(7)), undefined)
  t.equal(readUserhash(new Uint8Array(31)), undefined)
  t.equal(readUserhash(new Uint8Array(32))?.length, 32)
  for (const length of [0, 256]) t.equal(readAlternateDomain(new Uint8Array(length)), undefined)
  t.end()
})

t.test("a caller's own mistakes throw", t => {
  t.throws(() => reservationToken(new Uint8Array(4)), RangeError)
  for (const code of [0, 299, 700, Number.NaN]) t.throws(() => errorCode(code, ''), RangeError)
  t.throws(() => addressErrorCode(4, 200, ''), RangeError)
  t.end()
})
