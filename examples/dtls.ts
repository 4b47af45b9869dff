/**
 * DTLS alone: two connections joined by a pipe in memory, driven in virtual time. They recognise each other by the
 * fingerprints of their certificates, agree on keys, and echo a message.
 */

import { Packet } from 'purertc/bytes'
import { createSelfSignedCertificate, fingerprint } from 'purertc/crypto'
import { nodeCrypto as crypto } from 'purertc/crypto/node'
import { DtlsConnection, type DtlsRole } from 'purertc/dtls'

const identity = async () => {
  const key = await crypto.generateKey('ec-p256')
  return createSelfSignedCertificate(crypto, key, { notBefore: Date.now(), notAfter: Date.now() + 86_400_000 })
}
const certificates = { client: await identity(), server: await identity() }
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

// The pipe: datagrams under way, each with the end that it goes to.
const pipe: { to: DtlsRole; datagram: Uint8Array }[] = []

const connect = (role: DtlsRole, peer: DtlsRole, deliver: (data: Uint8Array, now: number) => void) =>
  new DtlsConnection({
    crypto,
    role,
    certificate: certificates[role],
    fingerprints: [{ algorithm: 'sha-256', value: fingerprint(crypto, 'sha-256', certificates[peer].der) }],
    transmit: packet => {
      pipe.push({ to: peer, datagram: packet.view().slice() })
      packet.release()
    },
    deliver,
  })

const client = connect('client', 'server', data => console.log(`client got "${text(data)}"`))
const server: DtlsConnection = connect('server', 'client', (data, now) => {
  console.log(`server got "${text(data)}"`)
  server.send(Packet.copy(data), now)
})
const ends = { client, server }

// Virtual time: 20 ms for each datagram on its way. Nothing is lost here, so no timer of either end has to run out.
let now = 0
const run = () => {
  for (let next = pipe.shift(); next !== undefined; next = pipe.shift()) {
    now += 20
    ends[next.to].receive(next.datagram, now)
    for (const [role, end] of Object.entries(ends)) {
      for (let event = end.nextEvent(); event !== undefined; event = end.nextEvent()) {
        console.log(`${now} ms: ${role} ${event.type}`)
      }
      if (end.deadline <= now) end.advance(now)
    }
  }
}

client.start(now)
run()
console.log(`version ${client.version?.toString(16)}, ${client.cipherSuite?.name}, ${client.group}`)
console.log(`exported ${client.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60).length} bytes for ${client.srtpProfile}`)
client.send(Packet.copy(new TextEncoder().encode('hello')), now)
run()
client.close(now)
run()
