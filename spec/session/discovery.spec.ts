/** Datagrams grow to what the path suggests once they are found to get through (RFC 8899), and begin anew on another pair. */

import t from 'tap'
import { createPortableCrypto } from '../../lib/crypto/portable.ts'
import {
  hostSymbol,
  type RTCConfiguration,
  RTCPeerConnection,
  type RTCSctpTransportStats,
  type RTCSessionDescription,
} from '../../lib/peer/index.ts'
import { type SimulatedHost, Simulation, seededRandom } from '../../lib/sim/index.ts'
import { packetKind } from '../../lib/transport/index.ts'

const associationOf = async (sim: Simulation, connection: RTCPeerConnection) => {
  const report = await sim.run(connection.getStats())
  return [...report.values()].find((item): item is RTCSctpTransportStats => item.type === 'sctp-transport')
}

interface Result {
  readonly stats: RTCSctpTransportStats
  /** Bytes of the largest datagram that carried data. */
  readonly largest: number
}

/** Sends 300 kB between two hosts, or within one; `change` is what befalls descriptions on their way. */
const transfer = async (
  addresses: readonly string[],
  configuration: RTCConfiguration = {},
  change: (sdp: string) => string = sdp => sdp,
): Promise<Result> => {
  const sim = new Simulation({ seed: 5, network: { delay: 5 } })
  const hosts = addresses.map(address => sim.createHost({ addresses: [address] }))
  const connect = (host: SimulatedHost, seed: number) =>
    new RTCPeerConnection({
      ...configuration,
      [hostSymbol]: { host, crypto: createPortableCrypto(seededRandom(seed)) },
    })
  const [a, b] = [connect(hosts[0]!, 1), connect(hosts.at(-1)!, 2)]
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate)
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate)
  const near = a.createDataChannel('data', { negotiated: true, id: 0 })
  const far = b.createDataChannel('data', { negotiated: true, id: 0 })
  let received = 0
  far.onmessage = ({ data }) => {
    received += (data as ArrayBuffer).byteLength
  }
  t.notOk(await associationOf(sim, a), 'nothing is told before there is an association')
  await sim.run(a.setLocalDescription())
  const carried = ({ type, sdp }: RTCSessionDescription) => ({ type, sdp: change(sdp) })
  await sim.run(b.setRemoteDescription(carried(a.localDescription!)))
  await sim.run(b.setLocalDescription())
  await sim.run(a.setRemoteDescription(carried(b.localDescription!)))
  await sim.run(() => near.readyState === 'open' && far.readyState === 'open')
  await sim.run(sim.now() + 10_000)
  let largest = 0
  sim.onPacket = (_time, _from, _to, bytes) => {
    if (packetKind(bytes) === 'dtls') largest = Math.max(largest, bytes.length)
  }
  for (let i = 0; i < 3; i++) near.send(new Uint8Array(100_000))
  await sim.run(() => received === 300_000)
  const stats = await associationOf(sim, a)
  a.close()
  b.close()
  return { stats: stats!, largest }
}

const two = ['10.0.0.1', '10.0.0.2']

t.test('what an Ethernet carries', async t => {
  const { stats, largest } = await transfer(two)
  t.ok(stats.datagramSize! <= 1472 && stats.datagramSize! > 1472 - 4, `${stats.datagramSize} bytes`)
  t.equal(stats.datagramSize! - stats.mtu, 22, 'a record of DTLS 1.3')
  t.ok(largest > 1400 && largest <= 1472, `${largest} bytes on the wire`)
  t.ok(stats.dataChunksSent > 250 && stats.packetsSent > 200 && stats.bytesSent > 300_000)
  t.ok(stats.smoothedRoundTripTime! > 0.009 && stats.smoothedRoundTripTime! < 0.3, 'seconds')
  t.ok(stats.congestionWindow > 4000 && stats.receiverWindow > 100_000 && stats.sacksReceived > 0)
  t.equal(stats.retransmittedChunks, 0)
})

t.test('what an Ethernet carries of IPv6', async t => {
  const { stats, largest } = await transfer(['2001:db8::1', '2001:db8::2'])
  t.ok(stats.datagramSize! <= 1452 && stats.datagramSize! > 1452 - 4, `${stats.datagramSize} bytes`)
  t.ok(largest <= 1452)
})

t.test('16 KiB within a host', async t => {
  const { stats } = await transfer(['10.0.0.1'])
  t.ok(stats.datagramSize! <= 16_384 && stats.datagramSize! > 16_000, `${stats.datagramSize} bytes`)
  t.ok(stats.packetsSent < 150, `${stats.packetsSent} packets`)
})

t.test('within a host, as the peer says what it takes', async t => {
  const announced = /a=x-purertc-largest-datagram:16384 (\S+)\r\n/
  for (const [become, most] of [
    ['', 1472],
    ['a=x-purertc-largest-datagram:16384 another\r\n', 1472],
    ['a=x-purertc-largest-datagram:16384\r\n', 1472],
    ['a=x-purertc-largest-datagram:99999 $1\r\n', 1472],
    ['a=x-purertc-largest-datagram:1 $1\r\n', 1472],
    ['a=x-purertc-largest-datagram:4000 $1\r\n', 4000],
    ['a=x-purertc-largest-datagram:65535 $1\r\n', 16_384],
  ] as const) {
    const { stats, largest } = await transfer(['10.0.0.1'], {}, sdp => {
      t.match(sdp, announced)
      return sdp.replace(announced, become)
    })
    t.ok(
      stats.datagramSize! <= most && stats.datagramSize! > most * 0.97,
      `${stats.datagramSize} of ${most}: ${become}`,
    )
    t.ok(largest <= most)
  }
  const { stats } = await transfer(['2001:db8::1'], {}, sdp => sdp.replace(announced, ''))
  t.ok(stats.datagramSize! <= 1452 && stats.datagramSize! > 1448, `${stats.datagramSize} bytes of IPv6`)
})

t.test('as the configuration says', async t => {
  for (const [configuration, most] of [
    [{ sctp: { pathMtuDiscovery: false } }, 1200],
    [{ sctp: { pathMtuDiscovery: 1300 } }, 1300],
    [{ mtu: 1000 }, 1000],
    [{ mtu: 1000, sctp: { pathMtuDiscovery: true } }, 1472],
  ] as const) {
    const { stats, largest } = await transfer(two, configuration)
    t.ok(stats.datagramSize! <= most && stats.datagramSize! > most - 4, `${stats.datagramSize} of ${most} bytes`)
    t.ok(largest <= most)
  }
})

t.test('which extensions are in use', async t => {
  for (const [sctp, interleaving, zeroChecksum] of [
    [{}, true, false],
    [{ zeroChecksum: true }, true, true],
    [{ interleaving: false }, false, false],
  ] as const) {
    const { stats } = await transfer(two, { sctp })
    t.match(stats, { interleaving, zeroChecksum })
  }
})
