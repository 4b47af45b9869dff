/** Payload formats by the name that `a=rtpmap` gives them (RFC 8866, 6.6). */

import type { PayloadFormat } from './format.ts'

const FORMATS: ReadonlyMap<string, PayloadFormat> = new Map(
  ([] as readonly PayloadFormat[]).map(format => [format.encoding, format]),
)

/**
 * @param encoding As `encodingOf` gives it, upper case: `VP8`.
 * @returns Undefined for what has no format of its own: `RTX`, `ULPFEC`, and what nobody knows.
 */
export const payloadFormat = (encoding: string): PayloadFormat | undefined => FORMATS.get(encoding)
