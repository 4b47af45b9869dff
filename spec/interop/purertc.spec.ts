/** Ours in another process against ours. */

import { processPeer } from './drivers/process.ts'
import { interop } from './interop.ts'
import { LARGE_MESSAGES } from './scenarios/association.ts'

await interop(
  processPeer('purertc', {
    interleaves: true,
    takesLargeDatagrams: true,
    withLargeMessages: { sizes: [1 << 20, 16 << 20, 64 << 20], configuration: LARGE_MESSAGES },
  }),
)
