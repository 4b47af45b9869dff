/** Packets and pairs of contexts, for the specs of this folder. */

import { Packet } from '../../lib/bytes/index.ts'
import {
  keyingMaterialLength,
  type SrtpProfile,
  SrtpReceiver,
  type SrtpReceiverOptions,
  SrtpSender,
  type SrtpSenderOptions,
  splitKeyingMaterial,
} from '../../lib/srtp/index.ts'
import { seededCrypto } from '../providers.ts'

export const PROFILES: readonly SrtpProfile[] = [
  'SRTP_AES128_CM_HMAC_SHA1_80',
  'SRTP_AES128_CM_HMAC_SHA1_32',
  'SRTP_AEAD_AES_128_GCM',
  'SRTP_AEAD_AES_256_GCM',
]

export const keysOf = (profile: SrtpProfile, byte = 5) =>
  splitKeyingMaterial(profile, new Uint8Array(keyingMaterialLength(profile)).fill(byte)).client

const crypto = seededCrypto(1)

export const createSender = (profile: SrtpProfile, options: Partial<SrtpSenderOptions> = {}): SrtpSender =>
  new SrtpSender({ crypto, profile, keys: keysOf(profile), ...options })

export const createReceiver = (profile: SrtpProfile, options: Partial<SrtpReceiverOptions> = {}): SrtpReceiver =>
  new SrtpReceiver({ crypto, profile, keys: keysOf(profile), ...options })

/** An RTP packet whose payload tells its number. */
export const rtp = (sequenceNumber: number, ssrc = 0xcafebabe, length = 20): Uint8Array => {
  const bytes = new Uint8Array(12 + length)
  const view = new DataView(bytes.buffer)
  bytes[0] = 0x80
  bytes[1] = 96
  view.setUint16(2, sequenceNumber & 0xffff)
  view.setUint32(4, sequenceNumber * 90)
  view.setUint32(8, ssrc)
  for (let i = 0; i < length; i++) bytes[12 + i] = (sequenceNumber >> (8 * (i & 3))) ^ i
  return bytes
}

/** A receiver report without blocks, and some words behind it. */
export const rtcp = (ssrc = 0xcafebabe, words = 3): Uint8Array => {
  const bytes = new Uint8Array(8 + 4 * words).fill(0x5a)
  bytes.set([0x80, 201, 0, 1 + words])
  new DataView(bytes.buffer).setUint32(4, ssrc)
  return bytes
}

/** What `sender` makes of a packet; undefined when it does not send it. */
export const sealed = (sender: SrtpSender, plain: Uint8Array, isRtcp = false): Uint8Array | undefined => {
  const packet = Packet.copy(plain)
  return (isRtcp ? sender.protectRtcp(packet) : sender.protect(packet)) ? packet.view().slice() : undefined
}

/** What `receiver` makes of a copy; undefined when it refuses it. */
export const opened = (receiver: SrtpReceiver, bytes: Uint8Array, isRtcp = false): Uint8Array | undefined => {
  const copy = bytes.slice()
  const length = isRtcp ? receiver.unprotectRtcp(copy) : receiver.unprotect(copy)
  return length < 0 ? undefined : copy.subarray(0, length)
}
