import t from 'tap'
import { formatSdp, parseSdp, SdpError } from '../../lib/sdp/index.ts'

/** Every line that RFC 8866 has. */
const WHOLE = `v=0
o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1
s=Call to John Smith
i=SDP Offer #1
u=http://www.jdoe.example.com/home.html
e=Jane Doe <jane@jdoe.example.com>
e=second@jdoe.example.com
p=+1 617 555-6011
c=IN IP4 198.51.100.1
b=CT:128
b=X-YZ:256
t=3724394400 3724398000
r=604800 3600 0 90000
r=7d 1h 0 25h
z=3730928400 -1h 3749680800 0
t=0 0
k=prompt
a=recvonly
m=audio 49170/2 RTP/AVP 0 96
i=first
c=IN IP4 233.252.0.1/127
c=IN IP4 233.252.0.2/127
b=AS:64
k=clear:x
a=rtpmap:0 PCMU/8000
m=video 0 RTP/AVP 31
`

t.test('every line of the grammar is read and written', t => {
  const description = parseSdp(WHOLE)
  t.equal(formatSdp(description), WHOLE.replaceAll('\n', '\r\n'))
  t.same(description.timings[0], {
    start: '3724394400',
    stop: '3724398000',
    repeats: ['604800 3600 0 90000', '7d 1h 0 25h'],
    zone: '3730928400 -1h 3749680800 0',
  })
  t.same(description.bandwidths[1], { type: 'X-YZ', value: 256 })
  const [audio] = description.media
  t.same([audio!.port, audio!.portCount, audio!.formats, audio!.connections.length], [49170, 2, ['0', '96'], 2])
  t.end()
})

t.test('lines may end in LF, the last one in nothing, and empty lines may follow', t => {
  const text = 'v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n'
  const expected = parseSdp(text)
  for (const same of [text.replaceAll('\n', '\r\n'), text.trimEnd(), `${text}\n\r\n\n`, text.replace('\n', '\r\n')]) {
    t.same(parseSdp(same), expected)
  }
  t.equal(parseSdp(text.replace('s=-', 's=')).sessionName, '')
  t.equal(parseSdp(text.replace('s=-', 's= ')).sessionName, ' ')
  t.end()
})

const at = (line: number, replacement: string | undefined): string =>
  WHOLE.split('\n')
    .flatMap((text, index) => (index !== line - 1 ? [text] : replacement === undefined ? [] : replacement.split('|')))
    .join('\n')

/** What is changed in which line, and the error that follows. */
const cases: [what: string, text: string, code: string, line: number][] = [
  ['nothing at all', '', 'order', 1],
  ['only empty lines', '\r\n\r\n', 'order', 1],
  ['no description', 'Invalid SDP', 'line', 1],
  ['an end too early', 'v=0\no=- 1 1 IN IP4 0.0.0.0\n', 'order', 3],
  ['no version', at(1, undefined), 'order', 1],
  ['another version', at(1, 'v=1'), 'value', 1],
  ['no origin', at(2, undefined), 'order', 2],
  ['no session name', at(3, undefined), 'order', 3],
  ['an origin that is short', at(2, 'o=- 1 1 IN IP4'), 'value', 2],
  ['an origin that is long', at(2, 'o=- 1 1 IN IP4 0.0.0.0 x'), 'value', 2],
  ['a session id that is no number', at(2, 'o=- -1 1 IN IP4 0.0.0.0'), 'value', 2],
  ['a connection that is short', at(9, 'c=IN IP4'), 'value', 9],
  ['a connection that is long', at(9, 'c=IN IP4 192.0.2.1 x'), 'value', 9],
  ['a repeat without a time', at(25, 'r=7d 1h 0 25h'), 'order', 25],
  ['a second connection of the session', at(9, 'c=IN IP4 a|c=IN IP4 b'), 'order', 10],
  ['a bandwidth without a number', at(11, 'b=AS:x'), 'value', 11],
  ['a bandwidth without a type', at(10, 'b=128'), 'value', 10],
  ['a time that is no number', at(12, 't=now later'), 'value', 12],
  ['a line out of order', at(18, 'b=AS:1'), 'order', 18],
  ['a second origin', at(18, 'o=- 1 1 IN IP4 0.0.0.0'), 'order', 18],
  ['a time in an m-section', at(25, 't=0 0'), 'order', 25],
  ['an unknown line', at(18, 'f=1'), 'order', 18],
  ['no equals sign', at(18, 'a:recvonly'), 'line', 18],
  ['a capital letter', at(18, 'A=recvonly'), 'line', 18],
  ['an empty line', at(18, ''), 'line', 18],
  ['a space in front', at(18, ' a=recvonly'), 'line', 18],
  ['a NUL', at(18, 'a=re\0cvonly'), 'line', 18],
  ['a carriage return inside', at(18, 'a=re\rcvonly'), 'line', 18],
  ['a malformed attribute', at(25, 'a=rtpmap:0'), 'attribute', 25],
  ['a port that is too large', at(19, 'm=audio 65536 RTP/AVP 0'), 'value', 19],
  ['a port that is no number', at(19, 'm=audio x RTP/AVP 0'), 'value', 19],
  ['a port count that is no number', at(19, 'm=audio 9/x RTP/AVP 0'), 'value', 19],
  ['an m-line without a format', at(19, 'm=audio 9 RTP/AVP'), 'value', 19],
  ['an m-line without anything', at(19, 'm='), 'value', 19],
  ['a medium that is no token', at(19, 'm=aud(io 9 RTP/AVP 0'), 'value', 19],
]

