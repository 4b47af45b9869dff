/** Answers to packets that belong to no association (RFC 9260 8.4). Never more bytes go out than came in. */

import { getU16, getU32 } from '../bytes/index.ts'
import { CAUSE, CHUNK, CHUNK_HEADER, TAG_REFLECTED } from './chunk-type.ts'
import { COMMON_HEADER } from './common-header.ts'
import { hasCause } from './error-cause.ts'
import type { PacketBuilder } from './packet-builder.ts'

const NOTHING = new Uint8Array(0)

/** Whether there is a chunk that is never answered: ABORT, COOKIE ACK, the report of a stale cookie (rules 2 and 7). */
const silencing = (packet: Uint8Array): boolean => {
  for (let at = COMMON_HEADER; at + CHUNK_HEADER <= packet.length; ) {
    const type = packet[at]
    const length = getU16(packet, at + 2)
    const end = at + length
    if (length < CHUNK_HEADER || end > packet.length) return false
    if (type === CHUNK.ABORT || type === CHUNK.COOKIE_ACK) return true
    if (type === CHUNK.ERROR && hasCause(packet, at + CHUNK_HEADER, end, CAUSE.STALE_COOKIE)) return true
    at = end + (-length & 3)
  }
  return false
}

/** Answers a packet whose checksum and ports are right. */
export const answerOutOfTheBlue = (packet: Uint8Array, packets: PacketBuilder, now: number): void => {
  if (packet.length < COMMON_HEADER + CHUNK_HEADER || silencing(packet)) return
  const tag = getU32(packet, 4)
  const start = COMMON_HEADER + CHUNK_HEADER
  switch (packet[COMMON_HEADER]) {
    case CHUNK.SHUTDOWN_COMPLETE:
    case CHUNK.INIT_ACK:
      return
    case CHUNK.SHUTDOWN_ACK:
      packets.alone(tag, CHUNK.SHUTDOWN_COMPLETE, TAG_REFLECTED, NOTHING, now)
      return
    case CHUNK.INIT:
      // The answer to an INIT goes under the tag that the INIT names (8.4, rule 3).
      if (packet.length >= start + 4) packets.alone(getU32(packet, start), CHUNK.ABORT, 0, NOTHING, now)
      return
  }
  packets.alone(tag, CHUNK.ABORT, TAG_REFLECTED, NOTHING, now)
}
