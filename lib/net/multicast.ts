/**
 * A multicast group on one interface, by the `DatagramSocket` contract, over `node:dgram`.
 *
 * The port is shared with whoever else uses it (a resolver of the system's), so the socket is bound to every address of
 * its family. On Linux such a socket also gets what other sockets of this machine have joined on other interfaces; what
 * did not come from the link of this interface is therefore dropped: by the zone of a link-local IPv6 source, else by the
 * interface's networks (RFC 6762, section 11 asks for that in any case).
 */

import { createSocket, type SocketType } from 'node:dgram'
import { BlockList, isIP } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import type { DatagramSocket, MulticastOptions } from '../machine/index.ts'
import { NetError } from './error-code.ts'
import { type Link, literal, UdpSocket } from './udp.ts'

/** RFC 6762, section 11: receivers may check that nothing has forwarded a packet. */
const TTL = 255

const isLinkLocal = (address: string): boolean => /^fe[89ab][0-9a-f]:/i.test(address)
/** Multicast that stays on the interface or on the link: ff01::/16, ff02::/16. */
const isLinkScoped = (address: string): boolean => /^ff[0-9a-f][12]:/i.test(address)

const withoutZone = (address: string): string => address.replace(/%.*$/, '')
const prefixLength = ({ cidr }: NetworkInterfaceInfo): number => Number(cidr?.split('/')[1] ?? Number.NaN)

class InterfaceLink implements Link {
  readonly #name: string
  readonly #zone: string
  readonly #family: 'ipv4' | 'ipv6'
  /** Undefined where the interface's networks do not tell who is on the link: point-to-point, they name this end alone. */
  readonly #networks: BlockList | undefined

  constructor(name: string, addresses: readonly NetworkInterfaceInfo[], family: 4 | 6) {
    this.#name = name
    this.#family = `ipv${family}`
    const scopes = addresses.map(info => (info.family === 'IPv6' ? info.scopeid : 0))
    const index = scopes.find(scope => scope !== 0)
    this.#zone = process.platform === 'win32' && index !== undefined ? String(index) : name
    for (const info of addresses) {
      const address = withoutZone(info.address)
      const wide = info.internal || prefixLength(info) < (family === 4 ? 32 : 128)
      if (isIP(address) !== family || !wide) continue
      this.#networks ??= new BlockList()
      this.#networks.addSubnet(address, prefixLength(info), this.#family)
    }
  }

  /** How the interface is named to `node:dgram` where it sends and where it joins. */
  selector(address: string): string {
    return isIP(address) === 6 ? `::%${this.#zone}` : address
  }

  scoped(address: string): string {
    return isLinkLocal(address) || isLinkScoped(address) ? `${address}%${this.#zone}` : address
  }

  includes(source: string): boolean {
    const [address = source, zone] = source.split('%')
    if (zone !== undefined) return zone === this.#zone || zone === this.#name
    return this.#networks?.check(address, this.#family) ?? true
  }
}

const linkOf = (address: string): InterfaceLink | undefined => {
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    if (addresses.some(info => withoutZone(info.address).toLowerCase() === address)) {
      return new InterfaceLink(name, addresses, isIP(address) === 6 ? 6 : 4)
    }
  }
  return undefined
}

/**
 * Joins the group on the interface that has `address`. What is sent goes out there, and comes back to this machine too.
 * Does not keep the process alive.
 *
 * @throws (rejects) by `code`: the platform's (EADDRINUSE when another program keeps the port to itself, ENODEV where the
 * interface cannot do multicast), EADDRNOTAVAIL when no interface has the address.
 */
export const openMulticast = (options: MulticastOptions): Promise<DatagramSocket> =>
  new Promise((resolve, reject) => {
    const { group, port, address } = options
    const link = linkOf(address)
    if (link === undefined) throw new NetError('EADDRNOTAVAIL', `no interface has ${address}`)
    const type: SocketType = isIP(address) === 6 ? 'udp6' : 'udp4'
    const socket = createSocket({ type, reuseAddr: true, ipv6Only: type === 'udp6', lookup: literal(type) as never })
    const fail = (error: unknown): void => {
      socket.close()
      reject(error)
    }
    socket.once('error', fail)
    socket.bind({ address: type === 'udp6' ? '::' : '0.0.0.0', port, exclusive: true }, () => {
      socket.off('error', fail)
      try {
        const selector = link.selector(address)
        socket.addMembership(group, selector)
        socket.setMulticastInterface(selector)
        socket.setMulticastLoopback(true)
        socket.setMulticastTTL(TTL)
        // Answers to one asker alone are held to the same.
        socket.setTTL(TTL)
      } catch (error) {
        fail(error)
        return
      }
      // Whoever speaks to a group does so on behalf of something with sockets of its own; a name of a peer that nobody
      // answers for would hold an ended program for ten seconds.
      socket.unref()
      resolve(new UdpSocket(socket, options, link))
    })
  })
