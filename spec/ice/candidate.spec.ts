import fc from 'fast-check'
import t from 'tap'
import { formatCandidate, type IceCandidate, parseCandidate } from '../../lib/ice/index.ts'

const host = {
  foundation: '1',
  component: 1,
  protocol: 'udp',
  priority: 1,
  address: '192.0.2.1',
  port: 9,
  type: 'host',
}

t.test('lines of Chromium, Firefox, libdatachannel and others are read', t => {
  const cases: [string, Partial<IceCandidate>][] = [
    [
      'candidate:3345683954 1 udp 2122194687 10.99.0.1 57683 typ host generation 0 ufrag 51y5 network-id 2',
      { foundation: '3345683954', address: '10.99.0.1', port: 57683, type: 'host', usernameFragment: '51y5' },
    ],
    [
      'candidate:842163049 1 udp 1677729535 203.0.113.4 46154 typ srflx raddr 10.0.0.17 rport 46154 generation 0 network-cost 50',
      { type: 'srflx', relatedAddress: '10.0.0.17', relatedPort: 46154, priority: 1677729535 },
    ],
    [
      'candidate:1469837133 1 tcp 1518157055 10.0.0.1 9 typ host tcptype active generation 0',
      { protocol: 'tcp', tcpType: 'active', port: 9 },
    ],
    ['candidate:0 1 UDP 2122187007 192.0.2.2 33464 typ host', { foundation: '0', protocol: 'udp' }],
    ['candidate:1 1 TCP 2105524479 fd00::2 9 typ host tcptype active', { protocol: 'tcp', address: 'fd00::2' }],
    [
      'candidate:2 1 UDP 92217599 198.51.100.7 50321 typ relay raddr 198.51.100.7 rport 50321',
      { type: 'relay', relatedPort: 50321 },
    ],
    ['a=candidate:1 1 UDP 2114977791 192.168.1.5 51234 typ host', { priority: 2114977791 }],
    [
      'candidate:1 1 udp 2113937151 3f3b1d0e-9a5c-4b3a-8f0e-0123456789ab.local 54321 typ host',
      { address: '3f3b1d0e-9a5c-4b3a-8f0e-0123456789ab.local' },
    ],
    [
      'candidate:Ab+/9 256 udp 1 2001:DB8::1 0 typ prflx raddr 0.0.0.0 rport 0\r\n',
      { component: 256, address: '2001:db8::1' },
    ],
    ['candidate:udpcandidate 1 udp 1076302079 192.0.2.9 40000 typ host', { foundation: 'udpcandidate' }],
    ['1 1 udp 4294967295 192.0.2.1 1 typ host', { priority: 4294967295 }],
  ]
  for (const [line, expected] of cases) t.match(parseCandidate(line), expected, line)
  t.end()
})

t.test('what does not follow the grammar is refused', t => {
  const cases = [
    '',
    'candidate:',
    'garbage',
    'candidate:1 1 udp 1 192.0.2.1 1 typ',
    'candidate:1 1 udp 1 192.0.2.1 1 host',
    'candidate:1 1 udp 1 192.0.2.1 1 typ other',
    'candidate:1 1 sctp 1 192.0.2.1 1 typ host',
    'candidate:1 0 udp 1 192.0.2.1 1 typ host',
    'candidate:1 257 udp 1 192.0.2.1 1 typ host',
    'candidate:1 1 udp 0 192.0.2.1 1 typ host',
    'candidate:1 1 udp 4294967296 192.0.2.1 1 typ host',
    'candidate:1 1 udp -1 192.0.2.1 1 typ host',
    'candidate:1 1 udp 1 192.0.2.1 65536 typ host',
    'candidate:1 1 udp 1 192.0.2.1 1e3 typ host',
    'candidate:1 1 udp 1 192.0.2 1 typ host',
    'candidate:1 1 udp 1 999.0.2.1 1 typ host',
    'candidate:1 1 udp 1 fe80::1%eth0 1 typ host',
    `candidate:${'1'.repeat(33)} 1 udp 1 192.0.2.1 1 typ host`,
    'candidate:a_b 1 udp 1 192.0.2.1 1 typ host',
    'candidate:1 1 udp 1 192.0.2.1 1 typ srflx raddr ? rport 1',
    'candidate:1 1 udp 1 192.0.2.1 1 typ srflx raddr 192.0.2.1 rport 70000',
    'candidate:1 1 tcp 1 192.0.2.1 1 typ host tcptype other',
  ]
  for (const line of cases) t.equal(parseCandidate(line), undefined, line)
  t.end()
})

t.test('a candidate is written so that it is read the same', t => {
  const candidates: IceCandidate[] = [
    { ...host, usernameFragment: 'Abcd' } as IceCandidate,
    { ...host, type: 'srflx', relatedAddress: '10.0.0.1', relatedPort: 5 } as IceCandidate,
    { ...host, protocol: 'tcp', tcpType: 'passive', address: '2001:db8::1' } as IceCandidate,
  ]
  for (const candidate of candidates) t.same(parseCandidate(formatCandidate(candidate)), candidate)
  t.equal(formatCandidate(candidates[0]!), 'candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag Abcd')
  t.end()
})

t.test('no text makes it throw or take long', t => {
  const word = fc.constantFrom(
    'candidate:1',
    'a=',
    '1',
    'udp',
    '192.0.2.1',
    'typ',
    'host',
    'raddr',
    'tcptype',
    ' ',
    '::',
  )
  const line = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.array(word, { maxLength: 30 }).map(words => words.join(' ')),
  )
  fc.assert(
    fc.property(line, text => {
      const candidate = parseCandidate(text)
      if (candidate !== undefined && parseCandidate(formatCandidate(candidate)) === undefined) throw new Error(text)
    }),
    { numRuns: 2000 },
  )
  t.end()
})
