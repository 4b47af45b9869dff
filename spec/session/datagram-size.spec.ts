/** SCTP packets fill datagrams of `mtu` bytes, and none is larger, whatever DTLS has agreed on. */

import t from 'tap'
import type { RTCConfiguration } from '../../lib/peer/index.ts'
import { packetKind } from '../../lib/transport/index.ts'
import { createPair } from '../sim/pair.ts'

const cases: [name: string, configuration: RTCConfiguration, unused: number][] = [
  // What is left free: SCTP's packets are multiples of four.
  ['the defaults', {}, 3],
  ['1.3 alone', { dtlsVersions: ['1.3'] }, 3],
  ['1.2 alone', { dtlsVersions: ['1.2'], dtlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] }, 3],
  ['ChaCha20', { dtlsVersions: ['1.2'], dtlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'] }, 3],
  ['CBC', { dtlsVersions: ['1.2'], dtlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA'] }, 18],
]

for (const [name, configuration, unused] of cases) {
  for (const mtu of [576, 1200]) {
    t.test(`${name}, ${mtu} bytes`, async t => {
      const pair = createPair({
        seed: 3,
        network: { delay: 5 },
        a: { ...configuration, mtu },
        b: { ...configuration, mtu },
      })
      let largest = 0
      pair.sim.onPacket = (_time, _from, _to, bytes) => {
        if (packetKind(bytes) === 'dtls') largest = Math.max(largest, bytes.length)
      }
      const channel = pair.a.createDataChannel('x')
      let received = 0
      pair.b.ondatachannel = event => {
        event.channel.onmessage = ({ data }) => {
          received += (data as ArrayBuffer).byteLength
        }
      }
      await pair.sim.run(pair.negotiate())
      await pair.sim.run(() => channel.readyState === 'open')
      t.ok(largest <= mtu, `the handshake: ${largest}`)
      largest = 0
      channel.send(new Uint8Array(20_000))
      await pair.sim.run(() => received === 20_000)
      t.ok(largest <= mtu && largest >= mtu - unused, `the data: ${largest}`)
      pair.a.close()
      pair.b.close()
    })
  }
}
