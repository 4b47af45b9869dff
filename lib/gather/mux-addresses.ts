/** Which addresses a shared port listens on, and how one port number is found that is free on all of them. */

import { selectHostAddresses } from '../ice/index.ts'
import type { Host, InterfaceAddress } from '../machine/index.ts'
import { canonicalAddress } from '../stun/index.ts'

export interface MuxAddressOptions {
  /**
   * The addresses to listen on, each an address of this machine; `0.0.0.0` and `::` stand for all of their family.
   * By default all that become host candidates: without loopback and link-local ones, unless the host has no others.
   */
  readonly addresses?: readonly string[]
  /** The port, the same on each address; 0 (the default) chooses one that is free on all. */
  readonly port?: number
}

/** How many ports are tried when the application has no wish. */
const MOST_ATTEMPTS = 16

/** Throws a TypeError for what is no IP address, a RangeError when nothing is left. */
export const muxAddresses = (host: Host, addresses: readonly string[] | undefined): readonly InterfaceAddress[] => {
  const known = host.interfaces()
  if (addresses === undefined) {
    const chosen = selectHostAddresses(known)
    if (chosen.length === 0) throw new RangeError('this machine has no address to listen on')
    return chosen
  }
  const chosen = new Map<string, InterfaceAddress>()
  for (const text of addresses) {
    const address = canonicalAddress(text)
    if (address === undefined) throw new TypeError(`not an IP address: ${text}`)
    const family = address.includes(':') ? 6 : 4
    const named = { name: known.find(item => item.address === address)?.name ?? '', address, family, internal: false }
    const isAll = address === '0.0.0.0' || address === '::'
    const found = isAll
      ? selectHostAddresses(known.filter(item => item.family === family))
      : [known.find(item => item.address === address) ?? { ...named, family: family as 4 | 6 }]
    for (const item of found) chosen.set(item.address, item)
  }
  if (chosen.size === 0) throw new RangeError('no address to listen on')
  return [...chosen.values()]
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code

/**
 * Opens something on each address, all on one port.
 *
 * An address that the application did not name itself may fail to be bound (it is going away, or still coming up) and is
 * then left out; a port that is taken is an error in any case. Rejects with the platform's error, with nothing left open.
 */
export const openOnOnePort = async <T extends { readonly port: number; close(): void }>(
  addresses: readonly InterfaceAddress[],
  options: MuxAddressOptions,
  open: (address: InterfaceAddress, port: number) => Promise<T>,
): Promise<readonly T[]> => {
  const { port: wished = 0 } = options
  for (let attempt = 1; ; attempt++) {
    const opened: T[] = []
    let port = wished
    let failure: unknown
    let skipped: unknown
    for (const address of addresses) {
      try {
        const item = await open(address, port)
        opened.push(item)
        port = item.port
      } catch (error) {
        if (options.addresses === undefined && codeOf(error) === 'EADDRNOTAVAIL') {
          skipped = error
          continue
        }
        failure = error
        break
      }
    }
    if (opened.length === 0) failure ??= skipped
    if (failure === undefined) return opened
    for (const item of opened) item.close()
    if (wished !== 0 || codeOf(failure) !== 'EADDRINUSE' || attempt >= MOST_ATTEMPTS) throw failure
  }
}
