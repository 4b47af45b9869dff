/**
 * One path alone: ICE and DTLS together, told apart by their first byte, between two transports over a wire in memory and
 * in virtual time. What comes out at the end is authenticated and private.
 */

import { Packet, utf8 } from 'purertc/bytes'
import { type Certificate, createSelfSignedCertificate, fingerprint } from 'purertc/crypto'
import { nodeCrypto as crypto } from 'purertc/crypto/node'
import { createIceParameters } from 'purertc/ice'
import { Transport } from 'purertc/transport'

const DELAY = 20
const flying: { at: number; land: () => void }[] = []
let now = 0

const certificate = async (): Promise<Certificate> =>
  createSelfSignedCertificate(crypto, await crypto.generateKey('ec-p256'), { notBefore: 0, notAfter: 4e12 })
const certificates = [await certificate(), await certificate()]
const addresses = ['192.0.2.1', '192.0.2.2']

const transports: Transport[] = addresses.map(
  (own, i) =>
    new Transport({
      crypto,
      certificate: certificates[i]!,
      iceRole: i === 0 ? 'controlling' : 'controlled',
      iceParameters: createIceParameters(crypto.random),
      mtu: 1200,
      transmit: packet => {
        const bytes = packet.view().slice()
        packet.release()
        flying.push({ at: now + DELAY, land: () => transports[1 - i]!.receive(bytes, 0, own, 5000, now) })
      },
      deliver: data => console.log(`${now} ms: ${own} gets "${new TextDecoder().decode(data)}"`),
    }),
)

for (const [i, transport] of transports.entries()) {
  transport.ice.addHostCandidate({ socket: 0, address: addresses[i]!, port: 5000 }, now)
  transport.ice.endOfLocalCandidates(now)
}
for (const [i, transport] of transports.entries()) {
  const other = transports[1 - i]!
  transport.ice.setRemoteParameters(other.ice.localParameters, now)
  for (const candidate of other.ice.localCandidates) transport.ice.addRemoteCandidate(candidate, now)
  transport.ice.endOfRemoteCandidates(now)
  const value = fingerprint(crypto, 'sha-256', certificates[1 - i]!.der)
  transport.startDtls(i === 0 ? 'client' : 'server', [{ algorithm: 'sha-256', value }], now)
}

const settle = (): void => {
  for (const [i, transport] of transports.entries()) {
    for (let event = transport.nextEvent(); event !== undefined; event = transport.nextEvent()) {
      if (event.type !== 'ice' && event.type !== 'dtls') continue
      console.log(`${now} ms: ${addresses[i]} ${event.type} ${event.state}`)
      if (event.type === 'dtls' && event.state === 'connected')
        transport.send(Packet.copy(utf8(`hello from ${addresses[i]}`)), now)
    }
  }
}

while (now < 1000) {
  settle()
  flying.sort((a, b) => a.at - b.at)
  const due = Math.min(flying[0]?.at ?? Infinity, ...transports.map(({ deadline }) => deadline))
  now = Math.max(now, due)
  while (flying[0] !== undefined && flying[0].at <= now) flying.shift()!.land()
  for (const transport of transports) if (transport.deadline <= now) transport.advance(now)
}
for (const transport of transports) transport.close(now)
