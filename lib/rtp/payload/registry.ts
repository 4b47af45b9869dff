/** Payload formats by the name that `a=rtpmap` gives them (RFC 8866, 6.6). */

import { CN } from './comfort-noise.ts'
import type { PayloadFormat } from './format.ts'
import { PCMA, PCMU } from './g711.ts'
import { G722 } from './g722.ts'
import { H264 } from './h264.ts'
import { OPUS } from './opus.ts'

const FORMATS: ReadonlyMap<string, PayloadFormat> = new Map(
  [H264, OPUS, PCMU, PCMA, G722, CN].map(format => [format.encoding, format]),
)

/**
 * @param encoding As `encodingOf` gives it, upper case: `VP8`.
 * @returns Undefined for what has no format of its own: `RTX`, `ULPFEC`, and what nobody knows.
 */
export const payloadFormat = (encoding: string): PayloadFormat | undefined => FORMATS.get(encoding)
