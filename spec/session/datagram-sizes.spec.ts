/** Up to which size datagrams are tried, by the pair that carries them: links, relays, streams, this host. */

import t from 'tap'
import { CandidatePair, type IceCandidate } from '../../lib/ice/index.ts'
import { datagramCeiling, datagramSizes } from '../../lib/session/datagram-sizes.ts'

const candidate = (type: IceCandidate['type'], address: string, more: Partial<IceCandidate> = {}): IceCandidate => ({
  foundation: '1',
  component: 1,
  protocol: 'udp',
  priority: 1,
  address,
  port: 5000,
  type,
  ...more,
})
const pairOf = (local: IceCandidate, remote: IceCandidate) => new CandidatePair(local, 1, remote, 'controlling')
const ours4 = candidate('host', '192.0.2.1')
const ours6 = candidate('host', '2001:db8::1')
const isOwn = (address: string) => address === '192.0.2.1' || address === '2001:db8::1'
const relayed = (address: string, more: Partial<IceCandidate> = {}) => candidate('relay', address, more)

t.test('the ceiling of a pair', t => {
  const cases: [string, IceCandidate, IceCandidate, number][] = [
    ['IPv4', ours4, candidate('host', '198.51.100.1'), 1472],
    ['IPv6', ours6, candidate('srflx', '2001:db8::2'), 1452],
    ['our own address', ours4, candidate('host', '192.0.2.1'), 16_384],
    ['our own address of IPv6', ours6, candidate('prflx', '2001:db8::1'), 16_384],
    ['loopback', candidate('host', '127.0.0.1'), candidate('host', '127.0.0.1'), 16_384],
    ['loopback of IPv6', candidate('host', '::1'), candidate('host', '::1'), 16_384],
    [
      'TCP',
      candidate('host', '192.0.2.1', { protocol: 'tcp', tcpType: 'active' }),
      candidate('host', '198.51.100.1', { protocol: 'tcp', tcpType: 'passive' }),
      16_384,
    ],
    ['a relay of the peer', ours4, relayed('198.51.100.1'), 1472 - 39],
    [
      'a relay of ours',
      relayed('203.0.113.1', { relatedAddress: '192.0.2.1' }),
      candidate('host', '198.51.100.1'),
      1433,
    ],
    [
      'reached over IPv6',
      relayed('203.0.113.1', { relatedAddress: '2001:db8::1' }),
      candidate('host', '198.51.100.1'),
      1413,
    ],
    ['of IPv6', relayed('2001:db8::9', { relatedAddress: '192.0.2.1' }), candidate('host', '2001:db8::7'), 1472 - 51],
    ['that says nothing of us', relayed('203.0.113.1'), candidate('host', '198.51.100.1'), 1413],
    ['reached over TLS', relayed('203.0.113.1', { relayProtocol: 'tls' }), candidate('host', '198.51.100.1'), 1472],
    ['to our own address', relayed('203.0.113.1', { relayProtocol: 'tcp' }), candidate('host', '192.0.2.1'), 1472],
    ['two relays', relayed('203.0.113.1', { relatedAddress: '192.0.2.1' }), relayed('198.51.100.1'), 1433],
  ]
  for (const [name, local, remote, ceiling] of cases)
    t.equal(datagramCeiling(pairOf(local, remote), isOwn), ceiling, name)
  t.end()
})

t.test('what the owner says of it', t => {
  const pair = pairOf(ours4, candidate('host', '198.51.100.1'))
  const cases: [number | undefined, boolean | number | undefined, number, number][] = [
    [undefined, undefined, 1200, 1472],
    [undefined, true, 1200, 1472],
    [undefined, false, 1200, 1200],
    [undefined, 1300, 1200, 1300],
    [undefined, 800, 800, 800],
    [1000, undefined, 1000, 1000],
    [1000, true, 1000, 1472],
    [4000, true, 4000, 4000],
  ]
  for (const [mtu, discovery, base, largest] of cases) {
    for (const announced of [undefined, 16_384]) {
      const sizes = datagramSizes(pair, isOwn, { fallback: 1200, mtu, discovery, announced })
      t.same(sizes, { base, largest }, `${mtu} ${discovery} ${announced}`)
    }
  }
  t.end()
})

t.test('what the peer says it takes', t => {
  const tcp = (type: 'active' | 'passive', address: string) =>
    candidate('host', address, { protocol: 'tcp', tcpType: type })
  const pairs = {
    own: pairOf(ours4, ours4),
    own6: pairOf(ours6, ours6),
    tcp: pairOf(tcp('active', '192.0.2.1'), tcp('passive', '198.51.100.1')),
    link: pairOf(ours4, candidate('host', '198.51.100.1')),
  }
  const cases: [keyof typeof pairs, number | undefined, boolean | number | undefined, number][] = [
    ['own', undefined, undefined, 1472],
    ['own6', undefined, undefined, 1452],
    ['tcp', undefined, undefined, 1472],
    ['own', 16_384, undefined, 16_384],
    ['own6', 16_384, undefined, 16_384],
    ['tcp', 16_384, undefined, 16_384],
    ['own', 65_535, undefined, 16_384],
    ['tcp', 2048, undefined, 2048],
    ['own', 1300, undefined, 1300],
    ['own', 500, undefined, 1200],
    ['own', 16_384, false, 1200],
    // A number is a ceiling of the owner's: what the peer says bounds it beyond an Ethernet.
    ['own', undefined, 9000, 1472],
    ['link', undefined, 9000, 1472],
    ['link', 4000, 9000, 4000],
    ['link', 16_384, 9000, 9000],
  ]
  for (const [name, announced, discovery, largest] of cases) {
    const sizes = datagramSizes(pairs[name], isOwn, { fallback: 1200, discovery, announced })
    t.same(sizes, { base: 1200, largest }, `${name} ${announced} ${discovery}`)
  }
  t.end()
})
