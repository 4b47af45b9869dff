import t from 'tap'
import { candidatePriority, createIceParameters, pairPriority, selectHostAddresses } from '../../lib/ice/index.ts'
import type { InterfaceAddress } from '../../lib/machine/index.ts'
import { nodeCrypto } from '../providers.ts'

t.test('candidate priorities are those of RFC 8445, 5.1.2.1', t => {
  t.equal(candidatePriority('host', 65535, 1), 2130706431)
  t.equal(candidatePriority('prflx', 65535, 1), 1862270975)
  t.equal(candidatePriority('srflx', 65535, 1), 1694498815)
  t.equal(candidatePriority('relay', 65535, 1), 16777215)
  t.equal(candidatePriority('host', 0, 256), 126 * 2 ** 24)
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
