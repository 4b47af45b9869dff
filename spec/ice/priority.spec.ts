import t from 'tap'
import {
  candidatePriority,
  createIceParameters,
  IceAgent,
  type LocalCandidateInit,
  pairPriority,
  selectHostAddresses,
} from '../../lib/ice/index.ts'
import type { InterfaceAddress } from '../../lib/machine/index.ts'
import { nodeCrypto, seededCrypto } from '../providers.ts'

t.test('candidate priorities are those of RFC 8445, 5.1.2.1', t => {
  t.equal(candidatePriority('host', 65535, 1), 2130706431)
  t.equal(candidatePriority('prflx', 65535, 1), 1862270975)
  t.equal(candidatePriority('srflx', 65535, 1), 1694498815)
  t.equal(candidatePriority('relay', 65535, 1), 16777215)
  t.equal(candidatePriority('host', 0, 256), 126 * 2 ** 24)
  t.end()
})

/** The candidates that an agent makes of these, each on a base of its own unless it says otherwise. */
const made = (...inits: (Partial<LocalCandidateInit> & Pick<LocalCandidateInit, 'type'>)[]) => {
  const agent = new IceAgent({ crypto: seededCrypto(1), role: 'controlling', transmit: packet => packet.release() })
  return inits.map((init, i) => {
    const own = { socket: i, address: `192.0.2.${i + 1}`, port: 1000 + i, ...init }
    return agent.addLocalCandidate(own, 0)!
  })
}

t.test('bases are preferred in the order in which they are named, candidates of one base alike', t => {
  const priorities = made(
    { type: 'host' },
    { type: 'host' },
    { type: 'srflx', socket: 0, baseAddress: '192.0.2.1', basePort: 1000 },
    { type: 'host', localPreference: 7 },
    { type: 'relay' },
    { type: 'relay', relayProtocol: 'tcp' },
    { type: 'relay', relayProtocol: 'tls' },
  ).map(({ priority }) => priority)
  t.same(priorities, [
    2130706431, // 126 * 2^24 + 65535 * 2^8 + 255
    2130706175, // 126 * 2^24 + 65534 * 2^8 + 255
    1694498815, // 100 * 2^24 + 65535 * 2^8 + 255
    2113931263, // 126 * 2^24 + 7 * 2^8 + 255
    50330879, // 2 * 2^24 + 65532 * 2^8 + 255
    33553407, // 2^24 + 65531 * 2^8 + 255
    16775935, // 65530 * 2^8 + 255
  ])
  t.end()
})

t.test('TCP candidates come below UDP ones that need no relay, and by their direction (RFC 6544, 4.2)', t => {
  const priorities = made(
    { type: 'host', protocol: 'tcp', tcpType: 'active', port: 9 },
    { type: 'host', protocol: 'tcp', tcpType: 'passive' },
    { type: 'host', protocol: 'tcp', tcpType: 'so', localPreference: 65535 },
    { type: 'srflx', protocol: 'tcp', tcpType: 'so', localPreference: 0, baseAddress: '10.0.0.1' },
  ).map(({ priority }) => priority)
  t.same(priorities, [
    90 * 2 ** 24 + (6 * 8192 + 8191) * 256 + 255,
    90 * 2 ** 24 + (4 * 8192 + 8190) * 256 + 255,
    90 * 2 ** 24 + (2 * 8192 + 8191) * 256 + 255,
    70 * 2 ** 24 + 6 * 8192 * 256 + 255,
  ])
  t.equal(priorities[0], 1524629503)
  t.ok(priorities.every(priority => priority < candidatePriority('srflx', 0, 1)))
  t.end()
})

