/** ChannelData: four bytes of header instead of a STUN message (RFC 8656, 12.4 and 12.5). */

import { Packet } from '../bytes/index.ts'
import { FIRST_CHANNEL, LAST_CHANNEL } from '../stun/index.ts'

export const CHANNEL_HEADER = 4
/** The most that one ChannelData message carries. */
export const MOST_CHANNEL_DATA = 0xffff

/** Whether a frame that came from the server begins as ChannelData does. STUN messages begin with 0 to 3. */
export const isChannelData = (frame: Uint8Array): boolean => frame[0]! >> 4 === FIRST_CHANNEL >> 12

/**
 * Puts the header before the data, in place where the packet has room for it, and pads where that is asked for.
 * @param padded Over a stream, to a multiple of four bytes, which the length does not count.
 * @returns The packet, or another one when it had no room (it is then released).
 */
export const writeChannelData = (packet: Packet, channel: number, padded: boolean): Packet => {
  const { length } = packet
  const padding = padded ? -length & 3 : 0
  let out = packet
  if (packet.start < CHANNEL_HEADER || packet.end + padding > packet.bytes.length) {
    const bytes = new Uint8Array(CHANNEL_HEADER + length + padding)
    bytes.set(packet.view(), CHANNEL_HEADER)
    packet.release()
    out = new Packet(bytes, CHANNEL_HEADER, CHANNEL_HEADER + length)
  }
  const { bytes } = out
  const at = out.start - CHANNEL_HEADER
  bytes[at] = channel >>> 8
  bytes[at + 1] = channel
  bytes[at + 2] = length >>> 8
  bytes[at + 3] = length
  for (let i = 0; i < padding; i++) bytes[out.end + i] = 0
  out.start = at
  out.end += padding
  return out
}

/** The channel of a ChannelData message, or -1 when it is none or shorter than it says. */
export const channelOf = (frame: Uint8Array): number => {
  if (frame.length < CHANNEL_HEADER) return -1
  const channel = (frame[0]! << 8) | frame[1]!
  if (channel < FIRST_CHANNEL || channel > LAST_CHANNEL) return -1
  return dataLength(frame) > frame.length - CHANNEL_HEADER ? -1 : channel
}

/** The data of a message that `channelOf` has accepted: a view, without padding. */
export const channelData = (frame: Uint8Array): Uint8Array =>
  frame.subarray(CHANNEL_HEADER, CHANNEL_HEADER + dataLength(frame))

const dataLength = (frame: Uint8Array): number => (frame[2]! << 8) | frame[3]!
