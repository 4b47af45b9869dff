/**
 * A DTLS handshake in virtual time, out through a NAT and over a network that loses a third of all datagrams: the same
 * seed gives the same packets at the same times, and a minute passes in no time.
 */

import { Packet } from 'purertc/bytes'
import { createSelfSignedCertificate, fingerprint } from 'purertc/crypto'
import { createPortableCrypto } from 'purertc/crypto/portable'
import { DtlsConnection, type DtlsRole } from 'purertc/dtls'
import { type Running, run } from 'purertc/net'
import { type Nat, Simulation, seededRandom } from 'purertc/sim'

const sim = new Simulation({ seed: 1, network: { delay: 40, jitter: 10, loss: 0.33 } })
// Every random byte, keys included, comes from a seeded source: for tests only.
const crypto = createPortableCrypto(seededRandom(2))
const notAfter = sim.timeOrigin + 86_400_000
const keys = [await crypto.generateKey('ec-p256'), await crypto.generateKey('ec-p256')] as const
const [a, b] = keys.map(key => createSelfSignedCertificate(crypto, key, { notBefore: sim.timeOrigin, notAfter }))
const fingerprints = (certificate: typeof a) => [
  { algorithm: 'sha-256', value: fingerprint(crypto, 'sha-256', certificate!.der) },
]

const side = (role: DtlsRole, address: string, remote?: { address: string; port: number }, behind?: Nat) =>
  run(
    transmit =>
      new DtlsConnection({
        crypto,
        role,
        certificate: role === 'client' ? a! : b!,
        fingerprints: fingerprints(role === 'client' ? b : a),
        transmit,
        deliver: data => console.log(`${sim.now().toFixed(1)} ms: ${role} got ${data.length} bytes`),
      }),
    {
      host: sim.createHost({ addresses: [address], ...(behind && { behind }) }),
      address,
      port: 5000,
      ...(remote && { remote }),
    },
  )

sim.onPacket = (time, from, to, bytes, fate, _protocol, network) => {
  // What crosses the home's own network is left out: there the client is 192.168.0.2.
  if (network !== 'internet') return
  console.log(`${time.toFixed(1)} ms: ${bytes.length} bytes from ${from} to ${to}: ${fate}`)
}
const nat = sim.createNat({ addresses: ['198.51.100.2'], kind: 'symmetric', bindingLifetime: 30_000 })
const server = await side('server', '203.0.113.1')
const client: Running<DtlsConnection> = await side('client', '192.168.0.2', server, nat)
server.input((dtls, now) => dtls.start(now))
client.input((dtls, now) => dtls.start(now))
await sim.run(() => client.machine.state === 'connected' && server.machine.state === 'connected')
console.log(`connected at ${sim.now().toFixed(1)} ms`)
client.input((dtls, now) => dtls.send(Packet.copy(new Uint8Array(100)), now))
await sim.elapse(60_000)
console.log(`it is ${sim.now()} ms now, and the NAT has ${nat.bindings} bindings left`)
client.close()
server.close()
