/**
 * Domain names: their wire form with compression (RFC 1035, 3.1 and 4.1.4), and the names that hide an address
 * (draft-ietf-mmusic-mdns-ice-candidates-03, 3.1.1): a version 4 UUID followed by `.local`.
 */

import type { Reader, Writer } from '../bytes/index.ts'
import { hex } from '../bytes/index.ts'
import { type Random, randomBytes } from '../machine/index.ts'

/** Bytes of a name with all of its length bytes (RFC 1035, 2.3.4). */
const LONGEST_NAME = 255
const LONGEST_LABEL = 63
/** Jumps in one name. Two are usual; each goes backwards, so that this bounds work, not loops. */
const MOST_JUMPS = 16
/** Bytes of a message's header, where no name can be. */
const HEADER = 12

const CONCEALING = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12,39}\.local$/

/** A fresh name that hides an address, in lower case: 36 characters of UUID (RFC 9562, 5.4) and `.local`. */
export const concealingName = (random: Random): string => {
  const bytes = randomBytes(random, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const text = hex(bytes)
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}.local`
}

/**
 * Whether a name has the form of one that hides an address. Others are not to be resolved for ICE: a peer could have us
 * send checks to devices with well-known names (draft, 3.2.2). Of a UUID's version nothing is asked, and it may have more
 * digits than 12 at its end, up to a label's 63 bytes: Safari's sometimes do.
 */
export const isConcealingName = (name: string): boolean => CONCEALING.test(name.toLowerCase())

/** What counts as one name: the case of ASCII letters does not (RFC 6762, 16). */
export const canonicalName = (name: string): string => name.toLowerCase()

/** Letters, digits, hyphen and underscore, letters as lower case; 0 for every other byte. */
const HOST_BYTES = new Uint8Array(256)
for (const character of 'abcdefghijklmnopqrstuvwxyz0123456789-_') {
  HOST_BYTES[character.charCodeAt(0)] = character.charCodeAt(0)
  HOST_BYTES[character.toUpperCase().charCodeAt(0)] = character.charCodeAt(0)
}

/**
 * Reads a name, following compression pointers, and leaves `reader` behind it. `reader.bytes` must be the whole message,
 * since pointers count from its beginning.
 *
 * Returns the name in lower case without a trailing dot, or '' when it is well-formed but none that a host here can have
 * (the root, or a service's name with spaces or UTF-8). A name that is not well-formed sets `reader.failed`: a label
 * type that does not exist, more than 255 bytes, a pointer that does not lead back.
 */
export const readName = (reader: Reader): string => {
  const { bytes, end } = reader
  let name = ''
  let host = true
  let length = 0
  let jumps = 0
  let at = reader.position
  /** Where this run of labels began: a pointer must lead to before it, so that no loop can be. */
  let run = at
  for (;;) {
    const head = at < end ? bytes[at]! : 0xff
    if (head === 0) break
    if (head >= 0xc0) {
      const target = at + 1 < end ? ((head & 0x3f) << 8) | bytes[at + 1]! : end
      if (target >= run || target < HEADER || jumps++ === MOST_JUMPS) {
        reader.failed = true
        return ''
      }
      if (jumps === 1) reader.skip(at + 2 - reader.position)
      at = run = target
      continue
    }
    length += 1 + head
    if (head > LONGEST_LABEL || length >= LONGEST_NAME || at + 1 + head > end) {
      reader.failed = true
      return ''
    }
    if (name !== '') name += '.'
    for (let i = at + 1; i <= at + head; i++) {
      const byte = HOST_BYTES[bytes[i]!]!
      if (byte === 0) host = false
      if (host) name += String.fromCharCode(byte)
    }
    at += 1 + head
  }
  if (jumps === 0) reader.skip(at + 1 - reader.position)
  return host ? name : ''
}

/**
 * Appends a name. `offsets` are where names of this message are already, from its beginning; one of them is pointed to,
 * any other is written and added.
 * @param name One that `isConcealingName` accepts, or any other of short ASCII labels.
 */
export const writeName = (writer: Writer, name: string, offsets: Map<string, number>): void => {
  const offset = offsets.get(name)
  if (offset !== undefined) {
    writer.u16(0xc000 | offset)
    return
  }
  if (writer.length < 0x4000) offsets.set(name, writer.length)
  for (const label of name.split('.')) {
    writer.u8(label.length)
    for (let i = 0; i < label.length; i++) writer.u8(label.charCodeAt(i))
  }
  writer.u8(0)
}
