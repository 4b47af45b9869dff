/** Source descriptions (RFC 3550, 6.5), and the items by which a stream names its m-section (RFC 7941; RFC 9143, 15). */

import { fromUtf8, Reader, utf8, type Writer } from '../../bytes/index.ts'

/** The items that WebRTC knows (RFC 3550, 6.5; RFC 9143, 15.1; RFC 8852, 4). Others keep their number. */
export const SdesType = { cname: 1, mid: 15, rid: 12, repairedRid: 13 } as const

export interface SdesItem {
  /** 1 to 255. */
  readonly item: number
  /** UTF-8, at most 255 bytes. */
  readonly text: string
}

export interface SdesChunk {
  readonly ssrc: number
  readonly items: readonly SdesItem[]
}

/** What five bits count. */
export const MOST_SDES_CHUNKS = 31

/** The CNAME of a chunk (RFC 3550, 6.5.1), or undefined. */
export const cnameOf = ({ items }: SdesChunk): string | undefined =>
  items.find(({ item }) => item === SdesType.cname)?.text

/** Reads `count` chunks; undefined where they are cut off or not closed. */
export const readSdesChunks = (body: Uint8Array, count: number): SdesChunk[] | undefined => {
  const reader = new Reader(body)
  const chunks: SdesChunk[] = []
  for (let i = 0; i < count; i++) {
    const ssrc = reader.u32()
    const items: SdesItem[] = []
    for (;;) {
      const item = reader.u8()
      if (reader.failed) return undefined
      if (item === 0) break
      const text = reader.vector8()
      if (reader.failed) return undefined
      items.push({ item, text: fromUtf8(text) })
    }
    // Each chunk ends at a boundary of 32 bits, its null included.
    reader.skip((4 - (reader.position & 3)) & 3)
    if (reader.failed) return undefined
    chunks.push({ ssrc, items })
  }
  return chunks
}

/** Writes chunks. Text of more than 255 bytes is cut. */
export const writeSdesChunks = (writer: Writer, chunks: readonly SdesChunk[]): void => {
  for (const { ssrc, items } of chunks) {
    writer.u32(ssrc)
    let length = 0
    for (const { item, text } of items) {
      const bytes = utf8(text).subarray(0, 255)
      writer.u8(item).vector8(bytes)
      length += 2 + bytes.length
    }
    writer.zeros(4 - (length & 3))
  }
}
