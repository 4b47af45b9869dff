/**
 * What a sender gives each layer of its video (webrtc.org, video-layers-allocation00): bitrates, sizes and frame rates, for a
 * forwarder to choose by, of all streams of a simulcast at once.
 */

import { Reader, Writer } from '../../bytes/index.ts'
import type { ExtensionWriter } from '../packet-writer.ts'

export const VIDEO_LAYERS_ALLOCATION_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00'

const MOST = 4
const RESOLUTION_LENGTH = 5

export interface LayerAllocation {
  /** Of the stream in its simulcast, 0 to 3. */
  readonly stream: number
  /** 0 to 3. */
  readonly spatialLayer: number
  /** Kilobits a second for each temporal layer, the lower ones included: one to four. */
  readonly bitrates: readonly number[]
  /** Pixels, 1 to 65536, and frames a second, 0 to 255: of all layers, or of none. */
  readonly resolution?: { readonly width: number; readonly height: number; readonly frameRate: number }
}

export interface VideoLayersAllocation {
  /** The stream on which this is sent, of so many: 0 to 3, 1 to 4. */
  readonly stream: number
  readonly streams: number
  /** The active ones, by stream, then spatial layer; none: nothing is sent on this stream. */
  readonly layers: readonly LayerAllocation[]
}

/** Undefined where it is malformed. */
export const readVideoLayersAllocation = (
  bytes: Uint8Array,
  start: number,
  end: number,
): VideoLayersAllocation | undefined => {
  const reader = new Reader(bytes, start, end)
  const head = reader.u8()
  if (reader.failed) return undefined
  // One byte of zero is the special case of nothing.
  if (head === 0 && reader.remaining === 0) return { stream: 0, streams: 1, layers: [] }
  const stream = head >> 6
  const streams = ((head >> 4) & 3) + 1
  const masks = readMasks(reader, head & 0x0f, streams)
  const places = masks.flatMap((mask, index) =>
    [0, 1, 2, 3].filter(layer => ((mask >> layer) & 1) === 1).map(layer => ({ stream: index, spatialLayer: layer })),
  )
  const counts = readCounts(reader, places.length)
  const rates = counts.map(count => Array.from({ length: count }, () => readLeb128(reader)))
  if (reader.failed || stream >= streams || places.length === 0) return undefined
  if (reader.remaining === 0) {
    return { stream, streams, layers: places.map((place, index) => ({ ...place, bitrates: rates[index]! })) }
  }
  if (reader.remaining !== RESOLUTION_LENGTH * places.length) return undefined
  const layers = places.map((place, index) => ({
    ...place,
    bitrates: rates[index]!,
    resolution: { width: reader.u16() + 1, height: reader.u16() + 1, frameRate: reader.u8() },
  }))
  return { stream, streams, layers }
}

/** Which spatial layers each stream has: the same, or four bits for each. */
const readMasks = (reader: Reader, common: number, streams: number): number[] => {
  if (common !== 0) return new Array<number>(streams).fill(common)
  const masks: number[] = []
  for (let i = 0; i < streams; i += 2) {
    const pair = reader.u8()
    masks.push(pair >> 4, pair & 0x0f)
  }
  return masks.slice(0, streams)
}

/** How many temporal layers each has: two bits, four to a byte. */
const readCounts = (reader: Reader, layers: number): number[] => {
  const counts: number[] = []
  let four = 0
  for (let i = 0; i < layers; i++) {
    if (i % MOST === 0) four = reader.u8()
    counts.push(((four >> (6 - 2 * (i % MOST))) & 3) + 1)
  }
  return counts
}

/** AV1, 4.10.5; five bytes at most, which hold any bitrate of 32 bits. */
const readLeb128 = (reader: Reader): number => {
  let value = 0
  for (let i = 0; i < 5; i++) {
    const byte = reader.u8()
    value += (byte & 0x7f) * 2 ** (7 * i)
    if ((byte & 0x80) === 0) return value
  }
  reader.skip(reader.remaining + 1)
  return value
}

/** False for what cannot be said, and where the writer cannot take it: more than 16 bytes want the two-byte form. */
export const putVideoLayersAllocation = (
  writer: ExtensionWriter,
  id: number,
  allocation: VideoLayersAllocation,
): boolean => {
  const bytes = encode(allocation)
  return bytes !== undefined && writer.put(id, bytes)
}

const encode = ({ stream, streams, layers }: VideoLayersAllocation): Uint8Array | undefined => {
  if (layers.length === 0) return new Uint8Array(1)
  if (streams < 1 || streams > MOST || stream < 0 || stream >= streams) return undefined
  const masks = new Array<number>(streams).fill(0)
  let last = -1
  for (const { stream: index, spatialLayer, bitrates } of layers) {
    const place = index * MOST + spatialLayer
    const isSound = index >= 0 && index < streams && spatialLayer >= 0 && spatialLayer < MOST
    if (!isSound || place <= last || bitrates.length < 1 || bitrates.length > MOST) return undefined
    masks[index]! |= 1 << spatialLayer
    last = place
  }
  const common = masks.every(mask => mask === masks[0]) ? masks[0]! : 0
  const writer = new Writer(64).u8((stream << 6) | ((streams - 1) << 4) | common)
  if (common === 0) for (let i = 0; i < streams; i += 2) writer.u8((masks[i]! << 4) | (masks[i + 1] ?? 0))
  for (let i = 0; i < layers.length; i += MOST) {
    let four = 0
    for (let j = 0; j < MOST; j++) four |= ((layers[i + j]?.bitrates.length ?? 1) - 1) << (6 - 2 * j)
    writer.u8(four)
  }
  for (const { bitrates } of layers) for (const rate of bitrates) writeLeb128(writer, rate)
  const resolutions = layers.flatMap(({ resolution }) => (resolution === undefined ? [] : [resolution]))
  if (resolutions.length === 0) return writer.finish()
  if (resolutions.length < layers.length) return undefined
  for (const { width, height, frameRate } of resolutions)
    writer
      .u16(width - 1)
      .u16(height - 1)
      .u8(frameRate)
  return writer.finish()
}

const writeLeb128 = (writer: Writer, value: number): void => {
  let rest = Math.max(0, Math.min(0xffff_ffff, Math.round(value)))
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) writer.u8(0x80 | (rest % 0x80))
  writer.u8(rest)
}
