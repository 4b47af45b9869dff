/** Arguments are taken, coerced and refused as Web IDL has it (section 3.2). */

import t from 'tap'
import {
  boolean,
  clampedUnsignedLong,
  clampedUnsignedShort,
  DOMString,
  defaulted,
  dictionary,
  double,
  enforcedLongLong,
  enforcedOctet,
  enforcedUnsignedLong,
  enforcedUnsignedLongLong,
  enforcedUnsignedShort,
  enumeration,
  long,
  nullable,
  optional,
  required,
  sequence,
  stringOrSequence,
  USVString,
  unsignedLong,
  unsignedShort,
} from '../../lib/idl/index.ts'

const context = "Failed to execute 'test' on 'Spec'"

t.test('strings are made of anything but symbols', t => {
  const cases: [unknown, string][] = [
    ['a', 'a'],
    [undefined, 'undefined'],
    [null, 'null'],
    [12.5, '12.5'],
    [true, 'true'],
    [10n, '10'],
    [{ toString: () => 'own' }, 'own'],
    [[1, 2], '1,2'],
  ]
  for (const [given, text] of cases) t.equal(DOMString(given, context), text)
  t.throws(() => DOMString(Symbol('s'), context), TypeError)
  t.throws(() => DOMString({ toString: () => ({}), valueOf: () => ({}) }, context), TypeError)
  t.end()
})

t.test('a USVString has no lone surrogates, and keeps pairs', t => {
  t.equal(USVString('a\ud800b\udc00c', context), 'a\ufffdb\ufffdc')
  t.equal(USVString('\ud83d\ude00', context), '\u{1f600}')
  t.equal(DOMString('\ud800', context), '\ud800')
  t.end()
})

t.test('integers wrap around by default', t => {
  const cases: [(value: unknown, context: string) => number, unknown, number][] = [
    [unsignedShort, 65536, 0],
    [unsignedShort, -1, 65535],
    [unsignedShort, 1.9, 1],
    [unsignedShort, -0.5, 0],
    [unsignedShort, '17', 17],
    [unsignedShort, 'seven', 0],
    [unsignedShort, Number.POSITIVE_INFINITY, 0],
    [unsignedShort, null, 0],
    [unsignedShort, [5], 5],
    [unsignedLong, 2 ** 32 + 3, 3],
    [unsignedLong, -2, 2 ** 32 - 2],
    [long, 2 ** 31, -(2 ** 31)],
    [long, -(2 ** 31) - 1, 2 ** 31 - 1],
    [long, -5.9, -5],
  ]
  for (const [convert, given, number] of cases) t.ok(Object.is(convert(given, context), number), `${String(given)}`)
  t.throws(() => unsignedShort(1n, context), TypeError)
  t.throws(() => unsignedShort(Symbol('s'), context), TypeError)
  t.end()
})

t.test('[EnforceRange] refuses what does not fit, and drops fractions', t => {
  t.equal(enforcedUnsignedShort(65535.9, context), 65535)
  t.ok(Object.is(enforcedUnsignedShort(-0.9, context), 0))
  t.equal(enforcedUnsignedLongLong(2 ** 53 - 1, context), 2 ** 53 - 1)
  for (const wrong of [65536, -1, Number.NaN, Number.POSITIVE_INFINITY, undefined, 'x', {}]) {
    t.throws(() => enforcedUnsignedShort(wrong, context), { name: 'TypeError', message: new RegExp(`^${context}: `) })
  }
  t.throws(() => enforcedOctet(256, context), TypeError)
  t.throws(() => enforcedUnsignedLong(2 ** 32, context), TypeError)
  t.throws(() => enforcedUnsignedLongLong(2 ** 53, context), TypeError)
  t.end()
})

t.test('[Clamp] goes to the nearest, halves to the even', t => {
  const cases: [unknown, number][] = [
    [-5, 0],
    [70000, 65535],
    [Number.NaN, 0],
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [2.6, 3],
    [Number.POSITIVE_INFINITY, 65535],
  ]
  for (const [given, number] of cases) t.equal(clampedUnsignedShort(given, context), number)
  t.end()
})

