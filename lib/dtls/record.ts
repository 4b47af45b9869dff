/**
 * The DTLS record as it stands before encryption (RFC 6347, 4.1; RFC 9147, 4): its header, and what protects one epoch's records.
 *
 *   type (1)  version (2)  epoch (2)  sequence_number (6)  length (2)  fragment (length)
 *
 * Each version brings its own `RecordSealer` and `RecordOpener` for the epochs that have keys; epoch 0 has none, in all.
 */

import { Packet } from '../bytes/index.ts'

export const ContentType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23, ack: 26 } as const

/** Whether records of that type belong to the protocol's own exchange, protected as they may be in DTLS 1.3. */
export const isExchange = (type: number): boolean =>
  type === ContentType.handshake || type === ContentType.alert || type === ContentType.ack

/** Versions are one's complement: a higher version has a lower number (RFC 6347, 4.1). */
export const Version = { dtls10: 0xfeff, dtls12: 0xfefd, dtls13: 0xfefc } as const

/** Bytes of a DTLSPlaintext or DTLSCiphertext header. */
export const RECORD_HEADER = 13
/** The largest plaintext fragment (RFC 5246, 6.2.1). */
export const MAX_PLAINTEXT = 1 << 14
/** How much longer a protected fragment may be (RFC 5246, 6.2.3). */
export const MAX_EXPANSION = 2048
/** Sequence numbers are below this and never wrap (RFC 6347, 4.1). */
export const SEQUENCE_LIMIT = 2 ** 48

/** `RecordOpener.open` found that the record is not the peer's. */
export const FORGED = -1
/** `RecordOpener.open` found that the record came before, or is too old to tell. */
export const REPLAYED = -2

/** The write side of one epoch: puts a record around bytes in place. */
export interface RecordSealer {
  readonly epoch: number
  /** Bytes in front of the content: the header, and an explicit nonce where there is one. */
  readonly before: number
  /** Bytes behind the content: the tag. */
  readonly after: number
  /** The sequence number of the record that is sealed next. */
  readonly sequence: number
  /** Whether the sequence numbers are used up, or all that the key may protect; nothing may be sealed then. */
  readonly exhausted: boolean
  /**
   * Whether the key has protected so many records that another should take its place soon (RFC 8446, 5.5; RFC 9147,
   * 4.5.3). Always false where there is no way to another: epoch 0 and DTLS 1.2.
   */
  readonly worn: boolean
  /**
   * Makes a record of `bytes[start, end)`: writes `before` bytes in front of it and `after` bytes behind it.
   * @returns The end of the record.
   */
  seal(type: number, bytes: Uint8Array, start: number, end: number): number
}

/** The read side of one epoch. */
export interface RecordOpener {
  readonly epoch: number
  /** Of the record opened last: what it holds, where its content begins, and its sequence number. */
  readonly type: number
  readonly start: number
  readonly sequence: number
  /**
   * Verifies and decrypts the record `bytes[at, end)`, header included, in place.
   * @returns The end of the content, or `FORGED` or `REPLAYED`.
   */
  open(bytes: Uint8Array, at: number, end: number): number
}

/** Writes a record header at `at`. */
export const writeRecordHeader = (
  bytes: Uint8Array,
  at: number,
  type: number,
  version: number,
  epoch: number,
  sequence: number,
  length: number,
): void => {
  const high = Math.floor(sequence / 0x1_0000_0000)
  bytes[at] = type
  bytes[at + 1] = version >>> 8
  bytes[at + 2] = version
  bytes[at + 3] = epoch >>> 8
  bytes[at + 4] = epoch
  bytes[at + 5] = high >>> 8
  bytes[at + 6] = high
  bytes[at + 7] = sequence >>> 24
  bytes[at + 8] = sequence >>> 16
  bytes[at + 9] = sequence >>> 8
  bytes[at + 10] = sequence
  bytes[at + 11] = length >>> 8
  bytes[at + 12] = length
}

/** The sequence number in the record header at `at`. */
export const recordSequence = (bytes: Uint8Array, at: number): number =>
  ((bytes[at + 5]! << 8) | bytes[at + 6]!) * 0x1_0000_0000 +
  (((bytes[at + 7]! << 24) | (bytes[at + 8]! << 16) | (bytes[at + 9]! << 8) | bytes[at + 10]!) >>> 0)

/** Epoch 0: records without protection. */
export class PlaintextSealer implements RecordSealer {
  readonly epoch = 0
  readonly before = RECORD_HEADER
  readonly after = 0
  /** The version that the records carry: DTLS 1.0 until one is agreed on, for old peers' sake (RFC 6347, 4.2.1). */
  version: number = Version.dtls10
  sequence = 0
  readonly worn = false

  get exhausted(): boolean {
    return this.sequence >= SEQUENCE_LIMIT
  }

  seal(type: number, bytes: Uint8Array, start: number, end: number): number {
    writeRecordHeader(bytes, start - RECORD_HEADER, type, this.version, 0, this.sequence++, end - start)
    return end
  }
}

/** A datagram with one record in it. */
export const sealedPacket = (sealer: RecordSealer, type: number, content: Uint8Array): Packet => {
  const packet = Packet.copy(content)
  packet.end = sealer.seal(type, packet.bytes, packet.start, packet.end)
  packet.start -= sealer.before
  return packet
}
