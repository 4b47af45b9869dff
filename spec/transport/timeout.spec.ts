/** The first flight of DTLS that is lost goes out again after 1.5 round trips as ICE has measured them (RFC 9147, 5.8.2). */

import t from 'tap'
import { packetKind } from '../../lib/transport/index.ts'
import { createPair } from '../sim/pair.ts'

/** A handshake record of epoch 0 that begins with a ClientHello. */
const isClientHello = (bytes: Uint8Array): boolean => packetKind(bytes) === 'dtls' && bytes[0] === 22 && bytes[13] === 1

for (const [delay, expected] of [
  [10, 100],
  [100, 300],
  [400, 1200],
  [2000, 3000],
] as const) {
  t.test(`a round trip of ${2 * delay} ms`, async t => {
    const pair = createPair({ seed: 9, network: { delay, script: (_, bytes) => (isClientHello(bytes) ? [] : [0]) } })
    const hellos: number[] = []
    pair.sim.onPacket = (time, _from, _to, bytes) => {
      if (isClientHello(bytes)) hellos.push(time)
    }
    pair.a.createDataChannel('x')
    await pair.sim.run(pair.negotiate())
    await pair.sim.run(() => new Set(hellos).size >= 2)
    const [first, second] = [...new Set(hellos)]
    t.equal(Math.round(second! - first!), expected)
    pair.a.close()
    pair.b.close()
  })
}
