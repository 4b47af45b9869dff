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
    t.same(datagramSizes(pair, isOwn, 1200, mtu, discovery), { base, largest }, `${mtu} ${discovery}`)
  }
  t.end()
})
