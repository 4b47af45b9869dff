/**
 * STUN attributes: their numbers (IANA "STUN Attributes"), and the codecs of those that are text, numbers or flags
 * (RFC 8489, 14; RFC 8445, 16.1). Addresses, errors, credentials and TURN's own have files of their own.
 *
 * Each writer returns an attribute for `encodeStun`; each reader takes the value that `StunMessage.find` found and
 * returns undefined when it is malformed.
 */

import { fromUtf8, Reader, utf8, Writer } from '../bytes/index.ts'

export interface StunAttribute {
  readonly type: number
  /** Without padding. */
  readonly value: Uint8Array
}

/** Attribute types. Below 0x8000 the receiver must understand them. */
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
  evenPort: 0x0018,
  requestedTransport: 0x0019,
  dontFragment: 0x001a,
  messageIntegritySha256: 0x001c,
  passwordAlgorithm: 0x001d,
  userhash: 0x001e,
  xorMappedAddress: 0x0020,
  reservationToken: 0x0022,
  priority: 0x0024,
  useCandidate: 0x0025,
  additionalAddressFamily: 0x8000,
  addressErrorCode: 0x8001,
  passwordAlgorithms: 0x8002,
  alternateDomain: 0x8003,
  icmp: 0x8004,
  software: 0x8022,
  alternateServer: 0x8023,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
  /** Of renomination (draft-thatcher-ice-renomination): by this number libwebrtc sends it, though IANA gave it to another use. */
  nomination: 0xc001,
} as const

/** The longest USERNAME in bytes (RFC 8489, 14.3), and of the other texts (763, RFC 8489, 14.8 to 14.14). */
const LONGEST_USERNAME = 508
export const LONGEST_TEXT = 763
/** The longest ALTERNATE-DOMAIN: a domain name in text (RFC 8489, 14.16; RFC 1035, 2.3.4). */
const LONGEST_DOMAIN = 255

const text = (type: number, value: string): StunAttribute => ({ type, value: utf8(value) })
/** For long-term credentials, prepare the name with `opaqueString` first. */
export const username = (value: string): StunAttribute => text(Attribute.username, value)
export const realm = (value: string): StunAttribute => text(Attribute.realm, value)
export const nonce = (value: string): StunAttribute => text(Attribute.nonce, value)
export const software = (value: string): StunAttribute => text(Attribute.software, value)
/** The name that the certificate of an ALTERNATE-SERVER is to be checked against. */
export const alternateDomain = (value: string): StunAttribute => text(Attribute.alternateDomain, value)

/** The text of USERNAME, or undefined when it is longer than the RFC allows. */
export const readUsername = (value: Uint8Array): string | undefined =>
  value.length > LONGEST_USERNAME ? undefined : fromUtf8(value)

/** The text of REALM, NONCE or SOFTWARE, or undefined when it is longer than the RFC allows. */
export const readText = (value: Uint8Array): string | undefined =>
  value.length > LONGEST_TEXT ? undefined : fromUtf8(value)

/** The domain of ALTERNATE-DOMAIN, or undefined when it is empty or longer than a domain name can be. */
export const readAlternateDomain = (value: Uint8Array): string | undefined =>
  value.length === 0 || value.length > LONGEST_DOMAIN ? undefined : fromUtf8(value)

/** An attribute whose value is 32 bits. `value` is an unsigned number. */
export const u32Attribute = (type: number, value: number): StunAttribute => ({
  type,
  value: new Writer(4).u32(value).finish(),
})

/** PRIORITY, LIFETIME, NOMINATION, or any value of 32 bits. */
export const readU32 = (value: Uint8Array): number | undefined =>
  value.length === 4 ? new Reader(value).u32() : undefined

/** The priority of the candidate that a check might discover, 1 to 2^31 - 1 (RFC 8445, 7.1.1). */
export const priority = (value: number): StunAttribute => u32Attribute(Attribute.priority, value)

/** The order of nominations, a number that grows; its owner's peer takes the pair of the highest. */
export const nomination = (value: number): StunAttribute => u32Attribute(Attribute.nomination, value)

/** An attribute that says all by being there. */
export const flag = (type: number): StunAttribute => ({ type, value: new Uint8Array(0) })
export const useCandidate = (): StunAttribute => flag(Attribute.useCandidate)

const tieBreaker = (type: number, value: bigint): StunAttribute => ({ type, value: new Writer(8).u64(value).finish() })
/** `value` is the tie-breaker, 64 bits. */
export const iceControlled = (value: bigint): StunAttribute => tieBreaker(Attribute.iceControlled, value)
export const iceControlling = (value: bigint): StunAttribute => tieBreaker(Attribute.iceControlling, value)

/** The tie-breaker of ICE-CONTROLLED or ICE-CONTROLLING. */
export const readTieBreaker = (value: Uint8Array): bigint | undefined =>
  value.length === 8 ? new Reader(value).u64() : undefined