t.test('booleans are truth values; enumerations take their values only', t => {
  t.equal(boolean('', context), false)
  t.equal(boolean({}, context), true)
  const colour = enumeration('Colour', ['red', 'blue'])
  t.equal(colour('red', context), 'red')
  t.equal(colour({ toString: () => 'blue' }, context), 'blue')
  t.throws(() => colour('Red', context), {
    name: 'TypeError',
    message: `${context}: The provided value 'Red' is not a valid enum value of type Colour.`,
  })
  t.throws(() => colour(null, context), TypeError)
  t.end()
})

t.test('nullable types take null and undefined for null', t => {
  const type = nullable(unsignedShort)
  t.equal(type(null, context), null)
  t.equal(type(undefined, context), null)
  t.equal(type(0, context), 0)
  t.end()
})

t.test('a sequence is any iterable object, read once', t => {
  const type = sequence(unsignedShort)
  t.strictSame(type(new Set([1, '2']), context), [1, 2])
  t.strictSame(type([], context), [])
  for (const wrong of ['12', 12, {}, null, undefined]) t.throws(() => type(wrong, context), TypeError)
  t.throws(() => sequence(enumeration('Colour', ['red']))(['red', 'x'], context), { message: /index 1/ })
  const either = stringOrSequence(USVString)
  t.equal(either('ab', context), 'ab')
  t.strictSame(either(['ab'], context), ['ab'])
  t.equal(either({ toString: () => 'object' }, context), 'object')
  t.end()
})

t.test('a dictionary reads its members in order, its base first, each once', t => {
  const read: string[] = []
  const given = new Proxy(
    { b: 1, a: 2, inherited: 3, unknown: 4 },
    {
      get: (target, key) => {
        read.push(String(key))
        return Reflect.get(target, key)
      },
    },
  )
  const base = dictionary('Base', { inherited: required(unsignedShort) })
  const type = dictionary('Type', { b: required(unsignedShort), a: optional(unsignedShort) }, base)
  t.strictSame(type(given, context), { inherited: 3, a: 2, b: 1 })
  t.strictSame(read, ['inherited', 'a', 'b'])
  t.end()
})

t.test('members are required, optional, or have a default', t => {
  const type = dictionary('Type', {
    must: required(DOMString),
    may: optional(DOMString),
    list: defaulted(sequence(DOMString), () => []),
  })
  t.strictSame(type({ must: 'x', may: undefined }, context), { must: 'x', list: [] })
  t.not(type({ must: 'x' }, context).list, type({ must: 'x' }, context).list, 'a default is made anew')
  t.throws(() => type({}, context), {
    name: 'TypeError',
    message: `${context}: Failed to read the 'must' property from 'Type': Required member is undefined.`,
  })
  for (const wrong of [1, 'text', true, 1n]) t.throws(() => type(wrong, context), TypeError)
  const none = dictionary('None', { may: optional(DOMString) })
  t.strictSame(none(undefined, context), {})
  t.strictSame(none(null, context), {})
  t.strictSame(
    none(
      Object.assign(() => {}, { may: 'function' }),
      context,
    ),
    { may: 'function' },
  )
  t.end()
})

t.test('doubles are finite; long integers are whole, clamped or in their range', t => {
  t.equal(double('1.5', context), 1.5)
  t.equal(double(null, context), 0)
  for (const bad of [undefined, 'x', Number.POSITIVE_INFINITY, 1n, Symbol('s')]) {
    t.throws(() => double(bad, context), TypeError)
  }
  t.equal(clampedUnsignedLong(1e12, context), 0xffff_ffff)
  t.equal(clampedUnsignedLong(-1, context), 0)
  t.equal(clampedUnsignedLong(2.5, context), 2)
  t.equal(enforcedLongLong(-5.9, context), -5)
  t.throws(() => enforcedLongLong(2 ** 60, context), TypeError)
  t.end()
})
