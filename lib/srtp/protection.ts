/** What protects the packets of one stream under one key: the transforms of RFC 3711 and RFC 7714 behind one shape. */

import type { RtpHeader } from './header.ts'

export interface Protection {
  /**
   * Encrypts `bytes[header.textStart, end)` in place, and the contributing sources if they are hidden; authenticates it with
   * what stands in front of it from `start` on, and writes the tag behind (there must be room).
   * @returns The end of the tag.
   */
  seal(bytes: Uint8Array, start: number, header: RtpHeader, end: number, index: number): number
  /**
   * Verifies and decrypts in place; nothing is changed unless the tag is right.
   * @returns The end of the payload; -1 when the packet is forged or too short.
   */
  open(bytes: Uint8Array, start: number, header: RtpHeader, end: number, index: number): number
}
