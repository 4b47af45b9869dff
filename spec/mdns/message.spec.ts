import t from 'tap'
import { fromHex, hex, utf8 } from '../../lib/bytes/index.ts'
import { decodeMessage, encodeMessage, recordType } from '../../lib/mdns/index.ts'

const NAME = '1f4712db-ea17-4bcf-a596-105139dfd8bf.local'
/** The name in wire form. */
const WIRE = `24${hex(utf8('1f4712db-ea17-4bcf-a596-105139dfd8bf'))}056c6f63616c00`
const decode = (...parts: readonly string[]) => decodeMessage(fromHex(parts.join('').replaceAll(' ', ''))!)

t.test('a question is written as RFC 1035 and RFC 6762 have it', t => {
  const questions = [{ name: NAME, type: recordType.AAAA, unicast: true }]
  const bytes = encodeMessage({ id: 0, response: false, truncated: false, questions, records: [] })
  t.equal(hex(bytes), `0000 0000 0001 0000 0000 0000 ${WIRE} 001c 8001`.replaceAll(' ', ''))
  t.same(decodeMessage(bytes), { id: 0, response: false, truncated: false, questions, records: [] })
  t.end()
})

t.test('an answer of each family is written with the cache-flush bit, and its time', t => {
  const records = [
    { name: NAME, address: '192.0.2.7', ttl: 120, flush: true },
    { name: NAME, address: '2001:db8::7', ttl: 0, flush: false },
  ]
  const message = { id: 0x1234, response: true, truncated: false, questions: [], records }
  const bytes = encodeMessage(message)
  t.equal(
    hex(bytes),
    [
      '1234 8400 0000 0002 0000 0000',
      `${WIRE} 0001 8001 00000078 0004 c0000207`,
      `c00c 001c 0001 00000000 0010 20010db8000000000000000000000007`,
    ]
      .join('')
      .replaceAll(' ', ''),
  )
  t.same(decodeMessage(bytes), message)
  t.end()
})

t.test('that a name has no other type is written as Chromium does it, but for names that are pointed to', t => {
  const write = (address: string) => {
    const records = [{ name: NAME, address, ttl: 120, flush: true }]
    return hex(encodeMessage({ id: 0, response: true, truncated: false, questions: [], records }, records))
  }
  const head = '0000840000000001'
  t.equal(write('10.77.0.2'), `${head}00000001${WIRE}000180010000007800040a4d0002c00c002f8001000000780005c00c000140`)
  const six = `001c8001000000780010fd770000000000000000000000000002`
  t.equal(write('fd77::2'), `${head}00000001${WIRE}${six}c00c002f8001000000780008c00c000400000008`)
  t.equal(decodeMessage(fromHex(write('fd77::2'))!)?.records.length, 1)
  t.end()
})

t.test('compressed names are read, in any case of letters', t => {
  const message = decode(
    '0000 8400 0001 0002 0000 0001',
    '01 41 05 4c6f43614c 00 00ff 0001', // A.LoCaL, at 12
    'c00c 0001 8001 00000078 0004 0a000001', // A.LoCaL
    '01 62 c00e 0001 8001 00000078 0004 0a000002', // b.LoCaL, at 41
    'c029 001c 8001 00000078 0010 fd000000000000000000000000000002', // additional: b.LoCaL, by two jumps
  )
  t.same(message?.questions, [{ name: 'a.local', type: 255, unicast: false }])
  t.same(
    message?.records.map(({ name, address }) => [name, address]),
    [
      ['a.local', '10.0.0.1'],
      ['b.local', '10.0.0.2'],
      ['b.local', 'fd00::2'],
    ],
  )
  t.end()
})

t.test('a response of Chromium 156 is read: a compressed NSEC record is behind the address', t => {
  const uuid = '2465373036633630392d343630332d343836662d383361612d316130363532326263333132056c6f63616c00'
  const name = 'e706c609-4603-486f-83aa-1a06522bc312.local'
  const record = (address: string) => ({ name, address, ttl: 120, flush: true })
  t.same(
    decode(
      '0000840000000001',
      '00000001',
      uuid,
      '00018001000000780004',
      '0a4d0002',
      uuid,
      '002f8001000000780005c046000140',
    )?.records,
    [record('10.77.0.2')],
  )
  // To a question for the other family: the NSEC record is the answer, the address comes as an additional record.
  t.same(
    decode(
      '0000840000000001',
      '00000001',
      uuid,
      '002f8001000000780005c00c000140',
      uuid,
      '00018001000000780004',
      '0a4d0002',
    )?.records,
    [record('10.77.0.2')],
  )
  t.end()
})

