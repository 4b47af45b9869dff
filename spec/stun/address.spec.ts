import t from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import { addressBytes, addressText, canonicalAddress } from '../../lib/stun/index.ts'

t.test('addresses become bytes and the one canonical text', t => {
  const cases = [
    ['192.0.2.1', 'c0000201', '192.0.2.1'],
    ['0.0.0.0', '00000000', '0.0.0.0'],
    ['::', '00000000000000000000000000000000', '::'],
    ['::1', '00000000000000000000000000000001', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['2001:0db8::0001', '20010db8000000000000000000000001', '2001:db8::1'],
    ['fe80::a', 'fe80000000000000000000000000000a', 'fe80::a'],
  ] as const
  for (const [text, bytes, canonical] of cases) {
    t.equal(hex(addressBytes(text)!), bytes)
    t.equal(addressText(addressBytes(text)!), canonical)
    t.equal(canonicalAddress(text), canonical)
  }
  t.end()
})

t.test('what is no address, or one only to inet_aton, is refused', t => {
  for (const text of ['', 'a', '1', '127.1', '0x7f.0.0.1', '010.0.0.1', '256.0.0.1', '1.2.3.4.5', '1.2.3.4 ', '[::1]'])
    t.equal(addressBytes(text), undefined, text)
  for (const text of ['1:2:3', ':::', '::g', 'host.local', 'x.local:1']) t.equal(addressBytes(text), undefined, text)
  t.equal(addressText(new Uint8Array(5)), undefined)
  t.end()
})

t.test('a zone names a link of this machine: it is no part of an address elsewhere', t => {
  t.equal(hex(addressBytes('fe80::1%eth0')!), 'fe800000000000000000000000000001')
  t.equal(canonicalAddress('fe80::1%eth0'), undefined)
  t.end()
})
