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
