import t from 'tap'
import {
  type Attribute,
  attribute,
  attributes,
  formatParameters,
  formatSdp,
  parseSdp,
  typed,
} from '../../lib/sdp/index.ts'

const HEAD = 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n'
const read = (line: string): Attribute => parseSdp(`${HEAD}a=${line}\r\n`).attributes[0]!
const write = (attribute: Attribute): string =>
  formatSdp({ ...parseSdp(HEAD), attributes: [attribute] }).slice(HEAD.length + 2, -2)

const SHA1 = '42:89:C5:C6:55:9D:6E:C8:E8:83:55:2A:39:F9:B6:EB:E9:A3:A9:E7'

/** Lines, what they are read as, and how they are written where that differs. */
const cases: [line: string, value: unknown, written?: string][] = [
  ['candidate:1 1 udp 2122194687 192.0.2.2 5000 typ host', '1 1 udp 2122194687 192.0.2.2 5000 typ host'],
  ['end-of-candidates', true],
  ['ice-lite', true],
  ['ice-ufrag:8hhY', '8hhY'],
  ['ice-pwd:asd88fgpdd777uzjYhagZg+/', 'asd88fgpdd777uzjYhagZg+/'],
  ['ice-options:trickle ice2', ['trickle', 'ice2']],
  ['ice-options:ice2,trickle', ['ice2', 'trickle'], 'ice-options:ice2 trickle'],
  ['ice-pacing:50', 50],
  [`fingerprint:SHA-1 ${SHA1.toLowerCase()}`, { algorithm: 'sha-1', value: SHA1 }, `fingerprint:sha-1 ${SHA1}`],
  ['setup:actpass', 'actpass'],
  ['setup:holdconn', 'holdconn'],
  ['tls-id:91bbf309c0990a6bec11e38ba2933cee', '91bbf309c0990a6bec11e38ba2933cee'],
  ['sctp-port:5000', 5000],
  ['x-purertc-largest-datagram:16384 abcd', '16384 abcd'],
  ['max-message-size:0', 0],
  ['max-message-size:18446744073709551615', Number.MAX_SAFE_INTEGER, 'max-message-size:9007199254740991'],
  ['sctpmap:5000 webrtc-datachannel 1024', { port: 5000, protocol: 'webrtc-datachannel', streams: 1024 }],
  ['sctpmap:5000 webrtc-datachannel', { port: 5000, protocol: 'webrtc-datachannel' }],
  ['group:BUNDLE 0 audio', { semantics: 'BUNDLE', mids: ['0', 'audio'] }],
  ['group:BUNDLE', { semantics: 'BUNDLE', mids: [] }],
  ['mid:data', 'data'],
  ['mid:data ', 'data', 'mid:data'],
  ['bundle-only', true],
  ['msid-semantic: WMS *', { semantic: 'WMS', ids: ['*'] }, 'msid-semantic:WMS *'],
  ['msid:- {584eb9db-9ee0}', { id: '-', appdata: '{584eb9db-9ee0}' }],
  ['msid:stream', { id: 'stream' }],
  ['sendrecv', true],
  ['inactive', true],
  ['rtpmap:111 opus/48000/2', { payloadType: 111, encoding: 'opus', clockRate: 48000, parameters: '2' }],
  ['rtpmap:96 VP8/90000', { payloadType: 96, encoding: 'VP8', clockRate: 90000 }],
  ['fmtp:111 minptime=10;useinbandfec=1', { format: '111', parameters: 'minptime=10;useinbandfec=1' }],
  ['rtcp-fb:96 nack pli', { payloadType: 96, type: 'nack', parameter: 'pli' }],
  ['rtcp-fb:* transport-cc', { payloadType: '*', type: 'transport-cc' }],
  ['extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid', { id: 3, uri: 'urn:ietf:params:rtp-hdrext:sdes:mid' }],
  ['extmap:2/recvonly urn:x a b', { id: 2, direction: 'recvonly', uri: 'urn:x', attributes: 'a b' }],
  ['extmap-allow-mixed', true],
  ['rtcp:9 IN IP4 0.0.0.0', { port: 9, networkType: 'IN', addressType: 'IP4', address: '0.0.0.0' }],
  ['rtcp:12312', { port: 12312 }],
  ['rtcp-mux', true],
  ['rtcp-mux-only', true],
  ['rtcp-rsize', true],
  ['ptime:0.125', 0.125],
  ['maxptime:60', 60],
  ['ssrc:3498365591 cname:3OFsI9uYaNYzuN1x', { ssrc: 3498365591, attribute: 'cname', value: '3OFsI9uYaNYzuN1x' }],
  ['ssrc:1 baz', { ssrc: 1, attribute: 'baz' }],
  ['ssrc-group:FID 658260550 3654117138', { semantics: 'FID', ssrcs: [658260550, 3654117138] }],
  [
    'rid:h send pt=97,98;max-width=1280;depend=l',
    {
      id: 'h',
      direction: 'send',
      formats: ['97', '98'],
      restrictions: [
        { name: 'max-width', value: '1280' },
        { name: 'depend', value: 'l' },
      ],
    },
  ],
  ['rid:h recv', { id: 'h', direction: 'recv', restrictions: [] }],
  [
    'simulcast:recv c send 1,~4;2',
    {
      send: [
        [
          { rid: '1', paused: false },
          { rid: '4', paused: true },
        ],
        [{ rid: '2', paused: false }],
      ],
      recv: [[{ rid: 'c', paused: false }]],
    },
    'simulcast:send 1,~4;2 recv c',
  ],
]

