import fc from 'fast-check'
import t from 'tap'
import { parseServerUri } from '../../lib/stun/index.ts'

/** The parts in one line: transport, host, port. */
const read = (text: string): string | undefined => {
  const uri = parseServerUri(text)
  return uri && `${uri.scheme} ${uri.transport} ${uri.host} ${uri.port}`
}

t.test('default ports and transports are those of the scheme (RFC 7064, 3.2; RFC 7065, 3.2)', t => {
  t.equal(read('stun:example.org'), 'stun udp example.org 3478')
  t.equal(read('stuns:example.org'), 'stuns tls example.org 5349')
  t.equal(read('turn:example.org'), 'turn udp example.org 3478')
  t.equal(read('turns:example.org'), 'turns tls example.org 5349')
  t.end()
})

t.test('port and transport are as told', t => {
  t.equal(read('stun:example.org:1234'), 'stun udp example.org 1234')
  t.equal(read('turn:example.org?transport=udp'), 'turn udp example.org 3478')
  t.equal(read('turn:example.org:80?transport=tcp'), 'turn tcp example.org 80')
  t.equal(read('turns:example.org:443?transport=tcp'), 'turns tls example.org 443')
  t.equal(read('turns:example.org?transport=udp'), 'turns dtls example.org 5349')
  t.equal(read('stun:example.org:'), 'stun udp example.org 3478', 'an empty port is none')
  t.equal(read('stun:example.org:00080'), 'stun udp example.org 80')
  t.equal(read('stun:example.org:65535'), 'stun udp example.org 65535')
  t.end()
})

t.test('case does not matter where the grammar says so', t => {
  t.equal(read('STUN:Example.ORG'), 'stun udp Example.ORG 3478')
  t.equal(read('TurnS:h?TRANSPORT=UDP'), 'turns dtls h 5349')
  t.end()
})

t.test('addresses are canonical, IPv6 without its brackets', t => {
  t.equal(read('stun:192.0.2.1:19302'), 'stun udp 192.0.2.1 19302')
  t.equal(read('stun:[2001:DB8:0::1]'), 'stun udp 2001:db8::1 3478')
  t.equal(read('turns:[::1]:443?transport=tcp'), 'turns tls ::1 443')
  t.equal(read('turn:[64:ff9b::192.0.2.33]'), 'turn udp 64:ff9b::c000:221 3478')
  t.end()
})

t.test('names are percent-decoded', t => {
  t.equal(read('stun:%65xample.org'), 'stun udp example.org 3478')
  t.equal(read('stun:b%C3%BCcher.example:1'), 'stun udp bücher.example 1')
  t.equal(read('turn:a_b-c~d.example'), 'turn udp a_b-c~d.example 3478')
  t.equal(read('turn:my-server'), 'turn udp my-server 3478')
  t.end()
})

t.test('what the grammar does not have is refused', t => {
  const bad = [
    ...['', 'stun', 'stun:', 'http:example.org', 'stunx:h', ' stun:h', 'stun:h ', 'stun:h\n'],
    ...['stun://h', 'stun:h/', 'stun:h/path', 'turn:user@h', 'turn:user:pass@h', 'stun:h#f', 'turn:h?transport=udp#f'],
    ...['stun:h?transport=udp', 'stuns:h?transport=tcp', 'turn:h?', 'turn:h?transport', 'turn:h?transport='],
    ...[
      'turn:h?x=y',
      'turn:h?transport=udp&x=y',
      'turn:h?transport=sctp',
      'turn:h?transport=tls',
      'turn:?transport=udp',
    ],
    ...[
      'stun::3478',
      'stun:h:0',
      'stun:h:65536',
      'stun:h:99999999999999999999',
      'stun:h:-1',
      'stun:h:1:2',
      'stun:h:0x10',
    ],
    ...['stun:::1', 'stun:[::1', 'stun:::1]', 'stun:[]', 'stun:[1.2.3.4]', 'stun:[:::]', 'stun:[1:2]', 'stun:[v1.a]'],
    ...[
      'stun:[fe80::1%eth0]',
      'stun:[fe80::1%25eth0]',
      'stun:[::1]x',
      'stun:x[::1]',
      'stun:bücher.example',
      'stun:a b',
    ],
    ...[
      'stun:%',
      'stun:%2',
      'stun:%zz',
      'stun:%ff',
      'stun:a%2fb',
      'stun:a%40b',
      'stun:a%00b',
      'stun:a%20b',
      'stun:a%C2%80b',
    ],
    `stun:${'a'.repeat(2000)}`,
  ]
  for (const text of bad) t.equal(parseServerUri(text), undefined, JSON.stringify(text).slice(0, 60))
  t.end()
})

t.test('no text throws, and what is read is in range', t => {
  const piece = fc.constantFrom(
    'stun',
    'turns',
    ':',
    '[',
    ']',
    '::',
    '%',
    '%41',
    '?transport=',
    'tcp',
    '1',
    '.',
    'a',
    '@',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join('')),
      ),
      text => {
        for (const candidate of [text, `turn:${text}`]) {
          const uri = parseServerUri(candidate)
          if (uri === undefined) continue
          if (!(uri.port >= 1 && uri.port <= 65535) || uri.host === '' || /[\s/@#?[\]%]/.test(uri.host))
            throw new Error(`read as ${JSON.stringify(uri)}`)
        }
      },
    ),
    { numRuns: 3000 },
  )
  t.end()
})
