/** Host names by the platform's resolver. */

import { lookup } from 'node:dns/promises'

/**
 * The addresses of `name`, in the order in which the platform gives them; empty when there are none. Never rejects.
 *
 * Names under `.local` belong to mDNS and must not leak to unicast DNS (RFC 6762, section 22): they have none here.
 */
export const resolve = async (name: string): Promise<readonly string[]> => {
  if (name === '' || /\.local\.?$/i.test(name)) return []
  try {
    const found = await lookup(name, { all: true, verbatim: true })
    return found.map(({ address }) => address.replace(/%.*$/, ''))
  } catch {
    return []
  }
}
