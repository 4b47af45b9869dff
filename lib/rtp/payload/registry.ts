/** Payload formats by the name that `a=rtpmap` gives them (RFC 8866, 6.6). */

import { AV1 } from './av1.ts'
import { CN } from './comfort-noise.ts'
import type { PayloadFormat } from './format.ts'
import { PCMA, PCMU } from './g711.ts'
import { G722 } from './g722.ts'
import { H264 } from './h264.ts'
import { H265 } from './h265.ts'
import { OPUS } from './opus.ts'
import { TELEPHONE_EVENT } from './telephone-event.ts'
import { VP8 } from './vp8.ts'
import { VP9 } from './vp9.ts'

const FORMATS: ReadonlyMap<string, PayloadFormat> = new Map(
  [VP8, VP9, AV1, H264, H265, OPUS, PCMU, PCMA, G722, CN, TELEPHONE_EVENT].map(format => [format.encoding, format]),
)

/**
 * @param encoding As `encodingOf` gives it, upper case: `VP8`.
 * @returns Undefined for what has no format of its own: `RTX`, `ULPFEC`, what nobody knows, and `RED`, whose blocks are of
 *   other formats (`RedDepacketizer`).
 */
export const payloadFormat = (encoding: string): PayloadFormat | undefined => FORMATS.get(encoding)
