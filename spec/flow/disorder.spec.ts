import fc from 'fast-check'
import t from 'tap'
import { type AssembledFrame, FrameAssembler, type FrameFormat } from '../../lib/flow/frame-assembler.ts'
import type { Depacketizer, MediaKind } from '../../lib/rtp/index.ts'

/** A payload: the number of its frame, its place in it, how many there are, whether the frame is a key frame. */
const depacketizer: Depacketizer = {
  describe(bytes, start, _end, info) {
    info.begins = bytes[start + 1] === 0
    info.ends = false
    info.keyFrame = bytes[start + 3] === 1
    return true
  },
  join(payloads) {
    const [number, , count, key] = payloads[0]!
    const isWhole = payloads.every((payload, place) => payload[0] === number && payload[1] === place)
    return isWhole && payloads.length === count ? { data: payloads[0]!, keyFrame: key === 1 } : undefined
  },
}
const format: FrameFormat = {
  codec: { mimeType: 'video/test', clockRate: 90_000, payloadType: 96, feedback: [] },
  depacketizer,
}

interface Made {
  readonly extended: number
  readonly frame: number
  readonly marker: boolean
  readonly payload: Uint8Array
}

/** Frames of the sizes that are given, from a number on that wraps early. */
const make = (sizes: readonly number[], keys: ReadonlySet<number>): Made[] => {
  let extended = 0x1_fff0
  return sizes.flatMap((size, frame) =>
    Array.from({ length: size }, (_, place) => ({
      extended: extended++,
      frame,
      marker: place === size - 1,
      payload: Uint8Array.of(frame, place, size, keys.has(frame) ? 1 : 0),
    })),
  )
}

const feed = (assembler: FrameAssembler, { extended, frame, marker, payload }: Made, now: number) =>
  assembler.receive(
    { extended, timestamp: frame * 3000, marker, audioLevel: -1, rotation: -1, csrcs: [] },
    format,
    payload,
    0,
    payload.length,
    now,
  )

interface Scenario {
  readonly sizes: readonly number[]
  /** By how much each packet is late, in tens of milliseconds. */
  readonly late: readonly number[]
  readonly lost: readonly number[]
  readonly keys: readonly number[]
}

const scenario: fc.Arbitrary<Scenario> = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 60 }),
  late: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 10, maxLength: 40 }),
  lost: fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 10 }),
  keys: fc.array(fc.integer({ min: 1, max: 59 }), { maxLength: 5 }),
})

const run = (kind: MediaKind, { sizes, late, lost, keys }: Scenario) => {
  const packets = make(sizes, new Set([0, ...keys]))
  const missing = new Set(lost)
  const order = packets
    .map((packet, index) => ({ packet, index, at: index === 0 ? 0 : 10 * index + late[index % late.length]! * 10 }))
    .filter(({ index }) => !missing.has(index))
    .sort((a, b) => a.at - b.at)
  const got: { frame: AssembledFrame; now: number }[] = []
  const assembler = new FrameAssembler(kind, (frame, now) => got.push({ frame, now }))
  let last = 0
  for (const { packet, at } of order) {
    while (assembler.deadline < at) assembler.advance(assembler.deadline)
    feed(assembler, packet, at)
    last = at
  }
  while (assembler.deadline < Number.POSITIVE_INFINITY) assembler.advance(Math.max(last, assembler.deadline))
  return { packets, missing, got, assembler }
}

t.test('hands out every frame, once and in order, where nothing is lost', t => {
  fc.assert(
    fc.property(scenario, given => {
      const { got, assembler } = run('video', { ...given, lost: [] })
      return (
        got.length === given.sizes.length &&
        got.every(({ frame }, index) => frame.data[0] === index) &&
        assembler.framesDropped === 0
      )
    }),
    { numRuns: 300 },
  )
  t.end()
})

t.test('hands out what can be decoded, in order, where something is lost, and ends waiting', t => {
  fc.assert(
    fc.property(scenario, given => {
      const { packets, missing, got, assembler } = run('video', given)
      const broken = new Set(packets.filter((_, index) => missing.has(index)).map(({ frame }) => frame))
      const keys = new Set([0, ...given.keys])
      let before = -1
      for (const { frame } of got) {
        const number = frame.data[0]!
        if (number <= before || broken.has(number)) return false
        // Everything since the key frame before it was handed out.
        if (number !== before + 1 && !keys.has(number)) return false
        before = number
      }
      return (
        assembler.deadline === Number.POSITIVE_INFINITY &&
        got.length + assembler.framesDropped <= given.sizes.length + missing.size
      )
    }),
    { numRuns: 300 },
  )
  t.end()
})

t.test('never waits longer than its patience', t => {
  fc.assert(
    fc.property(scenario, given => {
      const { got } = run('video', given)
      // From when a gap shows, which is when the packet behind it comes: 300 ms late at most.
      return got.every(({ frame, now }) => now - frame.firstAt <= 1000 + 310)
    }),
    { numRuns: 200 },
  )
  t.end()
})
