/** SCTP packets made and taken apart by hand, apart from the code under test (only the checksum is shared). */

import { crc32c } from '../../lib/bytes/index.ts'

export interface Chunk {
  readonly type: number
  readonly flags: number
  readonly value: Uint8Array
}

export const u16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff]
export const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)]

export const chunk = (type: number, flags: number, value: ArrayLike<number> = []): Chunk => ({
  type,
  flags,
  value: Uint8Array.from(value),
})

/** Sets the checksum right. */
export const seal = (bytes: Uint8Array): Uint8Array => {
  bytes.set([0, 0, 0, 0], 8)
  const crc = crc32c(bytes)
  bytes.set([crc, crc >>> 8, crc >>> 16, crc >>> 24], 8)
  return bytes
}

export const packet = (tag: number, ...chunks: readonly Chunk[]): Uint8Array => {
  const bytes = [...u16(5000), ...u16(5000), ...u32(tag), 0, 0, 0, 0]
  for (const { type, flags, value } of chunks) {
    bytes.push(type, flags, ...u16(4 + value.length), ...value)
    while (bytes.length % 4 !== 0) bytes.push(0)
  }
  return seal(Uint8Array.from(bytes))
}

export const tagOf = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(4)

export const chunksOf = (bytes: Uint8Array): Chunk[] => {
  const chunks: Chunk[] = []
  for (let at = 12; at + 4 <= bytes.length; ) {
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!
    if (length < 4) break
    chunks.push({ type: bytes[at]!, flags: bytes[at + 1]!, value: bytes.subarray(at + 4, at + length) })
    at += (length + 3) & ~3
  }
  return chunks
}

export const view = (chunk: Chunk): DataView =>
  new DataView(chunk.value.buffer, chunk.value.byteOffset, chunk.value.length)

/** A DATA chunk; whole and ordered unless its flags say otherwise. */
export const data = (
  tsn: number,
  payload: ArrayLike<number>,
  { stream = 0, ssn = 0, ppid = 53, flags = 3 }: { stream?: number; ssn?: number; ppid?: number; flags?: number } = {},
): Chunk => chunk(0, flags, [...u32(tsn), ...u16(stream), ...u16(ssn), ...u32(ppid), ...Array.from(payload)])

/** An I-DATA chunk; whole and ordered unless its flags say otherwise. */
export const iData = (
  tsn: number,
  mid: number,
  payload: ArrayLike<number>,
  { stream = 0, fsn = 0, ppid = 53, flags = 3 }: { stream?: number; fsn?: number; ppid?: number; flags?: number } = {},
): Chunk =>
  chunk(64, flags, [
    ...u32(tsn),
    ...u16(stream),
    ...u16(0),
    ...u32(mid),
    ...u32((flags & 2) !== 0 ? ppid : fsn),
    ...Array.from(payload),
  ])

/** An I-FORWARD-TSN; entries are stream, whether of unordered messages, message identifier. */
export const iForwardTsn = (tsn: number, entries: readonly (readonly [number, boolean, number])[] = []): Chunk =>
  chunk(194, 0, [
    ...u32(tsn),
    ...entries.flatMap(([stream, unordered, mid]) => [...u16(stream), ...u16(unordered ? 1 : 0), ...u32(mid)]),
  ])

/** The parameters of an INIT that lists I-DATA and its FORWARD-TSN too. */
export const interleavingParameters = (): number[] => [
  ...parameter(0xc000, []),
  ...parameter(0x8008, [130, 192, 64, 194]),
]

export const sack = (
  cumulative: number,
  {
    window = 1 << 20,
    gaps = [],
    duplicates = [],
  }: {
    window?: number
    gaps?: readonly (readonly [number, number])[]
    duplicates?: readonly number[]
  } = {},
): Chunk =>
  chunk(3, 0, [
    ...u32(cumulative),
    ...u32(window),
    ...u16(gaps.length),
    ...u16(duplicates.length),
    ...gaps.flatMap(([start, end]) => [...u16(start), ...u16(end)]),
    ...duplicates.flatMap(u32),
  ])

export interface SackFields {
  readonly cumulative: number
  readonly window: number
  readonly gaps: readonly (readonly [number, number])[]
  readonly duplicates: readonly number[]
}

export const readSack = (chunk: Chunk): SackFields => {
  const fields = view(chunk)
  const gapCount = fields.getUint16(8)
  return {
    cumulative: fields.getUint32(0),
    window: fields.getUint32(4),
    gaps: Array.from(
      { length: gapCount },
      (_, i) => [fields.getUint16(12 + 4 * i), fields.getUint16(14 + 4 * i)] as const,
    ),
    duplicates: Array.from({ length: fields.getUint16(10) }, (_, i) => fields.getUint32(12 + 4 * (gapCount + i))),
  }
}

export const init = (
  type: 1 | 2,
  {
    tag = 0x11111111,
    window = 1 << 20,
    outbound = 65535,
    inbound = 65535,
    tsn = 1000,
    parameters = [...parameter(0xc000, []), ...parameter(0x8008, [130, 192])],
  }: {
    tag?: number
    window?: number
    outbound?: number
    inbound?: number
    tsn?: number
    parameters?: number[]
  } = {},
): Chunk => chunk(type, 0, [...u32(tag), ...u32(window), ...u16(outbound), ...u16(inbound), ...u32(tsn), ...parameters])

/** A parameter with its padding. */
export const parameter = (type: number, value: ArrayLike<number>): number[] => {
  const bytes = [...u16(type), ...u16(4 + value.length), ...Array.from(value)]
  while (bytes.length % 4 !== 0) bytes.push(0)
  return bytes
}

/** The value of the first parameter of this type behind `from` bytes of a chunk. */
export const parameterOf = (chunk: Chunk, type: number, from = 16): Uint8Array | undefined => {
  const fields = view(chunk)
  for (let at = from; at + 4 <= chunk.value.length; ) {
    const length = fields.getUint16(at + 2)
    if (fields.getUint16(at) === type) return chunk.value.subarray(at + 4, at + length)
    at += (length + 3) & ~3
  }
  return undefined
}
