/** VP9 (RFC 9628): a frame is a picture, with all of its spatial layers one behind another. */

import type { PayloadFormat } from './format.ts'
import { Vp9Depacketizer } from './vp9-depacketizer.ts'
import { Vp9Packetizer } from './vp9-packetizer.ts'

export const VP9: PayloadFormat = {
  encoding: 'VP9',
  createPacketizer: (_parameters, initial) => new Vp9Packetizer(initial),
  createDepacketizer: () => new Vp9Depacketizer(),
}
