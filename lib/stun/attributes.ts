/**
 * STUN attributes: their numbers and the codecs of their values (RFC 8489, 14; RFC 8445, 16.1; RFC 8656, 18).
 *
 * Each writer returns an attribute for `encodeStun`; each reader takes the value that `StunMessage.find` found and
 * returns undefined when it is malformed.
 */

import { fromUtf8, Reader, utf8, Writer } from '../bytes/index.ts'
import { addressBytes, addressText } from './address.ts'

export interface StunAttribute {
  readonly type: number
  /** Without padding. */
  readonly value: Uint8Array
}

/** Attribute types (IANA "STUN Attributes"). Below 0x8000 the receiver must understand them. */
export const Attribute = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  channelNumber: 0x000c,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  xorRelayedAddress: 0x0016,
  requestedAddressFamily: 0x0017,
  requestedTransport: 0x0019,
  messageIntegritySha256: 0x001c,
  passwordAlgorithm: 0x001d,
  userhash: 0x001e,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  passwordAlgorithms: 0x8002,
  alternateDomain: 0x8003,
  software: 0x8022,
  alternateServer: 0x8023,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
} as const

/** A transport address. */
export interface StunAddress {
  /** Canonical text. */
  readonly address: string
  readonly port: number
}

/** The longest USERNAME in bytes (RFC 8489, 14.3), and of the other texts (763, RFC 8489, 14.8 to 14.14). */
const LONGEST_USERNAME = 508
const LONGEST_TEXT = 763
const COOKIE = Uint8Array.of(0x21, 0x12, 0xa4, 0x42)

const text = (type: number, value: string): StunAttribute => ({ type, value: utf8(value) })
export const username = (value: string): StunAttribute => text(Attribute.username, value)
export const realm = (value: string): StunAttribute => text(Attribute.realm, value)
export const nonce = (value: string): StunAttribute => text(Attribute.nonce, value)
export const software = (value: string): StunAttribute => text(Attribute.software, value)

/** The text of USERNAME, or undefined when it is longer than the RFC allows. */
export const readUsername = (value: Uint8Array): string | undefined =>
  value.length > LONGEST_USERNAME ? undefined : fromUtf8(value)

/** The text of REALM, NONCE or SOFTWARE, or undefined when it is longer than the RFC allows. */
export const readText = (value: Uint8Array): string | undefined =>
  value.length > LONGEST_TEXT ? undefined : fromUtf8(value)

/** The priority of the candidate that a check might discover, 1 to 2^31 - 1 (RFC 8445, 7.1.1). */
export const priority = (value: number): StunAttribute => ({
  type: Attribute.priority,
  value: new Writer(4).u32(value).finish(),
})

/** PRIORITY, or any value of 32 bits. */
export const readU32 = (value: Uint8Array): number | undefined =>
  value.length === 4 ? new Reader(value).u32() : undefined

export const useCandidate = (): StunAttribute => ({ type: Attribute.useCandidate, value: new Uint8Array(0) })

const tieBreaker = (type: number, value: bigint): StunAttribute => ({ type, value: new Writer(8).u64(value).finish() })
/** `value` is the tie-breaker, 64 bits. */
export const iceControlled = (value: bigint): StunAttribute => tieBreaker(Attribute.iceControlled, value)
export const iceControlling = (value: bigint): StunAttribute => tieBreaker(Attribute.iceControlling, value)

/** The tie-breaker of ICE-CONTROLLED or ICE-CONTROLLING. */
export const readTieBreaker = (value: Uint8Array): bigint | undefined =>
  value.length === 8 ? new Reader(value).u64() : undefined

/** XORs an address value with the magic cookie and, for IPv6, the transaction id (RFC 8489, 14.2). Its own inverse. */
const xored = (value: Uint8Array, transactionId: Uint8Array): Uint8Array => {
  const out = value.slice()
  out[2]! ^= COOKIE[0]!
  out[3]! ^= COOKIE[1]!
  for (let i = 4; i < out.length; i++) out[i]! ^= i < 8 ? COOKIE[i - 4]! : transactionId[i - 8]!
  return out
}

const addressValue = ({ address, port }: StunAddress): Uint8Array => {
  const bytes = addressBytes(address)
  if (bytes === undefined) throw new TypeError(`not an IP address: ${address}`)
  return new Writer(20)
    .u8(0)
    .u8(bytes.length === 4 ? 1 : 2)
    .u16(port)
    .bytes(bytes)
    .finish()
}

/** An attribute with a plain address: MAPPED-ADDRESS, ALTERNATE-SERVER. Throws a TypeError for what is no address. */
export const plainAddress = (type: number, address: StunAddress): StunAttribute => ({
  type,
  value: addressValue(address),
})

/** An attribute with an XORed address: XOR-MAPPED-ADDRESS, XOR-PEER-ADDRESS, XOR-RELAYED-ADDRESS. Throws likewise. */
export const xorAddress = (type: number, address: StunAddress, transactionId: Uint8Array): StunAttribute => ({
  type,
  value: xored(addressValue(address), transactionId),
})

export const readAddress = (value: Uint8Array): StunAddress | undefined => {
  const length = value[1] === 1 ? 8 : value[1] === 2 ? 20 : -1
  if (value.length !== length) return undefined
  const address = addressText(value.subarray(4))
  return address === undefined ? undefined : { address, port: (value[2]! << 8) | value[3]! }
}

export const readXorAddress = (value: Uint8Array, transactionId: Uint8Array): StunAddress | undefined =>
  value.length === 8 || value.length === 20 ? readAddress(xored(value, transactionId)) : undefined

/** `code` is 300 to 699. */
export const errorCode = (code: number, reason: string): StunAttribute => ({
  type: Attribute.errorCode,
  value: new Writer(4 + reason.length)
    .u16(0)
    .u8(Math.floor(code / 100))
    .u8(code % 100)
    .bytes(utf8(reason))
    .finish(),
})

export const readErrorCode = (value: Uint8Array): { code: number; reason: string } | undefined => {
  if (value.length < 4 || value.length > 4 + LONGEST_TEXT) return undefined
  const hundreds = value[2]! & 7
  const number = value[3]!
  if (hundreds < 3 || hundreds > 6 || number > 99) return undefined
  return { code: hundreds * 100 + number, reason: fromUtf8(value.subarray(4)) }
}

export const unknownAttributes = (types: readonly number[]): StunAttribute => {
  const writer = new Writer(2 * types.length)
  for (const type of types) writer.u16(type)
  return { type: Attribute.unknownAttributes, value: writer.finish() }
}

export const readUnknownAttributes = (value: Uint8Array): number[] | undefined => {
  if (value.length % 2 !== 0) return undefined
  const reader = new Reader(value)
  const types: number[] = []
  while (reader.remaining > 0) types.push(reader.u16())
  return types
}

/** At most this many are listed in a 420 response. */
const MOST_UNKNOWN = 16

/** The comprehension-required attributes (below 0x8000) that are not in `known`: a reason for a 420 response. */
export const unknownRequired = (attributes: readonly StunAttribute[], known: ReadonlySet<number>): number[] => {
  const types: number[] = []
  for (const { type } of attributes)
    if (type < 0x8000 && !known.has(type) && !types.includes(type) && types.length < MOST_UNKNOWN) types.push(type)
  return types
}
