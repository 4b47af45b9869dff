/** What the bench asks of an implementation of SRTP: batches of packets that are protected, then opened again. */

/** Bytes of a packet, its header included. */
export const LENGTH = 1200
export const HEADER = 12
export const SSRC = 0xcafebabe
/** Packets that are protected before they are opened. */
export const BATCH = 1024

export interface Protector {
  /** Makes the packets of a batch ready: not timed. */
  prepare(): void
  protect(): void
  /** Makes what was protected ready to be opened: not timed. */
  turn(): void
  /** @returns How many were not opened as they should. */
  unprotect(): number
}

/** Payloads whose bytes differ. */
export const payloadByte = (i: number): number => (i * 31) & 0xff
