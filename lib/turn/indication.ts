/**
 * Send and Data indications (RFC 8656, 11): data and the peer's address in a STUN message, for peers without a channel.
 *
 * The Send indication is written around the data in place: header, XOR-PEER-ADDRESS and the head of DATA take 36 bytes
 * for IPv4 and all 48 of a packet's headroom for IPv6.
 */

import { Packet } from '../bytes/index.ts'
import type { Random } from '../machine/index.ts'
import {
  Attribute,
  HEADER_LENGTH,
  MAGIC_COOKIE,
  Method,
  readXorAddress,
  type StunAddress,
  type StunMessage,
  TRANSACTION_ID_LENGTH,
} from '../stun/index.ts'

/** The class bits of an indication (RFC 8489, 5). */
const INDICATION = 0x0010
const ATTRIBUTE_HEADER = 4

/** The most data that fits into a message beside the other attributes. */
export const MOST_INDICATED_DATA = 0xffff - 32

/** Ids drawn at a time: to ask the platform for each packet would cost more than all the rest. */
const IDS_AT_A_TIME = 64

/** Transaction ids of indications: random as all are, drawn in advance. Nobody answers them. */
export class IndicationIds {
  readonly #random: Random
  readonly #ids = new Uint8Array(IDS_AT_A_TIME * TRANSACTION_ID_LENGTH)
  #at = this.#ids.length

  constructor(random: Random) {
    this.#random = random
  }

  /** Writes the next id at `start`. */
  write(bytes: Uint8Array, start: number): void {
    const ids = this.#ids
    if (this.#at === ids.length) {
      this.#random.fill(ids)
      this.#at = 0
    }
    for (let i = 0; i < TRANSACTION_ID_LENGTH; i++) bytes[start + i] = ids[this.#at + i]!
    this.#at += TRANSACTION_ID_LENGTH
  }
}

/** Whom the data is for: an address of 4 or 16 bytes, and a port. */
export interface IndicationPeer {
  readonly bytes: Uint8Array
  readonly port: number
}

/**
 * Makes a Send indication of a packet.
 * @returns The packet, or another one when it had not enough room (it is then released).
 */
export const writeSendIndication = (packet: Packet, peer: IndicationPeer, ids: IndicationIds): Packet => {
  const { length } = packet
  const address = peer.bytes
  const addressLength = 4 + address.length
  const head = HEADER_LENGTH + ATTRIBUTE_HEADER + addressLength + ATTRIBUTE_HEADER
  const padding = -length & 3
  let out = packet
  if (packet.start < head || packet.end + padding > packet.bytes.length) {
    const bytes = new Uint8Array(head + length + padding)
    bytes.set(packet.view(), head)
    packet.release()
    out = new Packet(bytes, head, head + length)
  }
  const { bytes } = out
  const start = out.start - head
  put16(bytes, start, Method.send | INDICATION)
  put16(bytes, start + 2, head - HEADER_LENGTH + length + padding)
  put16(bytes, start + 4, MAGIC_COOKIE >>> 16)
  put16(bytes, start + 6, MAGIC_COOKIE & 0xffff)
  ids.write(bytes, start + 8)
  let at = start + HEADER_LENGTH
  put16(bytes, at, Attribute.xorPeerAddress)
  put16(bytes, at + 2, addressLength)
  put16(bytes, at + 4, address.length === 4 ? 1 : 2)
  put16(bytes, at + 6, peer.port ^ (MAGIC_COOKIE >>> 16))
  at += 8
  // XORed with the magic cookie and what follows it, the transaction id (RFC 8489, 14.2).
  for (let i = 0; i < address.length; i++) bytes[at + i] = address[i]! ^ bytes[start + 4 + i]!
  at += address.length
  put16(bytes, at, Attribute.data)
  put16(bytes, at + 2, length)
  for (let i = 0; i < padding; i++) bytes[out.end + i] = 0
  out.start = start
  out.end += padding
  return out
}

/** The peer that a Data indication names, or undefined when it names none. */
export const indicatedPeer = (message: StunMessage): StunAddress | undefined => {
  const value = message.find(Attribute.xorPeerAddress)
  return value && readXorAddress(value, message.transactionId)
}

const put16 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}
