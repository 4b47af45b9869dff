/**
 * Comfort noise (RFC 3389): how loud the silence is, and its spectrum as reflection coefficients of an all-pole filter. Sent when silence begins,
 * and when the noise changes; it fills the time until the next sound, and so has no duration.
 */

import { wholeAudioFormat } from './whole-audio.ts'

export interface ComfortNoise {
  /** In -dBov: 0 is the loudest, 127 the least. */
  readonly level: number
  /** Reflection coefficients, between -1 and 1: as many as the order of the model, which both sides choose. */
  readonly coefficients: readonly number[]
}

/** RFC 3389 3.2 leaves the order open; nobody models noise with more, and what is behind is left out. */
const HIGHEST_ORDER = 64

/** Reads the payload `bytes[start, end)`; undefined where it is empty. */
export const readComfortNoise = (bytes: Uint8Array, start: number, end: number): ComfortNoise | undefined => {
  if (end <= start) return undefined
  const coefficients: number[] = []
  const last = Math.min(end, start + 1 + HIGHEST_ORDER)
  // 3.2: uniform steps of 1/128 around 127; the highest value is not used.
  for (let i = start + 1; i < last; i++) coefficients.push(Math.min(bytes[i]! - 127, 127) / 128)
  return { level: bytes[start]! & 0x7f, coefficients }
}

/** @throws RangeError where the level is not 0 to 127, or a coefficient is beyond -1 to 1. */
export const writeComfortNoise = ({ level, coefficients }: ComfortNoise): Uint8Array<ArrayBuffer> => {
  if (!Number.isInteger(level) || level < 0 || level > 127)
    throw new RangeError(`a noise level is 0 to 127, not ${level}`)
  const bytes = new Uint8Array(1 + coefficients.length)
  bytes[0] = level
  coefficients.forEach((coefficient, index) => {
    if (!(Math.abs(coefficient) <= 1)) throw new RangeError(`a reflection coefficient is -1 to 1, not ${coefficient}`)
    bytes[1 + index] = Math.max(0, Math.min(254, Math.round(coefficient * 128) + 127))
  })
  return bytes
}

export const CN = wholeAudioFormat('CN', (_bytes, start, end) => (end > start ? 0 : -1))
