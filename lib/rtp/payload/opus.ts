/**
 * Opus (RFC 7587): one Opus packet a payload, never cut and never put together. What breaks the rules of RFC 6716 3.4 is refused: a
 * decoder would refuse it too.
 */

import { OpusPacket } from './opus-packet.ts'
import { wholeAudioFormat } from './whole-audio.ts'

/** Filled and read within one call. */
const packet = new OpusPacket()

export const OPUS = wholeAudioFormat('OPUS', (bytes, start, end) =>
  packet.read(bytes, start, end) ? packet.duration : -1,
)
