/**
 * Cryptex (RFC 9335): contributing sources and the data of the header extension are encrypted with the payload, and the
 * extension says so. Its own header of four bytes stays in the clear.
 */

import type { Packet } from '../bytes/index.ts'
import type { RtpHeader } from './header.ts'
import { extensionProfile, ONE_BYTE, TWO_BYTE } from './header-encryption.ts'

const EXTENSION_HEADER = 4
/** What stands for the two forms of RFC 8285 (RFC 9335, 5.1). */
const HIDDEN_ONE_BYTE = 0xc0de
const HIDDEN_TWO_BYTE = 0xc2de

const setProfile = (bytes: Uint8Array, { extensionAt }: RtpHeader, profile: number): void => {
  bytes[extensionAt] = profile >> 8
  bytes[extensionAt + 1] = profile
}

const hide = (header: RtpHeader): void => {
  header.textStart = header.extensionAt + EXTENSION_HEADER
  header.hiddenSources = header.sources
}

/** Puts an empty extension behind the contributing sources, which could not be told to be encrypted otherwise (5.1). */
const addExtension = (packet: Packet, header: RtpHeader, room: number): boolean => {
  const { bytes, start, end } = packet
  if (start >= EXTENSION_HEADER) {
    bytes.copyWithin(start - EXTENSION_HEADER, start, header.end)
    packet.start = start - EXTENSION_HEADER
  } else {
    if (bytes.length - end < EXTENSION_HEADER + room) return false
    bytes.copyWithin(header.end + EXTENSION_HEADER, header.end, end)
    packet.end = end + EXTENSION_HEADER
    header.end += EXTENSION_HEADER
  }
  bytes[packet.start]! |= 0x10
  header.extensionAt = header.end - EXTENSION_HEADER
  setProfile(bytes, header, HIDDEN_ONE_BYTE)
  bytes[header.extensionAt + 2] = 0
  bytes[header.extensionAt + 3] = 0
  return true
}

/**
 * Has a packet's header encrypted with its payload, as far as there is something to hide.
 * @param room Bytes that must be left behind the packet.
 * @returns False when its extension has none of the forms that can be hidden, or there is no room.
 */
export const hideHeader = (packet: Packet, header: RtpHeader, room: number): boolean => {
  if (header.extensionAt < 0) {
    if (header.sources === 0) return true
    if (!addExtension(packet, header, room)) return false
  } else {
    const profile = extensionProfile(packet.bytes, header)
    if (profile !== ONE_BYTE && profile !== TWO_BYTE) return false
    setProfile(packet.bytes, header, profile === ONE_BYTE ? HIDDEN_ONE_BYTE : HIDDEN_TWO_BYTE)
  }
  hide(header)
  return true
}

/** Whether a packet that came in has its header encrypted; if so, that is how it is opened. */
export const isHidden = (bytes: Uint8Array, header: RtpHeader): boolean => {
  if (header.extensionAt < 0) return false
  const profile = extensionProfile(bytes, header)
  if (profile !== HIDDEN_ONE_BYTE && profile !== HIDDEN_TWO_BYTE) return false
  hide(header)
  return true
}

/** Once it was opened: the extension has its usual form again (5.2). */
export const showHeader = (bytes: Uint8Array, header: RtpHeader): void =>
  setProfile(bytes, header, extensionProfile(bytes, header) === HIDDEN_ONE_BYTE ? ONE_BYTE : TWO_BYTE)
