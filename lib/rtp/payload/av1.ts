/** AV1 (RTP Payload Format For AV1, version 1.0): a frame is a temporal unit without its delimiter, in the low-overhead format. */

import { Av1Depacketizer } from './av1-depacketizer.ts'
import { Av1Packetizer } from './av1-packetizer.ts'
import type { PayloadFormat } from './format.ts'

export const AV1: PayloadFormat = {
  encoding: 'AV1',
  createPacketizer: () => new Av1Packetizer(),
  createDepacketizer: () => new Av1Depacketizer(),
}
