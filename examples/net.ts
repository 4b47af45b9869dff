/**
 * One layer alone over a real UDP socket: DTLS on loopback. The server sends back what it gets, in capitals; then the
 * client closes, and the server follows.
 */

import { Packet } from 'purertc/bytes'
import { createSelfSignedCertificate, fingerprint } from 'purertc/crypto'
import { DtlsConnection } from 'purertc/dtls'
import { crypto, run } from 'purertc/net'

const identity = async () => {
  const key = await crypto.generateKey('ec-p256')
  const certificate = createSelfSignedCertificate(crypto, key, {
    notBefore: Date.now(),
    notAfter: Date.now() + 86_400_000,
  })
  return {
    certificate,
    fingerprints: [{ algorithm: 'sha-256', value: fingerprint(crypto, 'sha-256', certificate.der) }],
  }
}
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const packet = (content: string) => Packet.copy(new TextEncoder().encode(content))

// Each side knows the other's fingerprint beforehand, as two peers know it from their session descriptions.
const [ours, theirs] = await Promise.all([identity(), identity()])

const server = await run(
  (transmit, host) => {
    const dtls: DtlsConnection = new DtlsConnection({
      crypto,
      role: 'server',
      certificate: ours.certificate,
      fingerprints: theirs.fingerprints,
      transmit,
      deliver: data => {
        console.log(`server got "${text(data)}"`)
        dtls.send(packet(text(data).toUpperCase()), host.now())
      },
    })
    return dtls
  },
  {
    event: (event, running) => {
      console.log(`server ${event.type}`)
      if (event.type !== 'connected') running.close()
    },
  },
)
server.input((dtls, now) => dtls.start(now))
console.log(`listening on ${server.address}`)

const client = await run(
  (transmit, host) => {
    const dtls: DtlsConnection = new DtlsConnection({
      crypto,
      role: 'client',
      certificate: theirs.certificate,
      fingerprints: ours.fingerprints,
      transmit,
      deliver: data => {
        console.log(`client got "${text(data)}"`)
        dtls.close(host.now())
      },
    })
    return dtls
  },
  {
    remote: server,
    event: (event, running) => {
      console.log(`client ${event.type}`)
      if (event.type === 'connected') running.input((dtls, now) => dtls.send(packet('hello over DTLS'), now))
      else running.close()
    },
  },
)
client.input((dtls, now) => dtls.start(now))
