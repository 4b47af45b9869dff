/**
 * How large the datagrams of a path may be (RFC 8899; RFC 8831, 5): what they begin with, and up to what is tried.
 *
 * A socket of Node's cannot forbid fragmentation, so that a larger datagram than a link carries may arrive all the same, in
 * fragments of which each can be lost. So nothing is tried beyond what an Ethernet carries, but towards an address of this
 * host, where no link is, and over TCP, which has no datagrams of its own; and there too only what the peer says it takes:
 * libwebrtc's DTLS reads datagrams of at most 2,048 bytes and ends at a larger one, so that a mere trial ends the connection.
 */

import type { CandidatePair } from '../ice/index.ts'

/** Bytes of UDP payload in 1,500 of an Ethernet: less the headers of IP and UDP (RFC 791, RFC 8200, RFC 768). */
const ETHERNET = { 4: 1500 - 20 - 8, 6: 1500 - 40 - 8 } as const
/** Bytes, where no link bounds them: a record of DTLS has as many, and 65,535 would be the most of UDP and RFC 4571. */
const LOCAL = 16_384
/** What we take, in bytes of UDP payload, as our descriptions say: sockets and streams bear more, records have no more. */
export const LARGEST_DATAGRAM = LOCAL
/** Send and Data indications (RFC 8656, 11): header, XOR-PEER-ADDRESS, head of DATA, padding. */
const INDICATION = { 4: 20 + 12 + 4 + 3, 6: 20 + 24 + 4 + 3 } as const

/** Bytes of UDP payload. */
export interface DatagramSizes {
  /** Taken to get through without trial. */
  readonly base: number
  /** Tried at most; no larger than `base` when nothing is to be tried. */
  readonly largest: number
}

const familyOf = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4)

/** Of canonical text: what never leaves the host (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3). */
const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1'

/** The most that a leg to or from a relay carries of a peer's datagram, with the address of that peer in it. */
const relayedLeg = (family: 4 | 6, peer: 4 | 6): number => ETHERNET[family] - INDICATION[peer]

/**
 * The largest datagram worth trying on a pair, in bytes of UDP payload.
 * @param isOwn Whether an address is one of this host's.
 */
export const datagramCeiling = (pair: CandidatePair, isOwn: (address: string) => boolean): number => {
  const { local, remote, remoteAddress } = pair
  const family = familyOf(remoteAddress)
  // What a relay of the peer's passes on to it is wrapped there, and so is what it sends back.
  const last = remote.type === 'relay' ? relayedLeg(family, family) : ETHERNET[family]
  if (local.type === 'relay') {
    // The way to the server may be a stream; from the relayed address on it is UDP.
    if (local.relayProtocol === 'tcp' || local.relayProtocol === 'tls') return last
    // An address that the server has seen of us says over which protocol we reach it.
    const first = familyOf(local.relatedAddress ?? '::')
    return Math.min(last, relayedLeg(first, family))
  }
  if (local.protocol === 'tcp') return LOCAL
  return isLoopback(remoteAddress) || isOwn(remoteAddress) ? LOCAL : last
}

export interface SizeWishes {
  /** Bytes to begin with where nothing else is said. */
  readonly fallback: number
  /** The owner's size to begin with, if it says one: it is obeyed, and no other is tried unless `discovery` says so too. */
  readonly mtu?: number | undefined
  /** True, false, or the largest to try in place of what the path suggests; by default true where `mtu` is not said. */
  readonly discovery?: boolean | number | undefined
  /** The largest that the peer says it takes; undefined where it does not say: then no more than an Ethernet carries. */
  readonly announced?: number | undefined
}

/** What the datagrams of a pair are to be. A peer that says it takes less than we begin with is not believed. */
export const datagramSizes = (
  pair: CandidatePair,
  isOwn: (address: string) => boolean,
  { fallback, mtu, discovery = mtu === undefined, announced }: SizeWishes,
): DatagramSizes => {
  const suggested = typeof discovery === 'number' ? discovery : datagramCeiling(pair, isOwn)
  const ceiling = Math.min(suggested, announced ?? ETHERNET[familyOf(pair.remoteAddress)])
  const base = mtu ?? (discovery === false ? fallback : Math.min(fallback, suggested))
  return { base, largest: discovery === false ? base : Math.max(base, ceiling) }
}
