/** H264 (RFC 6184): frames are access units with start codes (Annex B) on both sides. */

import { numberParameter } from '../format-parameters.ts'
import type { PayloadFormat } from './format.ts'
import { H264Depacketizer } from './h264-depacketizer.ts'
import { H264Packetizer } from './h264-packetizer.ts'

export const H264: PayloadFormat = {
  encoding: 'H264',
  createPacketizer: parameters => new H264Packetizer(numberParameter(parameters, 'packetization-mode', 0) === 0),
  createDepacketizer: parameters => new H264Depacketizer(parameters.get('sprop-parameter-sets')),
}