t.test('a foundation is shared by what has type, base, server and protocol in common (RFC 8445, 5.1.1.3)', t => {
  const base = { socket: 0, baseAddress: '192.0.2.1', basePort: 1000 }
  const foundations = made(
    { type: 'host', address: '192.0.2.1' },
    { type: 'host', address: '192.0.2.1' },
    { type: 'host', address: '192.0.2.2' },
    { type: 'host', address: '192.0.2.1', protocol: 'tcp', tcpType: 'passive' },
    { type: 'srflx', ...base, address: '203.0.113.1', server: '198.51.100.1' },
    { type: 'srflx', ...base, address: '203.0.113.2', server: '198.51.100.1' },
    { type: 'srflx', ...base, address: '203.0.113.3', server: '198.51.100.2' },
    { type: 'relay', address: '198.51.100.1', server: '198.51.100.1' },
    { type: 'relay', address: '198.51.100.1', server: '198.51.100.1', relayProtocol: 'tls' },
  ).map(({ foundation }) => foundation)
  t.same(foundations, ['1', '1', '2', '3', '4', '4', '5', '6', '7'])
  t.end()
})

t.test('pair priorities are exact in 64 bits (RFC 8445, 6.1.2.3)', t => {
  t.equal(pairPriority(2130706431, 2130706431), 9151314442783293438n)
  t.equal(pairPriority(2130706431, 2130706430), 9151314438488326143n)
  t.equal(pairPriority(2130706430, 2130706431), 9151314438488326142n)
  t.equal(pairPriority(1, 2), (1n << 32n) + 4n)
  t.equal(pairPriority(2, 1), (1n << 32n) + 5n)
  t.equal(pairPriority(0xffffffff, 0xffffffff), (0xffffffffn << 32n) + 2n * 0xffffffffn)
  // As doubles these two are equal.
  t.ok(pairPriority(2130706431, 2130706430) > pairPriority(2130706430, 2130706431))
  t.equal(Number(pairPriority(2130706431, 2130706430)), Number(pairPriority(2130706430, 2130706431)))
  t.end()
})

t.test('credentials have the length and the characters that RFC 8445 asks for', t => {
  const made = Array.from({ length: 50 }, () => createIceParameters(nodeCrypto.random))
  for (const { usernameFragment, password } of made) {
    t.match(usernameFragment, /^[A-Za-z0-9+/]{4,}$/)
    t.match(password, /^[A-Za-z0-9+/]{22,}$/)
  }
  t.equal(new Set(made.map(({ usernameFragment }) => usernameFragment)).size, 50)
  t.equal(new Set(made.map(({ password }) => password)).size, 50)
  t.end()
})

const at = (name: string, address: string, internal = false): InterfaceAddress => ({
  name,
  address,
  family: address.includes(':') ? 6 : 4,
  internal,
})
const selected = (addresses: InterfaceAddress[], options?: { includeLoopback?: boolean }) =>
  selectHostAddresses(addresses, options).map(({ address }) => address)

t.test('loopback is gathered only when asked for, or when there is nothing else', t => {
  const loopback = [at('lo', '127.0.0.1', true), at('lo', '::1', true)]
  const outer = at('eth0', '192.0.2.1')
  t.same(selected([...loopback, outer]), ['192.0.2.1'])
  t.same(selected(loopback), ['::1', '127.0.0.1'])
  t.same(selected([...loopback, outer], { includeLoopback: true }), ['192.0.2.1', '::1', '127.0.0.1'])
  t.same(selected([...loopback, at('eth0', 'fe80::1')]), ['::1', '127.0.0.1'])
  t.same(selected([]), [])
  t.end()
})

t.test('families take turns, link-local IPv6 is left out, containers come last', t => {
  const addresses = [
    at('docker0', '172.17.0.1'),
    at('eth0', '192.0.2.1'),
    at('eth1', '198.51.100.1'),
    at('eth0', 'fe80::1'),
    at('eth1', 'febf::1'),
    at('eth0', '2001:db8::1'),
  ]
  t.same(selected(addresses), ['2001:db8::1', '192.0.2.1', '198.51.100.1', '172.17.0.1'])
  t.end()
})

t.test('a host with very many addresses gathers from 16', t => {
  const many = Array.from({ length: 40 }, (_, i) => at(`eth${i}`, `10.0.0.${i + 1}`))
  t.equal(selected(many).length, 16)
  t.end()
})
