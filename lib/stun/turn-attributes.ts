/** The attributes of TURN (RFC 8656, 18), but for its addresses and ADDRESS-ERROR-CODE. */

import { Reader, Writer } from '../bytes/index.ts'
import { type AddressFamily, familyNumber, familyOf } from './address.ts'
import { Attribute, flag, type StunAttribute, u32Attribute } from './attributes.ts'

/** Channel numbers that may be bound (RFC 8656, 12). */
export const FIRST_CHANNEL = 0x4000
export const LAST_CHANNEL = 0x4fff

/** UDP in REQUESTED-TRANSPORT: a protocol number of IP. */
export const TRANSPORT_UDP = 17

/** Bytes of a RESERVATION-TOKEN. */
const TOKEN_LENGTH = 8

/** `number` in 32 bits, of which the upper sixteen are it. */
export const channelNumber = (number: number): StunAttribute => ({
  type: Attribute.channelNumber,
  value: new Writer(4).u16(number).u16(0).finish(),
})

/** A channel number, or undefined when it is none that may be bound. */
export const readChannelNumber = (value: Uint8Array): number | undefined => {
  if (value.length !== 4) return undefined
  const number = new Reader(value).u16()
  return number >= FIRST_CHANNEL && number <= LAST_CHANNEL ? number : undefined
}

/** How long an allocation is to last: seconds, 0 to end it. Read with `readU32`. */
export const lifetime = (seconds: number): StunAttribute => u32Attribute(Attribute.lifetime, seconds)

/** What goes to or comes from the peer. The bytes are not copied. */
export const data = (value: Uint8Array): StunAttribute => ({ type: Attribute.data, value })

/** `protocol` is UDP unless told otherwise (TCP is 6: RFC 6062). */
export const requestedTransport = (protocol: number = TRANSPORT_UDP): StunAttribute => ({
  type: Attribute.requestedTransport,
  value: new Writer(4).u8(protocol).zeros(3).finish(),
})

/** The protocol number of IP that is to be relayed. */
export const readRequestedTransport = (value: Uint8Array): number | undefined =>
  value.length === 4 ? value[0] : undefined

const family = (type: number, value: AddressFamily): StunAttribute => ({
  type,
  value: new Writer(4).u8(familyNumber(value)).zeros(3).finish(),
})
/** The family of the relayed address; IPv4 when left out. */
export const requestedAddressFamily = (value: AddressFamily): StunAttribute =>
  family(Attribute.requestedAddressFamily, value)
/** One more relayed address of this family: 6 is the only one that the RFC allows (RFC 8656, 18.11). */
export const additionalAddressFamily = (value: AddressFamily = 6): StunAttribute =>
  family(Attribute.additionalAddressFamily, value)

/** The family of REQUESTED-ADDRESS-FAMILY or ADDITIONAL-ADDRESS-FAMILY. */
export const readAddressFamily = (value: Uint8Array): AddressFamily | undefined =>
  value.length === 4 ? familyOf(value[0]) : undefined

/** The relayed port is to be even; with `reserve`, the next higher one is to be kept for a later request. */
export const evenPort = (reserve: boolean): StunAttribute => ({
  type: Attribute.evenPort,
  value: Uint8Array.of(reserve ? 0x80 : 0),
})

/** Whether the next port is to be reserved too. */
export const readEvenPort = (value: Uint8Array): boolean | undefined =>
  value.length === 1 ? (value[0]! & 0x80) !== 0 : undefined

/** The relayed datagrams are to have the DF bit set. */
export const dontFragment = (): StunAttribute => flag(Attribute.dontFragment)

/** Names a port that EVEN-PORT reserved. `token` is 8 bytes; a RangeError otherwise. */
export const reservationToken = (token: Uint8Array): StunAttribute => {
  if (token.length !== TOKEN_LENGTH) throw new RangeError('a RESERVATION-TOKEN is 8 bytes')
  return { type: Attribute.reservationToken, value: token }
}

/** The token, borrowed. */
export const readReservationToken = (value: Uint8Array): Uint8Array | undefined =>
  value.length === TOKEN_LENGTH ? value : undefined

/** An ICMP message that the server had for what it relayed (RFC 8656, 18.13). */
export interface IcmpError {
  /** 0 to 127: the error messages of ICMP and ICMPv6 are all below. Its meaning depends on the peer's family. */
  readonly type: number
  /** 0 to 511. */
  readonly code: number
  /** Of a "packet too big" (ICMPv6 2, ICMPv4 3 with code 4): the MTU of the next hop in bytes. 0 for all others. */
  readonly data: number
}

/** Seven bits of type and nine of code, as the figure of RFC 8656, 18.13 draws them. */
export const icmp = (error: IcmpError): StunAttribute => ({
  type: Attribute.icmp,
  value: new Writer(8)
    .u16(0)
    .u16((error.type << 9) | error.code)
    .u32(error.data)
    .finish(),
})

export const readIcmp = (value: Uint8Array): IcmpError | undefined => {
  if (value.length !== 8) return undefined
  const reader = new Reader(value, 2)
  const both = reader.u16()
  return { type: both >> 9, code: both & 0x1ff, data: reader.u32() }
}
