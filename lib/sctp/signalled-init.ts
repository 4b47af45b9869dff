/**
 * INIT chunks that travel in signalling, and not in packets: the attribute `a=sctp-init` (SNAP, draft-hancke-tsvwg-snap).
 *
 * When each side has the other's INIT by the time that there is a path, both are established at once: tags, TSNs and
 * extensions are known, and what the cookie is for, DTLS has done. The chunk is signalled whole, with its header and without
 * padding.
 */

import { getU16, Writer } from '../bytes/index.ts'
import { CHUNK, CHUNK_HEADER } from './chunk-type.ts'
import { type Init, type LocalInit, readInit, writeInit } from './init-chunk.ts'

/** An INIT of ours with its chunk header. */
export const writeSignalledInit = (init: LocalInit): Uint8Array => {
  const value = writeInit(init)
  return new Writer(CHUNK_HEADER + value.length)
    .u8(CHUNK.INIT)
    .u8(0)
    .u16(CHUNK_HEADER + value.length)
    .bytes(value)
    .finish()
}

/** An INIT of the peer's; undefined when it is none, or one that no association can be made from. */
export const readSignalledInit = (bytes: Uint8Array): Init | undefined => {
  if (bytes.length < CHUNK_HEADER || bytes[0] !== CHUNK.INIT) return undefined
  const length = getU16(bytes, 2)
  // Padding is no part of the length, and may have come along.
  if (length > bytes.length || bytes.length - length > 3) return undefined
  const init = readInit(bytes, CHUNK_HEADER, length)
  if (init === undefined || init.tag === 0 || init.outboundStreams === 0 || init.inboundStreams === 0) return undefined
  return init
}

/** Whether an association can be established by these bytes: for whoever has to judge a description before there is a path. */
export const isSignalledInit = (bytes: Uint8Array): boolean => readSignalledInit(bytes) !== undefined
