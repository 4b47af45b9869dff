/** H265 (RFC 7798): frames are access units with start codes (Annex B) on both sides. */

import type { PayloadFormat } from './format.ts'
import { H265Depacketizer } from './h265-depacketizer.ts'
import { H265Packetizer } from './h265-packetizer.ts'

export const H265: PayloadFormat = {
  encoding: 'H265',
  createPacketizer: () => new H265Packetizer(),
  createDepacketizer: parameters => new H265Depacketizer(parameters),
}