t.test('what is no address of a host is stepped over', t => {
  const message = decode(
    '0000 8400 0000 0007 0000 0001',
    '05 5f68747470 00 000c 0001 00000e10 0003 01 61 00', // PTR
    '01 61 00 0010 8001 00000e10 0000', // TXT without text
    '01 61 00 0001 8001 00000e10 0005 0a00000100', // A of five bytes
    '01 61 00 001c 8001 00000e10 0004 0a000001', // AAAA of four
    '01 61 00 0001 0003 00000e10 0004 0a000001', // A of class CHAOS
    '04 c3a9206f 00 0001 0001 00000e10 0004 0a000001', // a name with bytes outside letters and digits
    '00 0001 0001 00000e10 0004 0a000001', // the root
    '01 61 00 0001 0001 00000e10 0004 0a000009',
  )
  t.same(message?.records, [{ name: 'a', address: '10.0.0.9', ttl: 3600, flush: false }])
  t.end()
})

t.test('a query: known answers are read, what a probe proposes is not', t => {
  const message = decode(
    '0007 0200 0002 0001 0001 0001',
    '01 61 00 00ff 8001',
    '01 62 00 0001 0003', // of class CHAOS
    '01 61 00 0001 0001 00000078 0004 0a000001',
    '01 61 00 0001 0001 00000078 0004 0a000002',
    '01 61 00 0001 0001 00000078 0004 0a000003',
  )
  t.equal(message?.id, 7)
  t.equal(message?.truncated, true)
  t.same(message?.questions, [{ name: 'a', type: 255, unicast: true }])
  t.same(
    message?.records.map(({ address }) => address),
    ['10.0.0.1'],
  )
  t.end()
})

t.test('what is not well-formed is refused whole', t => {
  const head = '0000 8400 0001 0000 0000 0000'
  const tail = '0001 0001'
  t.ok(decode(head, '01 61 00', tail))
  const broken = {
    'no header': ['0000 8400 0001'],
    'no question': [head],
    'a question cut short': [head, '01 61 00 0001 00'],
    'a label that runs out of the message': [head, '3f 61 00', tail],
    'a name without an end': [head, '01 61'],
    'a pointer to itself': [head, 'c00c', tail],
    'a pointer forward': [head, 'c0ff', tail],
    'a pointer forward, to what would be a name': [head, 'c012', tail, '01 61 00'],
    'a pointer into the header': [head, 'c004', tail],
    'half a pointer': [head, 'c0'],
    'a label and a pointer to it': [head, '01 61 c00c', tail],
    'a label type that does not exist': [head, '80 61 00', tail],
    'a label of 64 bytes': [head, '40', '61'.repeat(64), '00', tail],
    'a name of 256 bytes': [head, `3f${'61'.repeat(63)}`.repeat(4), '00', tail],
    'another opcode': ['0000 a400 0001 0000 0000 0000 01 61 00', tail],
    'a response code': ['0000 8403 0001 0000 0000 0000 01 61 00', tail],
    'a record with a length that lies': ['0000 8400 0000 0001 0000 0000 01 61 00 0001 0001 00000078 0005 0a000001'],
    'more questions than a query has': ['0000 0000 0041 0000 0000 0000', `00 ${tail}`.repeat(65)],
    'more records than a response has': [
      '0000 8400 0000 0101 0000 0000',
      '00 0001 0001 00000078 0004 0a000001'.repeat(257),
    ],
    'more than 9,000 bytes': ['0000 8400 0000 0001 0000 0000 00 0010 0001 00000078 2400', '00'.repeat(0x2400)],
  }
  for (const [what, parts] of Object.entries(broken)) t.equal(decode(...parts), undefined, what)
  t.ok(decode(head, `3f${'61'.repeat(63)}`.repeat(3), `3d${'61'.repeat(61)}`, '00', tail), 'a name of 255 bytes')
  t.end()
})

t.test('pointers are followed backwards only, and not for ever', t => {
  // Each record's name is one label and a pointer to the name before it.
  const chain = (length: number): string => {
    let text = '01 61 00 0001 0001'.replaceAll(' ', '')
    let before = 12
    let at = 12 + text.length / 2
    for (let i = 0; i < length; i++) {
      text += `0161c0${before.toString(16).padStart(2, '0')}00010001`
      before = at
      at += 8
    }
    return text
  }
  const count = (length: number) => `0000 0000 ${(length + 1).toString(16).padStart(4, '0')} 0000 0000 0000`
  t.equal(decode(count(16), chain(16))?.questions.at(-1)?.name.length, 33)
  t.equal(decode(count(17), chain(17)), undefined)
  t.end()
})
