/** Video of fixtures/ that is sent: FFmpeg's test source, 20 frames of 322 x 182, a key frame every eight. */

import { createHash } from 'node:crypto'
import { EncodedVideoSource } from '../../lib/index.ts'
import { fixtureBytes } from '../fixture.ts'

export interface FixtureFrame {
  readonly data: Uint8Array
  readonly type: 'key' | 'delta'
}

const KEY_EVERY = 8
/** Milliseconds. */
const INTERVAL = 33

/** The frames of an IVF file: a header of 32 bytes, then each with its length in front and eight bytes of time. */
export const ivfFrames = (name: 'vp8' | 'vp9'): readonly FixtureFrame[] => {
  const bytes = fixtureBytes(`rtp-media/${name}.ivf`)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const frames: FixtureFrame[] = []
  for (let at = 32; at < bytes.length; ) {
    const length = view.getUint32(at, true)
    const data = bytes.subarray(at + 12, at + 12 + length)
    frames.push({ data, type: frames.length % KEY_EVERY === 0 ? 'key' : 'delta' })
    at += 12 + length
  }
  return frames
}

const START_CODE = Uint8Array.of(0, 0, 0, 1)

/** The pictures of the elementary stream, two slices each, with start codes of four bytes (H.264, 7.4.1.2.3). */
export const h264Pictures = (): readonly Uint8Array[] => {
  const bytes = Buffer.from(fixtureBytes('h26x/test.h264'))
  const pictures: Uint8Array[][] = []
  let hasSlice = true
  for (const unit of splitUnits(bytes)) {
    const type = unit[0]! & 31
    const isSlice = type === 1 || type === 5
    // `first_mb_in_slice` is 0: one bit.
    if (hasSlice && (!isSlice || (unit[1]! & 0x80) !== 0)) {
      pictures.push([])
      hasSlice = false
    }
    pictures.at(-1)!.push(START_CODE, unit)
    hasSlice ||= isSlice
  }
  return pictures.map(units => new Uint8Array(Buffer.concat(units)))
}

const splitUnits = (bytes: Buffer): readonly Uint8Array[] => {
  const units: Uint8Array[] = []
  for (let at = bytes.indexOf('000001', 0, 'hex'); at >= 0; ) {
    const next = bytes.indexOf('000001', at + 3, 'hex')
    const end = next < 0 ? bytes.length : bytes[next - 1] === 0 ? next - 1 : next
    units.push(bytes.subarray(at + 3, end))
    at = next
  }
  return units
}

/** Packets of sound that nobody decodes, each another one; the first byte says 20 ms to who reads Opus. */
export const soundPackets = (length: number): readonly Uint8Array[] =>
  Array.from({ length: 50 }, (_, number) =>
    Uint8Array.from({ length }, (_, at) => (at === 0 ? 0xf8 : (at * 31) ^ number)),
  )

/** What is wrong with the order in which samples came that go round and round; undefined where nothing is. */
export const disorder = (names: readonly string[], samples: readonly Uint8Array[]): string | undefined => {
  const known = samples.map(nameOf)
  const indices = names.map(name => known.indexOf(name))
  const wrong = indices.findIndex((index, at) => {
    return index < 0 || (at > 0 && index !== (indices[at - 1]! + 1) % samples.length)
  })
  return wrong < 0 ? undefined : `number ${wrong} of ${indices}`
}

/** How many came last in their order, one after another. */
export const orderly = (names: readonly string[], samples: readonly Uint8Array[]): number => {
  const known = samples.map(nameOf)
  const indices = names.map(name => known.indexOf(name))
  let count = Math.min(1, indices.length)
  while (count < indices.length && indices.at(-count)! === (indices.at(-count - 1)! + 1) % known.length) count++
  return count
}

/** What bytes are known by, here and in the programs of other stacks. */
export const nameOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16)

/** Plays the frames round and round, and from the first when a key frame is asked for. */
export class FixturePlayer {
  readonly source = new EncodedVideoSource({ codec: 'vp8' })
  /** Key frames that were asked for. */
  requests = 0
  /** While it is set, what is sent has the headers of frames and nothing that a decoder could make of them. */
  breaks = false
  readonly #timer: NodeJS.Timeout
  #next = 0

  constructor(wake: () => void) {
    const frames = ivfFrames('vp8')
    this.source.onkeyframerequest = () => {
      this.requests++
      this.#next = 0
      wake()
    }
    let timestamp = 0
    this.#timer = setInterval(() => {
      const { data, type } = frames[this.#next++ % frames.length]!
      const sent = data.slice()
      if (this.breaks) sent.fill(0xff, type === 'key' ? 10 : 3)
      this.source.write({ type, timestamp, data: sent })
      timestamp += INTERVAL * 1000
    }, INTERVAL)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.source.end()
  }
}
