/** Our own, in place: the packets stay where they are. */

import { Packet } from 'purertc/bytes'
import { nodeCrypto } from 'purertc/crypto/node'
import { keyingMaterialLength, SrtpReceiver, SrtpSender, splitKeyingMaterial } from 'purertc/srtp'
import type { Profile } from './cases.ts'
import { BATCH, HEADER, LENGTH, type Protector, payloadByte, SSRC } from './protector.ts'

/** More than the packets whose key stream is made at once. */
const APART = 20

const plainPacket = (): Packet => {
  const bytes = new Uint8Array(LENGTH)
  bytes[0] = 0x80
  bytes[1] = 96
  new DataView(bytes.buffer).setUint32(8, SSRC)
  for (let i = HEADER; i < LENGTH; i++) bytes[i] = payloadByte(i)
  return Packet.copy(bytes)
}

/** @param inRow Whether sequence numbers follow one another; if not, no packet's key stream can be made ahead. */
export const createPurertc = (profile: Profile, inRow: boolean): Protector => {
  const keys = splitKeyingMaterial(profile, new Uint8Array(keyingMaterialLength(profile)).fill(7)).client
  const sender = new SrtpSender({ crypto: nodeCrypto, profile, keys })
  const receiver = new SrtpReceiver({ crypto: nodeCrypto, profile, keys })
  const packets = Array.from({ length: BATCH }, plainPacket)
  let views: Uint8Array[] = []
  let sequenceNumber = 0
  return {
    prepare() {
      for (const packet of packets) {
        packet.end = packet.start + LENGTH
        sequenceNumber += inRow ? 1 : APART
        packet.bytes[packet.start + 2] = sequenceNumber >> 8
        packet.bytes[packet.start + 3] = sequenceNumber
      }
    },
    protect() {
      for (const packet of packets) if (!sender.protect(packet)) throw new Error('a packet was not protected')
    },
    turn() {
      views = packets.map(packet => packet.view())
    },
    unprotect() {
      let wrong = 0
      for (const view of views)
        if (receiver.unprotect(view) !== LENGTH || view[LENGTH - 1] !== payloadByte(LENGTH - 1)) wrong++
      return wrong
    },
  }
}
