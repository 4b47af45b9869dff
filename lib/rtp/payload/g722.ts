/**
 * G722 (RFC 3551, 4.5.2): 16,000 samples a second, two in each byte; but its RTP clock is 8,000, by a mistake of RFC 1890 that
 * was kept. So each byte is one tick, and `a=rtpmap` says 8000.
 */

import { wholeAudioFormat } from './whole-audio.ts'

/** Samples a second, which `a=rtpmap` does not say. */
export const G722_SAMPLE_RATE = 16_000

export const G722 = wholeAudioFormat('G722', (_bytes, start, end) => (end > start ? end - start : -1))
