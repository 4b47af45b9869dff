/**
 * Which addresses of this machine become host candidates, and in which order (RFC 8445, 5.1.1.1; RFC 8421).
 */

import type { InterfaceAddress } from '../machine/index.ts'
import { addressBytes } from '../stun/index.ts'

/** More addresses than these would make a check list longer than its bound, and gathering slow. */
const MOST_ADDRESSES = 16

/** Names of interfaces that lead to containers and virtual machines of this host, seldom to a peer. */
const INWARD = /^(docker|br-|veth|virbr|vmnet|vboxnet|cni|flannel|cali|lxc|lxd|podman)/

const isLinkLocalIPv6 = ({ address, family }: InterfaceAddress): boolean => {
  if (family !== 6) return false
  const bytes = addressBytes(address)
  return bytes === undefined || (bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80)
}

/** Orders by usefulness: outward before inward interfaces, loopback last; the system's own order within. */
const rank = ({ internal, name }: InterfaceAddress): number => (internal ? 2 : INWARD.test(name) ? 1 : 0)

/** IPv6 and IPv4 in turn, so that neither family's failure delays the other by more than one check (RFC 8421, 4). */
const interleave = (addresses: readonly InterfaceAddress[]): InterfaceAddress[] => {
  const six = addresses.filter(({ family }) => family === 6)
  const four = addresses.filter(({ family }) => family === 4)
  const mixed: InterfaceAddress[] = []
  for (let i = 0; i < Math.max(six.length, four.length); i++) {
    if (six[i] !== undefined) mixed.push(six[i]!)
    if (four[i] !== undefined) mixed.push(four[i]!)
  }
  return mixed
}

/**
 * The addresses to gather from, most preferred first, at most 16.
 *
 * Loopback addresses are left out unless asked for, or unless the host has nothing else; link-local IPv6 always is,
 * because a candidate cannot say which link it is on.
 */
export const selectHostAddresses = (
  addresses: readonly InterfaceAddress[],
  options: { readonly includeLoopback?: boolean } = {},
): InterfaceAddress[] => {
  const usable = addresses.filter(address => !isLinkLocalIPv6(address))
  const outer = usable.filter(({ internal }) => !internal)
  const chosen = options.includeLoopback || outer.length === 0 ? usable : outer
  const ordered = [0, 1, 2].flatMap(group => interleave(chosen.filter(address => rank(address) === group)))
  return ordered.slice(0, MOST_ADDRESSES)
}
