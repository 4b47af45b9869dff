/** The addresses of this machine, as the platform lists them. */

import { networkInterfaces } from 'node:os'
import type { InterfaceAddress } from '../machine/index.ts'

export const interfaces = (): InterfaceAddress[] => {
  const found: InterfaceAddress[] = []
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { address, internal } of addresses ?? []) {
      // Some platforms append the zone of a link-local address.
      const canonical = address.replace(/%.*$/, '').toLowerCase()
      found.push({ name, address: canonical, family: canonical.includes(':') ? 6 : 4, internal })
    }
  }
  return found
}
