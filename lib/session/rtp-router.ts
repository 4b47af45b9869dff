/**
 * Whom a packet of a stream that is not known yet is for, on one transport (RFC 9143, 9.2): the m-section that its MID
 * names; else the one whose description names its SSRC; else the only one that has its payload type.
 */

import { utf8 } from '../bytes/index.ts'
import type { RtpPacket } from '../rtp/index.ts'

/** What an m-section shows of the packets that are for it. */
export interface Route<T> {
  readonly target: T
  readonly mid: string
  readonly payloadTypes: readonly number[]
  /** Of the peer's description (RFC 5576). */
  readonly ssrcs: readonly number[]
}

/** How long a MID may be: more than that is not looked at. RFC 8843 has none, a one-byte element carries 16. */
const LONGEST_MID = 64

interface Entry<T> {
  readonly target: T
  readonly mid: Uint8Array
}

export class RtpRouter<T> {
  #midExtension = 0
  #mids: readonly Entry<T>[] = []
  #ssrcs: ReadonlyMap<number, T> = new Map()
  /** By payload type; null where more than one m-section has it. */
  #payloadTypes: readonly (T | null | undefined)[] = []

  /** @param midExtension The id of the MID header extension on this transport; 0 where it was not agreed on. */
  configure(routes: readonly Route<T>[], midExtension: number): void {
    this.#midExtension = midExtension
    this.#mids = routes.map(({ target, mid }) => ({ target, mid: utf8(mid) }))
    this.#ssrcs = new Map(routes.flatMap(({ target, ssrcs }) => ssrcs.map(ssrc => [ssrc, target] as const)))
    const byType: (T | null | undefined)[] = Array.from({ length: 128 })
    for (const { target, payloadTypes } of routes) {
      for (const payloadType of payloadTypes) {
        const other = byType[payloadType]
        byType[payloadType] = other === undefined || other === target ? target : null
      }
    }
    this.#payloadTypes = byType
  }

  /** Undefined for a packet that no m-section is known to want: it may come before the description that says so. */
  find(packet: RtpPacket): T | undefined {
    if (this.#midExtension !== 0 && packet.findExtension(this.#midExtension)) return this.#byMid(packet)
    return this.#ssrcs.get(packet.ssrc) ?? this.#payloadTypes[packet.payloadType] ?? undefined
  }

  #byMid({ bytes, extensionStart, extensionEnd }: RtpPacket): T | undefined {
    const length = extensionEnd - extensionStart
    if (length > LONGEST_MID) return undefined
    for (const { mid, target } of this.#mids) {
      if (mid.length !== length) continue
      let at = 0
      while (at < length && mid[at] === bytes[extensionStart + at]) at++
      if (at === length) return target
    }
    return undefined
  }
}
