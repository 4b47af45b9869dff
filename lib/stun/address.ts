/**
 * IP addresses as text and as bytes: the one canonical text (dotted quad; RFC 5952 for IPv6) by which addresses are
 * compared everywhere else, and the attributes that carry a transport address, plain (RFC 8489, 14.1 and 14.15) or XORed
 * with the magic cookie and the transaction id (14.2), so that no NAT finds its own address in them and rewrites it.
 */

import ipaddr from 'ipaddr.js'
import { Writer } from '../bytes/index.ts'
import type { StunAttribute } from './attributes.ts'

/** Four bytes of a dotted quad or sixteen of IPv6 (a zone is left out), or undefined when the text is neither. */
export const addressBytes = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  // Only four decimal parts: `127.1` and `0x7f000001` are addresses to inet_aton, not to any of our grammars.
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return Uint8Array.from(ipaddr.IPv4.parse(text).toByteArray())
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined
  return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray())
}

/** The canonical text of four or sixteen bytes; undefined for any other length. */
export const addressText = (bytes: Uint8Array): string | undefined => {
  if (bytes.length === 4) return new ipaddr.IPv4([...bytes]).toString()
  if (bytes.length === 16) return new ipaddr.IPv6([...bytes]).toRFC5952String()
  return undefined
}

/** The canonical text of an address, or undefined when `text` is none (a host name, an address with a zone). */
export const canonicalAddress = (text: string): string | undefined => {
  const bytes = text.includes('%') ? undefined : addressBytes(text)
  return bytes === undefined ? undefined : addressText(bytes)
}

/** A transport address. */
export interface StunAddress {
  /** Canonical text. */
  readonly address: string
  readonly port: number
}

/** The version of IP. */
export type AddressFamily = 4 | 6

const COOKIE = Uint8Array.of(0x21, 0x12, 0xa4, 0x42)

/** The family of an address in canonical text. */
export const addressFamily = (address: string): AddressFamily => (address.includes(':') ? 6 : 4)

/** The number by which STUN names a family (RFC 8489, 14.1). */
export const familyNumber = (family: AddressFamily): number => (family === 4 ? 1 : 2)

/** The family that a number of STUN names, or undefined for any other than 1 and 2. */
export const familyOf = (number: number | undefined): AddressFamily | undefined =>
  number === 1 ? 4 : number === 2 ? 6 : undefined

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
    .u8(familyNumber(bytes.length === 4 ? 4 : 6))
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