t.test('an error knows its line', t => {
  for (const [what, text, code, line] of cases) {
    t.throws(() => parseSdp(text), { name: 'SdpError', code, line }, what)
  }
  t.match(new SdpError('line', 'why', 3).message, 'line 3: why')
  t.throws(() => parseSdp(at(25, 'r=7d 1h 0 25h')), { message: /may not stand here/ })
  t.throws(() => parseSdp(at(25, 't=0 0')), { message: /may not stand here/ })
  t.throws(() => parseSdp(at(25, 'f=0 0')), { message: /has no "f="/ })
  t.end()
})

t.test('in any order, what is missing or wrong is still found', t => {
  const anyOrder = { anyOrder: true }
  const text = 'v=0\nc=IN IP4 a\na=recvonly\ns=-\no=- 1 1 IN IP4 0.0.0.0\nm=audio 9 RTP/AVP 0\n'
  const read = parseSdp(text, anyOrder)
  t.same(read.connection, { networkType: 'IN', addressType: 'IP4', address: 'a' })
  t.same(read.timings, [])
  t.equal(read.media.length, 1)
  t.same(parseSdp(formatSdp(read), anyOrder), { ...read, media: [{ ...read.media[0], line: 6 }] })
  t.throws(() => parseSdp('v=0\ns=-\nm=audio 9 RTP/AVP 0\n', anyOrder), { code: 'order' })
  t.throws(() => parseSdp(text.replace('a=recvonly', 'a=mid:'), anyOrder), { code: 'attribute', line: 3 })
  t.throws(() => parseSdp(text.replace('a=recvonly', 'f=1'), anyOrder), { code: 'order' })
  t.throws(() => parseSdp(text.replace('9 RTP', 'x RTP'), anyOrder), { code: 'value', line: 6 })
  t.end()
})

t.test('size is bounded', t => {
  const head = 'v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n'
  t.throws(() => parseSdp(head + 'a=x\n'.repeat(65_533)), { code: 'too-large', line: 65_537 })
  t.equal(parseSdp(head + 'a=x\n'.repeat(65_532)).attributes.length, 65_532)
  t.throws(() => parseSdp(`${head}a=x:${'y'.repeat(2 ** 21)}`), { code: 'too-large', line: 1 })
  t.equal(parseSdp(head + 'm=audio 9 RTP/AVP 0\n'.repeat(384)).media.length, 384)
  t.throws(() => parseSdp(head + 'm=audio 9 RTP/AVP 0\n'.repeat(385)), { code: 'too-large', line: 4 + 385 })
  t.end()
})