t.test('attributes that are known have values, written as they were read', t => {
  for (const [line, value, written] of cases) {
    const found = read(line)
    t.same(found, { name: line.split(':')[0], value }, line)
    t.equal(write(found), written ?? line)
    t.same(read(write(found)), found, `${line}: again`)
  }
  t.end()
})

t.test('attributes that are not known are kept to the letter', t => {
  const kept: [line: string, attribute: Attribute][] = [
    ['rtcp-xr:rcvr-rtt=all', { name: 'other', key: 'rtcp-xr', value: 'rcvr-rtt=all' }],
    ['x-google-flag: conference ', { name: 'other', key: 'x-google-flag', value: ' conference ' }],
    ['other:mid:0', { name: 'other', key: 'other', value: 'mid:0' }],
    ['constructor', { name: 'other', key: 'constructor' }],
    ['__proto__:1', { name: 'other', key: '__proto__', value: '1' }],
    ['Mid:0', { name: 'other', key: 'Mid', value: '0' }],
  ]
  for (const [line, attribute] of kept) {
    t.same(read(line), attribute)
    t.equal(write(attribute), line)
  }
  t.end()
})

t.test('a known attribute with a value that its grammar has not is refused', t => {
  const malformed = [
    ...['candidate', 'candidate:', 'ice-lite:1', 'ice-ufrag:abc', `ice-ufrag:${'a'.repeat(257)}`, 'ice-ufrag:ab cd'],
    ...['ice-pwd:short', 'ice-pwd', 'ice-options:', 'fingerprint:sha-256', 'fingerprint:sha-256 4:5', 'setup:Active'],
    ...['fingerprint:sha-256 42:89:', 'fingerprint:sha-256 42 89', 'setup', 'sctp-port:65536', 'sctp-port:-1'],
    ...['sctp-port:0x10', 'max-message-size:1e5', 'max-message-size:', 'sctpmap:5000', 'sctpmap:x webrtc-datachannel'],
    ...['group', 'group:', 'mid:', 'mid:a b', 'mid:a;', 'msid:', 'rtpmap:96', 'rtpmap:128 x/1', 'rtpmap:96 x'],
    ...['rtpmap:96 x/y', 'fmtp:96', 'rtcp-fb:96', 'rtcp-fb:x nack', 'extmap:0 urn:x', 'extmap:1', 'extmap:1/up urn:x'],
    ...['rtcp:9 IN', 'rtcp:', 'rtcp:70000', 'ptime:', 'ptime:-1', 'ptime:1e3', 'ssrc:1', 'ssrc:4294967296 cname:x'],
    ...[
      'ssrc-group:FID x',
      'ssrc-group:',
      'rid:1',
      'rid:1 both',
      'rid:1 send ;',
      'rid:1 send pt=97 x',
      'rid:(1) send',
      'fingerprint:sha-256 4G:89',
      'fingerprint:sha(256 42:89',
      'simulcast:',
      'simulcast:send',
    ],
    ...['simulcast:send 1 send 2', 'simulcast:send 1;;2', 'simulcast:send ~', 'sendrecv:1', 'bundle-only: x'],
    ...['', ':value', 'na me', 'näme:1'],
  ]
  for (const line of malformed) t.throws(() => read(line), { code: 'attribute', line: 5 }, line)
  t.end()
})

t.test('a section is asked for one attribute or for all of a name', t => {
  const section = { attributes: [typed('mid', '0'), typed('rtcp-mux', true), typed('mid', '1')] }
  t.equal(attribute(section, 'mid'), '0')
  t.same(attributes(section, 'mid'), ['0', '1'])
  t.equal(attribute(section, 'rtcp-mux'), true)
  t.equal(attribute(section, 'bundle-only'), undefined)
  t.same(attributes(section, 'candidate'), [])
  t.end()
})

t.test('format parameters are read, not compared', t => {
  t.same(
    [...formatParameters('Profile-Level-Id=42e01f; packetization-mode=1;; apt = 96;useinbandfec;apt=97')],
    [
      ['profile-level-id', '42e01f'],
      ['packetization-mode', '1'],
      ['apt', '96'],
      ['useinbandfec', ''],
    ],
  )
  t.same([...formatParameters('0-15')], [['0-15', '']])
  t.same([...formatParameters('')], [])
  t.end()
})
