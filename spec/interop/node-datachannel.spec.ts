/** node-datachannel (libdatachannel with libjuice and usrsctp) against ours. */

import { processPeer } from './drivers/process.ts'
import { interop } from './interop.ts'

await interop(
  processPeer('node-datachannel', {
    noRestart: true,
    misreportsReliability: true,
    losesUnreadOnClose: true,
    closesWithoutAlert: true,
    noTransportStats: true,
    dtls12: true,
    noP384: true,
    takesZeroChecksum: true,
    withLargeMessages: { sizes: [1 << 20, (1 << 20) + 1, 4 << 20], configuration: { maxMessageSize: 4 << 20 } },
  }),
)
