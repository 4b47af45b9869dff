/** PCMU and PCMA (ITU-T G.711; RFC 3551, 4.5.14): one byte a sample, 8,000 a second, as many as one likes. */

import { wholeAudioFormat } from './whole-audio.ts'

const samplesOf = (_bytes: Uint8Array, start: number, end: number): number => (end > start ? end - start : -1)

export const PCMU = wholeAudioFormat('PCMU', samplesOf)
export const PCMA = wholeAudioFormat('PCMA', samplesOf)
