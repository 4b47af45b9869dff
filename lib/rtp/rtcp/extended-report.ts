/** The blocks of extended reports (RFC 3611, 4): receiver reference times and their echoes; others keep their bytes. */

import { Reader, type Writer } from '../../bytes/index.ts'

/** RFC 3611, 4.4: when the report was sent, as NTP time: a receiver's counterpart of the sender report's. */
export interface ReceiverReferenceTime {
  readonly block: 'receiver-reference-time'
  readonly ntpSeconds: number
  readonly ntpFraction: number
}

/** RFC 3611, 4.5. */
export interface DelaySinceLastReceiverReport {
  readonly block: 'delay-since-last-receiver-report'
  readonly reports: readonly {
    readonly ssrc: number
    /** The middle 32 bits of the last receiver reference time; 0 where there was none. */
    readonly lastReceiverReport: number
    /** Since that came, in 1/65536 of a second. */
    readonly delay: number
  }[]
}

export interface UnknownXrBlock {
  readonly block: 'unknown'
  readonly blockType: number
  readonly typeSpecific: number
  /** Whole words of 32 bits. */
  readonly data: Uint8Array
}

export type XrBlock = ReceiverReferenceTime | DelaySinceLastReceiverReport | UnknownXrBlock

const BlockType = { receiverReferenceTime: 4, delaySinceLastReceiverReport: 5 } as const
/** What one report may have: more than any kind of block that there is. */
const MOST_BLOCKS = 64

/** Undefined where a block is cut off, or there are too many. Data of unknown ones is borrowed. */
export const readXrBlocks = (reader: Reader): XrBlock[] | undefined => {
  const blocks: XrBlock[] = []
  while (reader.remaining > 0) {
    const blockType = reader.u8()
    const typeSpecific = reader.u8()
    const data = reader.view(4 * reader.u16())
    if (reader.failed || blocks.length === MOST_BLOCKS) return undefined
    blocks.push(readBlock(blockType, typeSpecific, data))
  }
  return blocks
}

const readBlock = (blockType: number, typeSpecific: number, data: Uint8Array): XrBlock => {
  const body = new Reader(data)
  if (blockType === BlockType.receiverReferenceTime && data.length === 8) {
    return { block: 'receiver-reference-time', ntpSeconds: body.u32(), ntpFraction: body.u32() }
  }
  if (blockType === BlockType.delaySinceLastReceiverReport && data.length % 12 === 0) {
    const reports = Array.from({ length: data.length / 12 }, () => ({
      ssrc: body.u32(),
      lastReceiverReport: body.u32(),
      delay: body.u32(),
    }))
    return { block: 'delay-since-last-receiver-report', reports }
  }
  return { block: 'unknown', blockType, typeSpecific, data }
}

export const writeXrBlocks = (writer: Writer, blocks: readonly XrBlock[]): void => {
  for (const block of blocks) {
    switch (block.block) {
      case 'receiver-reference-time':
        writer.u8(BlockType.receiverReferenceTime).u8(0).u16(2).u32(block.ntpSeconds).u32(block.ntpFraction)
        break
      case 'delay-since-last-receiver-report':
        writer
          .u8(BlockType.delaySinceLastReceiverReport)
          .u8(0)
          .u16(3 * block.reports.length)
        for (const { ssrc, lastReceiverReport, delay } of block.reports) {
          writer.u32(ssrc).u32(lastReceiverReport).u32(delay)
        }
        break
      default:
        writer
          .u8(block.blockType)
          .u8(block.typeSpecific)
          .u16(block.data.length >> 2)
          .bytes(block.data)
    }
  }
}
