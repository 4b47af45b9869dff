/** Which ports a base tries to bind: any free one, or those of a range the application opened in its firewall. */

import { type Random, randomU32 } from '../machine/index.ts'
import type { PortRange } from './base.ts'

/** How many ports of a range are tried for one base before it is given up. */
const MOST_ATTEMPTS = 256

/** The ports to try, in order: 0 (any free one), or those of the range from a random one on, 256 at most. */
export function* portsToTry(range: PortRange | undefined, random: Random): Generator<number> {
  if (range === undefined) {
    yield 0
    return
  }
  const count = range.max - range.min + 1
  // From a random one on: bases that are opened one after the other would else all fight for the lowest.
  const first = randomU32(random) % count
  for (let i = 0; i < Math.min(count, MOST_ATTEMPTS); i++) yield range.min + ((first + i) % count)
}

/**
 * Binds to the first port that is free.
 *
 * @param bind Binds one port, and rejects with an error whose `code` is the platform's.
 * @returns Undefined when none is free, or the platform refuses for another reason than that the port is taken.
 */
export const bindFirstFree = async <T>(
  range: PortRange | undefined,
  random: Random,
  bind: (port: number) => Promise<T>,
): Promise<T | undefined> => {
  for (const port of portsToTry(range, random)) {
    try {
      return await bind(port)
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EADDRINUSE') return undefined
    }
  }
  return undefined
}
