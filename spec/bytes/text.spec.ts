/** UTF-8, hexadecimal and base64, there and back, and what is none of them. Comparing and joining. */

import fc from 'fast-check'
import t from 'tap'
import {
  base64,
  compareBytes,
  concatBytes,
  equalBytes,
  fromBase64,
  fromHex,
  fromStrictUtf8,
  fromUtf8,
  hex,
  utf8,
} from '../../lib/bytes/index.ts'

t.test('base64: the examples of RFC 4648, section 10', t => {
  const examples = {
    '': '',
    f: 'Zg==',
    fo: 'Zm8=',
    foo: 'Zm9v',
    foob: 'Zm9vYg==',
    fooba: 'Zm9vYmE=',
    foobar: 'Zm9vYmFy',
  }
  for (const [text, encoded] of Object.entries(examples)) {
    t.equal(base64(utf8(text)), encoded)
    t.equal(fromUtf8(fromBase64(encoded)!), text)
    t.equal(fromUtf8(fromBase64(encoded.replace(/=/g, ''))!), text)
  }
  t.equal(fromUtf8(fromBase64(' Zm9v\r\n YmFy ')!), 'foobar')
  for (const bad of ['Z', 'Zm9v!', 'Zm9v_', 'Zg===', 'Z=g=', 'Zm9v\u0100']) t.equal(fromBase64(bad), undefined, bad)
  t.end()
})

t.test('hexadecimal', t => {
  t.equal(hex(new Uint8Array([0, 1, 0x7f, 0x80, 0xff])), '00017f80ff')
  t.same([...fromHex('00fFaB')!], [0, 0xff, 0xab])
  for (const bad of ['0', 'zz', '0x00', '00 00', '+1']) t.equal(fromHex(bad), undefined, bad)
  t.end()
})

t.test('UTF-8: a byte order mark is kept; what is not UTF-8 is replaced, or refused when asked', t => {
  t.equal(utf8('ü€😀').length, 9)
  t.equal(fromUtf8(utf8('ü€😀')), 'ü€😀')
  t.equal(fromStrictUtf8(utf8('\uFEFFa')), '\uFEFFa')
  t.equal(fromUtf8(new Uint8Array([0x61, 0xff])), 'a\uFFFD')
  t.equal(fromStrictUtf8(new Uint8Array([0x61, 0xff])), undefined)
  t.equal(fromStrictUtf8(new Uint8Array([0xed, 0xa0, 0x80])), undefined)
  t.end()
})

t.test('there and back, whatever the bytes', t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      return (
        equalBytes(fromHex(hex(bytes))!, bytes) &&
        equalBytes(fromBase64(base64(bytes))!, bytes) &&
        base64(bytes) === Buffer.from(bytes).toString('base64')
      )
    }),
  )
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), text => fromStrictUtf8(utf8(text)) === text))
  fc.assert(fc.property(fc.string(), text => fromBase64(text) === undefined || /^[A-Za-z0-9+/=\s]*$/.test(text)))
  t.end()
})

t.test('byte strings compare and join', t => {
  const a = new Uint8Array([1, 2])
  const b = new Uint8Array([1, 2, 0])
  t.ok(equalBytes(a, new Uint8Array([1, 2])))
  t.notOk(equalBytes(a, b))
  t.notOk(equalBytes(a, new Uint8Array([1, 3])))
  t.ok(compareBytes(a, b) < 0)
  t.ok(compareBytes(b, a) > 0)
  t.ok(compareBytes(new Uint8Array([2]), b) > 0)
  t.equal(compareBytes(a, a), 0)
  t.same([...concatBytes(a, new Uint8Array(0), b)], [1, 2, 1, 2, 0])
  t.equal(concatBytes().length, 0)
  t.end()
})
