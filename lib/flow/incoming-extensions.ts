/**
 * The header extensions of incoming packets that are of use here: levels of audio (RFC 6464, RFC 6465), the rotation of video
 * (3GPP TS 26.114, 6.2.3), and the names of streams (RFC 8852). Those that were not agreed on are not looked at.
 */

import {
  AUDIO_LEVEL_URI,
  MIXER_AUDIO_LEVEL_URI,
  type NegotiatedExtension,
  REPAIRED_STREAM_ID_URI,
  type RtpPacket,
  readStreamId,
  STREAM_ID_URI,
  VIDEO_ORIENTATION_URI,
} from '../rtp/index.ts'

export class IncomingExtensions {
  /** The id of the levels of contributing sources; 0 where they were not agreed on, as with the others. */
  mixedLevels = 0
  #audioLevel = 0
  #orientation = 0
  #rid = 0
  #repairedRid = 0

  configure(extensions: readonly NegotiatedExtension[]): void {
    const ids = new Map(extensions.map(({ uri, id }) => [uri, id]))
    this.mixedLevels = ids.get(MIXER_AUDIO_LEVEL_URI) ?? 0
    this.#audioLevel = ids.get(AUDIO_LEVEL_URI) ?? 0
    this.#orientation = ids.get(VIDEO_ORIENTATION_URI) ?? 0
    this.#rid = ids.get(STREAM_ID_URI) ?? 0
    this.#repairedRid = ids.get(REPAIRED_STREAM_ID_URI) ?? 0
  }

  /** -dBov, with 128 added where it is speech; -1 where it is not said. */
  audioLevel(packet: RtpPacket): number {
    return firstByte(packet, this.#audioLevel)
  }

  /** Quarter turns clockwise that are to be made, 0 to 3; -1 where it is not said. */
  rotation(packet: RtpPacket): number {
    const orientation = firstByte(packet, this.#orientation)
    return orientation < 0 ? -1 : orientation & 3
  }

  /** Empty where it is not said. */
  rid(packet: RtpPacket): string {
    return text(packet, this.#rid)
  }

  /** The name of the stream that a packet was of at first. */
  repairedRid(packet: RtpPacket): string {
    return text(packet, this.#repairedRid)
  }
}

const firstByte = (packet: RtpPacket, id: number): number =>
  id !== 0 && packet.findExtension(id) && packet.extensionEnd > packet.extensionStart
    ? packet.bytes[packet.extensionStart]!
    : -1

const text = (packet: RtpPacket, id: number): string => {
  if (id === 0 || !packet.findExtension(id)) return ''
  return readStreamId(packet.bytes, packet.extensionStart, packet.extensionEnd) ?? ''
}
