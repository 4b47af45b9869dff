/** The addresses of this machine, as the platform lists them. */

import { networkInterfaces } from 'node:os'
import type { InterfaceAddress } from '../machine/index.ts'

/** Where the platform does not tell (Android, some sandboxes), `networkInterfaces` throws: there are none then. */
const listed = (): ReturnType<typeof networkInterfaces> => {
  try {
    return networkInterfaces()
  } catch {
    return {}
  }
}

export const interfaces = (): InterfaceAddress[] => {
  const found: InterfaceAddress[] = []
  for (const [name, addresses] of Object.entries(listed())) {
    for (const { address, internal } of addresses ?? []) {
      // Some platforms append the zone of a link-local address.
      const canonical = address.replace(/%.*$/, '').toLowerCase()
      found.push({ name, address: canonical, family: canonical.includes(':') ? 6 : 4, internal })
    }
  }
  return found
}
