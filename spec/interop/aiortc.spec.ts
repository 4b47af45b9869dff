/** aiortc (of Debian) against ours. */

import { aiortc } from './drivers/aiortc.ts'
import { interop } from './interop.ts'

await interop(
  aiortc({
    noRestart: true,
    noTransportStats: true,
    dtls12: true,
    sha256Only: true,
    numbersByIceRole: true,
    countsCharacters: true,
    largestMessage: 65_536,
    notProbed: true,
  }),
)
