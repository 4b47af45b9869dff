/** What the senders and receivers of an RTP session ask of it and tell it. */

import type { Packet } from '../bytes/index.ts'
import { type EventQueue, type Random, randomU32 } from '../machine/index.ts'
import type { RtpEvent } from './events.ts'
import type { ReceiverOwner } from './receiver.ts'
import type { SenderOwner } from './sender.ts'

export type StreamOwner = SenderOwner & ReceiverOwner

/** @param largest Bytes of the largest RTP packet, before its protection. */
export const createStreamOwner = (
  largest: number,
  random: Random,
  events: EventQueue<RtpEvent>,
  transmit: (packet: Packet) => void,
): StreamOwner => {
  let transportNumber = 0
  return {
    largest,
    transmit,
    nextTransportNumber: () => {
      const number = transportNumber
      transportNumber = (number + 1) & 0xffff
      return number
    },
    random: () => randomU32(random),
    keyFrameRequested: sender => events.push({ type: 'key-frame-requested', sender }),
    begins: receiver => events.push({ type: 'media', receiver }),
    streamBegins: (receiver, ssrc, at) => events.push({ type: 'stream', receiver, ssrc, at }),
    streamEnds: (receiver, ssrc) => events.push({ type: 'stream-ended', receiver, ssrc }),
  }
}
