/** Two cameras, a forwarder and a viewer, each pair a connection of its own: the viewer's stream goes on whatever it shows. */

import t from 'tap'
import type { OutgoingRtp } from '../../lib/flow/index.ts'
import type { EncodedFrame } from '../../lib/rtp/index.ts'
import { type End, onlyVideo, type PipeOptions, vp8Frame, World } from './media-world.ts'

const FRAMES = 300
/** Frames that are shown of one camera before the other's turn. */
const TURN = 60

const forward = (seed: number, up: PipeOptions, down: PipeOptions) => {
  const world = new World(seed)
  const capabilities = onlyVideo('VP8', true)
  const pairs = [world.pair(up, { capabilities }), world.pair(up, { capabilities }), world.pair(down, { capabilities })]
  for (const [offerer] of pairs) {
    offerer.session.addTransceiver({ kind: 'video', direction: 'sendonly' })
    world.connect(offerer)
  }
  const cameras = pairs.slice(0, 2)
  const [toViewer, viewer] = pairs[2]!
  let shown = 0
  const asksForKeyFrame = (end: End): boolean => end.events.splice(0).some(({ type }) => type === 'key-frame-requested')
  cameras.forEach(([camera, taker], index) => {
    const source = {}
    const passed = { source, clockRate: 90_000, mimeType: 'video/VP8' }
    taker.link.onPacket = ({ bytes, payloadStart, payloadEnd, sequenceNumber, timestamp, marker }, now) => {
      if (shown !== index) return
      const packet: OutgoingRtp = { ...passed, bytes, payloadStart, payloadEnd, sequenceNumber, timestamp, marker }
      toViewer.link.sendPacket(packet, now)
      if (asksForKeyFrame(toViewer)) taker.link.requestKeyFrame()
    }
    const shooter = {}
    let wantsKey = true
    world.every(1000 / 30, FRAMES, (number, now) => {
      wantsKey ||= asksForKeyFrame(camera)
      // Their clocks and picture numbers have nothing to do with each other.
      camera.link.sendFrame(vp8Frame(number, wantsKey, 2500, number * 3000 + index * 1_000_000), shooter, now)
      wantsKey = false
    })
  })
  world.every((1000 / 30) * TURN, FRAMES / TURN, turn => {
    shown = turn % 2
  })
  const got: { frame: EncodedFrame; at: number }[] = []
  viewer.link.onFrame = (frame, at) => got.push({ frame, at })
  world.after(50, () => {
    world.calm = false
  })
  world.run(FRAMES * 34 + 2000)
  return { cameras, toViewer, viewer, got, stream: viewer.link.receiver!.streams[0]! }
}

t.test('shows no gap where the source changes: neither in numbers, nor in time, nor in pictures', t => {
  for (const seed of [1, 2]) {
    const { got, stream, toViewer, cameras } = forward(seed, {}, { loss: 0.05, spread: 10 })
    t.ok(got.length > FRAMES - 25, `${got.length} frames`)
    t.equal(got.filter(({ frame }) => frame.keyFrame).length, FRAMES / TURN)
    t.equal(stream.frames?.framesDropped, 0)
    t.equal(stream.nack?.givenUp, 0)
    t.equal(stream.pliCount, 0, 'the viewer has not to ask')
    for (let i = 1; i < got.length; i++) {
      const [before, after] = [got[i - 1]!.frame, got[i]!.frame]
      if (((after.firstSequenceNumber! - before.lastSequenceNumber!) & 0xffff) !== 1) t.fail(`a gap before frame ${i}`)
      const elapsed = ((after.timestamp - before.timestamp) >>> 0) / 90
      if (elapsed < 5 || elapsed > 250) t.fail(`${elapsed} ms before frame ${i}`)
      if (((after.video!.pictureId! - before.video!.pictureId!) & 0x7fff) !== 1) t.fail(`pictures before frame ${i}`)
    }
    const { retransmittedPacketsSent, packetsSent, framesSent } = toViewer.link.sender!.counters
    t.ok(retransmittedPacketsSent > 10)
    t.equal(framesSent, got.length)
    t.equal(stream.statistics.packetsReceived + stream.retransmittedPacketsReceived >= packetsSent, true)
    for (const [camera] of cameras) t.ok(camera.link.sender!.counters.pliCount > 0)
  }
  t.end()
})

t.test('goes on where the cameras lose packets, too', t => {
  for (const seed of [3, 4]) {
    const { got, stream } = forward(seed, { loss: 0.05, spread: 10 }, { loss: 0.05, spread: 10 })
    t.ok(got.length > FRAMES - 40, `${got.length} frames`)
    let longest = 0
    for (let i = 1; i < got.length; i++) longest = Math.max(longest, got[i]!.at - got[i - 1]!.at)
    t.ok(longest < 600, `the longest wait is ${Math.round(longest)} ms`)
    t.ok(stream.frames!.framesDropped <= FRAMES / TURN, `${stream.frames!.framesDropped} dropped`)
  }
  t.end()
})
