/**
 * DTLS alone over UDP: two connections on sockets of this machine. They recognise each other by the fingerprints of their
 * certificates, agree on DTLS 1.3 and X25519MLKEM768, exchange messages, and close.
 */

import { Packet } from 'purertc/bytes'
import {
  type Certificate,
  certificateFromPem,
  certificateToPem,
  createSelfSignedCertificate,
  fingerprint,
} from 'purertc/crypto'
import { nodeCrypto as crypto } from 'purertc/crypto/node'
import { DtlsConnection, type DtlsEvent, type DtlsRole } from 'purertc/dtls'
import { type Running, run } from 'purertc/net'

const day = 86_400_000
const key = await crypto.generateKey('ec-p256')
const made = createSelfSignedCertificate(crypto, key, { notBefore: Date.now(), notAfter: Date.now() + 30 * day })
// An identity can be kept, as text.
const pem = certificateToPem(made)
const certificates: Record<DtlsRole, Certificate> = {
  client: createSelfSignedCertificate(crypto, await crypto.generateKey('ed25519'), {
    notBefore: Date.now(),
    notAfter: Date.now() + day,
  }),
  server: certificateFromPem(crypto, pem.certificate, pem.privateKey),
}

type Deliver = (text: string, end: Running<DtlsConnection>) => void

/** One end on a port of its own. `remote`: where the other one is, for the one that speaks first. */
const open = async (role: DtlsRole, peer: DtlsRole, deliver: Deliver, remote?: { address: string; port: number }) => {
  const end: Running<DtlsConnection> = await run(
    transmit =>
      new DtlsConnection({
        crypto,
        role,
        certificate: certificates[role],
        fingerprints: [{ algorithm: 'sha-256', value: fingerprint(crypto, 'sha-256', certificates[peer].der) }],
        transmit,
        deliver: data => deliver(new TextDecoder().decode(data), end),
      }),
    {
      ...(remote && { remote }),
      event: (event: DtlsEvent) => {
        console.log(`${role}: ${event.type}`)
        if (event.type === 'connected' && role === 'client') greet(end)
        // The socket is free once DTLS has said that it closes.
        if (event.type !== 'connected') end.close()
      },
    },
  )
  end.input((dtls, now) => dtls.start(now))
  return end
}

const say = (end: Running<DtlsConnection>, text: string) =>
  end.input((dtls, now) => dtls.send(Packet.copy(new TextEncoder().encode(text)), now))

const greet = (client: Running<DtlsConnection>) => {
  const { version, cipherSuite, group, srtpProfile } = client.machine
  console.log(`version ${version?.toString(16)}, ${cipherSuite?.name}, ${group}`)
  console.log(
    `exported ${client.machine.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60).length} bytes for ${srtpProfile}`,
  )
  say(client, 'hello')
}

const server = await open('server', 'client', (text, end) => {
  console.log(`server got "${text}"`)
  say(end, `${text} to you`)
})

await open(
  'client',
  'server',
  (text, end) => {
    console.log(`client got "${text}"`)
    end.input((dtls, now) => dtls.close(now))
  },
  server,
)
