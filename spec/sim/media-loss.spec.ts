/** A camera's frames from one connection to another, by the W3C objects alone, over a network that loses, doubles and reorders. */

import t, { type Test } from 'tap'
import { EncodedFrameReader, EncodedVideoSource, type RTCEncodedVideoFrame } from '../../lib/media/index.ts'
import type { RTCStatsReport } from '../../lib/peer/index.ts'
import type { LinkOptions } from '../../lib/sim/index.ts'
import { createPair } from './pair.ts'

const FRAMES = 120
/** Milliseconds between two. */
const INTERVAL = 40

const picture = (number: number, keyFrame: boolean): Uint8Array => {
  const data = new Uint8Array(2800).fill(number)
  data.set(keyFrame ? [0x10, 2, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1] : [0x11, 2, 0])
  return data
}

const ofType = (report: RTCStatsReport, type: string): Record<string, number> => {
  for (const stats of report.values()) if ((stats as { type: string }).type === type) return stats as never
  return {}
}

const run = async (seed: number, network: LinkOptions) => {
  const { delay = 0 } = network
  const pair = createPair({ seed, network: { delay } })
  const { a, b, sim } = pair
  const camera = new EncodedVideoSource({ codec: 'vp8' })
  a.addTransceiver(camera.track, { direction: 'sendonly' })
  const got: { number: number; at: number; type: string }[] = []
  b.ontrack = ({ track }) => {
    new EncodedFrameReader<RTCEncodedVideoFrame>(track, {
      onframe: frame => got.push({ number: new Uint8Array(frame.data).at(-1)!, at: sim.now(), type: frame.type }),
    })
  }
  let wantsKey = true
  camera.onkeyframerequest = () => {
    wantsKey = true
  }
  await sim.run(pair.negotiate())
  await sim.run(() => a.connectionState === 'connected' && b.connectionState === 'connected')
  const writtenAt: number[] = []
  for (let number = 0; number < FRAMES; number++) {
    writtenAt.push(sim.now())
    camera.write({
      type: wantsKey ? 'key' : 'delta',
      timestamp: number * INTERVAL * 1000,
      data: picture(number, wantsKey),
    })
    wantsKey = false
    await sim.elapse(INTERVAL)
    if (number === 2) sim.network = network
  }
  sim.network = { delay }
  await sim.elapse(1500)
  const [sent, received] = [
    ofType(await sim.run(a.getStats()), 'outbound-rtp'),
    ofType(await sim.run(b.getStats()), 'inbound-rtp'),
  ]
  a.close()
  b.close()
  return { got, writtenAt, sent, received }
}

const check = (t: Test, name: string, { got, writtenAt, sent, received }: Awaited<ReturnType<typeof run>>): void => {
  t.same(
    got.map(({ number }) => number),
    Array.from({ length: FRAMES }, (_, index) => index),
    `${name}: each frame, once, in its order`,
  )
  const latest = Math.max(...got.map(({ number, at }) => at - writtenAt[number]!))
  t.ok(latest < 1000, `${name}: the last one after ${Math.round(latest)} ms`)
  t.equal(sent.framesSent, FRAMES)
  t.equal(received.framesReceived, FRAMES)
  t.equal(received.framesDropped, 0)
  t.equal(received.keyFramesDecoded ?? 0, 0)
  t.ok(sent.nackCount! > 3)
  t.ok(sent.nackCount! <= received.nackCount!)
  t.ok(sent.retransmittedPacketsSent! >= received.retransmittedPacketsReceived!)
  t.ok(received.retransmittedPacketsReceived! > 3)
  t.equal(received.pliCount ?? 0, sent.pliCount ?? 0)
}

t.test('no frame is missing within a second at a loss of 5 % each way', async t => {
  for (const [seed, delay] of [
    [1, 20],
    [2, 50],
  ] as const) {
    check(t, `${2 * delay} ms`, await run(seed, { delay, loss: 0.05 }))
  }
})

t.test('nor where packets are doubled and overtake each other, too', async t => {
  check(t, 'disorder', await run(3, { delay: 30, loss: 0.05, duplicate: 0.05, reorder: 0.1, reorderBy: 30 }))
})
