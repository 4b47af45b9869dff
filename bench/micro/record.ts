/**
 * What a packet costs DTLS, 1.2 beside 1.3: two connections in memory, from `send` until the datagram is ready, and
 * until the other end has delivered it.
 */

import { PacketPool } from '../../lib/bytes/index.ts'
import { makeCertificate } from '../handshakes/certificate.ts'
import { DtlsPair } from '../handshakes/pair.ts'
import { suite } from './suite.ts'

const LENGTH = 1200
/** The suites of both versions by their AEAD. */
const SUITES = {
  'aes-128-gcm': { '1.2': 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', '1.3': 'TLS_AES_128_GCM_SHA256' },
  'aes-256-gcm': { '1.2': 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', '1.3': 'TLS_AES_256_GCM_SHA384' },
  'chacha20-poly1305': {
    '1.2': 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    '1.3': 'TLS_CHACHA20_POLY1305_SHA256',
  },
} as const

const certificates = { client: await makeCertificate(), server: await makeCertificate() }
const payload = new Uint8Array(LENGTH).fill(0x55)
const pool = new PacketPool(LENGTH)

for (const [aead, names] of Object.entries(SUITES)) {
  const ways: Record<string, () => unknown> = {}
  for (const version of ['1.2', '1.3'] as const) {
    const pair = new DtlsPair(certificates, { versions: [version], cipherSuites: [names[version]] })
    pair.start(0)
    pair.run(0)
    const { client, server } = pair
    // Data are delivered from here on.
    for (const { dtls } of [client, server]) while (dtls.nextEvent() !== undefined);
    if (client.dtls.cipherSuite?.name !== names[version]) throw new Error(`no DTLS ${version} with ${names[version]}`)
    const send = () => {
      const packet = pool.take()
      packet.bytes.set(payload, packet.start)
      packet.end = packet.start + LENGTH
      client.dtls.send(packet, 0)
    }
    ways[`DTLS ${version}: send`] = () => {
      send()
      for (const packet of server.arrivals.splice(0)) packet.release()
    }
    ways[`DTLS ${version}: send and receive`] = () => {
      send()
      pair.run(0)
    }
  }
  suite(`${LENGTH} bytes by ${aead}`, LENGTH, ways)
}
