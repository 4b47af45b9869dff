/** Header extensions alone: what an element has that is put, and what is read of an element within other bytes. */

import { ExtensionWriter, RtpPacket, writeRtpHeader } from 'purertc/rtp'
import type { Test } from 'tap'
import { fromHex, hex, Packet } from '../../lib/bytes/index.ts'

/** The element 5 that `write` puts; undefined where it does not. */
export const put = (write: (writer: ExtensionWriter) => boolean, mixed = true): string | undefined => {
  const writer = new ExtensionWriter()
  writer.mixed = mixed
  if (!write(writer)) return undefined
  const out = new Packet(new Uint8Array(600), 0, 0)
  writeRtpHeader(out, { marker: false, payloadType: 0, sequenceNumber: 0, timestamp: 0, ssrc: 0 }, writer)
  const packet = new RtpPacket()
  if (!packet.parse(out.view()) || !packet.findExtension(5)) return undefined
  return hex(packet.bytes.subarray(packet.extensionStart, packet.extensionEnd))
}

/** Reads an element that lies within other bytes. */
export const get = <T>(read: (bytes: Uint8Array, start: number, end: number) => T, element: string): T => {
  const bytes = fromHex(`ffff${element}ffff`)!
  return read(bytes, 2, bytes.length - 2)
}

/** Undefined is what is read of elements of these lengths. */
export const refuses = (
  t: Test,
  read: (bytes: Uint8Array, start: number, end: number) => unknown,
  lengths: readonly number[],
): void => {
  for (const length of lengths) t.equal(get(read, '01'.repeat(length)), undefined, `${length} bytes`)
}
