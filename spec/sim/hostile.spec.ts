/**
 * An attacker who sees every datagram and can send others with forged sources changes nothing: garbage, bit flips of
 * real packets, truncations and replays are dropped and counted, and the connection carries on.
 */

import fc from 'fast-check'
import t from 'tap'
import { seededRandom } from '../../lib/sim/index.ts'
import { createPair, pattern } from './pair.ts'

t.test('garbage, bit flips, truncations and replays on a live connection', async t => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 0x7fffffff }), async seed => {
      const pair = createPair({ seed, network: { delay: 10 } })
      const random = seededRandom(seed)
      const draw = (limit: number): number => {
        const b = random.fill(new Uint8Array(4))
        return (((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0) % limit
      }
      let forging = false
      pair.sim.onPacket = (_time, from, to, bytes) => {
        if (forging) return
        forging = true
        const forged = bytes.slice()
        const kind = draw(4)
        if (kind === 0) random.fill(forged)
        else if (kind === 1) forged[draw(forged.length)]! ^= 1 << draw(8)
        pair.sim.inject(from, to, kind === 2 ? forged.subarray(0, draw(forged.length + 1)) : forged)
        forging = false
      }
      const channel = pair.a.createDataChannel('data')
      channel.binaryType = 'arraybuffer'
      const received: Uint8Array[] = []
      const echoed: Uint8Array[] = []
      pair.b.ondatachannel = event => {
        event.channel.binaryType = 'arraybuffer'
        event.channel.onmessage = ({ data }) => {
          received.push(new Uint8Array(data as ArrayBuffer))
          event.channel.send(data as ArrayBuffer)
        }
      }
      channel.onmessage = ({ data }) => echoed.push(new Uint8Array(data as ArrayBuffer))
      channel.onopen = () => {
        for (let i = 0; i < 40; i++) channel.send(pattern(1 + i * 100, i))
      }
      const negotiated = pair.negotiate()
      await pair.sim.run(() => echoed.length === 40)
      await negotiated
      for (const list of [received, echoed]) {
        t.equal(list.length, 40)
        t.ok(list.every((message, i) => Buffer.compare(message, pattern(1 + i * 100, i)) === 0))
      }
      t.equal(pair.a.connectionState, 'connected')
      t.equal(pair.b.connectionState, 'connected')
      pair.a.close()
      pair.b.close()
    }),
    { numRuns: 8 },
  )
})
