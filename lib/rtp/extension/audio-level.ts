/** How loud the audio of a packet is, as its sender measured it (RFC 6464, 3), and whether it is speech. */

import type { ExtensionWriter } from '../packet-writer.ts'

export const AUDIO_LEVEL_URI = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level'
/** -dBov: silence. 0 is as loud as it can be. */
export const SILENCE = 127

/** The level, 0 to 127 in -dBov; undefined where the element is empty. */
export const readAudioLevel = (bytes: Uint8Array, start: number, end: number): number | undefined =>
  end > start ? bytes[start]! & 0x7f : undefined

/**
 * The flag of voice activity. It says something only where `vad=on` was negotiated, which is so unless `vad=off` was
 * (RFC 6464, 4).
 */
export const readVoiceActivity = (bytes: Uint8Array, start: number, end: number): boolean =>
  end > start && (bytes[start]! & 0x80) !== 0

/** @param level 0 to 127, in -dBov; beyond is cut. */
export const putAudioLevel = (writer: ExtensionWriter, id: number, level: number, voice: boolean): boolean => {
  const at = writer.reserve(id, 1)
  if (at < 0) return false
  writer.bytes[at] = (voice ? 0x80 : 0) | levelBits(level)
  return true
}

/** Seven bits: what is no number is silence. */
export const levelBits = (level: number): number =>
  level >= 0 && level <= SILENCE ? Math.round(level) : level < 0 ? 0 : SILENCE
