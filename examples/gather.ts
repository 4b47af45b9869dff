/**
 * Gathers candidates as a connection does: from the addresses of a machine behind a NAT, and from a STUN server.
 *
 * In a simulated network, so that it runs anywhere; with `host` of `purertc/net` the same lines gather on this machine.
 */

import { Packet } from 'purertc/bytes'
import { nodeCrypto } from 'purertc/crypto/node'
import { BaseTable, Gatherer, type GatherOptions } from 'purertc/gather'
import { MdnsService } from 'purertc/mdns'
import { Simulation } from 'purertc/sim'
import { answerBinding, decodeStun, parseServerUri } from 'purertc/stun'

const sim = new Simulation({ seed: 1, network: { delay: 10 } })
const nat = sim.createNat({ addresses: ['203.0.113.1'], kind: 'port-restricted' })
const host = sim.createHost({ addresses: ['192.168.0.2'], behind: nat })

// A STUN server: it answers where it saw the request come from.
const serverHost = sim.createHost({ addresses: ['198.51.100.1'] })
const server = await serverHost.openDatagram({
  address: '198.51.100.1',
  port: 3478,
  receive: (bytes, address, port) => {
    const message = decodeStun(bytes)
    const answer = message && answerBinding(message, { address, port })
    if (answer !== undefined) server.send(Packet.of(answer), address, port)
  },
})

const url = 'stun:198.51.100.1'
const options: GatherOptions = {
  servers: [
    { url, uri: parseServerUri(url)! },
    { url: 'stun:198.51.100.99', uri: parseServerUri('stun:198.51.100.99')! },
  ],
  policy: 'all',
  includeLoopback: false,
  tcp: ['active'],
  publishNames: false,
  advertise: [],
}
const mdns = new MdnsService(host, host.random)
const gatherer = new Gatherer({ host, crypto: nodeCrypto, table: new BaseTable(), mdns }, options)
gatherer.attach({
  candidate: ({ type, protocol = 'udp', address, port, url: from }) =>
    console.log(`${type} ${protocol} ${address}:${port}${from === undefined ? '' : ` (${from})`}`),
  failed: ({ url: from, code, text }) => console.log(`${from} failed: ${code} ${text}`),
  ended: () => console.log(`ended after ${sim.now()} ms`),
  receive: () => {},
  pathLost: () => {},
  baseGone: () => {},
})
await sim.run(gatherer.gather(options))
gatherer.close()
mdns.close()
