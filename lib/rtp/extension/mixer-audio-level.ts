/** How loud each contributing source of a mixed packet is (RFC 6465, 3): a level for each CSRC, in their order. */

import type { ExtensionWriter } from '../packet-writer.ts'
import { levelBits } from './audio-level.ts'

export const MIXER_AUDIO_LEVEL_URI = 'urn:ietf:params:rtp-hdrext:csrc-audio-level'

/**
 * The level of the contributing source at `index`, 0 to 127 in -dBov; undefined where there is none for it. In the two-byte
 * form there may be more than there are sources: those mean nothing.
 */
export const readMixerAudioLevel = (
  bytes: Uint8Array,
  start: number,
  end: number,
  index: number,
): number | undefined => (index >= 0 && start + index < end ? bytes[start + index]! & 0x7f : undefined)

/** @param levels As many as the packet has CSRCs, 1 to 15; each 0 to 127 in -dBov. */
export const putMixerAudioLevels = (writer: ExtensionWriter, id: number, levels: readonly number[]): boolean => {
  const at = levels.length > 0 ? writer.reserve(id, levels.length) : -1
  if (at < 0) return false
  for (let i = 0; i < levels.length; i++) writer.bytes[at + i] = levelBits(levels[i]!)
  return true
}
