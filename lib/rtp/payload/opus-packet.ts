/**
 * What an Opus packet says of itself without being decoded (RFC 6716, 3): mode, bandwidth, channels, how many frames of what
 * duration are in it, and where they lie; whether it carries the frame before it in lower quality (LBRR, 2.1.7 and 4.2.4).
 */

export type OpusMode = 'silk' | 'hybrid' | 'celt'

/** Audio bandwidths of table 1 (RFC 6716, 2): 4, 6, 8, 12 and 20 kHz. */
export type OpusBandwidth = 'narrow' | 'medium' | 'wide' | 'super-wide' | 'full'

/** The RTP clock of Opus, whatever it samples with (RFC 7587, 4.1). */
export const OPUS_CLOCK_RATE = 48_000

/** 120 ms (RFC 6716, 3.2.5, R5). */
const LONGEST = 5760
/** 120 ms of 2.5 ms frames. */
const MOST_FRAMES = 48
/** R2. */
const LONGEST_FRAME = 1275

const SILK_BANDWIDTHS: readonly OpusBandwidth[] = ['narrow', 'medium', 'wide']
const SILK_DURATIONS = [480, 960, 1920, 2880] as const
const CELT_BANDWIDTHS: readonly OpusBandwidth[] = ['narrow', 'wide', 'super-wide', 'full']
const CELT_DURATIONS = [120, 240, 480, 960] as const

/** To be filled anew for each packet. */
export class OpusPacket {
  mode: OpusMode = 'celt'
  bandwidth: OpusBandwidth = 'full'
  /** 1 or 2: of this packet; it may change from one to the next. */
  channels = 1
  frameCount = 0
  /** Samples at 48 kHz of one frame, and of all. */
  frameDuration = 0
  duration = 0
  /** Where the frames lie in the bytes that were read. */
  readonly frameStarts = new Int32Array(MOST_FRAMES)
  readonly frameEnds = new Int32Array(MOST_FRAMES)
  /** Whether a frame is no more than its place: what is sent once in a while during silence (RFC 6716, 3.1; RFC 7587, 3.1.3). */
  discontinuous = false
  /** Whether it carries what came before it once more (SILK and hybrid only). */
  hasRedundancy = false
  /** Whether the encoder took it for speech (SILK and hybrid); undefined where it does not say. */
  voice: boolean | undefined = undefined

  /** Reads `bytes[start, end)` by rules R1 to R7 of RFC 6716 3.4; false where it breaks one. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (end <= start) return false
    const header = bytes[start]!
    this.#readConfiguration(header >> 3)
    this.channels = (header & 4) === 0 ? 1 : 2
    if (!this.#readFrames(header & 3, bytes, start + 1, end)) return false
    this.duration = this.frameCount * this.frameDuration
    if (this.duration > LONGEST) return false
    this.discontinuous = true
    for (let i = 0; i < this.frameCount; i++) {
      if (this.frameEnds[i]! - this.frameStarts[i]! > LONGEST_FRAME) return false
      if (this.frameEnds[i]! - this.frameStarts[i]! > 1) this.discontinuous = false
    }
    this.#readSilkHeader(bytes)
    return true
  }

  /** Table 2. */
  #readConfiguration(configuration: number): void {
    if (configuration < 12) {
      this.mode = 'silk'
      this.bandwidth = SILK_BANDWIDTHS[configuration >> 2]!
      this.frameDuration = SILK_DURATIONS[configuration & 3]!
    } else if (configuration < 16) {
      this.mode = 'hybrid'
      this.bandwidth = configuration < 14 ? 'super-wide' : 'full'
      this.frameDuration = SILK_DURATIONS[configuration & 1]!
    } else {
      this.mode = 'celt'
      this.bandwidth = CELT_BANDWIDTHS[(configuration - 16) >> 2]!
      this.frameDuration = CELT_DURATIONS[configuration & 3]!
    }
  }

  /** The four codes of frame packing (3.2.2 to 3.2.5). */
  #readFrames(code: number, bytes: Uint8Array, at: number, end: number): boolean {
    this.frameCount = code === 0 ? 1 : 2
    if (code === 0 || code === 1) return this.#placeEqual(at, end)
    if (code === 3) return this.#readMany(bytes, at, end)
    const first = readFrameLength(bytes, at, end)
    if (first < 0) return false
    at += lengthOfLength(first)
    if (first > end - at) return false
    this.#place(0, at, at + first)
    this.#place(1, at + first, end)
    return true
  }

  /** Code 3: a count, padding, and lengths of all but the last frame, or the same one for all. */
  #readMany(bytes: Uint8Array, at: number, end: number): boolean {
    if (at >= end) return false
    const counts = bytes[at++]!
    this.frameCount = counts & 0x3f
    if (this.frameCount === 0 || this.frameCount > MOST_FRAMES) return false
    if ((counts & 0x40) !== 0) {
      let padding = 0
      for (;;) {
        if (at >= end) return false
        const byte = bytes[at++]!
        padding += byte === 255 ? 254 : byte
        if (byte !== 255) break
      }
      end -= padding
      if (end < at) return false
    }
    if ((counts & 0x80) === 0) return this.#placeEqual(at, end)
    const last = this.frameCount - 1
    for (let i = 0; i < last; i++) {
      const length = readFrameLength(bytes, at, end)
      if (length < 0) return false
      at += lengthOfLength(length)
      this.frameEnds[i] = length
    }
    for (let i = 0; i < last; i++) {
      const length = this.frameEnds[i]!
      if (length > end - at) return false
      this.#place(i, at, at + length)
      at += length
    }
    this.#place(last, at, end)
    return true
  }

  #placeEqual(at: number, end: number): boolean {
    const each = (end - at) / this.frameCount
    if (!Number.isInteger(each)) return false
    for (let i = 0; i < this.frameCount; i++) this.#place(i, at + i * each, at + (i + 1) * each)
    return true
  }

  #place(index: number, start: number, end: number): void {
    this.frameStarts[index] = start
    this.frameEnds[index] = end
  }

  /**
   * 4.2.3: the first bits of a SILK frame are flags, each of probability one half, so that they can be read as they lie: for each
   * channel, voice activity of each 20 ms, then whether there is redundancy.
   */
  #readSilkHeader(bytes: Uint8Array): void {
    this.hasRedundancy = false
    this.voice = undefined
    if (this.mode === 'celt' || this.frameEnds[0]! - this.frameStarts[0]! <= 1) return
    const flags = bytes[this.frameStarts[0]!]!
    const parts = Math.max(1, this.frameDuration / 960)
    const activity = ((1 << parts) - 1) << (8 - parts)
    this.voice = (flags & activity) !== 0
    this.hasRedundancy = (flags & (1 << (7 - parts))) !== 0
    if (this.channels === 2) {
      this.voice ||= (flags & (activity >> (parts + 1))) !== 0
      this.hasRedundancy ||= (flags & (1 << (6 - 2 * parts))) !== 0
    }
  }
}

/** 3.2.1; -1 where it is cut off. */
const readFrameLength = (bytes: Uint8Array, at: number, end: number): number => {
  if (at >= end) return -1
  const first = bytes[at]!
  if (first < 252) return first
  return at + 1 < end ? first + 4 * bytes[at + 1]! : -1
}

const lengthOfLength = (length: number): number => (length < 252 ? 1 : 2)
