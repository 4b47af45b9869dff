/** pion (webrtc v3, of Debian) against ours. */

import { pion } from './drivers/pion.ts'
import { interop } from './interop.ts'

await interop(
  pion({
    noTransportStats: true,
    dtls12: true,
    wantsActpass: true,
    largestMessage: 65_535,
    notProbed: true,
    refusesUnknownParameters: true,
  }),
)
