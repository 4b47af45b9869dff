/** Payloads of a frame, whole and kept: what a packetizer gives in ranges. */

import type { FrameToPacketize, Packetizer } from 'purertc/rtp'

export interface CutPayload {
  readonly bytes: Uint8Array
  readonly last: boolean
}

export const cut = (packetizer: Packetizer, frame: FrameToPacketize, limit: number): CutPayload[] => {
  const payloads: CutPayload[] = []
  const count = packetizer.packetize(frame, limit, (header, headerLength, body, start, end, last) => {
    const bytes = new Uint8Array(headerLength + end - start)
    bytes.set(header.subarray(0, headerLength))
    bytes.set(body.subarray(start, end), headerLength)
    payloads.push({ bytes, last })
  })
  if (count !== payloads.length) throw new Error(`${payloads.length} payloads, ${count} told`)
  return payloads
}

export const bytesOf = (payloads: readonly CutPayload[]): Uint8Array[] => payloads.map(({ bytes }) => bytes)

/** NAL units with start codes of four bytes. */
export const annexB = (...units: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(units.flatMap(unit => [0, 0, 0, 1, ...unit]))

/** Content of so many bytes that holds no start code. */
export const filling = (length: number, seed = 1): number[] =>
  Array.from({ length }, (_, index) => 1 + ((index * 31 + seed * 17) % 251))
