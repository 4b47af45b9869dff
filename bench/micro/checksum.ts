/** The checks of STUN and SCTP. */

import { crc32, crc32c } from '../../lib/bytes/index.ts'
import { suite } from './suite.ts'

for (const length of [100, 1200]) {
  const bytes = new Uint8Array(length).map((_, i) => i * 7)
  suite(`checksum of ${length} bytes`, length, { crc32: () => crc32(bytes), crc32c: () => crc32c(bytes) })
}
